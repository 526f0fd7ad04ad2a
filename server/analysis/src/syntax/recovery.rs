//! Where a statement ends, although its brackets or quotes may not be closed.
//!
//! Must not end a statement early in any text that is valid TOML.

use toml_parser::lexer::{Token, TokenKind};

use super::string::{is_closed, style};

/// The number of tokens of the first statement, its line end included; at least 1 unless there are none.
///
/// Brackets of a value may go over many lines. Inside of them, a line that can only be a header or an entry of a
/// table ends the statement: while a bracket is typed it is not yet closed.
pub(super) fn statement_length(tokens: &[Token], text: &str) -> usize {
    let mut open: Vec<TokenKind> = Vec::new();
    let mut state = State::Key;
    let mut before = TokenKind::Newline;
    for (index, token) in tokens.iter().enumerate() {
        let kind = token.kind();
        match kind {
            TokenKind::Newline if open.is_empty() => return index + 1,
            TokenKind::Newline if is_new_statement(&tokens[index + 1..], text, &open, before) => {
                return index + 1;
            }
            TokenKind::Newline | TokenKind::Whitespace | TokenKind::Comment => continue,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket if state == State::Value => {
                open.push(kind);
            }
            TokenKind::RightSquareBracket => close(&mut open, TokenKind::LeftSquareBracket),
            TokenKind::RightCurlyBracket => close(&mut open, TokenKind::LeftCurlyBracket),
            _ => {}
        }
        state = match state {
            State::Key if kind == TokenKind::Equals => State::Value,
            State::Key if kind == TokenKind::Dot || is_key(kind) => State::Key,
            State::Value if kind == TokenKind::Equals || !open.is_empty() => State::Value,
            _ => State::Rest,
        };
        before = kind;
    }
    tokens.len()
}

/// Which part of an entry is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Key,
    Value,
    /// What follows the value, or all of it when it is no entry: the parser skips it to the end of the line.
    Rest,
}

fn is_key(kind: TokenKind) -> bool {
    kind == TokenKind::Atom || kind.encoding().is_some()
}

fn close(open: &mut Vec<TokenKind>, kind: TokenKind) {
    if open.last() == Some(&kind) {
        open.pop();
    }
}

/// Whether a line inside of open brackets can only be the begin of another statement.
fn is_new_statement(line: &[Token], text: &str, open: &[TokenKind], before: TokenKind) -> bool {
    let in_array = open.last() == Some(&TokenKind::LeftSquareBracket);
    if let Some(header) = header(line, text) {
        // An inline table has no place for a bracket at the beginning of a line. In an array, `["x"]` may be an
        // element: then what follows it is not a key and an equals sign.
        return !in_array || header.is_no_value || begins_entry(header.after, text);
    }
    // An entry of a table, not of the inline table: those follow a comma or the bracket.
    begins_entry(line, text)
        && (in_array || !matches!(before, TokenKind::Comma | TokenKind::LeftCurlyBracket))
}

/// A line of the form of a header.
struct HeaderLine<'a> {
    /// Whether its keys could not be values.
    is_no_value: bool,
    /// What follows its line and the empty lines and comments behind it.
    after: &'a [Token],
}

fn header<'a>(line: &'a [Token], text: &str) -> Option<HeaderLine<'a>> {
    let rest = take(skip_blanks(line), TokenKind::LeftSquareBracket)?;
    let (rest, doubled) = match take(rest, TokenKind::LeftSquareBracket) {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (rest, is_no_value) = keys(skip_blanks(rest), text)?;
    let rest = take(skip_blanks(rest), TokenKind::RightSquareBracket)?;
    let rest = if doubled { take(rest, TokenKind::RightSquareBracket)? } else { rest };
    let behind = rest.iter().find(|token| token.kind() != TokenKind::Whitespace).map(Token::kind);
    if !matches!(behind, None | Some(TokenKind::Newline | TokenKind::Comment | TokenKind::Eof)) {
        return None;
    }
    let is_trivia = |token: &Token| {
        matches!(token.kind(), TokenKind::Whitespace | TokenKind::Comment | TokenKind::Newline)
    };
    let trivia = rest.iter().take_while(|token| is_trivia(token)).count();
    // What follows must stand at the beginning of its line, as `begins_entry` asks for.
    let indented = trivia > 0 && rest[trivia - 1].kind() == TokenKind::Whitespace;
    Some(HeaderLine { is_no_value, after: if indented { &[] } else { &rest[trivia..] } })
}

/// Dotted keys; also tells whether one of them could not be a value.
fn keys<'a>(mut rest: &'a [Token], text: &str) -> Option<(&'a [Token], bool)> {
    let mut is_no_value = false;
    loop {
        let (key, behind) = rest.split_first()?;
        match key.kind() {
            TokenKind::Atom => is_no_value |= !may_be_value(&text[key.span().start()..key.span().end()]),
            TokenKind::BasicString | TokenKind::LiteralString => {}
            _ => return None,
        }
        rest = skip_blanks(behind);
        match take(rest, TokenKind::Dot) {
            Some(behind) => rest = skip_blanks(behind),
            None => return Some((rest, is_no_value)),
        }
    }
}

fn may_be_value(atom: &str) -> bool {
    matches!(atom, "true" | "false" | "inf" | "nan")
        || atom.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'))
}

/// Whether a key and an equals sign stand at the very begin of the line.
fn begins_entry(line: &[Token], text: &str) -> bool {
    keys(line, text).is_some_and(|(rest, _)| take(rest, TokenKind::Equals).is_some())
}

fn skip_blanks(tokens: &[Token]) -> &[Token] {
    match tokens.first() {
        Some(first) if first.kind() == TokenKind::Whitespace => &tokens[1..],
        _ => tokens,
    }
}

fn take(tokens: &[Token], kind: TokenKind) -> Option<&[Token]> {
    let (first, rest) = tokens.split_first()?;
    (first.kind() == kind).then_some(rest)
}

/// Where a multi-line string at the end of the text should end when it is not closed: before the next line that
/// looks like a header.
pub(super) fn end_of_unclosed_string(tokens: &[Token], text: &str) -> Option<usize> {
    let last = tokens.iter().rev().find(|token| token.kind() != TokenKind::Eof)?;
    if !matches!(last.kind(), TokenKind::MlBasicString | TokenKind::MlLiteralString) {
        return None;
    }
    let start = last.span().start();
    let string = &text[start..last.span().end()];
    if is_closed(string, style(last.kind().encoding())) {
        return None;
    }
    let mut line_start = start + string.find('\n')? + 1;
    for line in text[line_start..].split_inclusive('\n') {
        if looks_like_header(line) {
            return Some(line_start);
        }
        line_start += line.len();
    }
    None
}

/// Whether a line is a closed header of bare or quoted keys and nothing else but a comment.
fn looks_like_header(line: &str) -> bool {
    let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
    let inner = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    let Some(inner) = inner else { return false };
    let name = match inner.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']'),
        None => Some(inner),
    };
    // Names that a shell would take for a test, as `[ -f x ]`, are left in the string.
    name.is_some_and(|name| {
        let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let quoted = name.len() > 1 && name.starts_with(['"', '\'']) && name.ends_with(['"', '\'']);
        !name.is_empty() && (name.chars().all(bare) || quoted)
    })
}
