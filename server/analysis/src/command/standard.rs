//! A command of [`Semantics::Standard`](super::Semantics::Standard) as its words, as the shell's quoting has it.
//!
//! Must not know what Draft makes of it.

use super::{Part, Parts, Quoting, Split, SplitError, Word, range, variable};

/// The words of a command.
///
/// # Errors
///
/// When a quote is not closed or a backslash stands at the end.
pub(super) fn words(command: &str) -> Result<Split, SplitError> {
    Splitter::new(command).split()
}

/// Few commands have more words.
const MOST_WORDS: usize = 8;

/// Reads a command from its begin to its end.
struct Splitter<'a> {
    command: &'a str,
    at: usize,
    /// The words that have ended, and what quotes and backslashes make of each byte up to here.
    done: Split,
    /// What they make of a byte here that is no quote itself.
    outside: Quoting,
    /// Where the word begins that is read, and what it is made of so far.
    word: Option<(usize, Parts)>,
}

impl<'a> Splitter<'a> {
    fn new(command: &'a str) -> Splitter<'a> {
        Splitter {
            command,
            at: 0,
            done: Split { words: Vec::with_capacity(MOST_WORDS), quoting: Vec::with_capacity(command.len()) },
            outside: Quoting::Bare,
            word: None,
        }
    }

    fn split(mut self) -> Result<Split, SplitError> {
        while let Some(next) = self.peek() {
            match next {
                b' ' | b'\t' | b'\n' => {
                    self.end_word();
                    self.advance(1, Quoting::Bare);
                }
                b'\'' => self.single_quotes()?,
                b'"' => self.double_quotes()?,
                b'\\' => self.backslash()?,
                b'$' => self.dollar(),
                _ => self
                    .literal_text(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'$')),
            }
        }
        self.end_word();
        Ok(self.done)
    }

    /// The next byte; all that mean something are ASCII.
    fn peek(&self) -> Option<u8> {
        self.command.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, length: usize, quoting: Quoting) {
        self.at += length;
        self.done.quoting.resize(self.at, quoting);
    }

    /// The parts of the word that is read, which begins here if none is.
    fn parts(&mut self) -> &mut Parts {
        &mut self.word.get_or_insert_with(|| (self.at, Parts::default())).1
    }

    fn escaped(&mut self, character: char) {
        self.parts().push(character);
        self.advance(character.len_utf8(), Quoting::Escaped);
    }

    /// The characters up to the next one that means something.
    fn literal_text(&mut self, is_special: impl Fn(u8) -> bool) {
        let rest = &self.command[self.at..];
        let text = &rest[..rest.bytes().position(is_special).unwrap_or(rest.len())];
        self.parts().push_str(text);
        self.advance(text.len(), self.outside);
    }

    fn end_word(&mut self) {
        if let Some((start, parts)) = self.word.take() {
            self.done.words.push(Word { parts: parts.0, range: range(start, self.at) });
        }
    }

    fn single_quotes(&mut self) -> Result<(), SplitError> {
        let inner = &self.command[self.at + 1..];
        let length = inner.find('\'').ok_or_else(|| unclosed('\'', self.at))?;
        self.parts().push_str(&inner[..length]);
        self.advance(length + 2, Quoting::Single);
        Ok(())
    }

    fn double_quotes(&mut self) -> Result<(), SplitError> {
        let start = self.at;
        self.parts();
        self.advance(1, Quoting::Double);
        self.outside = Quoting::Double;
        loop {
            match self.peek().ok_or_else(|| unclosed('"', start))? {
                b'"' => break,
                b'$' => self.dollar(),
                b'\\' => self.backslash_in_quotes(),
                _ => self.literal_text(|byte| matches!(byte, b'"' | b'$' | b'\\')),
            }
        }
        self.advance(1, Quoting::Double);
        self.outside = Quoting::Bare;
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), SplitError> {
        let Some(next) = self.command[self.at + 1..].chars().next() else {
            let message = "a backslash stands at the end".to_owned();
            return Err(SplitError { range: range(self.at, self.at + 1), message });
        };
        if next == '\n' {
            self.advance(2, Quoting::Escaped);
            return Ok(());
        }
        // The word begins at the backslash.
        self.parts();
        self.advance(1, Quoting::Escaped);
        self.escaped(next);
        Ok(())
    }

    fn backslash_in_quotes(&mut self) {
        match self.command.as_bytes().get(self.at + 1) {
            Some(b'\n') => self.advance(2, Quoting::Escaped),
            Some(next @ (b'$' | b'`' | b'"' | b'\\')) => {
                self.advance(1, Quoting::Escaped);
                self.escaped(char::from(*next));
            }
            _ => {
                self.parts().push('\\');
                self.advance(1, Quoting::Double);
            }
        }
    }

    fn dollar(&mut self) {
        let rest = &self.command[self.at..];
        if let Some((name, length)) = variable(rest) {
            let part = Part::Variable { name: name.into(), range: range(self.at, self.at + length) };
            self.parts().0.push(part);
            self.advance(length, self.outside);
        } else if let Some((_, length)) = rest.strip_prefix('$').and_then(variable) {
            self.parts().push_str(&rest[1..=length]);
            self.advance(1 + length, self.outside);
        } else {
            self.parts().push('$');
            self.advance(1, self.outside);
        }
    }
}

fn unclosed(quote: char, at: usize) -> SplitError {
    let message = format!("a `{quote}` is not closed");
    SplitError { range: range(at, at + 1), message }
}
