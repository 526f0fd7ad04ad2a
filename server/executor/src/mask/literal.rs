//! Texts that are secret as they are, and the quick way to where one may begin.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

/// The fewest bytes of a text that is looked for.
pub(super) const SHORTEST: usize = 3;

/// What of the texts stands at a place, from what matters least.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// For each the longest of the others that it begins with.
    within: Vec<Option<usize>>,
}

impl Literals {
    pub(super) fn new(mut all: Vec<Vec<u8>>) -> Literals {
        all.retain(|text| text.len() >= SHORTEST);
        all.sort_unstable();
        all.dedup();
        let mut within: Vec<Option<usize>> = Vec::with_capacity(all.len());
        for (index, text) in all.iter().enumerate() {
            let mut before = index.checked_sub(1);
            while let Some(other) = before.filter(|other| !text.starts_with(&all[*other])) {
                before = within[other];
            }
            within.push(before);
        }
        Literals { all, within }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter().map(Vec::as_slice)
    }

    /// Whether one of the texts begins so.
    pub(super) fn has_beginning(&self, beginning: &[u8]) -> bool {
        let next = self.all.partition_point(|text| text.as_slice() < beginning);
        self.all.get(next).is_some_and(|text| text.starts_with(beginning))
    }

    /// The longest text that stands at the beginning of what was written; `ended` says that nothing more follows.
    pub(super) fn at_start(&self, written: &[u8], ended: bool) -> LiteralMatch {
        // What begins with `written` comes next in order, and what `written` begins with before it.
        let next = self.all.partition_point(|text| text.as_slice() <= written);
        if !ended && self.all.get(next).is_some_and(|text| text.starts_with(written)) {
            return LiteralMatch::Perhaps;
        }
        let mut before = next.checked_sub(1);
        while let Some(index) = before {
            if written.starts_with(&self.all[index]) {
                return LiteralMatch::Whole(self.all[index].len());
            }
            before = self.within[index];
        }
        LiteralMatch::Nothing
    }
}

/// Says of nearly all places that no text begins there.
pub(super) struct Beginnings(Option<AhoCorasick>);

impl Beginnings {
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Beginnings {
        let begins: BTreeSet<[u8; SHORTEST]> = texts.filter_map(<[u8]>::first_chunk).copied().collect();
        // Only a search for the leftmost one looks at many bytes at once, where there are few texts.
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::DFA));
        Beginnings(search.build(begins).ok())
    }

    /// The first place from `start` on where a text may begin; the end when there is none.
    pub(super) fn next(&self, written: &[u8], start: usize) -> usize {
        // Without a search a text may begin anywhere.
        let Some(search) = &self.0 else { return start };
        // Of the last two bytes nothing is said.
        let certain = written.len().saturating_sub(SHORTEST - 1).max(start);
        search.find(Input::new(written).range(start..)).map_or(certain, |found| found.start())
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
        assert!(["hu", "hunter2-long"].iter().all(|text| literals.has_beginning(text.as_bytes())));
        assert!(["hux", "hunter2-longer", "z"].iter().all(|text| !literals.has_beginning(text.as_bytes())));
    }

    #[test]
    fn places_where_a_text_may_begin() {
        let beginnings = Beginnings::of([&b"hunter2"[..]].into_iter());
        assert_eq!(beginnings.next(b"a hunt", 0), 2);
        assert_eq!(beginnings.next(b"a hunt", 3), 4);
        assert_eq!(beginnings.next(b"ab", 0), 0);
        assert_eq!(beginnings.next(b"ab", 2), 2);
    }
}
