//! What is wrong and what was expected, in this project's words and with the characters that it is about.
//!
//! Must not decide what is an error: that is for `toml_parser` and the builder.

use text_size::{TextRange, TextSize};
use toml_parser::{ErrorSink, Expected, ParseError, Span};

use super::{SyntaxError, SyntaxErrorKind};

/// Collects errors of the grammar.
pub(super) struct Errors<'t> {
    text: &'t str,
    /// What is to be added to the spans of errors.
    pub(super) base: usize,
    pub(super) list: Vec<SyntaxError>,
}

impl<'t> Errors<'t> {
    pub(super) fn new(text: &'t str) -> Errors<'t> {
        Errors { text, base: 0, list: Vec::new() }
    }

    /// Adds an error in our own words.
    pub(super) fn push(&mut self, range: TextRange, message: impl Into<String>) {
        let message = message.into();
        self.list.push(SyntaxError { kind: SyntaxErrorKind::Grammar, range, message, related: None });
    }

    /// Gives errors that stand before characters that nobody expected these characters.
    pub(super) fn widen(&mut self, junk: &[TextRange]) {
        for error in self.list.iter_mut().filter(|error| error.range.is_empty()) {
            let at = junk.partition_point(|junk| junk.start() < error.range.start());
            if let Some(junk) = junk.get(at).filter(|junk| junk.start() == error.range.start()) {
                error.range = *junk;
            }
        }
    }

    /// A range of the text, whatever the ends that were reported.
    fn range(&self, start: usize, end: usize) -> TextRange {
        let (mut start, mut end) = (start.min(self.text.len()), end.min(self.text.len()));
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        TextRange::new(TextSize::new(start as u32), TextSize::new(end.max(start) as u32))
    }

    fn translate(&self, error: &ParseError) -> (TextRange, String) {
        let place = |span: Span| (span.start() + self.base, span.end() + self.base);
        let (start, end) = error.unexpected().or(error.context()).map_or((0, 0), place);
        let (open, open_end) = error.context().map_or((start, end), place);
        let before = &self.text[..self.range(start, start).start().into()];
        let here = self.range(start, end);
        let said = |range, message: &str| (range, message.to_owned());
        match error.description() {
            "key with no value" | "missing value for key" => match self.words_behind(end) {
                Some(word) => {
                    said(word, "expected `=` after the key: a key of several words must stand in quotes")
                }
                None => said(here, "expected `=` and a value after the key"),
            },
            "unclosed table" => match self.words_behind(end) {
                Some(word) => {
                    said(word, "expected `]` after the name: a name of several words must stand in quotes")
                }
                None => said(here, "expected `]` at the end of the header"),
            },
            "unclosed array table" => match self.words_behind(end) {
                Some(word) => {
                    said(word, "expected `]]` after the name: a name of several words must stand in quotes")
                }
                None => said(here, "expected `]]` at the end of the header"),
            },
            "invalid table" => said(here, "expected a name in the header"),
            "missing value" => said(here, "expected a value after `=`"),
            "extra `=`" => said(here, "expected a value, not another `=`"),
            "unexpected key or value" => said(here, "expected the end of the line"),
            "invalid key-value pair" => said(here, "expected a key"),
            "missing table open" => said(here, "this `]` closes nothing"),
            "missing inline table opening" => said(self.range(start, start + 1), "this `}` closes nothing"),
            "missing array opening" => said(self.range(start, start + 1), "this `]` closes nothing"),
            "extra comma in array" => said(here, "expected a value before this comma"),
            "unexpected `=` in array" => said(here, "expected a value or `]`, not `=`"),
            "missing comma between array elements" => said(here, "expected `,` between two values"),
            "unclosed array" => said(
                self.range(open, open_end),
                "this array is not closed: expected `]` after its last value",
            ),
            "unclosed inline table" => said(
                self.range(open, open_end),
                "this inline table is not closed: expected `}` after its last entry",
            ),
            "extra comma in inline table" => {
                said(self.range(start, start + 1), "expected an entry before this comma")
            }
            "extra assignment between key-value pairs" => {
                said(self.range(start, start + 1), "expected a value or `,`, not another `=`")
            }
            "missing key for inline table element" => {
                said(self.range(start, start + 1), "expected a key and `=`")
            }
            "missing assignment between key-value pairs" => said(here, "expected `=` after the key"),
            "invalid inline table element" => {
                said(self.range(start, start + 1), "expected `}` at the end of the inline table")
            }
            "missing comma between key-value pairs" => said(here, "expected `,` between two entries"),
            "cannot recurse further; max recursion depth met" => {
                said(here, "arrays and inline tables are nested too deep")
            }
            "unquoted keys cannot be empty" => said(here, "expected a key"),
            "invalid unquoted key" => said(
                self.range(open, open_end),
                "a key without quotes holds only letters from a to z, digits, `-` and `_`: expected quotes around it",
            ),
            "keys cannot be multi-line literal strings" | "keys cannot be multi-line basic strings" => {
                said(here, "expected a key on one line: it cannot be a multi-line string")
            }
            "invalid comment character" => (
                self.range(start, start + 1),
                format!(
                    "expected text or a tab in the comment, not the control character {}",
                    self.code(start)
                ),
            ),
            "carriage return must be followed by newline" => {
                let back = usize::from(before.ends_with('\r'));
                said(self.range(start - back, start), "expected a line feed after this carriage return")
            }
            "missing escaped value" => said(
                self.range(start.saturating_sub(1), start + usize::from(!self.at_line_end(start))),
                r#"expected one of the escapes `\b`, `\t`, `\n`, `\f`, `\r`, `\e`, `\"`, `\\`, `\xHH`, `\uHHHH` and `\UHHHHHHHH`"#,
            ),
            "too few unicode value digits" => said(
                self.range(before.rfind('\\').unwrap_or(start), start),
                r"expected 2 hexadecimal digits after `\x`, 4 after `\u` or 8 after `\U`",
            ),
            "invalid value" => said(
                self.range(before.rfind('\\').unwrap_or(start), start + self.hex_digits(start)),
                "expected the number of a Unicode character",
            ),
            "invalid basic string" => (
                self.range(start, start + 1),
                format!("expected the control character {0} to be written as `\\u{0}`", self.code(start)),
            ),
            "invalid literal string" | "invalid multi-line literal string" => (
                self.range(start, start + 1),
                format!(
                    "expected text or a tab in the string, not the control character {}: only `\"…\"` can hold it, \
                     as `\\u{0}`",
                    self.code(start)
                ),
            ),
            "invalid multi-line basic string" if before.trim_end_matches([' ', '\t']).ends_with('\\') => {
                said(here, "expected a line break, or one of TOML's escapes, after the backslash")
            }
            "invalid multi-line basic string" => (
                self.range(start, start + 1),
                format!("expected the control character {0} to be written as `\\u{0}`", self.code(start)),
            ),
            _ => (here, generic(error)),
        }
    }

    /// Where something other than a comment stands behind an offset on its line; empty, to be widened.
    fn words_behind(&self, at: usize) -> Option<TextRange> {
        let rest = self.text.get(at..)?;
        let word = rest.trim_start_matches([' ', '\t']);
        let start = at + (rest.len() - word.len());
        word.starts_with(|next| !matches!(next, '\r' | '\n' | '#')).then(|| self.range(start, start))
    }

    /// The code point at an offset, in the four digits of an escape.
    fn code(&self, at: usize) -> String {
        let character = self.text.get(at..).and_then(|rest| rest.chars().next());
        format!("{:04X}", character.map_or(0, u32::from))
    }

    fn at_line_end(&self, at: usize) -> bool {
        self.text.as_bytes().get(at).is_none_or(|byte| matches!(byte, b'\r' | b'\n'))
    }

    fn hex_digits(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter().take(8).take_while(|byte| byte.is_ascii_hexdigit()).count()
    }
}

impl ErrorSink for Errors<'_> {
    #[cold]
    fn report_error(&mut self, error: ParseError) {
        let (range, message) = self.translate(&error);
        self.push(range, message);
    }
}

/// The parser's description and what it expected.
pub(super) fn generic(error: &ParseError) -> String {
    let mut message = error.description().to_owned();
    let expected = error.expected().unwrap_or_default();
    for (index, expected) in expected.iter().enumerate() {
        message += if index == 0 { ": expected " } else { " or " };
        match expected {
            Expected::Literal("\n") => message += "the end of the line",
            Expected::Literal(text) => message += &format!("`{text}`"),
            Expected::Description(text) => message += text,
            _ => message += "something else",
        }
    }
    message
}
