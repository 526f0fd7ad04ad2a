//! Replaces secret values in what tasks write by [`MASK`], also where a value comes in pieces, encoded, or with colours
//! inside.
//!
//! Must not decide which values are secret, and must not let any byte of a value pass before it is certain that the
//! value does not follow.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use draft_tasks_analysis::secret::MASK;

use self::encoded::Encoded;
use self::literal::{Beginnings, LiteralMatch, Literals};
use self::opening::{Opening, Remainder};
use crate::base64::encoded;
use crate::escape;
use crate::event::StartError;

mod encoded;
mod escaped;
#[cfg(any(test, fuzzing))]
mod forms;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;
mod literal;
mod opening;
mod private_key;

/// Values shorter than this many bytes are not masked: they would be found everywhere and hide everything.
pub const SHORTEST: usize = literal::SHORTEST;

/// Lines of a value of several lines count as secrets too from this length on: tools print keys line by line.
const SHORTEST_LINE: usize = 8;

/// The values that nobody may see. Cheap to clone; it shows none of them.
#[derive(Clone)]
pub struct Secrets(Arc<Known>);

struct Known {
    /// The values as they are.
    values: Vec<Vec<u8>>,
    /// What is seen of them.
    literals: Literals,
    /// Those that are looked for in other forms, too.
    long: Literals,
    encoded: Encoded,
    beginnings: Beginnings,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.values.len())
    }
}

impl Default for Secrets {
    fn default() -> Secrets {
        Secrets::new([])
    }
}

impl Secrets {
    /// These values; those that are too short are left out.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a OsStr>) -> Secrets {
        let mut all: Vec<&[u8]> = Vec::new();
        for value in values {
            let value = value.as_encoded_bytes();
            let lines = value.split(|byte| is_line_end(*byte));
            all.extend(lines.filter(|line| line.len() >= SHORTEST_LINE));
            let start = value.iter().take_while(|byte| is_line_end(**byte)).count();
            let end = value.len() - value.iter().rev().take_while(|byte| is_line_end(**byte)).count();
            all.extend(value.get(start..end).filter(|value| value.len() >= SHORTEST));
            // Many a program prints it without the spaces around it.
            all.extend(Some(value.trim_ascii()).filter(|value| value.len() >= SHORTEST));
        }
        Secrets::of(all.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// These, and values more.
    pub fn and<'a>(&self, values: impl IntoIterator<Item = &'a OsStr>) -> Secrets {
        let more = Secrets::new(values);
        let is_known = |value| self.0.values.binary_search(value).is_ok();
        if more.0.values.iter().all(is_known) {
            return self.clone();
        }
        Secrets::of([self.0.values.as_slice(), &more.0.values].concat())
    }

    fn of(mut all: Vec<Vec<u8>>) -> Secrets {
        all.sort_unstable();
        all.dedup();
        let literals = Literals::new(all.iter().map(|value| seen(value)).collect());
        let mut long: Vec<Vec<u8>> = all.iter().flat_map(|value| [value.clone(), seen(value)]).collect();
        long.retain(|value| value.len() >= escaped::SHORTEST);
        let (encoded, long) = (Encoded::new(&long), Literals::new(long));
        let mut begun: Vec<Vec<u8>> = opening::beginnings().map(<[u8]>::to_vec).collect();
        begun.extend(literals.iter().map(|text| text[..literal::SHORTEST].to_vec()));
        begun.extend(encoded.beginnings().map(<[u8]>::to_vec));
        long.iter().for_each(|value| escaped::add_beginnings(value, &mut begun));
        let beginnings = Beginnings::new(begun.into_iter());
        Secrets(Arc::new(Known { values: all, literals, long, encoded, beginnings }))
    }

    /// A whole text without the values.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masker = self.masker();
        let mut masked = masker.push(text.as_bytes()).text;
        masked.extend(masker.finish().text);
        if masked == text.as_bytes() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// For one stream.
    pub(crate) fn masker(&self) -> Masker {
        Masker {
            secrets: self.clone(),
            held: Vec::new(),
            hidden: Vec::new(),
            unfinished: Vec::new(),
            remainder: None,
            early: Told::default(),
        }
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
            StartError::Refused { program, reason } => {
                StartError::Refused { program: text(program), reason: text(reason) }
            }
            StartError::Other { program, reason } => {
                StartError::Other { program: text(program), reason: text(reason) }
            }
        }
    }
}

/// What a program sends for `user:password`: base64, without what fills its end.
pub fn sent_login(login: &str) -> String {
    encoded(login.as_bytes()).trim_end_matches('=').to_owned()
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// A text as it is looked for: without what is not seen of it.
pub(crate) fn seen(text: &[u8]) -> Vec<u8> {
    let (mut seen, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(first) = rest.first() {
        match escape::hidden(rest) {
            Some(0) => {
                seen.push(*first);
                rest = &rest[1..];
            }
            Some(length) => rest = &rest[length..],
            None => return seen,
        }
    }
    seen
}

/// A piece of a stream as it may be told, and what is masked in it, which nobody else may see.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) text: Vec<u8>,
    pub(crate) secrets: Vec<MaskedSecret>,
}

impl Told {
    /// This and what follows it.
    fn and(mut self, next: Told) -> Told {
        let begin = self.text.len();
        if begin == 0 && self.secrets.is_empty() {
            return next;
        }
        self.text.extend(next.text);
        let moved = |range: Range<usize>| begin + range.start..begin + range.end;
        let next = next.secrets.into_iter();
        self.secrets.extend(next.map(|secret| MaskedSecret { mask: moved(secret.mask), ..secret }));
        self
    }
}

/// A secret, or the next part of the last one.
pub(crate) struct MaskedSecret {
    /// Where in the text [`MASK`] stands for it; nowhere for the next part of one.
    pub(crate) mask: Range<usize>,
    /// What is seen of it.
    pub(crate) written: Vec<u8>,
}

/// Masks a stream: however it is cut into pieces, what comes out is the same in the end.
pub(crate) struct Masker {
    secrets: Secrets,
    /// What may be the beginning of a secret, as it is seen.
    held: Vec<u8>,
    /// What is not seen of it.
    hidden: Vec<Hidden>,
    /// The beginning of something that is not seen.
    unfinished: Vec<u8>,
    /// How the secret goes on that was masked last.
    remainder: Option<Remainder>,
    /// What is told with the next piece.
    early: Told,
}

/// The most bytes that are kept of what is not seen at one place of a text that may be the beginning of a secret.
const MOST_HIDDEN: usize = 64 << 10;

/// Bytes that are not seen.
struct Hidden {
    /// How many bytes are seen in front of them.
    at: usize,
    bytes: Vec<u8>,
}

impl Masker {
    /// What can be told by now. It keeps no more than what may be the beginning of a secret, and a bounded number of bytes
    /// that are not seen between its letters.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Told {
        if self.unfinished.is_empty() {
            self.read(bytes);
        } else {
            let mut joined = std::mem::take(&mut self.unfinished);
            joined.extend_from_slice(bytes);
            self.read(&joined);
        }
        let told = self.tell(false);
        std::mem::take(&mut self.early).and(told)
    }

    /// The stream is over: what was held back is no longer secret than it is.
    pub(crate) fn finish(&mut self) -> Told {
        let bytes = std::mem::take(&mut self.unfinished);
        self.hide(&bytes);
        let told = self.tell(true);
        std::mem::take(&mut self.early).and(told)
    }

    /// Parts what is seen from what is not.
    fn read(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            let shown = escape::shown_length(rest);
            self.held.extend_from_slice(&rest[..shown]);
            rest = &rest[shown..];
            if rest.is_empty() {
                return;
            }
            let Some(length) = escape::hidden(rest) else {
                self.unfinished = rest.to_vec();
                return;
            };
            self.hide(&rest[..length]);
            rest = &rest[length..];
        }
    }

    fn hide(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // A title or a link may have a secret, too.
        let bytes =
            if escape::has_text(bytes) { self.secrets.0.mask(bytes).into() } else { Cow::Borrowed(bytes) };
        let at = self.held.len();
        match self.hidden.last_mut().filter(|last| last.at == at) {
            Some(last) => last.bytes.extend_from_slice(&bytes),
            None => self.hidden.push(Hidden { at, bytes: bytes.into_owned() }),
        }
        if self.hidden.last().is_some_and(|last| last.bytes.len() > MOST_HIDDEN) {
            self.tell_hidden();
        }
    }

    /// Tells what is not seen before the letters that are held back: it would be kept without bound, and tells nothing.
    fn tell_hidden(&mut self) {
        let mut told = self.tell(false);
        self.hidden.drain(..).for_each(|hidden| told.text.extend(hidden.bytes));
        self.early = std::mem::take(&mut self.early).and(told);
    }

    fn tell(&mut self, ended: bool) -> Told {
        let mut telling = Telling {
            seen: std::mem::take(&mut self.held),
            hidden: std::mem::take(&mut self.hidden),
            at: 0,
            shown: 0,
            told: Told::default(),
        };
        telling.told.text.reserve(telling.seen.len());
        self.remainder = telling.walk(&self.secrets.0, self.remainder, ended);
        self.held = telling.seen.split_off(telling.at);
        let rest = telling.hidden.split_off(telling.shown);
        self.hidden = rest.into_iter().map(|it| Hidden { at: it.at - telling.at, ..it }).collect();
        telling.told
    }
}

/// What is told of a text, piece by piece.
struct Telling {
    seen: Vec<u8>,
    hidden: Vec<Hidden>,
    /// How much of `seen` was told.
    at: usize,
    /// How much of `hidden` was told.
    shown: usize,
    told: Told,
}

impl Telling {
    /// Tells all that is certain; gives how the last secret goes on.
    fn walk(&mut self, known: &Known, remainder: Option<Remainder>, ended: bool) -> Option<Remainder> {
        let mut remainder = remainder;
        loop {
            if let Some(begun) = remainder {
                let continuation = begun.continues(&self.seen[self.at..], ended);
                self.leave_out(continuation.length, "");
                remainder = continuation.remainder;
                if remainder.is_some() {
                    return remainder;
                }
            }
            let (place, found) = known.next(&self.seen, self.at, ended);
            self.pass(place);
            let Found::Secret { length, remainder: follows } = found else { return None };
            self.leave_out(length, MASK);
            remainder = follows;
        }
    }

    /// Tells what is seen and not seen up to a place.
    fn pass(&mut self, to: usize) {
        while let Some(hidden) = self.hidden.get(self.shown).filter(|hidden| hidden.at <= to) {
            self.told.text.extend_from_slice(&self.seen[self.at..hidden.at]);
            self.told.text.extend_from_slice(&hidden.bytes);
            self.at = hidden.at;
            self.shown += 1;
        }
        self.told.text.extend_from_slice(&self.seen[self.at..to]);
        self.at = to;
    }

    /// Tells a mask for so many bytes, and what is not seen of them: a colour goes on behind them, and so would an escape
    /// that one of them ended. Without a mask they are the next part of a secret.
    fn leave_out(&mut self, length: usize, mask: &str) {
        let is_next_part = mask.is_empty();
        if !is_next_part {
            // What is not seen in front of it stays there: behind its first byte it could part a character.
            self.pass(self.at);
        }
        let start = self.told.text.len();
        self.told.text.extend_from_slice(mask.as_bytes());
        let written = self.seen[self.at..self.at + length].to_vec();
        self.told.secrets.push(MaskedSecret { mask: start..self.told.text.len(), written });
        self.at += length;
        // Whether what stands behind the part is within the secret depends on what follows.
        let is_of_it = |it: &&Hidden| it.at < self.at || is_next_part && it.at == self.at;
        while let Some(Hidden { bytes, .. }) = self.hidden.get(self.shown).filter(is_of_it) {
            self.told.text.extend(escape::ended(bytes));
            self.shown += 1;
        }
    }
}

enum Found {
    /// Nothing, or something that depends on what follows.
    Uncertain,
    Secret {
        length: usize,
        remainder: Option<Remainder>,
    },
}

impl Known {
    /// The first place from `start` on where a secret stands or may stand; the end when there is none.
    fn next(&self, seen: &[u8], start: usize, ended: bool) -> (usize, Found) {
        let mut at = start;
        loop {
            at = self.beginnings.next(seen, at);
            if at == seen.len() {
                return (at, Found::Uncertain);
            }
            if let Some(found) = self.at_start(&seen[at..], ended) {
                return (at, found);
            }
            at += 1;
        }
    }

    fn at_start(&self, seen: &[u8], ended: bool) -> Option<Found> {
        let standing = self.literals.at_start(seen, ended).max(self.encoded.at_start(seen, ended));
        let standing = standing.max(escaped::at_start(&self.long, seen, ended));
        match (standing, opening::at_start(seen, ended)) {
            (LiteralMatch::Perhaps, _) | (_, Opening::Perhaps) => Some(Found::Uncertain),
            (LiteralMatch::Whole(length), Opening::Begun(certain, remainder)) => {
                Some(Found::Secret { length: length.max(certain), remainder: Some(remainder) })
            }
            (LiteralMatch::Nothing, Opening::Begun(length, remainder)) => {
                Some(Found::Secret { length, remainder: Some(remainder) })
            }
            (LiteralMatch::Whole(length), Opening::Nothing) => {
                Some(Found::Secret { length, remainder: None })
            }
            (LiteralMatch::Nothing, Opening::Nothing) => None,
        }
    }

    /// A whole text, all of which counts as seen.
    fn mask(&self, seen: &[u8]) -> Vec<u8> {
        let mut telling =
            Telling { seen: seen.to_vec(), hidden: Vec::new(), at: 0, shown: 0, told: Told::default() };
        telling.walk(self, None, true);
        telling.told.text
    }
}

#[cfg(test)]
mod tests;
