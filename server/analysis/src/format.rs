//! Formatting of a tasks file: spacing and blank lines, never the order, the comments, the line ends or the meaning.
//!
//! Must not touch a file with syntax errors, or anything inside of a string or comment.

use text_size::{TextRange, TextSize};

use crate::edit::{self, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::{Entry, Header, HeaderKind, Str, SyntaxTree, Value, ValueKind};

/// The edits that format a file; empty when it is formatted already, `None` when it has syntax errors.
///
/// One space stands around `=`, at least one before a comment behind something, none inside of headers, around the
/// dots of keys or at the ends of lines; headers, entries and comments are not indented; one blank line stands
/// before each header and the comments directly above it, at most one elsewhere, none at the begin and the end of
/// the file; the last line has a line end.
pub fn format(parsed: &Parsed) -> Option<Vec<TextEdit>> {
    if !parsed.tree.errors.is_empty() {
        return None;
    }
    let mut formatter = Formatter { text: &parsed.text, edits: Vec::new() };
    for table in &parsed.tree.tables {
        if let Some(header) = &table.header {
            formatter.header(header);
        }
        table.entries.iter().for_each(|entry| formatter.entry(entry));
    }
    formatter.lines(&lines(&parsed.tree, &parsed.text));
    formatter.edits.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
    Some(formatter.edits)
}

/// Something that stands on lines of its own, without blanks around it.
struct Line {
    kind: LineKind,
    /// The header, entry or comment.
    range: TextRange,
    /// The comment behind a header or entry.
    comment: Option<TextRange>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Header,
    Entry,
    Comment,
}

/// The lines of a file without syntax errors, in order; comments inside of values belong to the values.
fn lines(tree: &SyntaxTree, text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut comments = tree.comments.iter().copied().peekable();
    let headers_and_entries = tree.tables.iter().flat_map(|table| {
        let header = table.header.iter().map(|header| (LineKind::Header, header.range));
        header.chain(table.entries.iter().map(|entry| (LineKind::Entry, entry.range)))
    });
    for (kind, range) in headers_and_entries {
        while let Some(comment) = comments.next_if(|comment| comment.start() < range.start()) {
            add_comment(&mut lines, comment, text);
        }
        while comments.next_if(|comment| comment.start() < range.end()).is_some() {}
        lines.push(Line { kind, range, comment: None });
    }
    comments.for_each(|comment| add_comment(&mut lines, comment, text));
    lines
}

fn add_comment(lines: &mut Vec<Line>, comment: TextRange, text: &str) {
    // Blanks at a comment's end are not its text.
    let range = TextRange::at(comment.start(), TextSize::of(text[comment].trim_end_matches([' ', '\t'])));
    match lines.last_mut() {
        Some(last) if !text[TextRange::new(last.range.end(), comment.start())].contains('\n') => {
            last.comment = Some(range);
        }
        _ => lines.push(Line { kind: LineKind::Comment, range, comment: None }),
    }
}

struct Formatter<'a> {
    text: &'a str,
    edits: Vec<TextEdit>,
}

impl Formatter<'_> {
    /// Puts a text between two offsets, unless it is there already.
    fn set(&mut self, start: TextSize, end: TextSize, wanted: &str) {
        let range = TextRange::new(start, end);
        if self.text[range] != *wanted {
            self.edits.push(TextEdit::replace(range, wanted));
        }
    }

    fn header(&mut self, header: &Header) {
        let width = match header.kind {
            HeaderKind::Table => TextSize::new(1),
            HeaderKind::ArrayOfTables => TextSize::new(2),
        };
        let (Some(first), Some(last)) = (header.path.first(), header.path.last()) else { return };
        self.set(header.range.start() + width, first.range.start(), "");
        self.path(&header.path);
        self.set(last.range.end(), header.range.end() - width, "");
    }

    fn path(&mut self, path: &[Str]) {
        for pair in path.windows(2) {
            self.set(pair[0].range.end(), pair[1].range.start(), ".");
        }
    }

    fn entry(&mut self, entry: &Entry) {
        self.path(&entry.path);
        let (Some(key), Some(equals), Some(value)) = (entry.path.last(), entry.equals, &entry.value) else {
            return;
        };
        self.set(key.range.end(), equals, " ");
        self.set(equals + TextSize::new(1), value.range.start(), " ");
        self.inline_entries(value);
    }

    /// Entries of inline tables, at any depth; the rest of arrays and inline tables is left as it is.
    fn inline_entries(&mut self, value: &Value) {
        match &value.kind {
            ValueKind::Array(values) => values.iter().for_each(|value| self.inline_entries(value)),
            ValueKind::InlineTable(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            _ => {}
        }
    }

    /// What stands between the lines, and between them and the comments behind them.
    fn lines(&mut self, lines: &[Line]) {
        // A byte order mark is not blank.
        let mut end = TextSize::new(if self.text.starts_with('\u{feff}') { 3 } else { 0 });
        let leading_to_headers = self.leading_to_headers(lines);
        let mut in_header_block = false;
        for (index, line) in lines.iter().enumerate() {
            let starts_header = !in_header_block && leading_to_headers[index];
            let present = self.text[TextRange::new(end, line.range.start())].matches('\n').count();
            let line_breaks = match index {
                0 => 0,
                _ if in_header_block => 1,
                _ if starts_header => 2,
                _ => present.clamp(1, 2),
            };
            self.gap(end, line.range.start(), line_breaks);
            in_header_block = (in_header_block || starts_header) && line.kind == LineKind::Comment;
            end = line.range.end();
            if let Some(comment) = line.comment {
                if end == comment.start() {
                    self.edits.push(TextEdit::insert(end, " "));
                }
                end = comment.end();
            }
        }
        self.gap(end, TextSize::of(self.text), usize::from(!lines.is_empty()));
    }

    /// For each line, whether it is a header, or a comment with nothing but more comments between it and a header.
    fn leading_to_headers(&self, lines: &[Line]) -> Vec<bool> {
        let mut leading = vec![false; lines.len()];
        for (index, line) in lines.iter().enumerate().rev() {
            leading[index] = match (line.kind, lines.get(index + 1)) {
                (LineKind::Header, _) => true,
                (LineKind::Comment, Some(next)) => {
                    let between = TextRange::new(line.range.end(), next.range.start());
                    leading[index + 1] && self.text[between].matches('\n').count() == 1
                }
                _ => false,
            };
        }
        leading
    }

    /// Leaves so many line breaks between two offsets, of the kinds that are there, and nothing else.
    fn gap(&mut self, start: TextSize, end: TextSize, line_breaks: usize) {
        let present = &self.text[TextRange::new(start, end)];
        let kinds = present.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let kinds = kinds.map(|line| if line.ends_with("\r\n") { "\r\n" } else { "\n" });
        let wanted: String =
            kinds.chain(std::iter::repeat(edit::line_end(self.text))).take(line_breaks).collect();
        self.set(start, end, &wanted);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let shown = match format(&Parsed::new(text, Options::default())) {
            Some(edits) => edit::apply(text, &edits),
            None => "not formatted".to_owned(),
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn spacing_of_headers_and_entries() {
        check(
            "  [ pre-up ]#x\n\ta   =\"b\"  \n\"c d\"= 'e'#f\n[[ x . \"y\" ]]\t# z  \n",
            expect![[r#"
            [pre-up] #x
            a = "b"
            "c d" = 'e' #f

            [[x."y"]]	# z
        "#]],
        );
    }

    #[test]
    fn blank_lines() {
        check(
            "\n\n[a]\n\n\n\nb = 'c'\nd = 'e'\n \n\nf = 'g'\n[h]\n[i]\n\n\n",
            expect![[r#"
            [a]

            b = 'c'
            d = 'e'

            f = 'g'

            [h]

            [i]
        "#]],
        );
    }

    #[test]
    fn comments_above_a_header_stay_with_it() {
        check(
            "# top\n[a]\nb = 'c'\n# about e\ne = 'f'\n  # about d\n# more\n[d]\n# not about e\n\n[e]\n# end",
            expect![[r#"
                # top
                [a]
                b = 'c'
                # about e
                e = 'f'

                # about d
                # more
                [d]
                # not about e

                [e]
                # end
            "#]],
        );
    }

    #[test]
    fn line_ends_stay() {
        let text = "[a]\r\nb='c'\r\n\r\n\r\n[d]\r\n";
        let edits = format(&Parsed::new(text, Options::default())).expect("no syntax errors");
        assert_eq!(edit::apply(text, &edits), "[a]\r\nb = 'c'\r\n\r\n[d]\r\n");
    }

    #[test]
    fn values_stay() {
        check(
            "a={ b=1,c = [ 1 ,{d=2} ] }\ne = \"\"\"\n  [x] \n\n\n y=1\"\"\"\nf = [ # g \n 1,\n\n\n ]\n",
            expect![[r#"
            a = { b = 1,c = [ 1 ,{d = 2} ] }
            e = """
              [x] 


             y=1"""
            f = [ # g 
             1,


             ]
        "#]],
        );
    }

    #[test]
    fn edits_are_small() {
        let text = "[a]\nb=1\nc = 2\n";
        let edits = format(&Parsed::new(text, Options::default())).expect("no syntax errors");
        let insert = |at: u32| TextEdit::insert(at.into(), " ");
        assert_eq!(edits, [insert(5), insert(6)]);
    }

    #[test]
    fn nothing_to_format() {
        check("", expect![[""]]);
        check(" \n\n", expect![[""]]);
        check(
            "\u{feff}  \n a = 1",
            expect![[r#"
            ﻿a = 1
        "#]],
        );
        check("a = \n", expect!["not formatted"]);
    }
}
