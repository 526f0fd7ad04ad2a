//! What a written string contains, and where each of its characters stands.
//!
//! Must not report anything: an escape that TOML does not know stays as it is written.

use std::borrow::Cow;

use text_size::{TextRange, TextSize};
use toml_parser::decoder::Encoding;

use super::{Str, StrMap, StrStyle};

/// The style of a token's encoding.
pub(super) fn style(encoding: Option<Encoding>) -> StrStyle {
    match encoding {
        None => StrStyle::Bare,
        Some(Encoding::BasicString) => StrStyle::Basic,
        Some(Encoding::LiteralString) => StrStyle::Literal,
        Some(Encoding::MlBasicString) => StrStyle::MultilineBasic,
        Some(Encoding::MlLiteralString) => StrStyle::MultilineLiteral,
    }
}

/// Whether the closing quotes of a written string are there.
pub(super) fn is_closed(written: &str, style: StrStyle) -> bool {
    let quotes = style.quotes() as usize;
    let Some(inner) = written.get(quotes..) else { return false };
    let quote = match style {
        StrStyle::Bare => return true,
        StrStyle::Basic | StrStyle::MultilineBasic => '"',
        StrStyle::Literal | StrStyle::MultilineLiteral => '\'',
    };
    let body = inner.trim_end_matches(quote);
    let closing = inner.len() - body.len();
    let backslashes = body.len() - body.trim_end_matches('\\').len();
    // An odd number of backslashes takes the first quote away.
    let escaped = quote == '"' && backslashes % 2 == 1;
    closing >= quotes + usize::from(escaped)
}

/// Whether the characters between the quotes are the content as they stand.
pub(super) fn is_plain(inner: &str, style: StrStyle) -> bool {
    match style {
        StrStyle::Bare | StrStyle::Literal => true,
        StrStyle::Basic => !inner.contains('\\'),
        StrStyle::MultilineLiteral => first_newline(inner) == 0 && !inner.contains('\r'),
        StrStyle::MultilineBasic => first_newline(inner) == 0 && !inner.contains(['\\', '\r']),
    }
}

/// The length of the line break directly behind opening quotes, which is no content.
fn first_newline(inner: &str) -> usize {
    if inner.starts_with('\n') {
        1
    } else if inner.starts_with("\r\n") {
        2
    } else {
        0
    }
}

/// A piece of a written string.
enum Piece<'t> {
    /// Characters that are the content as they stand.
    Verbatim(&'t str),
    /// So many bytes for one character: an escape, or CRLF, which is LF whatever editor wrote the file (TOML 1.1 leaves it
    /// to each parser).
    Escape(char, usize),
    /// So many bytes that are no content: the first line break, a backslash at a line's end.
    Nothing(usize),
}

/// The pieces of a string in order; together they are everything between the quotes.
fn pieces(string: Str, text: &str) -> impl Iterator<Item = Piece<'_>> {
    let inner = &text[string.inner_range()];
    let multiline = matches!(string.style, StrStyle::MultilineBasic | StrStyle::MultilineLiteral);
    let escapes = matches!(string.style, StrStyle::Basic | StrStyle::MultilineBasic);
    let skipped = if multiline { first_newline(inner) } else { 0 };
    let mut rest = &inner[skipped..];
    let start = (skipped > 0).then_some(Piece::Nothing(skipped));
    let pieces = std::iter::from_fn(move || {
        let piece = next_piece(rest, escapes, multiline)?;
        let length = match piece {
            Piece::Verbatim(text) => text.len(),
            Piece::Escape(_, length) | Piece::Nothing(length) => length,
        };
        rest = &rest[length..];
        Some(piece)
    });
    start.into_iter().chain(pieces)
}

fn next_piece(rest: &str, escapes: bool, multiline: bool) -> Option<Piece<'_>> {
    let is_special = |at: &usize| match rest.as_bytes()[*at] {
        b'\\' => escapes,
        b'\r' => multiline && rest[*at..].starts_with("\r\n"),
        _ => false,
    };
    let special = rest.match_indices(['\\', '\r']).map(|(at, _)| at).find(is_special);
    match special {
        _ if rest.is_empty() => None,
        None => Some(Piece::Verbatim(rest)),
        Some(0) if rest.starts_with('\r') => Some(Piece::Escape('\n', 2)),
        Some(0) => Some(escape(rest, multiline)),
        Some(at) => Some(Piece::Verbatim(&rest[..at])),
    }
}

/// The piece at a backslash.
fn escape(rest: &str, multiline: bool) -> Piece<'_> {
    let Some(kind) = rest[1..].chars().next() else { return Piece::Verbatim(rest) };
    let simple = |character| Piece::Escape(character, 2);
    match kind {
        'b' => simple('\u{8}'),
        't' => simple('\t'),
        'n' => simple('\n'),
        'f' => simple('\u{c}'),
        'r' => simple('\r'),
        'e' => simple('\u{1b}'),
        '"' => simple('"'),
        '\\' => simple('\\'),
        'x' => code_point(rest, 2),
        'u' => code_point(rest, 4),
        'U' => code_point(rest, 8),
        ' ' | '\t' | '\r' | '\n' if multiline => line_continuation(rest),
        // As it is written: the backslash here, the character behind it with what follows.
        _ => Piece::Verbatim(&rest[..1]),
    }
}

fn code_point(rest: &str, digits: usize) -> Piece<'_> {
    let written =
        rest.get(2..2 + digits).filter(|written| written.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let character =
        written.and_then(|written| u32::from_str_radix(written, 16).ok()).and_then(char::from_u32);
    match character {
        Some(character) => Piece::Escape(character, 2 + digits),
        None => Piece::Verbatim(&rest[..1]),
    }
}

/// A backslash at the end of a line takes all blanks and line breaks behind it away.
fn line_continuation(rest: &str) -> Piece<'_> {
    let behind = rest[1..].trim_start_matches([' ', '\t']);
    if !behind.starts_with('\n') && !behind.starts_with("\r\n") {
        return Piece::Verbatim(&rest[..1]);
    }
    Piece::Nothing(rest.len() - behind.trim_start_matches([' ', '\t', '\r', '\n']).len())
}

/// The content of a string that is not plain.
pub(super) fn decode(string: Str, text: &str) -> Cow<'_, str> {
    let mut content = String::with_capacity(string.inner_range().len().into());
    for piece in pieces(string, text) {
        match piece {
            Piece::Verbatim(text) => content.push_str(text),
            Piece::Escape(character, _) => content.push(character),
            Piece::Nothing(_) => {}
        }
    }
    Cow::Owned(content)
}

/// A run of the content and what stands for it in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    content: TextRange,
    text: TextRange,
    /// Whether the characters are the same; else it is an escape, or nothing in the content.
    verbatim: bool,
}

/// The runs of a string, and where both sides end.
pub(super) fn map(string: Str, text: &str) -> StrMap {
    let inner = string.inner_range();
    let mut runs: Vec<Run> = Vec::new();
    let (mut content_end, mut text_end) = (TextSize::new(0), inner.start());
    for piece in pieces(string, text) {
        let (content, written, verbatim) = match piece {
            Piece::Verbatim(text) => (TextSize::of(text), TextSize::of(text), true),
            Piece::Escape(character, length) => {
                (TextSize::of(character), TextSize::new(length as u32), false)
            }
            Piece::Nothing(length) => (TextSize::new(0), TextSize::new(length as u32), false),
        };
        let run = Run {
            content: TextRange::at(content_end, content),
            text: TextRange::at(text_end, written),
            verbatim,
        };
        (content_end, text_end) = (run.content.end(), run.text.end());
        match runs.last_mut() {
            Some(last) if last.verbatim && verbatim => {
                last.content = last.content.cover(run.content);
                last.text = last.text.cover(run.text);
            }
            _ => runs.push(run),
        }
    }
    StrMap { runs, content_end, text: inner }
}

impl StrMap {
    /// Where a range of the content stands in the text; a part of an escape becomes the whole escape.
    ///
    /// What lies behind the content's end is cut off.
    pub fn range(&self, content: TextRange) -> TextRange {
        let start = self.offset(content.start());
        if content.is_empty() || content.start() >= self.content_end {
            return TextRange::empty(start);
        }
        TextRange::new(start, self.end(content.end().min(self.content_end)).max(start))
    }

    /// Where an offset of the content stands in the text: before the character that begins there or, inside of
    /// an escape, before the escape.
    pub fn offset(&self, content: TextSize) -> TextSize {
        if content >= self.content_end {
            return self.end(self.content_end);
        }
        let after = self.runs.partition_point(|run| run.content.start() <= content);
        match self.runs[..after].last() {
            Some(run) if run.verbatim => run.text.start() + (content - run.content.start()),
            Some(run) => run.text.start(),
            None => self.text.start(),
        }
    }

    /// Which offset of the content stands at an offset of the text; inside of an escape, that of its character.
    ///
    /// Offsets outside of the quotes become the content's ends.
    pub fn to_content(&self, text: TextSize) -> TextSize {
        let after = self.runs.partition_point(|run| run.text.start() <= text);
        match self.runs[..after].last() {
            Some(run) if text >= run.text.end() => run.content.end(),
            Some(run) if run.verbatim => run.content.start() + (text - run.text.start()),
            Some(run) => run.content.start(),
            None => TextSize::new(0),
        }
    }

    /// Where the character that ends at an offset of the content ends in the text.
    fn end(&self, content: TextSize) -> TextSize {
        let before = self.runs.partition_point(|run| run.content.start() < content);
        // Runs without content begin where the next one does, so none of them is the last here but by its place.
        match self.runs[..before].iter().rev().find(|run| !run.content.is_empty()) {
            Some(run) if run.verbatim => run.text.start() + (content - run.content.start()),
            Some(run) => run.text.end(),
            None => self.runs.first().map_or(self.text.start(), |run| run.text.end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first value of a text.
    fn string(text: &str) -> Str {
        match super::super::parse(text).tables[0].entries[0].value.as_ref().map(|value| &value.kind) {
            Some(super::super::ValueKind::String(string)) => *string,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn quotes_that_close() {
        let cases = [
            (r#""""#, StrStyle::Basic, true),
            (r#"""#, StrStyle::Basic, false),
            (r#""a\\""#, StrStyle::Basic, true),
            (r#""a\"#, StrStyle::Basic, false),
            (r#""a\""#, StrStyle::Basic, false),
            (r"'a\'", StrStyle::Literal, true),
            (concat!("\"\"\"", "\"\"\""), StrStyle::MultilineBasic, true),
            (concat!("\"\"\"", "\"\""), StrStyle::MultilineBasic, false),
            (r#""""a\""""#, StrStyle::MultilineBasic, false),
            (r#""""a\"""""#, StrStyle::MultilineBasic, true),
            ("'''a'''''", StrStyle::MultilineLiteral, true),
        ];
        for (written, style, closed) in cases {
            assert_eq!(is_closed(written, style), closed, "{written}");
        }
    }

    #[test]
    fn content_of_all_styles() {
        let cases = [
            (r#"a = "x \" \u00e9 \U0001F600 \x41 \e""#, "x \" é 😀 A \u{1b}"),
            (r"a = 'x \u00e9'", r"x \u00e9"),
            ("a = \"\"\"\r\nx \\ \t\r\n\n  y\\\n\"\"\"", "x y"),
            ("a = '''\nx\n'''", "x\n"),
            ("a = '''x\r\n\r\ny\\\r\n'''", "x\n\ny\\\n"),
            ("a = \"\"\"x\r\ny\\r\r\n\\n\"\"\"", "x\ny\r\n\n"),
            // What TOML does not know stays as it is written.
            (r#"a = "\q \u12 \uD800 \ x""#, r"\q \u12 \uD800 \ x"),
            (r#"a = "x\"#, r"x\"),
        ];
        for (text, content) in cases {
            assert_eq!(string(text).decode(text), content, "{text}");
        }
    }

    #[test]
    fn a_part_of_an_escape_is_the_whole_escape() {
        let text = r#"a = "x\u00e9y""#;
        let map = string(text).map(text);
        let written = |start: u32, end: u32| &text[map.range(TextRange::new(start.into(), end.into()))];
        assert_eq!(
            (written(0, 1), written(1, 3), written(1, 2), written(2, 3)),
            ("x", "\\u00e9", "\\u00e9", "\\u00e9")
        );
        assert_eq!((written(3, 4), written(0, 9), written(2, 4)), ("y", "x\\u00e9y", "\\u00e9y"));
        assert_eq!(
            (map.offset(0.into()), map.offset(2.into()), map.offset(3.into())),
            (5.into(), 6.into(), 12.into())
        );
        assert_eq!(map.offset(4.into()), 13.into());
        let content: Vec<u32> = (0..15).map(|at: u32| map.to_content(at.into()).into()).collect();
        assert_eq!(content, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 3, 4, 4]);
    }

    #[test]
    fn line_continuations_belong_to_no_character() {
        let text = "a = \"\"\"\nx\\\n  y\"\"\"";
        let map = string(text).map(text);
        let written = |start: u32, end: u32| &text[map.range(TextRange::new(start.into(), end.into()))];
        assert_eq!((written(0, 1), written(1, 2), written(0, 2)), ("x", "y", "x\\\n  y"));
    }
}
