//! What is wrong and what was expected, in this project's words and with the characters that it is about.
//!
//! Must not decide what is an error: that is for `toml_parser` and the builder.

use text_size::{TextRange, TextSize};
use toml_parser::{ErrorSink, Expected, ParseError, Span};

use super::{SyntaxError, SyntaxErrorKind};

/// Where the parser reported an error.
struct Reported {
    start: usize,
    end: usize,
    /// What is wrong.
    here: TextRange,
    /// What that is a part of.
    whole: TextRange,
}

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
        let at = Reported { start, end, whole: self.range(open, open_end), here: self.range(start, end) };
        let what = error.description();
        let said = self.in_line(what, &at).or_else(|| self.in_array(what, &at));
        let said = said.or_else(|| self.in_inline_table(what, &at)).or_else(|| self.in_key(what, &at));
        let said = said.or_else(|| self.in_escape(what, &at)).or_else(|| self.in_characters(what, &at));
        said.unwrap_or_else(|| (at.here, generic(error)))
    }

    /// Of headers, and of what stands around `=`.
    fn in_line(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let message = match what {
            "key with no value" | "missing value for key" => {
                let unclosed = self.unclosed_key(at.end);
                return unclosed
                    .or_else(|| Some(self.with_words(at, "`=`", "key", "and a value after the key")));
            }
            "unclosed table" => return Some(self.with_words(at, "`]`", "name", "at the end of the header")),
            "unclosed array table" => {
                return Some(self.with_words(at, "`]]`", "name", "at the end of the header"));
            }
            "invalid table" => "expected a name in the header",
            "missing value" => "expected a value after `=`",
            "extra `=`" => "expected a value, not another `=`",
            "unexpected key or value" => "expected the end of the line",
            "invalid key-value pair" => "expected a key",
            "missing table open" => "this `]` closes nothing",
            _ => return None,
        };
        Some((at.here, message.into()))
    }

    /// What is missing behind a key or name, of which the words behind it may be a part.
    fn with_words(&self, at: &Reported, missing: &str, of: &str, otherwise: &str) -> (TextRange, String) {
        match self.words_behind(at.end) {
            Some(words) if self.text[words.start().into()..].starts_with(':') => {
                (words, format!("expected {missing} after the {of}, not `:`"))
            }
            Some(words) if self.text[..at.end].trim_end().ends_with(['"', '\'']) => {
                (words, format!("expected {missing} after the {of}"))
            }
            Some(words) => {
                let quotes = format!("a {of} of several words must stand in quotes");
                (words, format!("expected {missing} after the {of}: {quotes}"))
            }
            None => (at.here, format!("expected {missing} {otherwise}")),
        }
    }

    /// A key whose closing quote is missing, so that its string ends at the value's first quote: `"hello = "echo hi"`.
    fn unclosed_key(&self, end: usize) -> Option<(TextRange, String)> {
        self.words_behind(end)?;
        let before = self.text.get(..end)?;
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let start = line + (before[line..].len() - before[line..].trim_start().len());
        let quote = before[start..].chars().next().filter(|first| matches!(first, '"' | '\''))?;
        let inner = before[start + 1..].strip_suffix(quote)?.trim_end().strip_suffix('=')?;
        let name = inner.trim_end();
        let message =
            format!("expected `{quote}` behind `{name}`: the quote at the end of the key is missing");
        (!name.is_empty()).then(|| (self.range(start, start + 1 + name.len()), message))
    }

    fn in_array(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let (range, message) = match what {
            "missing array opening" => (self.first(at), "this `]` closes nothing"),
            "extra comma in array" => (at.here, "expected a value before this comma"),
            "unexpected `=` in array" => (at.here, "expected a value or `]`, not `=`"),
            "missing comma between array elements" => (at.here, "expected `,` between two values"),
            "unclosed array" => (at.whole, "this array is not closed: expected `]` after its last value"),
            "cannot recurse further; max recursion depth met" => {
                (at.here, "arrays and inline tables are nested too deep")
            }
            _ => return None,
        };
        Some((range, message.into()))
    }

    fn in_inline_table(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let (range, message) = match what {
            "missing inline table opening" => (self.first(at), "this `}` closes nothing"),
            "unclosed inline table" => {
                (at.whole, "this inline table is not closed: expected `}` after its last entry")
            }
            "extra comma in inline table" => (self.first(at), "expected an entry before this comma"),
            "extra assignment between key-value pairs" => {
                (self.first(at), "expected a value or `,`, not another `=`")
            }
            "missing key for inline table element" => (self.first(at), "expected a key and `=`"),
            "missing assignment between key-value pairs" => (at.here, "expected `=` after the key"),
            "invalid inline table element" => (self.first(at), "expected `}` at the end of the inline table"),
            "missing comma between key-value pairs" => (at.here, "expected `,` between two entries"),
            _ => return None,
        };
        Some((range, message.into()))
    }

    fn in_key(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let (range, message) = match what {
            "unquoted keys cannot be empty" => (at.here, "expected a key"),
            "invalid unquoted key" => (
                at.whole,
                "a key without quotes holds only letters from a to z, digits, `-` and `_`: expected quotes around it",
            ),
            "keys cannot be multi-line literal strings" | "keys cannot be multi-line basic strings" => {
                (at.here, "expected a key on one line: it cannot be a multi-line string")
            }
            _ => return None,
        };
        Some((range, message.into()))
    }

    fn in_escape(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let (start, before) = (at.start, self.before(at));
        let backslash = before.rfind('\\').unwrap_or(start);
        let (range, message) = match what {
            "missing escaped value" => (
                self.range(start.saturating_sub(1), start + usize::from(!self.at_line_end(start))),
                r#"expected one of the escapes `\b`, `\t`, `\n`, `\f`, `\r`, `\e`, `\"`, `\\`, `\xHH`, `\uHHHH` and `\UHHHHHHHH`"#,
            ),
            "too few unicode value digits" => (
                self.range(backslash, start),
                r"expected 2 hexadecimal digits after `\x`, 4 after `\u` or 8 after `\U`",
            ),
            "invalid value" => (
                self.range(backslash, start + self.hex_digits(start)),
                "expected the number of a Unicode character",
            ),
            "invalid multi-line basic string" if before.trim_end_matches([' ', '\t']).ends_with('\\') => {
                (at.here, "expected a line break, or one of TOML's escapes, after the backslash")
            }
            _ => return None,
        };
        Some((range, message.into()))
    }

    /// Of control characters.
    fn in_characters(&self, what: &str, at: &Reported) -> Option<(TextRange, String)> {
        let code = self.code(at.start);
        let message = match what {
            "invalid comment character" => {
                format!("expected text or a tab in the comment, not the control character {code}")
            }
            "carriage return must be followed by newline" => {
                let back = usize::from(self.before(at).ends_with('\r'));
                let message = "expected a line feed after this carriage return";
                return Some((self.range(at.start - back, at.start), message.into()));
            }
            "invalid literal string" | "invalid multi-line literal string" => format!(
                "expected text or a tab in the string, not the control character {code}: only `\"…\"` can hold it, as \
                 `\\u{code}`"
            ),
            "invalid basic string" | "invalid multi-line basic string" => {
                format!("expected the control character {code} to be written as `\\u{code}`")
            }
            _ => return None,
        };
        Some((self.first(at), message))
    }

    /// The first character of what is wrong.
    fn first(&self, at: &Reported) -> TextRange {
        self.range(at.start, at.start + 1)
    }

    /// The text in front of what is wrong.
    fn before(&self, at: &Reported) -> &str {
        &self.text[..self.range(at.start, at.start).start().into()]
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
