//! A command as Draft's releases split it: `pkg/tasks/tasks.go`.
//!
//! Must not improve on it.

use smallvec::{SmallVec, smallvec};

use super::{Part, Parts, Quoting, Split, Word, name_length, range};

/// Draft splits at each single space, then replaces variables in each argument.
pub(super) fn words(command: &str, parts: fn(&str, usize) -> SmallVec<[Part; 1]>) -> Split {
    let mut start = 0;
    let words = command.split(' ').map(|argument| {
        let word = Word { parts: parts(argument, start), range: range(start, start + argument.len()) };
        start += argument.len() + 1;
        word
    });
    Split { words: words.collect(), quoting: vec![Quoting::Bare; command.len()] }
}

/// Before 0.16 an argument that begins with `$` is one variable, whatever its name.
pub(super) fn whole_variable(argument: &str, start: usize) -> SmallVec<[Part; 1]> {
    match argument.strip_prefix('$') {
        Some(name) => {
            smallvec![Part::Variable { name: name.into(), range: range(start, start + argument.len()) }]
        }
        None if argument.is_empty() => SmallVec::new(),
        None => smallvec![Part::Literal(argument.into())],
    }
}

/// Since 0.16: `([\\\$]?\$[a-zA-Z_][a-zA-Z0-9_]*)`, where the first character of `$$NAME` and `\$NAME` is dropped.
pub(super) fn parts(argument: &str, start: usize) -> SmallVec<[Part; 1]> {
    let mut parts = Parts::default();
    let mut at = 0;
    while let Some(next) = argument[at..].chars().next() {
        let name = |from: usize| {
            let rest = argument.get(from..)?.strip_prefix('$')?;
            Some(&rest[..name_length(rest)]).filter(|name| !name.is_empty())
        };
        if let (Some(name), '$' | '\\') = (name(at + 1), next) {
            parts.push_str(&argument[at + 1..at + 2 + name.len()]);
            at += 2 + name.len();
        } else if let Some(name) = name(at) {
            let end = at + 1 + name.len();
            parts.0.push(Part::Variable { name: name.into(), range: range(start + at, start + end) });
            at = end;
        } else {
            parts.push(next);
            at += next.len_utf8();
        }
    }
    parts.0
}
