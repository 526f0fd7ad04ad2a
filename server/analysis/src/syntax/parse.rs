//! Drives `toml_parser` over a text, one statement at a time, so that a broken statement cannot swallow what follows.
//!
//! Must not build the tree itself or judge what its tables and keys mean.

use text_size::TextSize;
use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{RecursionGuard, parse_document};

use super::events::Builder;
use super::message::Errors;
use super::{SyntaxTree, lines, recovery, tables};

/// How deep arrays and inline tables may be nested: more than anyone writes, and far from the end of the stack.
pub(super) const MAX_DEPTH: u32 = 100;

/// How often the text is lexed again behind a multi-line string that is not closed.
///
/// After two cuts, one for each kind of quotes, hardly any text has another; the bound keeps the time linear.
const MAX_CUTS: usize = 4;

/// Parses any text; never fails.
pub fn parse(text: &str) -> SyntaxTree {
    if u32::try_from(text.len()).is_err() {
        // Offsets of 32 bits cannot say where anything in it stands.
        return SyntaxTree::default();
    }
    match lines::read(text) {
        Some(mut tree) => {
            if !tables::are_defined_once(&tree, text) {
                tables::check(&mut tree, text);
            }
            tree
        }
        None => parse_all(text),
    }
}

/// The tree of any text, by the parser alone.
pub(super) fn parse_all(text: &str) -> SyntaxTree {
    let tokens = Source::new(text).lex().into_vec();
    parse_valid(text, &tokens).unwrap_or_else(|| parse_broken(text, tokens))
}

/// The tree of a text in which the parser finds nothing wrong: in one go, without a look for the ends of statements.
fn parse_valid(text: &str, tokens: &[Token]) -> Option<SyntaxTree> {
    let mut builder = Builder::new(text);
    let mut errors = Errors::new(text);
    parse_document(tokens, &mut RecursionGuard::new(&mut builder, MAX_DEPTH), &mut errors);
    builder.end_statement();
    let (mut tree, _) = builder.finish(&mut errors);
    if !errors.list.is_empty() {
        return None;
    }
    tables::check(&mut tree, text);
    Some(tree)
}

/// The tree and the errors of any text.
fn parse_broken(text: &str, tokens: Vec<Token>) -> SyntaxTree {
    let mut builder = Builder::new(text);
    let mut errors = Errors::new(text);
    let (mut start, mut tokens) = (0, tokens);
    for cuts in 0.. {
        let rest = &text[start..];
        if start > 0 {
            tokens = Source::new(rest).lex().into_vec();
        }
        let cut = if cuts < MAX_CUTS { recovery::end_of_unclosed_string(&tokens, rest) } else { None };
        let Some(length) = cut else {
            parse_part(rest, start, &tokens, &mut builder, &mut errors);
            break;
        };
        let part = &rest[..length];
        parse_part(part, start, &Source::new(part).lex().into_vec(), &mut builder, &mut errors);
        start += length;
    }
    let (mut tree, junk) = builder.finish(&mut errors);
    errors.widen(&junk);
    tree.errors = errors.list;
    tables::check(&mut tree, text);
    tree.errors.sort_by_key(|error| (error.range.start(), error.range.end()));
    tree
}

/// Parses the statements of a part of the text that begins at an offset.
fn parse_part(
    part: &str,
    offset: usize,
    tokens: &[Token],
    builder: &mut Builder<'_>,
    errors: &mut Errors<'_>,
) {
    builder.base = TextSize::new(offset as u32);
    errors.base = offset;
    let mut rest = tokens;
    while let Some(first) = rest.first() {
        if first.kind() == TokenKind::Eof {
            break;
        }
        let (statement, after) = rest.split_at(recovery::statement_length(rest, part));
        parse_document(statement, &mut RecursionGuard::new(builder, MAX_DEPTH), errors);
        builder.end_statement();
        rest = after;
    }
}
