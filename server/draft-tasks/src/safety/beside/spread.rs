//! Variables of a script that hold options of tools, some of which choose a cluster: `ARGS="--context $OPTARG"`.
//!
//! Must not be asked where all words of a call are known.

use draft_tasks_analysis::calls::{Calls, stem};

use super::Lookup;
use crate::safety::given;
use crate::safety::tool::TOOLS;

/// Whether a script gives a variable options that choose a cluster, and uses it.
pub(super) fn holds_choice(text: &str, calls: &Calls, lookup: Lookup<'_>) -> bool {
    let is_used =
        |name: &str| ["$", "${", "$(", "{{"].iter().any(|begin| text.contains(&format!("{begin}{name}")));
    let is_set = |name: &str| match calls.assigned.get(name) {
        Some(value) => value.as_deref() != Some(""),
        // A parameter may be given.
        None => name.parse::<u32>().is_ok() || lookup(name).is_some_and(|value| !value.is_empty()),
    };
    let of_alternative = |(at, _): (usize, &str)| {
        let inner = &text[at + 2..];
        let (name, rest) = inner.split_at(name_end(inner));
        let words = rest.strip_prefix(":+").or_else(|| rest.strip_prefix('+'));
        words.is_some_and(|words| chooses(up_to(words, '}')) && is_set(name))
    };
    let of_value = |(at, _): (usize, &str)| {
        let before = text[..at].trim_end_matches(['+', ':', '?', ' ']);
        let name = &before[before.len() - name_end_back(before)..];
        !name.is_empty() && chooses(value(&text[at + 1..])) && is_used(name)
    };
    text.match_indices("${").any(of_alternative) || text.match_indices('=').any(of_value)
}

/// Whether words are options that choose a cluster; those of a call that is kept in a variable are its own.
fn chooses(words: &str) -> bool {
    let plain = words.trim_start_matches(['"', '\'', ' ', '(', '\n', '\t']);
    let first = plain.split([' ', '\n', '"', '\'']).next().unwrap_or_default();
    let is_server = || plain.split(['"', '\'', ' ', '\n']).any(|word| word == "-s");
    let is_option = plain.contains('-') && !TOOLS.contains(&&*stem(first));
    is_option && (given::chosen(words).is_some_and(|_| words.contains("--")) || is_server())
}

/// What stands behind a `=`: all of a list, else what is quoted or the rest of the line.
fn value(text: &str) -> &str {
    match text.as_bytes().first() {
        Some(b'(') => up_to(text, ')'),
        Some(b'"') => quoted(text, '"'),
        Some(b'\'') => quoted(text, '\''),
        Some(b' ') => up_to(text, '\n'),
        _ => &text[..text.find(char::is_whitespace).unwrap_or(text.len())],
    }
}

fn quoted(text: &str, quote: char) -> &str {
    let end = text[1..].find(quote).map_or(text.len(), |end| end + 2);
    &text[..end]
}

fn up_to(text: &str, end: char) -> &str {
    &text[..text.find(end).unwrap_or(text.len())]
}

fn name_end(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

fn name_end_back(text: &str) -> usize {
    text.bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
}
