//! Whole lines of what two streams write in turns.
//!
//! Must not lose a line that has no end.

use crate::event::{OutputPiece, Stream};

/// The lines of a task's streams whose end has not come yet.
#[derive(Debug)]
pub struct OpenLines {
    longest: usize,
    parts: [String; 2],
    /// The stream whose line was given before it ended.
    given: Option<Stream>,
}

impl OpenLines {
    /// A line of which more than so many bytes have come is given before it ends.
    pub fn new(longest: usize) -> OpenLines {
        OpenLines { longest, parts: Default::default(), given: None }
    }

    /// Takes a piece; gives the lines that end with it, which may be none.
    pub fn push(&mut self, piece: &OutputPiece) -> String {
        let part = &mut self.parts[piece.stream as usize];
        part.push_str(&piece.text);
        let whole = match part.rfind('\n') {
            Some(at) => at + 1,
            None if part.len() > self.longest => part.len(),
            None => return String::new(),
        };
        let rest = part.split_off(whole);
        let lines = std::mem::replace(part, rest);
        self.give(piece.stream, lines)
    }

    /// The task has ended, and with it all lines.
    pub fn finish(&mut self) -> String {
        let mut lines = String::new();
        for stream in Stream::BOTH {
            let part = std::mem::take(&mut self.parts[stream as usize]);
            if !part.is_empty() {
                lines += &self.give(stream, part + "\n");
            }
        }
        if self.given.take().is_some() {
            lines.push('\n');
        }
        lines
    }

    /// The line of another stream begins a line of its own.
    fn give(&mut self, stream: Stream, lines: String) -> String {
        let breaks = self.given.is_some_and(|given| given != stream);
        self.given = (!lines.ends_with('\n')).then_some(stream);
        if breaks { format!("\n{lines}") } else { lines }
    }
}

#[cfg(test)]
mod tests {
    use super::Stream::{Stderr, Stdout};
    use super::*;

    fn joined(pieces: &[(Stream, &str)]) -> Vec<String> {
        let mut open = OpenLines::new(5);
        let piece = |(stream, text): &(Stream, &str)| OutputPiece { stream: *stream, text: (*text).into() };
        let mut all: Vec<_> = pieces.iter().map(|it| open.push(&piece(it))).collect();
        all.push(open.finish());
        all
    }

    #[test]
    fn streams_do_not_share_lines() {
        let pieces = [(Stdout, "a"), (Stderr, "b\nc"), (Stdout, "d\n"), (Stdout, "e")];
        assert_eq!(joined(&pieces), ["", "b\n", "ad\n", "", "e\nc\n"]);
    }

    #[test]
    fn a_long_line_is_given_in_parts() {
        let long = [(Stdout, "123456"), (Stdout, "7\n"), (Stdout, "123456"), (Stderr, "x\n"), (Stdout, "y")];
        assert_eq!(joined(&long), ["123456", "7\n", "123456", "\nx\n", "", "y\n"]);
        assert_eq!(joined(&[(Stdout, "123456")]), ["123456", "\n"]);
    }
}
