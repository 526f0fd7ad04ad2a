//! Texts in base64 that are secret, also where they go on in the next line, behind blanks.

use super::is_line_end;
use super::literal::{LiteralMatch, Literals};

/// Programs end lines behind whole groups of so many letters: 76 or 64 of them.
const GROUP: usize = 4;

/// Texts without line ends.
pub(super) struct Wrapped {
    all: Literals,
    longest: usize,
}

impl Wrapped {
    pub(super) fn new(all: Vec<Vec<u8>>) -> Wrapped {
        Wrapped { longest: all.iter().map(Vec::len).max().unwrap_or(0), all: Literals::new(all) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.all.iter()
    }

    /// The longest text that stands at the beginning of what was written; `ended` says that nothing more follows.
    pub(super) fn at_start(&self, written: &[u8], ended: bool) -> LiteralMatch {
        // Were a line end looked through behind a single letter, many a line would wait for the next one.
        if !self.all.has_beginning(&written[..written.len().min(GROUP)]) {
            return LiteralMatch::Nothing;
        }
        let mut begins_line = false;
        let letters = written.iter().enumerate().filter(|(_, byte)| {
            begins_line = is_line_end(**byte) || begins_line && matches!(byte, b' ' | b'\t');
            !begins_line
        });
        let places: Vec<usize> = letters.map(|(at, _)| at).take(self.longest).collect();
        let joined: Vec<u8> = places.iter().map(|place| written[*place]).collect();
        match self.all.at_start(&joined, ended) {
            LiteralMatch::Whole(length) => LiteralMatch::Whole(places[length - 1] + 1),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_on_in_the_next_line() {
        let wrapped = Wrapped::new(vec![b"aHVudGVyMi1o".to_vec()]);
        for (written, ended, expected) in [
            ("aHVudGVyMi1o\n", false, LiteralMatch::Whole(12)),
            ("aHVu\ndGVyMi1o", false, LiteralMatch::Whole(13)),
            ("aHVudGVy\r\nMi1o!", false, LiteralMatch::Whole(14)),
            ("aHVu\n", false, LiteralMatch::Perhaps),
            ("aHVu\n    dGVy\n\t Mi1o", false, LiteralMatch::Whole(20)),
            ("aHVu\n  ", false, LiteralMatch::Perhaps),
            ("aHVu dGVyMi1o", false, LiteralMatch::Nothing),
            ("aHVu\n", true, LiteralMatch::Nothing),
            ("aHVu\ndGV!", false, LiteralMatch::Nothing),
            ("aHV\nudGVyMi1o", false, LiteralMatch::Nothing),
            ("aHV\n", false, LiteralMatch::Nothing),
        ] {
            assert_eq!(wrapped.at_start(written.as_bytes(), ended), expected, "{written:?}");
        }
        assert_eq!(Wrapped::new(Vec::new()).at_start(b"x", false), LiteralMatch::Nothing);
    }
}
