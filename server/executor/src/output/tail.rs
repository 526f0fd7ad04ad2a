//! The last lines of a text, as a person would see them.
//!
//! Must not keep more than it may.

use std::collections::VecDeque;

use super::MAX_OUTPUT;
use crate::escape::as_seen;

/// Keeps the last lines of a text within bounds, as a person would see them: terminal escapes removed, and of a
/// line that was overwritten after carriage returns only what it said last.
#[derive(Clone, Debug)]
pub struct Tail {
    max_lines: usize,
    max_bytes: usize,
    lines: VecDeque<String>,
    /// The length of all `lines`.
    bytes: usize,
    /// The line whose end has not come yet, as it came.
    part: String,
    omitted: u64,
}

impl Default for Tail {
    /// 20 lines and 8 KiB: what fits into a diagnostic.
    fn default() -> Tail {
        Tail::new(20, 8 * 1024)
    }
}

impl Tail {
    /// Keeps at most `max_lines` lines (at least one) and `max_bytes` bytes of text, line ends not counted.
    pub fn new(max_lines: usize, max_bytes: usize) -> Tail {
        let max_lines = max_lines.max(1);
        Tail { max_lines, max_bytes, lines: VecDeque::new(), bytes: 0, part: String::new(), omitted: 0 }
    }

    /// Takes more of the text; it may end anywhere but within a letter.
    pub fn push(&mut self, text: &str) {
        let Some(end) = text.rfind('\n') else { return self.push_part(text) };
        let (whole, part) = text.split_at(end);
        let skipped = start_of_last(whole, self.max_lines);
        if skipped > 0 {
            self.forget_all(whole[..skipped].bytes().filter(|byte| *byte == b'\n').count());
        }
        for line in whole[skipped..].split('\n') {
            self.push_part(line);
            self.end_line();
        }
        self.push_part(&part[1..]);
    }

    /// The lines, oldest first, with the one that has no end yet.
    pub fn lines(&self) -> Vec<String> {
        let mut all = self.clone();
        if !all.part.is_empty() {
            all.end_line();
        }
        all.lines.into()
    }

    /// How many lines came before those that are kept.
    pub fn omitted(&self) -> u64 {
        let mut all = self.clone();
        if !all.part.is_empty() {
            all.end_line();
        }
        all.omitted
    }

    fn push_part(&mut self, text: &str) {
        self.part.push_str(text);
        // Twice as much as is kept, so that an endless line is not copied at every piece.
        if self.part.len() > 2 * self.max_bytes.max(MAX_OUTPUT) {
            cut_front(&mut self.part, self.max_bytes);
        }
    }

    fn end_line(&mut self) {
        let mut line = as_seen(&std::mem::take(&mut self.part));
        cut_front(&mut line, self.max_bytes);
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.len();
            self.omitted += 1;
        }
    }

    /// So much comes that nothing of the old remains, nor of the first `more` new lines.
    fn forget_all(&mut self, more: usize) {
        self.omitted += (self.lines.len() + more) as u64;
        self.lines.clear();
        self.bytes = 0;
        self.part.clear();
    }
}

/// Where the last `count` lines of a text begin, whose last line has no end.
fn start_of_last(text: &str, count: usize) -> usize {
    text.rmatch_indices('\n').nth(count - 1).map_or(0, |(index, _)| index + 1)
}

fn cut_front(text: &mut String, keep: usize) {
    let start = text.ceil_char_boundary(text.len().saturating_sub(keep));
    text.drain(..start);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(pieces: &[&str]) -> Tail {
        let mut tail = Tail::new(3, 20);
        pieces.iter().for_each(|piece| tail.push(piece));
        tail
    }

    #[test]
    fn a_tail_keeps_the_last_lines() {
        let tail = tail(&["a\nb\nc", "c\n\nd"]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["cc".into(), String::new(), "d".into()], 2));
        let many: String = (0..1000).map(|number| format!("{number}\n")).collect();
        let tail = super::tests::tail(&["begin\nx", &many]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["997".into(), "998".into(), "999".into()], 998));
        assert_eq!(Tail::default().lines(), Vec::<String>::new());
    }

    #[test]
    fn a_tail_keeps_few_bytes() {
        let tail = tail(&["0123456789\n0123456789\nx\n"]);
        assert_eq!((tail.lines(), tail.omitted()), (vec!["0123456789".into(), "x".into()], 1));
        let tail = super::tests::tail(&["äöüäöüäöüäöü\n"]);
        assert_eq!(tail.lines(), ["üäöüäöüäöü"]);
        let mut endless = Tail::new(3, 20);
        (0..100).for_each(|_| endless.push(&"x".repeat(MAX_OUTPUT)));
        assert!(endless.part.len() <= 2 * MAX_OUTPUT);
        assert_eq!(endless.lines(), ["x".repeat(20)]);
    }

    #[test]
    fn a_tail_is_what_a_person_sees() {
        assert_eq!(tail(&["\x1b[31mred\x1b", "[0m\r\n"]).lines(), ["red"]);
        assert_eq!(tail(&["10%\r50%\r", "100%\r"]).lines(), ["100%"]);
        assert_eq!(tail(&["\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"]).lines(), ["link"]);
        assert_eq!(tail(&["50%\r\x1b[2Kdone\n"]).lines(), ["done"]);
    }
}
