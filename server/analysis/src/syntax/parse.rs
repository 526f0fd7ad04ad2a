//! Drives `toml_parser` over a text, one statement at a time, so that a broken statement cannot swallow what follows.
//!
//! Must not build the tree itself or judge what its tables and keys mean.

use text_size::TextSize;
use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{RecursionGuard, parse_document};

use super::events::{Builder, MAX_DEPTH};
use super::message::Errors;
use super::{SyntaxTree, foreign, recovery, tables};

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
    let mut builder = Builder::new(text);
    let mut errors = Errors::new(text);
    let mut start = 0;
    for cuts in 0.. {
        let rest = &text[start..];
        let tokens = Source::new(rest).lex().into_vec();
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
    if let Some(error) = foreign::recognize(text, &tree) {
        tree.errors = vec![error];
    }
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
