//! Events of `toml_parser` to the syntax tree.
//!
//! Must not recurse without a bound.

use std::borrow::Cow;

use super::{Str, StrMap, SyntaxTree};

/// Parses any text; never fails.
pub fn parse(_text: &str) -> SyntaxTree {
    SyntaxTree::default()
}

pub(super) fn decode(_string: Str, _text: &str) -> Cow<'_, str> {
    Cow::Borrowed("")
}

pub(super) fn map(_string: Str, _text: &str) -> StrMap {
    StrMap { pieces: Vec::new() }
}
