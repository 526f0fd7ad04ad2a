//! Reads the lines that nearly all tasks files are made of alone: headers of one bare key, keys with a string of one
//! line, comments and empty lines.
//!
//! Must not give another tree than the parser does; of a text with any other line, or a wrong one, it gives none.

use text_size::{TextRange, TextSize};

use super::string::is_clean;
use super::{Entry, Header, HeaderKind, KeyPath, Str, StrStyle, SyntaxTree, Table, Value, ValueKind};

/// The tree of a text of such lines, whose keys are not compared yet.
pub(super) fn read(text: &str) -> Option<SyntaxTree> {
    let odd = |byte: u8| ((byte < b' ') & (byte != b'\n')) | (byte == 0x7f);
    let is_tidy = !text.bytes().fold(false, |found, byte| found | odd(byte));
    let mut lines = Lines { text, at: 0, is_tidy, comments: Vec::new() };
    let mut tables = vec![Table { header: None, entries: lines.room(), range: TextRange::default() }];
    while lines.at < text.len() {
        lines.blanks();
        match lines.peek() {
            Some(b'[') => tables.push(lines.header()?),
            Some(b'#' | b'\n' | b'\r') | None => {}
            Some(_) => {
                let entry = lines.entry()?;
                let table = tables.last_mut()?;
                table.range = table.range.cover(entry.range);
                table.entries.push(entry);
            }
        }
        lines.end()?;
    }
    Some(SyntaxTree { tables, comments: lines.comments, errors: Vec::new() })
}

/// As many bytes has an entry at least: `a=""` and the end of its line.
const SHORTEST: usize = 5;

struct Lines<'t> {
    text: &'t str,
    /// What is read next, in bytes.
    at: usize,
    /// Whether line feeds are all that there is of control characters: then nobody looks for others in each string.
    is_tidy: bool,
    comments: Vec<TextRange>,
}

impl Lines<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<usize> {
        let at = self.at;
        (self.peek()? == byte).then(|| {
            self.at += 1;
            at
        })
    }

    /// Room for the entries up to the next header, so that they need not move while there are ever more.
    fn room(&self) -> Vec<Entry> {
        let rest = &self.text.as_bytes()[self.at..];
        let rest = &rest[..memchr::memmem::find(rest, b"\n[").unwrap_or(rest.len())];
        let lines = memchr::memchr_iter(b'\n', rest).count() + 1;
        Vec::with_capacity(lines.min(rest.len() / SHORTEST + 1))
    }

    /// What stands behind a header or an entry, up to the next line.
    fn end(&mut self) -> Option<()> {
        self.blanks();
        if self.peek() == Some(b'#') {
            self.comment()?;
        }
        match self.peek() {
            None => return Some(()),
            Some(b'\r') => self.at += 1,
            Some(_) => {}
        }
        self.take(b'\n').map(|_| ())
    }

    fn comment(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Without a branch for each byte.
        let odd = |byte: u8| ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f);
        if !self.is_tidy && line.iter().fold(false, |found, byte| found | odd(*byte)) {
            return None;
        }
        self.comments.push(range(self.at, self.at + line.len()));
        self.at += line.len();
        Some(())
    }

    fn header(&mut self) -> Option<Table> {
        let start = self.take(b'[')?;
        self.blanks();
        let path = KeyPath::from_elem(self.bare_key()?, 1);
        self.blanks();
        let end = self.take(b']')? + 1;
        let range = range(start, end);
        let header = Header { kind: HeaderKind::Table, path, range, closed: true };
        Some(Table { header: Some(header), entries: self.room(), range })
    }

    fn entry(&mut self) -> Option<Entry> {
        let key = match self.peek()? {
            b'"' | b'\'' => self.string()?,
            _ => self.bare_key()?,
        };
        self.blanks();
        let equals = self.take(b'=')?;
        self.blanks();
        let string = self.string()?;
        Some(Entry {
            path: KeyPath::from_elem(key, 1),
            equals: Some(TextSize::new(equals as u32)),
            value: Some(Value { range: string.range, kind: ValueKind::String(string) }),
            range: key.range.cover(string.range),
        })
    }

    fn bare_key(&mut self) -> Option<Str> {
        let start = self.at;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        while self.peek().is_some_and(is_part) {
            self.at += 1;
        }
        let range = range(start, self.at);
        (!range.is_empty()).then_some(Str { range, style: StrStyle::Bare, plain: true, closed: true })
    }

    /// A string of one line in either quotes, with the usual escapes at most.
    fn string(&mut self) -> Option<Str> {
        let (start, bytes) = (self.at, self.text.as_bytes());
        let quote = self.peek()?;
        let style = match quote {
            b'"' => StrStyle::Basic,
            b'\'' => StrStyle::Literal,
            _ => return None,
        };
        let inner = start + 1;
        let (mut end, mut plain) = (inner, true);
        loop {
            end += match style {
                StrStyle::Basic => memchr::memchr3(quote, b'\\', b'\n', &bytes[end..])?,
                _ => memchr::memchr2(quote, b'\n', &bytes[end..])?,
            };
            if bytes[end] == quote {
                break;
            }
            if bytes[end] == b'\n' {
                return None;
            }
            if !matches!(bytes.get(end + 1)?, b'"' | b'\\' | b'n' | b't' | b'r' | b'b' | b'f') {
                return None;
            }
            (end, plain) = (end + 2, false);
        }
        // Three quotes begin a string of several lines. Escapes apart, what is clean in one style is so in the other.
        let begins_another = end == inner && bytes.get(end + 1) == Some(&quote);
        if begins_another || !(self.is_tidy || is_clean(&self.text[inner..end], StrStyle::Literal)) {
            return None;
        }
        self.at = end + 1;
        Some(Str { range: range(start, self.at), style, plain, closed: true })
    }
}

/// A range from offsets of a text that is known to be of at most 32 bits.
fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse_all;
    use super::super::tables::are_defined_once;
    use super::*;

    /// Whether a text is read, and then the tree is the parser's.
    fn is_read(text: &str) -> bool {
        match read(text) {
            Some(tree) => {
                let parsed = parse_all(text);
                assert!(parsed.errors.iter().all(|error| error.related.is_some()), "{text:?}: {parsed:#?}");
                assert_eq!(are_defined_once(&tree, text), parsed.errors.is_empty(), "{text:?}: {parsed:#?}");
                let tree = SyntaxTree { errors: parsed.errors.clone(), ..tree };
                assert_eq!(format!("{tree:#?}"), format!("{parsed:#?}"), "{text:?}");
                true
            }
            None => false,
        }
    }

    #[test]
    fn the_usual_lines_are_read() {
        for text in [
            "",
            "# only",
            "[pre-up]",
            " [ pre-up\t] # x\r\n\r\n\t\"a b\" = \"c\"# d\na='b \"c\"'\n'x y' = \"\"\n1_-x = \"a \\\"b\\\" \\\\ \\t\"",
            "a = \"é 🚀\" # é\tx\n# 🚀\n",
            "[a]\nb = \"c\"\n[a]\nb = \"d\"\nb = 'e'",
            "a = \"x\" \t \n\n",
        ] {
            assert!(is_read(text), "{text:?}");
        }
    }

    #[test]
    fn others_are_left_to_the_parser() {
        for text in [
            "\u{feff}a = \"b\"",
            "a = 1",
            "a = \"b\" c",
            "a = \"\"\"b\"\"\"",
            "a = '''b'''",
            "a.b = \"c\"",
            "[a.b]",
            "[[a]]",
            "[\"a\"]",
            "[]",
            "[a",
            "= \"b\"",
            "a \"b\"",
            "a =",
            "a = \"b",
            "a = \"b\\\"",
            "a = \"b\nc\"",
            "a = \"\\u00e9\"",
            "a = \"\\e\"",
            "a = \"\u{7f}\"",
            "a = 'b\t'\u{1}",
            "# \u{1}",
            "# a\rb",
            "a = \"b\"\rc = \"d\"",
            "a = \"b\" = \"c\"",
            "é = \"b\"",
            "a = [\"b\"]",
        ] {
            assert!(!is_read(text), "{text:?}");
        }
    }

    #[test]
    fn any_text_of_usual_pieces_gives_the_same_tree() {
        let pieces = [
            "\"",
            "'",
            "a",
            "=",
            " ",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "[",
            "]",
            "#",
            "\\",
            "\\\"",
            ".",
            "é",
            "\"b\" = \"c\"\n",
            "[d]\n",
        ];
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        let mut read = 0;
        for _ in 0..30_000 {
            let text: String = (0..next(12)).map(|_| pieces[next(pieces.len())]).collect();
            read += usize::from(is_read(&text));
        }
        assert!(read > 2_000, "{read}");
    }
}
