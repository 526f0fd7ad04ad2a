//! Replaces secret values in what tasks write by [`MASK`], also where a value comes in pieces.
//!
//! Must not decide which values are secret, and must not let any byte of a value pass before it is certain that the
//! value does not follow.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use draft_tasks_analysis::secret::MASK;

use crate::event::StartError;

/// Values shorter than this many bytes are not masked: they would be found everywhere and hide everything.
pub const SHORTEST: usize = 3;

/// Lines of a value of several lines count as secrets too from this length on: tools print keys line by line.
const SHORTEST_LINE: usize = 8;

/// The values that nobody may see. Cheap to clone; it shows none of them.
#[derive(Clone, Default)]
pub struct Secrets(Option<Arc<Known>>);

struct Known {
    /// Each value once.
    values: Vec<Vec<u8>>,
    finder: AhoCorasick,
    longest: usize,
    /// The bytes with which values begin.
    first: [bool; 256],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.as_ref().map_or(0, |known| known.values.len()))
    }
}

impl Secrets {
    /// These values; those that are too short are left out.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a OsStr>) -> Secrets {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for value in values {
            let value = value.as_encoded_bytes();
            let lines = value.split(|byte| matches!(byte, b'\n' | b'\r'));
            all.extend(lines.filter(|line| line.len() >= SHORTEST_LINE).map(<[u8]>::to_vec));
            if value.len() >= SHORTEST {
                all.push(value.to_vec());
            }
        }
        all.sort_unstable();
        all.dedup();
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&all);
        let mut first = [false; 256];
        all.iter().for_each(|value| first[usize::from(value[0])] = true);
        let longest = all.iter().map(Vec::len).max().unwrap_or(0);
        match finder {
            Ok(finder) if !all.is_empty() => {
                Secrets(Some(Arc::new(Known { values: all, finder, longest, first })))
            }
            // It fails only for more text than an environment can hold.
            _ => Secrets(None),
        }
    }

    /// A whole text without the values.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            Some(known) if known.finder.is_match(text) => {
                let mut masker = self.masker();
                let mut masked = masker.push(text.as_bytes()).into_owned();
                masked.extend(masker.finish());
                Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// For one stream.
    pub(crate) fn masker(&self) -> Masker {
        Masker { secrets: self.clone(), held: Vec::new() }
    }

    /// Why a process could not be started, without the values that its arguments may have brought in.
    pub(crate) fn mask_error(&self, error: StartError) -> StartError {
        let text = |text: String| self.mask(&text).into_owned();
        match error {
            StartError::NotFound { program, searched } => {
                StartError::NotFound { program: text(program), searched }
            }
            StartError::NotExecutable { path, reason } => {
                let path = match path.to_str().map(|path| self.mask(path)) {
                    Some(Cow::Owned(masked)) => masked.into(),
                    _ => path,
                };
                StartError::NotExecutable { path, reason: text(reason) }
            }
            StartError::InPod { program, container, pod, reason } => {
                StartError::InPod { program: text(program), container, pod, reason: text(reason) }
            }
            StartError::Other { program, reason } => {
                StartError::Other { program: text(program), reason: text(reason) }
            }
        }
    }
}

/// Masks a stream: however it is cut into pieces, what comes out is the same in the end.
#[derive(Debug)]
pub(crate) struct Masker {
    secrets: Secrets,
    /// What may be the beginning of a value.
    held: Vec<u8>,
}

impl Masker {
    /// What can be told by now. It keeps no more than what may be the beginning of a value.
    pub(crate) fn push<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(known) = &self.secrets.0 else { return Cow::Borrowed(bytes) };
        if self.held.is_empty() {
            return match known.mask(bytes) {
                None => Cow::Borrowed(bytes),
                Some((masked, held)) => {
                    self.held.extend_from_slice(held);
                    Cow::Owned(masked)
                }
            };
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        match known.mask(&all) {
            None => Cow::Owned(all),
            Some((masked, held)) => {
                self.held = held.to_vec();
                Cow::Owned(masked)
            }
        }
    }

    /// The stream is over: what was held back is no longer value than it is.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let held = std::mem::take(&mut self.held);
        match &self.secrets.0 {
            Some(known) => known.mask_until(&held, held.len()).0,
            None => held,
        }
    }
}

impl Known {
    /// The text as far as it is certain, and the rest; nothing when all of it may be told as it is.
    fn mask<'a>(&self, bytes: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
        let mut hold = self.unfinished(bytes, 0);
        if hold == bytes.len() && !self.finder.is_match(bytes) {
            return None;
        }
        // A value that was found may reach over a place where another one might have begun.
        loop {
            let (masked, end) = self.mask_until(bytes, hold);
            if end <= hold {
                return Some((masked, &bytes[hold..]));
            }
            hold = self.unfinished(bytes, end);
        }
    }

    /// The first place from `start` on where a value may have begun that is not over; the end when there is none.
    fn unfinished(&self, bytes: &[u8], start: usize) -> usize {
        let start = start.max(bytes.len().saturating_sub(self.longest - 1));
        let begins = |at: &usize| {
            let rest = &bytes[*at..];
            self.first[usize::from(rest[0])]
                && self.values.iter().any(|value| value.len() > rest.len() && value.starts_with(rest))
        };
        (start..bytes.len()).find(begins).unwrap_or(bytes.len())
    }

    /// Masks the values that begin before `hold`; gives also where the last of them ends, or `hold` if that is later
    /// told as it is.
    fn mask_until(&self, bytes: &[u8], hold: usize) -> (Vec<u8>, usize) {
        let mut masked = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(found) = self.finder.find(Input::new(bytes).range(at..)).filter(|it| it.start() < hold)
        {
            masked.extend_from_slice(&bytes[at..found.start()]);
            masked.extend_from_slice(MASK.as_bytes());
            at = found.end();
        }
        if at < hold {
            masked.extend_from_slice(&bytes[at..hold]);
        }
        (masked, at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        Secrets::new(values.iter().map(OsStr::new))
    }

    /// What comes out of pieces, and the most that was ever held back.
    fn masked(secrets: &Secrets, pieces: &[&[u8]]) -> (Vec<u8>, usize) {
        let mut masker = secrets.masker();
        let (mut told, mut most) = (Vec::new(), 0);
        for piece in pieces {
            told.extend_from_slice(&masker.push(piece));
            most = most.max(masker.held.len());
        }
        told.extend(masker.finish());
        (told, most)
    }

    /// By the book: at each place the longest value that stands there.
    fn expected(values: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
        let (mut told, mut at) = (Vec::new(), 0);
        while at < text.len() {
            let here = values.iter().filter(|value| value.len() >= SHORTEST && text[at..].starts_with(value));
            match here.map(Vec::len).max() {
                Some(length) => {
                    told.extend_from_slice(MASK.as_bytes());
                    at += length;
                }
                None => {
                    told.push(text[at]);
                    at += 1;
                }
            }
        }
        told
    }

    #[test]
    fn whole_texts() {
        let secrets = secrets(&["hunter2", "hunter", "ab", "long\nvalue of lines\nx"]);
        assert_eq!(secrets.mask("a hunter2, hunter, ab"), "a ***, ***, ab");
        assert_eq!(secrets.mask("long\nvalue of lines\nx"), "***");
        assert_eq!(secrets.mask("> value of lines"), "> ***");
        assert_eq!(secrets.mask("nothing"), "nothing");
        assert_eq!(Secrets::default().mask("hunter2"), "hunter2");
        assert_eq!(format!("{secrets:?}"), "Secrets(4)");
    }

    #[test]
    fn no_more_is_held_back_than_may_be_a_value() {
        let secrets = secrets(&["hunter2"]);
        let mut masker = secrets.masker();
        assert_eq!(&*masker.push(b"user: ann\nname? hunt"), b"user: ann\nname? ");
        assert_eq!(&*masker.push(b"ing\n"), b"hunting\n");
        assert_eq!(&*masker.push(b"hunter"), b"");
        assert_eq!(&*masker.push(b"2"), b"***");
        assert_eq!(&*masker.push(b"hun"), b"");
        assert_eq!(masker.finish(), b"hun");
    }

    #[test]
    fn what_cannot_be_started_is_told_without_secrets() {
        let secrets = secrets(&["hunter2"]);
        let error = StartError::NotFound { program: "hunter2".into(), searched: Vec::new() };
        assert_eq!(secrets.mask_error(error).describe(), "program `***` not found");
        let path = "/x/hunter2".into();
        let error = StartError::NotExecutable { path, reason: "no".into() };
        assert_eq!(secrets.mask_error(error).describe(), "`/x/***` cannot be executed: no");
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(
            values in vec(vec(0u8..3, 1..7), 0..5),
            pieces in vec(vec(0u8..3, 0..9), 0..12),
        ) {
            let text = pieces.concat();
            let secrets = Secrets::new(values.iter().map(|value| {
                OsStr::new(std::str::from_utf8(value).expect("control characters"))
            }));
            let (told, most) = masked(&secrets, &pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(&told, &expected(&values, &text));
            prop_assert_eq!(&told, &masked(&secrets, &[&text]).0);
            prop_assert!(most < values.iter().map(Vec::len).max().unwrap_or(1).max(1));
        }
    }
}
