//! Texts that are secret, and the quick way to where one may begin.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

/// The fewest bytes of a text that is looked for.
pub(super) const SHORTEST: usize = 3;

/// The most bytes by which it is told where a text may begin.
pub(super) const LONGEST_BEGINNING: usize = 4;

/// What of the texts stands at a place, from what matters least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LiteralMatch {
    Nothing,
    /// A text of this length.
    Whole(usize),
    /// It depends on what follows.
    Perhaps,
}

/// Texts, each once, in order.
#[derive(Default)]
pub(super) struct Literals {
    all: Vec<Vec<u8>>,
    longest: usize,
}

/// Those of the texts that begin alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Branch {
    start: usize,
    end: usize,
    /// In so many bytes.
    depth: usize,
}

impl Literals {
    pub(super) fn new(mut all: Vec<Vec<u8>>) -> Literals {
        all.retain(|text| text.len() >= SHORTEST);
        all.sort_unstable();
        all.dedup();
        Literals { longest: all.iter().map(Vec::len).max().unwrap_or(0), all }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter().map(Vec::as_slice)
    }

    /// How many bytes the longest text has.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// All texts.
    pub(super) fn root(&self) -> Branch {
        Branch { start: 0, end: self.all.len(), depth: 0 }
    }

    /// Those that go on with a byte.
    pub(super) fn next(&self, branch: Branch, byte: u8) -> Option<Branch> {
        let Branch { start, end, depth } = branch;
        let order = |text: &Vec<u8>| text.get(depth).map_or(Ordering::Less, |own| own.cmp(&byte));
        let texts = &self.all[start..end];
        if let [text] = texts {
            return (order(text) == Ordering::Equal).then_some(Branch { start, end, depth: depth + 1 });
        }
        let before = texts.partition_point(|text| order(text) == Ordering::Less);
        let length = texts[before..].partition_point(|text| order(text) == Ordering::Equal);
        let start = start + before;
        (length > 0).then_some(Branch { start, end: start + length, depth: depth + 1 })
    }

    /// Those that go on with some of these bytes, the first of which is of a kind and so are all others; and how many they
    /// are.
    pub(super) fn follow(
        &self,
        branch: Branch,
        written: &[u8],
        is_of_kind: impl Fn(u8) -> bool,
    ) -> Option<(usize, Branch)> {
        let [text] = &self.all[branch.start..branch.end] else {
            return Some((1, self.next(branch, *written.first()?)?));
        };
        let pairs = text[branch.depth..].iter().zip(written);
        let length = pairs.take_while(|(own, byte)| own == byte && is_of_kind(**byte)).count();
        (length > 0).then_some((length, Branch { depth: branch.depth + length, ..branch }))
    }

    /// Whether one of them is over.
    pub(super) fn has_end(&self, branch: Branch) -> bool {
        branch.start < branch.end && self.all[branch.start].len() == branch.depth
    }

    /// Whether one of them goes on.
    pub(super) fn goes_on(&self, branch: Branch) -> bool {
        branch.start < branch.end && self.all[branch.end - 1].len() > branch.depth
    }

    /// The longest text that stands at the beginning of what was written; `ended` says that nothing more follows.
    pub(super) fn at_start(&self, written: &[u8], ended: bool) -> LiteralMatch {
        let mut longest = LiteralMatch::Nothing;
        let (mut at, mut branch) = (0, self.root());
        while let Some((length, next)) = self.follow(branch, &written[at..], |_| true) {
            (at, branch) = (at + length, next);
            if self.has_end(branch) {
                longest = LiteralMatch::Whole(at);
            }
        }
        let is_open = !ended && at == written.len() && self.goes_on(branch);
        if is_open { LiteralMatch::Perhaps } else { longest }
    }
}

/// Says of nearly all places that no text begins there.
pub(super) struct Beginnings {
    /// What texts begin with, in order.
    all: Vec<Vec<u8>>,
    search: Option<AhoCorasick>,
}

/// So many beginnings are sought for by a table of all their states.
const MOST_IN_TABLE: usize = 1024;

impl Beginnings {
    /// Of beginnings, of which only the first bytes matter.
    pub(super) fn new(beginnings: impl Iterator<Item = Vec<u8>>) -> Beginnings {
        let cut = beginnings.map(|mut text| {
            text.truncate(LONGEST_BEGINNING);
            text
        });
        let all: Vec<Vec<u8>> = cut.collect::<BTreeSet<_>>().into_iter().collect();
        let kind =
            if all.len() > MOST_IN_TABLE { AhoCorasickKind::ContiguousNFA } else { AhoCorasickKind::DFA };
        // Only a search for the leftmost one looks at many bytes at once, where there are few texts.
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostFirst).kind(Some(kind));
        Beginnings { search: search.build(&all).ok(), all }
    }

    /// The first place from `start` on where a text may begin; the end when there is none.
    pub(super) fn next(&self, written: &[u8], start: usize) -> usize {
        // Without a search a text may begin anywhere.
        let Some(search) = &self.search else { return start };
        let found = search.find(Input::new(written).range(start..)).map_or(written.len(), |it| it.start());
        // What the last bytes begin may go on.
        let last = written.len().saturating_sub(LONGEST_BEGINNING - 1).max(start);
        (last..found).find(|at| self.has_more_than(&written[*at..])).unwrap_or(found)
    }

    /// Whether one of the beginnings begins so.
    fn has_more_than(&self, text: &[u8]) -> bool {
        let next = self.all.partition_point(|beginning| beginning.as_slice() < text);
        self.all.get(next).is_some_and(|beginning| beginning.starts_with(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_at_the_start() {
        let texts = ["hunter", "hunter2", "hunter2-long", "hun", "huntsman", "no"];
        let literals = Literals::new(texts.map(|text| text.as_bytes().to_vec()).into());
        let at = |text: &str, ended| literals.at_start(text.as_bytes(), ended);
        assert_eq!(at("hunter2-lo!", false), LiteralMatch::Whole(7));
        assert_eq!(at("hunter2-lo", false), LiteralMatch::Perhaps);
        assert_eq!(at("hunter2-lo", true), LiteralMatch::Whole(7));
        assert_eq!(at("huntsmen", false), LiteralMatch::Whole(3));
        assert_eq!(at("hunter2-long", false), LiteralMatch::Whole(12));
        assert_eq!(at("hu", false), LiteralMatch::Perhaps);
        assert_eq!(at("hu", true), LiteralMatch::Nothing);
        assert_eq!(at("zzz", false), LiteralMatch::Nothing);
        assert_eq!(at("no way", false), LiteralMatch::Nothing);
        assert_eq!(Literals::default().at_start(b"", false), LiteralMatch::Nothing);
    }

    #[test]
    fn places_where_a_text_may_begin() {
        let beginnings = Beginnings::new([b"hunter2".to_vec(), b"%".to_vec()].into_iter());
        assert_eq!(beginnings.next(b"a hunt", 0), 2);
        assert_eq!(beginnings.next(b"a hunt", 3), 6);
        assert_eq!(beginnings.next(b"a hunk and a hun", 0), 13);
        assert_eq!(beginnings.next(b"a %", 0), 2);
        assert_eq!(beginnings.next(b"h%", 0), 1);
        assert_eq!(beginnings.next(b"ab", 0), 2);
    }
}
