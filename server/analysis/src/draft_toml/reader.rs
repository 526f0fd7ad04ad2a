//! Characters to a document, by the grammar of Draft's TOML reader.
//!
//! Must not call itself for what is nested: any depth has to be read without a deep stack.

use super::DraftError;
use super::document::{Document, DraftValue, Key, ROOT, TableId};
use super::scalar;

/// Reads a text to its end or, as that reader does, to a NUL where a line could end.
///
/// # Errors
///
/// With the first thing that the reader stops at.
pub(super) fn read(text: &str) -> Result<Document, DraftError> {
    let mut reader = Reader { text, at: 0, document: Document::new() };
    let mut table = ROOT;
    while reader.skip_to_item()? {
        if reader.eat("[") {
            table = reader.header()?;
        } else {
            let key = reader.key()?;
            let value = reader.value()?;
            reader.with_place(key.offset, |document| document.define(table, key, value))?;
        }
        if !reader.end_of_item()? {
            break;
        }
    }
    Ok(reader.document)
}

type Result<T, E = DraftError> = std::result::Result<T, E>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    document: Document,
}

/// An array or inline table that is not closed yet.
enum Open {
    /// What its elements are: they must all be the same.
    Array(Option<&'static str>),
    /// The table, and the key whose value comes.
    Inline(TableId, Option<Key>),
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let skipped = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += skipped.len();
        skipped
    }

    /// An error here: what was expected, and what is found instead.
    fn unexpected<T>(&self, expected: &str) -> Result<T> {
        let found = match self.peek() {
            None => "the end of the file".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(c) if c.is_control() || c == '\u{feff}' => format!("the character U+{:04X}", u32::from(c)),
            Some(c) => format!("`{c}`"),
        };
        Err(DraftError::new(self.at, format!("expected {expected}, found {found}")))
    }

    fn with_place<T>(
        &mut self,
        offset: usize,
        make: impl FnOnce(&mut Document) -> Result<T, String>,
    ) -> Result<T> {
        make(&mut self.document).map_err(|message| DraftError::new(offset, message))
    }

    // --- lines ---

    /// Goes to the next header or key; false at the end.
    fn skip_to_item(&mut self) -> Result<bool> {
        loop {
            self.skip_while(|c| is_blank(c) || is_line_end(c));
            match self.peek() {
                None => return Ok(false),
                Some('#') => self.comment(),
                Some('\0') => return self.unexpected("a key or a table"),
                Some(_) => return Ok(true),
            }
        }
    }

    /// A comment, without the line's end. A NUL ends it, too.
    fn comment(&mut self) {
        self.skip_while(|c| !is_line_end(c) && c != '\0');
    }

    /// What may follow an item on its line; false where the reader takes the file for ended.
    fn end_of_item(&mut self) -> Result<bool> {
        self.skip_while(is_blank);
        match self.peek() {
            None | Some('\0') => Ok(false),
            Some('#' | '\n' | '\r') => Ok(true),
            Some(_) => self.unexpected("the end of the line"),
        }
    }

    /// A header behind its first bracket.
    fn header(&mut self) -> Result<TableId> {
        let (start, in_array) = (self.at - 1, self.eat("["));
        let mut path = Vec::new();
        loop {
            path.push(self.header_name()?);
            self.skip_while(is_blank);
            if self.eat(".") {
                continue;
            }
            if !self.eat("]") {
                return self.unexpected("`.` or `]` in the name of a table");
            }
            break;
        }
        if in_array && !self.eat("]") {
            return self.unexpected("another `]`");
        }
        self.with_place(
            start,
            |document| if in_array { document.open_in_array(path) } else { document.open(path) },
        )
    }

    fn header_name(&mut self) -> Result<Key> {
        self.skip_while(is_blank);
        let offset = self.at;
        let name = match self.peek() {
            Some('"' | '\'') => self.string()?,
            _ => match self.skip_while(is_bare) {
                "" => return self.unexpected("the name of a table"),
                name => name.to_owned(),
            },
        };
        Ok(Key { name, offset })
    }

    /// A key and its equals sign.
    fn key(&mut self) -> Result<Key> {
        let offset = self.at;
        let name = match self.peek() {
            Some('"' | '\'') => self.string()?,
            _ => match self.skip_while(is_bare) {
                "" => return self.unexpected("a key"),
                name if self.peek().is_none_or(|c| is_blank(c) || c == '=') => name.to_owned(),
                _ => return self.unexpected("a letter, digit, `_`, `-` or `=` in a key without quotes"),
            },
        };
        self.skip_while(is_blank);
        if !self.eat("=") {
            return self.unexpected("`=` behind the key");
        }
        Ok(Key { name, offset })
    }

    // --- values ---

    /// A value with all that is nested in it.
    fn value(&mut self) -> Result<DraftValue> {
        let mut open = Vec::new();
        let mut done = self.begin_value(&mut open)?;
        loop {
            if let Some(value) = done.take() {
                let Some(outer) = open.last_mut() else { return Ok(value) };
                self.add(outer, value)?;
                if self.comma(outer)? {
                    continue;
                }
                done = open.pop().map(Open::close);
            } else if let Some(outer) = open.last_mut() {
                done = if self.begin_element(outer)? {
                    self.begin_value(&mut open)?
                } else {
                    open.pop().map(Open::close)
                };
            }
        }
    }

    /// A value, or nothing where a bracket opens one.
    fn begin_value(&mut self, open: &mut Vec<Open>) -> Result<Option<DraftValue>> {
        self.skip_while(is_blank);
        match self.peek() {
            Some('[') => open.push(Open::Array(None)),
            Some('{') => open.push(Open::Inline(self.document.add_table(), None)),
            Some('"' | '\'') => return self.string().map(|string| Some(DraftValue::String(string))),
            Some('0'..='9' | '+' | '-') => return self.number_or_date().map(Some),
            Some('t' | 'f') => return self.boolean().map(Some),
            _ => return self.unexpected("a value"),
        }
        self.at += 1;
        Ok(None)
    }

    /// Goes to the next element behind a bracket or comma, and reads its key in a table; false at the closing bracket.
    fn begin_element(&mut self, outer: &mut Open) -> Result<bool> {
        self.skip_between(outer)?;
        match outer {
            Open::Array(_) => Ok(!self.eat("]")),
            Open::Inline(..) if self.eat("}") => Ok(false),
            Open::Inline(_, key) => {
                *key = Some(self.key()?);
                Ok(true)
            }
        }
    }

    /// Whether a comma follows an element, or else the closing bracket.
    fn comma(&mut self, outer: &Open) -> Result<bool> {
        self.skip_between(outer)?;
        let (bracket, expected) = match outer {
            Open::Array(_) => ("]", "`,` or `]` in an array"),
            Open::Inline(..) => ("}", "`,` or `}` in an inline table"),
        };
        if self.eat(",") {
            return Ok(true);
        }
        if self.eat(bracket) { Ok(false) } else { self.unexpected(expected) }
    }

    /// Blanks; in arrays also line ends and comments.
    fn skip_between(&mut self, outer: &Open) -> Result<()> {
        loop {
            self.skip_while(is_blank);
            match (self.peek(), outer) {
                (Some('#'), Open::Array(_)) => self.comment(),
                (Some('\n' | '\r'), Open::Array(_)) => self.at += 1,
                (Some('#'), Open::Inline(..)) => {
                    return Err(DraftError::new(self.at, "a crash at a comment in an inline table"));
                }
                (Some('\n' | '\r'), Open::Inline(..)) => {
                    return Err(DraftError::new(self.at, "an inline table must stand on one line"));
                }
                _ => return Ok(()),
            }
        }
    }

    fn add(&mut self, outer: &mut Open, value: DraftValue) -> Result<()> {
        match outer {
            Open::Array(kind) => {
                let (first, this) = (*kind.get_or_insert(value.describe()), value.describe());
                if first != this {
                    let message = format!("an array cannot hold both {first} and {this}");
                    return Err(DraftError::new(self.at, message));
                }
            }
            Open::Inline(table, key) => {
                if let Some(key) = key.take() {
                    self.document.put(*table, key, value);
                }
            }
        }
        Ok(())
    }

    fn boolean(&mut self) -> Result<DraftValue> {
        let start = self.at;
        match self.skip_while(char::is_alphabetic) {
            "true" | "false" => Ok(DraftValue::Boolean),
            _ => {
                self.at = start;
                self.unexpected("a value")
            }
        }
    }

    fn number_or_date(&mut self) -> Result<DraftValue> {
        let start = self.at;
        let value = self.skip_number_or_date()?;
        let written = &self.text[start..self.at];
        let checked = match value {
            DraftValue::Date => scalar::check_date(written),
            DraftValue::Float => scalar::check_float(written),
            _ => scalar::check_integer(written),
        };
        checked.map_err(|message| DraftError::new(start, message))?;
        Ok(value)
    }

    /// The first character that is no digit decides what it is, and that decides which characters belong to it.
    fn skip_number_or_date(&mut self) -> Result<DraftValue> {
        let signed = self.eat("+") || self.eat("-");
        if self.skip_while(|c| c.is_ascii_digit()).is_empty() {
            return self.unexpected("a digit");
        }
        if !signed && self.eat("-") {
            self.skip_while(|c| c.is_ascii_digit() || matches!(c, '-' | 'T' | ':' | '.' | 'Z' | '+'));
            return Ok(DraftValue::Date);
        }
        self.skip_while(|c| c.is_ascii_digit() || c == '_');
        if !matches!(self.peek(), Some('.' | 'e' | 'E')) {
            return Ok(DraftValue::Integer);
        }
        self.skip_while(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-' | '+' | 'e' | 'E'));
        Ok(DraftValue::Float)
    }

    // --- strings ---

    /// A string of any of the four forms, which keys may have as well.
    fn string(&mut self) -> Result<String> {
        let start = self.at;
        let value = if self.eat("\"\"\"") {
            scalar::multi_line(self.string_to("\"\"\"")?)
        } else if self.eat("'''") {
            Ok(scalar::without_first_line_break(self.string_to("'''")?).to_owned())
        } else if self.eat("\"") {
            scalar::unescape(self.string_to("\"")?)
        } else {
            self.at += 1;
            Ok(self.string_to("'")?.to_owned())
        };
        value.map_err(|message| DraftError::new(start, message))
    }

    /// What stands before the closing quotes; the first that come close it.
    fn string_to(&mut self, quotes: &str) -> Result<&'a str> {
        let (start, multi_line, escapes) = (self.at, quotes.len() == 3, quotes.starts_with('"'));
        let quote = if escapes { '"' } else { '\'' };
        loop {
            self.skip_while(|c| c != quote && !matches!(c, '\\' | '\0' | '\n' | '\r'));
            let end = self.at;
            if self.eat(quotes) {
                return Ok(&self.text[start..end]);
            }
            match self.peek() {
                None | Some('\0') => return self.unexpected("the end of the string"),
                Some('\n' | '\r') if !multi_line => return self.unexpected("the end of the string"),
                Some('\\') if escapes => self.escape(multi_line)?,
                Some(_) => self.at += 1,
            }
        }
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self, multi_line: bool) -> Result<()> {
        self.at += 1;
        let digits = match self.peek() {
            Some('\n' | '\r') if multi_line => 0,
            Some('b' | 't' | 'n' | 'f' | 'r' | '"' | '\\') => 0,
            Some('u') => 4,
            Some('U') => 8,
            _ => return self.unexpected("one of `b t n f r \" \\ u U` behind a backslash"),
        };
        self.at += 1;
        for _ in 0..digits {
            if !self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                return self.unexpected("a hexadecimal digit");
            }
            self.at += 1;
        }
        Ok(())
    }
}

impl Open {
    fn close(self) -> DraftValue {
        match self {
            Open::Array(_) => DraftValue::Array,
            Open::Inline(table, _) => DraftValue::Table(table),
        }
    }
}
