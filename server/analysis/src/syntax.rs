//! Text to syntax tree: tables, entries, keys, values and comments with their spans, and all syntax errors at once.
//!
//! Must not fail, whatever the text, and must not know what a phase or a task is.

use std::borrow::Cow;

use smallvec::SmallVec;
use text_size::{TextRange, TextSize};

mod events;
mod foreign;
mod message;
mod parse;
mod recovery;
mod string;
mod tables;

pub use parse::parse;

/// A parsed file. Ranges are byte offsets into the text it was parsed from.
#[derive(Clone, Debug, Default)]
pub struct SyntaxTree {
    /// The tables in the order of the file. The first is always the root table, without a header, even when empty.
    pub tables: Vec<Table>,
    /// Every comment, from `#` to the end of the line, in the order of the file.
    pub comments: Vec<TextRange>,
    /// Everything that TOML 1.1 does not allow, in the order of the file.
    pub errors: Vec<SyntaxError>,
}

impl SyntaxTree {
    /// The error that says of all of the text that it is something else, and makes all others pointless.
    pub(crate) fn foreign(&self) -> Option<&SyntaxError> {
        use SyntaxErrorKind::{Conflict, Encoding, Language};
        self.errors.first().filter(|error| matches!(error.kind, Language | Encoding | Conflict))
    }

    /// Whether an error begins within a range or right behind it: then it is not certain what stands there, and quotes
    /// that are put there may join others.
    pub(crate) fn has_error_in(&self, range: TextRange) -> bool {
        let next = self.errors.partition_point(|error| error.range.start() < range.start());
        self.errors.get(next).is_some_and(|error| error.range.start() <= range.end())
    }

    /// The last entry of a table that begins before an offset.
    pub(crate) fn entry_before(&self, offset: TextSize) -> Option<&Entry> {
        let table = self.tables.partition_point(|table| table.range.start() < offset).checked_sub(1)?;
        let entries = &self.tables[table].entries;
        entries.get(entries.partition_point(|entry| entry.range.start() < offset).checked_sub(1)?)
    }

    /// The value that stands at a range, in a table or an inline table.
    pub(crate) fn value_at(&self, range: TextRange) -> Option<&Value> {
        let table =
            self.tables.partition_point(|table| table.range.start() <= range.start()).checked_sub(1)?;
        let mut entries = &self.tables[table].entries;
        loop {
            let next =
                entries.partition_point(|entry| entry.range.start() <= range.start()).checked_sub(1)?;
            let value = entries[next].value.as_ref()?;
            match &value.kind {
                _ if value.range == range => return Some(value),
                ValueKind::InlineTable(inner) => entries = inner,
                _ => return None,
            }
        }
    }
}

/// A header and the entries under it.
#[derive(Clone, Debug)]
pub struct Table {
    /// `None` for the entries above the first header.
    pub header: Option<Header>,
    /// The key-value pairs in the order of the file, the unfinished ones included.
    pub entries: Vec<Entry>,
    /// From the header (or the start of the file) to the end of the last entry or header.
    pub range: TextRange,
}

/// `[a.b]` or `[[a.b]]`.
#[derive(Clone, Debug)]
pub struct Header {
    /// Which of the two it is.
    pub kind: HeaderKind,
    /// The keys between the brackets; empty for `[]`.
    pub path: KeyPath,
    /// From the first to the last bracket; to the end of the last key when it is not closed.
    pub range: TextRange,
    /// Whether the closing bracket is there.
    pub closed: bool,
}

/// The kind of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderKind {
    /// `[name]`
    Table,
    /// `[[name]]`
    ArrayOfTables,
}

/// The simple keys of a dotted key.
pub type KeyPath = SmallVec<[Str; 1]>;

/// `key = value`, where everything after the key may be missing while it is typed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key; never empty.
    pub path: KeyPath,
    /// Where the `=` stands.
    pub equals: Option<TextSize>,
    /// The value.
    pub value: Option<Value>,
    /// From the first key to the end of what is there of the entry, comment not included.
    pub range: TextRange,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Value {
    /// From the first to the last character, quotes and brackets included.
    pub range: TextRange,
    /// What it is.
    pub kind: ValueKind,
}

/// The kinds of TOML values.
#[derive(Clone, Debug)]
pub enum ValueKind {
    /// Any of the four forms of a string.
    String(Str),
    /// A whole number.
    Integer,
    /// A number with a fraction or exponent, `inf` or `nan`.
    Float,
    /// `true` or `false`.
    Boolean,
    /// Any form of date and time.
    DateTime,
    /// `[…]`
    Array(Vec<Value>),
    /// `{…}`
    InlineTable(Vec<Entry>),
    /// Something that is no value; the tree's errors say what is wrong.
    Invalid,
}

impl ValueKind {
    /// What the value is, with its article, for messages: "a string", "an integer".
    pub fn describe(&self) -> &'static str {
        match self {
            ValueKind::String(_) => "a string",
            ValueKind::Integer => "an integer",
            ValueKind::Float => "a float",
            ValueKind::Boolean => "a boolean",
            ValueKind::DateTime => "a date-time",
            ValueKind::Array(_) => "an array",
            ValueKind::InlineTable(_) => "an inline table",
            ValueKind::Invalid => "not a value",
        }
    }
}

/// A key or a string value as it is written; decoded only when asked, since most strings are never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str {
    /// From the first to the last character, quotes included.
    pub range: TextRange,
    /// How it is written.
    pub style: StrStyle,
    /// Whether the characters between the quotes are the content as they stand (no escape, no trimmed line break).
    pub plain: bool,
    /// Whether the closing quotes are there; true for a bare key.
    pub closed: bool,
}

/// The ways to write a key or a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrStyle {
    /// `key`, only as a key.
    Bare,
    /// `"…"`
    Basic,
    /// `'…'`
    Literal,
    /// `"""…"""`
    MultilineBasic,
    /// `'''…'''`
    MultilineLiteral,
}

impl StrStyle {
    /// The number of quote characters on each side.
    pub const fn quotes(self) -> u32 {
        match self {
            StrStyle::Bare => 0,
            StrStyle::Basic | StrStyle::Literal => 1,
            StrStyle::MultilineBasic | StrStyle::MultilineLiteral => 3,
        }
    }
}

impl Str {
    /// What stands between the quotes.
    pub fn inner_range(&self) -> TextRange {
        let quotes = TextSize::from(self.style.quotes());
        let start = (self.range.start() + quotes).min(self.range.end());
        let end = if self.closed { self.range.end() - quotes } else { self.range.end() };
        TextRange::new(start, end.max(start))
    }

    /// The string's content, escapes resolved; `text` is the text that the tree was parsed from.
    ///
    /// Escapes that TOML does not know stay as they are written.
    pub fn decode<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.plain {
            return Cow::Borrowed(&text[self.inner_range()]);
        }
        string::decode(*self, text)
    }

    /// The map from offsets in the decoded content back to the text.
    pub fn map(&self, text: &str) -> StrMap {
        string::map(*self, text)
    }
}

/// Maps offsets of a decoded string back to where they stand in the text.
///
/// `\u00e9` is one character of the content and six of the text: a range in the content must become the
/// whole escape in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrMap {
    /// What stands for what, in order, without gaps.
    runs: Vec<string::Run>,
    /// The length of the content.
    content_end: TextSize,
    /// What stands between the quotes.
    text: TextRange,
}

/// One place where the text is not TOML 1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What kind of error it is.
    pub kind: SyntaxErrorKind,
    /// The offending characters; may be empty, at the place where something is missing.
    pub range: TextRange,
    /// What is wrong and, where it can be said, what was expected; one sentence in lower case without a full stop.
    pub message: String,
    /// The other place that it is in conflict with: the first definition of a key that is defined again.
    pub related: Option<TextRange>,
}

/// The kinds of syntax errors that others tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    /// Text that the grammar does not know, or an invalid key, value or comment.
    Grammar,
    /// A key that its table already has.
    DuplicateKey,
    /// A header of a table that is already defined, or a key or header that extends what cannot be extended.
    DuplicateTable,
    /// The text is in another language; it is the only error.
    Language,
    /// The text is in another encoding; it is the only error.
    Encoding,
    /// A merge left two versions in the text, so that none of it is certain; it is the only error.
    Conflict,
}
