//! Builds the tree from the parser's events, and checks every key, value, comment and line end on the way.
//!
//! Must not compare keys with each other, and must keep what is there of a statement that is broken.

use std::mem;

use text_size::{TextRange, TextSize};
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::EventReceiver;
use toml_parser::{ErrorSink, ParseError, Raw, Span};

use super::message::{Errors, generic};
use super::string::{is_closed, is_plain, style};
use super::{Entry, Header, HeaderKind, KeyPath, Str, StrStyle, SyntaxTree, Table, Value, ValueKind};

/// How deep arrays and inline tables may be nested: more than anyone writes, and far from the end of the stack.
pub(super) const MAX_DEPTH: u32 = 100;

/// Receives the events of one statement after another.
pub(super) struct Builder<'t> {
    text: &'t str,
    /// What is to be added to the spans of events.
    pub(super) base: TextSize,
    tree: SyntaxTree,
    /// Errors in keys, values and comments, whose spans count from the text's begin.
    errors: Errors<'t>,
    /// Characters that nobody expected, from the first to the last of each statement.
    junk: Vec<TextRange>,
    header: Option<Header>,
    /// The entry whose value is not yet complete.
    entry: Option<Entry>,
    /// The arrays and inline tables that are open, the innermost last.
    open: Vec<Open>,
    /// Whether the next closing bracket belongs to characters that the parser skips.
    skipping: bool,
    /// Where the last thing of the statement ends.
    end: TextSize,
    /// Whether the statement has junk already.
    in_junk: bool,
}

/// An array or inline table that is open.
struct Open {
    start: TextSize,
    /// Whether the opening bracket is there.
    real: bool,
    content: Content,
}

enum Content {
    Array(Vec<Value>),
    InlineTable(Vec<Entry>, Option<Entry>),
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Builder<'t> {
        let root = Table { header: None, entries: Vec::new(), range: TextRange::default() };
        Builder {
            text,
            base: TextSize::new(0),
            tree: SyntaxTree { tables: vec![root], ..SyntaxTree::default() },
            errors: Errors::new(text),
            junk: Vec::new(),
            header: None,
            entry: None,
            open: Vec::new(),
            skipping: false,
            end: TextSize::new(0),
            in_junk: false,
        }
    }

    /// The tree without errors, which are added to the others, and the characters that nobody expected.
    pub(super) fn finish(self, errors: &mut Errors<'_>) -> (SyntaxTree, Vec<TextRange>) {
        errors.list.extend(self.errors.list);
        (self.tree, self.junk)
    }

    /// Puts what was received since the last statement into the tree.
    pub(super) fn end_statement(&mut self) {
        while let Some(open) = self.open.pop() {
            self.close(open);
        }
        if let Some(header) = self.header.take() {
            let range = header.range;
            self.tree.tables.push(Table { header: Some(header), entries: Vec::new(), range });
        }
        if let Some(mut entry) = self.entry.take() {
            finish(&mut entry);
            if let Some(table) = self.tree.tables.last_mut() {
                table.range = table.range.cover(entry.range);
                table.entries.push(entry);
            }
        }
        (self.skipping, self.in_junk) = (false, false);
    }

    fn range(&self, span: Span) -> TextRange {
        TextRange::new(TextSize::new(span.start() as u32), TextSize::new(span.end() as u32)) + self.base
    }

    /// The written characters of a range, for the decoders, whose errors then count from the text's begin.
    fn raw(&self, range: TextRange, encoding: Option<Encoding>) -> Raw<'t> {
        let span = Span::new_unchecked(range.start().into(), range.end().into());
        Raw::new_unchecked(&self.text[range], encoding, span)
    }

    /// A key or string.
    fn string(&mut self, range: TextRange, encoding: Option<Encoding>) -> Str {
        let style = style(encoding);
        let written = &self.text[range];
        let closed = is_closed(written, style);
        let range = if closed { range } else { self.without_line_end(range) };
        let mut string = Str { range, style, plain: true, closed };
        string.plain = is_plain(&self.text[string.inner_range()], style);
        if !closed {
            // Of a string that may swallow the rest of the text only the opening quotes.
            let shown = match style {
                StrStyle::MultilineBasic | StrStyle::MultilineLiteral => {
                    TextRange::at(range.start(), style.quotes().into())
                }
                _ => range,
            };
            self.errors.push(shown, unclosed(style));
        }
        string
    }

    /// A string that is not closed goes to the end of its line, not to the line end; one that goes to the end of the
    /// text goes on as long as something is typed there.
    fn without_line_end(&self, range: TextRange) -> TextRange {
        let written = &self.text[range];
        if written.ends_with('\n') && range.end() == TextSize::of(self.text) {
            return range;
        }
        let line = written.strip_suffix('\n').unwrap_or(written);
        let line = line.strip_suffix('\r').unwrap_or(line);
        TextRange::at(range.start(), TextSize::of(line))
    }

    /// The entry that keys, equals signs and values belong to now.
    fn pending(&mut self, start: TextSize) -> Option<&mut Entry> {
        let place = match self.open.last_mut() {
            None => &mut self.entry,
            Some(Open { content: Content::InlineTable(_, pending), .. }) => pending,
            Some(Open { content: Content::Array(_), .. }) => return None,
        };
        let new =
            || Entry { path: KeyPath::new(), equals: None, value: None, range: TextRange::empty(start) };
        Some(place.get_or_insert_with(new))
    }

    fn add_value(&mut self, value: Value) {
        self.end = self.end.max(value.range.end());
        match self.open.last_mut() {
            None => {
                if let Some(pending) = &mut self.entry {
                    reach(pending, value.range.end());
                    pending.value = Some(value);
                }
            }
            Some(Open { content: Content::Array(values), .. }) => values.push(value),
            Some(Open { content: Content::InlineTable(entries, pending), .. }) => {
                if let Some(mut pending) = pending.take() {
                    reach(&mut pending, value.range.end());
                    pending.value = Some(value);
                    finish(&mut pending);
                    entries.push(pending);
                }
            }
        }
    }

    /// Completes an array or inline table, which ends with what was last: its bracket or, without one, what is in it.
    fn close(&mut self, open: Open) {
        let kind = match open.content {
            _ if !open.real => ValueKind::Invalid,
            Content::Array(values) => ValueKind::Array(values),
            Content::InlineTable(mut entries, mut pending) => {
                pending.iter_mut().for_each(finish);
                entries.extend(pending);
                ValueKind::InlineTable(entries)
            }
        };
        self.add_value(Value { range: TextRange::new(open.start, self.end), kind });
    }

    fn open(&mut self, span: Span, content: Content) {
        let range = self.range(span);
        self.end = range.end();
        self.open.push(Open { start: range.start(), real: !range.is_empty(), content });
    }

    /// A closing bracket of the innermost array or inline table, or of what the parser skips.
    fn close_innermost(&mut self, span: Span) {
        if mem::take(&mut self.skipping) {
            return;
        }
        let range = self.range(span);
        self.end = self.end.max(range.end());
        if let Some(open) = self.open.pop() {
            self.close(open);
        }
    }

    fn open_header(&mut self, kind: HeaderKind, span: Span) {
        let range = self.range(span);
        self.header = Some(Header { kind, path: KeyPath::new(), range, closed: false });
    }

    fn close_header(&mut self, span: Span) {
        let range = self.range(span);
        if let Some(header) = &mut self.header {
            header.range = header.range.cover(range);
            header.closed = true;
        }
    }

    /// A value that is not a string; `None` when it is not a value at all, which is then reported.
    fn unquoted(&mut self, range: TextRange) -> ValueKind {
        let mut first: Option<ParseError> = None;
        let mut digits = String::new();
        let kind = self.raw(range, None).decode_scalar(&mut digits, &mut first);
        if let Some(error) = first {
            self.errors.push(range, not_a_value(&self.text[range], &error));
            return ValueKind::Invalid;
        }
        match kind {
            ScalarKind::Boolean(_) => ValueKind::Boolean,
            ScalarKind::Float => ValueKind::Float,
            ScalarKind::DateTime => {
                if digits.parse::<toml_edit::Datetime>().is_err() {
                    self.errors.push(range, "expected a date or time that exists");
                    return ValueKind::Invalid;
                }
                ValueKind::DateTime
            }
            ScalarKind::Integer(radix) => {
                if digits.is_empty() {
                    self.errors.push(range, "expected digits after the prefix of the number");
                    return ValueKind::Invalid;
                }
                if i64::from_str_radix(&digits, radix.value()).is_err() {
                    self.errors.push(range, "expected an integer of at most 64 bits");
                    return ValueKind::Invalid;
                }
                ValueKind::Integer
            }
            ScalarKind::String => ValueKind::Invalid,
        }
    }

    /// In an inline table a key, its equals sign and its value stand on one line.
    fn check_line_break(&mut self, range: TextRange) {
        if let Some(Open { content: Content::InlineTable(_, Some(_)), .. }) = self.open.last() {
            self.errors.push(range, "expected the value on the line of its key");
        }
    }
}

/// Makes an entry reach to an offset at least.
fn reach(entry: &mut Entry, end: TextSize) {
    entry.range = TextRange::new(entry.range.start(), entry.range.end().max(end));
}

/// Gives an entry that has none an empty key.
fn finish(entry: &mut Entry) {
    if entry.path.is_empty() {
        let range = TextRange::empty(entry.range.start());
        entry.path.push(Str { range, style: StrStyle::Bare, plain: true, closed: true });
    }
}

/// What is wrong with a value without quotes: most are strings whose quotes were forgotten.
fn not_a_value(written: &str, error: &ParseError) -> String {
    let like_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '_');
    let unquoted = matches!(error.description(), "string values must be quoted" | "missing opening quote");
    if unquoted || !written.starts_with(like_number) {
        return "expected a value: a string must stand in quotes".to_owned();
    }
    generic(error)
}

fn unclosed(style: StrStyle) -> &'static str {
    match style {
        StrStyle::Basic | StrStyle::Bare => "this string is not closed: expected `\"` at its end",
        StrStyle::Literal => "this string is not closed: expected `'` at its end",
        StrStyle::MultilineBasic => "this string is not closed: expected `\"\"\"` at its end",
        StrStyle::MultilineLiteral => "this string is not closed: expected `'''` at its end",
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(HeaderKind::Table, span);
    }

    fn std_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.open_header(HeaderKind::ArrayOfTables, span);
    }

    fn array_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_header(span);
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(span, Content::InlineTable(Vec::new(), None));
        true
    }

    fn inline_table_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_innermost(span);
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.open(span, Content::Array(Vec::new()));
        true
    }

    fn array_close(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.close_innermost(span);
    }

    fn simple_key(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        let key = if range.is_empty() {
            // The parser makes up a key where one is missing.
            let what = if self.header.is_some() { "expected a name in the header" } else { "expected a key" };
            self.errors.push(range, what);
            None
        } else {
            let key = self.string(range, encoding);
            if key.closed {
                self.raw(range, encoding).decode_key(&mut (), &mut self.errors);
            }
            Some(key)
        };
        let range = key.map_or(range, |key| key.range);
        self.end = self.end.max(range.end());
        if let (Some(header), true) = (&mut self.header, self.open.is_empty()) {
            header.path.extend(key);
            header.range = header.range.cover(range);
        } else if let Some(pending) = self.pending(range.start()) {
            if let Some(key) = key {
                pending.path.push(key);
            }
            reach(pending, range.end());
        }
    }

    fn key_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        self.end = self.end.max(range.end());
        if self.header.is_none()
            && let Some(pending) = self.pending(range.start())
        {
            reach(pending, range.end());
        }
    }

    fn key_val_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        self.end = self.end.max(range.end());
        if range.is_empty() {
            self.errors.push(range, "expected `=` and a value after the key");
        } else if let Some(pending) = self.pending(range.start()) {
            pending.equals = Some(range.start());
            reach(pending, range.end());
        }
    }

    fn scalar(&mut self, span: Span, encoding: Option<Encoding>, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        if range.is_empty() {
            // The parser makes up a value where one is missing; where the `=` is missing too, that was said.
            if self.pending(range.start()).is_none_or(|pending| pending.equals.is_some()) {
                self.errors.push(range, "expected a value after `=`");
            }
            if let Some(Open { content: Content::InlineTable(entries, pending), .. }) = self.open.last_mut() {
                pending.iter_mut().for_each(finish);
                entries.extend(pending.take());
            }
            return;
        }
        let value = if encoding.is_some() {
            let string = self.string(range, encoding);
            if string.closed {
                let _ = self.raw(range, encoding).decode_scalar(&mut (), &mut self.errors);
            }
            Value { range: string.range, kind: ValueKind::String(string) }
        } else {
            Value { range, kind: self.unquoted(range) }
        };
        self.add_value(value);
    }

    fn value_sep(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.end = self.end.max(self.range(span).end());
    }

    fn comment(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        self.tree.comments.push(range);
        self.raw(range, None).decode_comment(&mut self.errors);
    }

    fn newline(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        if self.open.is_empty() {
            self.end_statement();
        }
        self.check_line_break(range);
        self.raw(range, None).decode_newline(&mut self.errors);
    }

    fn error(&mut self, span: Span, _: &mut dyn ErrorSink) {
        let range = self.range(span);
        self.end = self.end.max(range.end());
        match self.junk.last_mut() {
            Some(junk) if self.in_junk => *junk = junk.cover(range),
            _ => self.junk.push(range),
        }
        self.in_junk = true;
        // Inside of an inline table the parser skips to the closing bracket of one that has no key, and reports
        // that bracket as if it had reported the opening one.
        let in_inline_table =
            matches!(self.open.last(), Some(Open { content: Content::InlineTable(..), .. }));
        let too_deep = self.open.len() > MAX_DEPTH as usize;
        if in_inline_table && !too_deep && matches!(&self.text[range], "{" | "[") {
            self.skipping = true;
        }
    }
}
