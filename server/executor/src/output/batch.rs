//! Gathers what streams write into batches of whole lines, in the order in which the lines ended.
//!
//! Must not lose or change a byte, but for those that are no UTF-8, nor cut an escape in two.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::escape::length_of_whole;
use crate::event::{OutputPiece, Stream};

/// The most bytes of text in one [`RunEvent::Output`](crate::RunEvent::Output).
pub const MAX_OUTPUT: usize = 64 * 1024;

/// How long a line waits for more lines to come with it. A task makes an event no more often than that, unless it has
/// a full one.
pub const BATCH: Duration = Duration::from_millis(50);

/// How long a part of a line waits for its end, so that a prompt or a progress bar is seen.
pub const PART: Duration = Duration::from_millis(250);

/// Text that was read and not told yet.
#[derive(Default)]
pub(super) struct Batch {
    /// What can be told.
    pieces: VecDeque<OutputPiece>,
    /// How many bytes these are.
    length: usize,
    /// When the first of them came; only meaningful while there is one.
    since: Option<Instant>,
    parts: [Part; 2],
    last_told: Option<Instant>,
}

/// The beginning of a line.
#[derive(Default)]
struct Part {
    text: String,
    /// The bytes of a letter of which more must come.
    letter: Vec<u8>,
    /// When the first byte of `text` came; only meaningful while there is text.
    since: Option<Instant>,
}

impl Batch {
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8], now: Instant) {
        let part = &mut self.parts[stream as usize];
        let old = part.text.len();
        part.push(bytes);
        if let Some(end) = part.text.as_bytes()[old..].iter().rposition(|byte| *byte == b'\n') {
            self.gather(stream, old + end + 1, now);
        }
        while self.parts[stream as usize].text.len() >= MAX_OUTPUT {
            let cut = cut_at_most(&self.parts[stream as usize].text, MAX_OUTPUT);
            self.gather(stream, cut, now);
        }
        let part = &mut self.parts[stream as usize];
        if !part.text.is_empty() {
            part.since.get_or_insert(now);
        }
    }

    /// So much of the text of a stream can be told.
    fn gather(&mut self, stream: Stream, length: usize, now: Instant) {
        let part = &mut self.parts[stream as usize];
        let rest = part.text.split_off(length);
        let text = std::mem::replace(&mut part.text, rest);
        part.since = None;
        if text.is_empty() {
            return;
        }
        if self.pieces.is_empty() {
            self.since = Some(now);
        }
        self.length += text.len();
        match self.pieces.back_mut().filter(|last| last.stream == stream) {
            Some(last) => last.text.push_str(&text),
            None => self.pieces.push_back(OutputPiece { stream, text }),
        }
    }

    /// Whether there is an event's worth of text.
    pub(super) fn is_full(&self) -> bool {
        self.length >= MAX_OUTPUT
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether something has waited long enough; parts of lines that have can be told from then on.
    pub(super) fn gather_due(&mut self, now: Instant) -> bool {
        if self.due().is_none_or(|due| now < due) {
            return false;
        }
        for stream in Stream::BOTH {
            let part = &self.parts[stream as usize];
            if part.since.is_some_and(|since| since + PART <= now) {
                self.gather(stream, length_of_whole(&part.text), now);
            }
        }
        true
    }

    /// When there will be something to tell, if nothing more comes.
    pub(super) fn due(&self) -> Option<Instant> {
        let at_pace = |since: Instant| self.last_told.map_or(since, |told| told + BATCH);
        if let Some(since) = self.since.filter(|_| !self.pieces.is_empty()) {
            return Some(at_pace(since));
        }
        let parts = self.parts.iter().filter_map(|part| part.since);
        parts.map(|since| at_pace(since).max(since + PART)).min()
    }

    /// The oldest that can be told, as much as fits into an event.
    pub(super) fn take(&mut self) -> Vec<OutputPiece> {
        let (mut taken, mut room) = (Vec::new(), MAX_OUTPUT);
        while let Some(mut piece) = self.pieces.pop_front() {
            if piece.text.len() > room {
                let cut = cut_within(&piece.text, room, taken.is_empty());
                let rest = OutputPiece { stream: piece.stream, text: piece.text.split_off(cut) };
                self.pieces.push_front(rest);
                room = piece.text.len();
            }
            room -= piece.text.len();
            self.length -= piece.text.len();
            if !piece.text.is_empty() {
                taken.push(piece);
            }
            if room == 0 {
                break;
            }
        }
        taken
    }

    pub(super) fn told(&mut self, now: Instant) {
        self.last_told = Some(now);
        self.since = Some(now);
    }

    /// The streams are over: no line and no letter will be finished any more.
    pub(super) fn finish(&mut self) {
        let now = Instant::now();
        for stream in Stream::BOTH {
            let part = &mut self.parts[stream as usize];
            if !std::mem::take(&mut part.letter).is_empty() {
                part.text.push(char::REPLACEMENT_CHARACTER);
            }
            let length = part.text.len();
            self.gather(stream, length, now);
        }
    }
}

/// Where a text is cut so that no more than `room` bytes are in front: behind a line; where no line ends, only if it has
/// to be cut.
fn cut_within(text: &str, room: usize, must_be_cut: bool) -> usize {
    let bound = cut_at_most(text, room);
    match text.as_bytes()[..bound].iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None if must_be_cut => bound,
        None => 0,
    }
}

/// Where a text is cut that has so many bytes or more: between letters and escapes.
fn cut_at_most(text: &str, most: usize) -> usize {
    length_of_whole(&text[..text.floor_char_boundary(most)])
}

impl Part {
    fn push(&mut self, bytes: &[u8]) {
        if self.letter.is_empty() {
            return self.decode(bytes);
        }
        let mut joined = std::mem::take(&mut self.letter);
        joined.extend_from_slice(bytes);
        self.decode(&joined);
    }

    /// Appends what can be decoded and keeps an unfinished letter at the end.
    fn decode(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.text.push_str(text),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.text.push_str(&String::from_utf8_lossy(valid));
                    let Some(invalid) = error.error_len() else {
                        self.letter = after.to_vec();
                        return;
                    };
                    self.text.push(char::REPLACEMENT_CHARACTER);
                    rest = &after[invalid..];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stream::{Stderr, Stdout};
    use super::*;

    fn shown(pieces: Vec<OutputPiece>) -> String {
        pieces.into_iter().map(|piece| format!("{:?} {:?}; ", piece.stream, piece.text)).collect()
    }

    fn told(batch: &mut Batch) -> String {
        batch.finish();
        batch.take().into_iter().map(|piece| piece.text).collect()
    }

    fn due(batch: &mut Batch, now: Instant) -> String {
        if batch.gather_due(now) { shown(batch.take()) } else { "not yet".into() }
    }

    #[test]
    fn letters_are_joined_and_invalid_bytes_replaced() {
        let text = "aä€𝄞\n".as_bytes();
        let now = Instant::now();
        let mut batch = Batch::default();
        text.iter().for_each(|byte| batch.push(Stdout, &[*byte], now));
        assert_eq!(told(&mut batch), "aä€𝄞\n");
        for (bytes, expected) in [
            (&b"a\xffb"[..], "a\u{fffd}b"),
            (b"\xe2\x82", "\u{fffd}"),
            (b"\xe2\x82x", "\u{fffd}x"),
            (b"\xc3\xc3\xa4", "\u{fffd}ä"),
            (b"\xf0\x9d\x84", "\u{fffd}"),
        ] {
            let mut whole = Batch::default();
            whole.push(Stdout, bytes, now);
            assert_eq!(told(&mut whole), expected);
            let mut split = Batch::default();
            bytes.iter().for_each(|byte| split.push(Stdout, &[*byte], now));
            assert_eq!(told(&mut split), expected, "byte by byte");
            assert_eq!(String::from_utf8_lossy(bytes), expected, "as everybody does it");
        }
    }

    #[test]
    fn lines_are_told_at_once_and_then_in_batches() {
        let start = Instant::now();
        let mut batch = Batch::default();
        batch.push(Stdout, b"a\nb", start);
        assert_eq!(due(&mut batch, start), "Stdout \"a\\n\"; ");
        batch.told(start);
        batch.push(Stdout, b"\nc\n", start);
        assert_eq!(due(&mut batch, start + BATCH / 2), "not yet");
        assert_eq!(batch.due(), Some(start + BATCH));
        assert_eq!(due(&mut batch, start + BATCH), "Stdout \"b\\nc\\n\"; ");
        assert_eq!(batch.due(), None);
    }

    #[test]
    fn a_part_of_a_line_waits_for_its_end() {
        let start = Instant::now();
        let mut batch = Batch::default();
        batch.push(Stdout, b"name? ", start);
        assert_eq!(due(&mut batch, start + BATCH), "not yet");
        assert_eq!(batch.due(), Some(start + PART));
        assert_eq!(due(&mut batch, start + PART), "Stdout \"name? \"; ");
    }

    #[test]
    fn an_escape_is_told_whole() {
        let start = Instant::now();
        let mut batch = Batch::default();
        batch.push(Stdout, b"a\x1b[3", start);
        assert_eq!(due(&mut batch, start + PART), "Stdout \"a\"; ");
        assert_eq!(batch.due(), None);
        batch.push(Stdout, b"1mred", start);
        assert_eq!(due(&mut batch, start + PART), "Stdout \"\\u{1b}[31mred\"; ");
        batch.push(Stdout, b"\x1b[", start);
        assert_eq!(told(&mut batch), "\x1b[");
        for before in [MAX_OUTPUT - 2, MAX_OUTPUT] {
            let text = "x".repeat(before) + "\x1b[31m\n";
            batch.push(Stdout, text.as_bytes(), start);
            assert!(batch.take()[0].text == "x".repeat(before));
            assert_eq!(told(&mut batch), "\x1b[31m\n");
        }
    }

    #[test]
    fn lines_of_both_streams_are_in_the_order_of_their_ends() {
        let now = Instant::now();
        let mut batch = Batch::default();
        for (stream, text) in
            [(Stdout, "1\n2"), (Stderr, "3\n"), (Stderr, "4\n"), (Stdout, " end\n"), (Stderr, "5")]
        {
            batch.push(stream, text.as_bytes(), now);
        }
        assert_eq!(due(&mut batch, now), r#"Stdout "1\n"; Stderr "3\n4\n"; Stdout "2 end\n"; "#);
        assert_eq!(told(&mut batch), "5");
    }

    #[test]
    fn long_text_is_cut_after_lines_or_between_letters() {
        let now = Instant::now();
        let mut batch = Batch::default();
        let lengths = |pieces: Vec<OutputPiece>| pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
        batch.push(Stdout, "ä".repeat(MAX_OUTPUT).as_bytes(), now);
        batch.push(Stdout, b"\nx", now);
        assert_eq!(lengths(batch.take()), MAX_OUTPUT);
        assert_eq!(lengths(batch.take()), MAX_OUTPUT);
        assert!(!batch.is_full());
        assert_eq!(shown(batch.take()), r#"Stdout "\n"; "#);
        assert_eq!(told(&mut batch), "x");
        batch.push(Stderr, b"first\n", now);
        batch.push(Stdout, "x\n".repeat(MAX_OUTPUT).as_bytes(), now);
        batch.push(Stdout, b"rest", now);
        let pieces = batch.take();
        assert!(pieces[0].text == "first\n" && pieces[1].text.ends_with('\n'));
        assert!((MAX_OUTPUT - 1..=MAX_OUTPUT).contains(&lengths(pieces)));
    }
}
