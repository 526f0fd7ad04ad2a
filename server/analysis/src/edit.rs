//! Changes of a text as plain data, and the few helpers that make them keep the file's form.
//!
//! Must not apply changes to files or know documents.

use text_size::{TextRange, TextSize};

use crate::syntax::StrStyle;

/// The replacement of a range by other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced; empty for an insertion.
    pub range: TextRange,
    /// What stands there afterwards; empty for a deletion.
    pub text: String,
}

impl TextEdit {
    /// Replaces a range.
    pub fn replace(range: TextRange, text: impl Into<String>) -> TextEdit {
        TextEdit { range, text: text.into() }
    }

    /// Inserts before the character at an offset.
    pub fn insert(offset: TextSize, text: impl Into<String>) -> TextEdit {
        TextEdit { range: TextRange::empty(offset), text: text.into() }
    }

    /// Deletes a range.
    pub fn delete(range: TextRange) -> TextEdit {
        TextEdit { range, text: String::new() }
    }
}

/// A change that fixes a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command: "Rename to `cleanup`".
    pub title: String,
    /// Edits that do not overlap, all relative to the same text.
    pub edits: Vec<TextEdit>,
    /// Whether it is the one sensible fix, which may be applied without a look at others. One after which other tasks,
    /// programs or arguments run than before never is.
    pub preferred: bool,
}

/// Applies edits that do not overlap to the text that they were made for.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut ordered: Vec<&TextEdit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
    let mut result = String::with_capacity(text.len());
    let mut copied = TextSize::new(0);
    for edit in ordered {
        result.push_str(&text[TextRange::new(copied, edit.range.start())]);
        result.push_str(&edit.text);
        copied = edit.range.end();
    }
    result.push_str(&text[usize::from(copied)..]);
    result
}

/// The line end that the text uses: that of its first line, or LF.
pub fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The whole lines that a range touches, the last line's end included.
pub fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = line_start(text, range.start());
    let rest = &text[usize::from(range.end())..];
    let end = rest.find('\n').map_or(text.len(), |at| usize::from(range.end()) + at + 1);
    TextRange::new(start, TextSize::new(end as u32))
}

/// Where the line that holds an offset begins.
pub fn line_start(text: &str, offset: TextSize) -> TextSize {
    let before = &text[..usize::from(offset)];
    TextSize::new(before.rfind('\n').map_or(0, |at| at + 1) as u32)
}

/// Where the line that holds an offset ends, its line end not included.
pub fn line_stop(text: &str, offset: TextSize) -> TextSize {
    let rest = &text[usize::from(offset)..];
    let length = rest.find('\n').unwrap_or(rest.len());
    let length = if rest[..length].ends_with('\r') { length - 1 } else { length };
    offset + TextSize::new(length as u32)
}

/// What must stand between a text and a table behind it: one empty line, and nothing where nothing is.
pub(crate) fn gap(before: &str, line_end: &str) -> String {
    let is_open = before.trim().is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
    let missing = if is_open { 0 } else { 2 - usize::from(before.ends_with('\n')) };
    line_end.repeat(missing)
}

/// A key as it must be written in TOML: bare where possible, else quoted.
pub fn key(name: &str) -> String {
    toml_edit::Key::new(name).display_repr().into_owned()
}

/// A string value as it must be written in TOML, on one line and with as few escapes as can be.
///
/// Draft reads it, too: its reader takes three quotes for the end of a string where a fourth follows.
pub fn string(content: &str) -> String {
    let escapes = content.contains(['"', '\\']) && !content.contains(char::is_control);
    let three = || !content.contains(['\\']) && !content.contains("\"\"\"") && !content.starts_with('"');
    if escapes && !content.contains('\'') {
        ["'", content, "'"].concat()
    } else if escapes && three() && !content.ends_with('"') {
        ["\"\"\"", content, "\"\"\""].concat()
    } else {
        ["\"", &escaped(StrStyle::Basic, content), "\""].concat()
    }
}

/// Text as it must be written between the quotes of a string; `None` where it cannot be.
pub fn inside(style: StrStyle, content: &str) -> Option<String> {
    let (quote, multiline) = match style {
        StrStyle::Bare => return None,
        StrStyle::Basic | StrStyle::MultilineBasic => return Some(escaped(style, content)),
        StrStyle::Literal => ("'", false),
        StrStyle::MultilineLiteral => ("'''", true),
    };
    let allowed = |c: char| c == '\t' || (multiline && c == '\n') || !c.is_control();
    // A quote at the end would become one of the closing quotes.
    let fits = !content.contains(quote) && content.chars().all(allowed) && !content.ends_with('\'');
    fits.then(|| content.to_owned())
}

/// Text with what a basic string cannot hold as escapes.
fn escaped(style: StrStyle, content: &str) -> String {
    let multiline = style == StrStyle::MultilineBasic;
    let mut written = String::with_capacity(content.len());
    for character in content.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\t' => written.push_str("\\t"),
            '\n' if multiline => written.push('\n'),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            control if control.is_control() => {
                written.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    #[test]
    fn edits_apply_in_any_order() {
        let edits = [
            TextEdit::replace(range(4, 5), "E"),
            TextEdit::insert(0.into(), ">"),
            TextEdit::delete(range(1, 2)),
        ];
        assert_eq!(apply("abcde", &edits), ">acdE");
    }

    #[test]
    fn lines_of_a_range() {
        let text = "one\r\ntwo\nthree";
        assert_eq!(&text[whole_lines(text, range(6, 7))], "two\n");
        assert_eq!(&text[whole_lines(text, range(1, 6))], "one\r\ntwo\n");
        assert_eq!(&text[whole_lines(text, range(10, 10))], "three");
        assert_eq!(line_stop(text, 1.into()), 3.into());
        assert_eq!((line_end(text), line_end("a\nb\r\n"), line_end("")), ("\r\n", "\n", "\n"));
    }

    #[test]
    fn text_inside_of_strings() {
        let all = [StrStyle::Basic, StrStyle::Literal, StrStyle::MultilineBasic, StrStyle::MultilineLiteral];
        let inside = |content: &str| all.map(|style| inside(style, content).unwrap_or("-".into()));
        assert_eq!(inside("a\"\\"), ["a\\\"\\\\", "a\"\\", "a\\\"\\\\", "a\"\\"]);
        assert_eq!(inside("it's"), ["it's", "-", "it's", "it's"]);
        assert_eq!(inside("a\nb'"), ["a\\nb'", "-", "a\nb'", "-"]);
        assert_eq!(inside("\u{1}"), ["\\u0001", "-", "\\u0001", "-"]);
    }

    #[test]
    fn keys_and_strings_are_quoted_where_needed() {
        assert_eq!((key("hello"), key("sync database")), ("hello".into(), "\"sync database\"".into()));
        assert_eq!(string("echo 'x'"), "\"echo 'x'\"");
        assert_eq!(string("echo \"x\""), "'echo \"x\"'");
        assert_eq!(string("sh -c 'echo \"x\"'"), r#""""sh -c 'echo "x"'""""#);
        assert_eq!(string("'\"x\""), r#""'\"x\"""#);
        assert_eq!(string("a\n\t\u{1}"), r#""a\n\t\u0001""#);
    }
}
