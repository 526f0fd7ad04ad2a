//! `ansi-c-quoting`: `$'…'` and `$"…"`, which only Bash and its kin read.
//!
//! Must not report them in the script of a shell.

use text_size::TextRange;

use super::command::{Command, Quoting, no_shell, range};
use super::declaration::{Check, Rule};
use crate::command::show_argument;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::Fix;

pub(super) const RULE: Rule = Rule {
    name: "ansi-c-quoting",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("ansi_c_quoting.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(place) = first(command) else { return };
    let quote = command.text().as_bytes()[usize::from(place.start()) + 1];
    let message = format!("`${0}…{0}` is not read: a `$` stays in front of the text", char::from(quote));
    let mut diagnostic = command
        .finding(DiagnosticCode::AnsiCQuoting, place, message)
        .note(no_shell!("write the text that is meant", ", and many an `sh` does not know it either"));
    diagnostic.fixes.extend(meant(command, place));
    found.push(diagnostic);
}

/// Whether a command has such a text.
pub(super) fn is_in(command: &Command<'_>) -> bool {
    first(command).is_some()
}

/// From the first such `$` to the closing quote.
fn first(command: &Command<'_>) -> Option<TextRange> {
    if !command.knows_quotes() {
        return None;
    }
    let (text, quoting) = (command.text(), command.quoting());
    let opens = |at: &usize| match text.as_bytes().get(at + 1) {
        Some(b'\'') => quoting[*at] == Quoting::Bare && quoting[at + 1] == Quoting::Single,
        Some(b'"') => quoting[*at] == Quoting::Bare && quoting[at + 1] == Quoting::Double,
        _ => false,
    };
    let start = text.match_indices('$').map(|(at, _)| at).find(opens)?;
    let quote = char::from(text.as_bytes()[start + 1]);
    let is_end = |at: &usize| quote == '\'' || quoting[*at] == Quoting::Double;
    let inner = start + 2;
    let end = text[inner..].match_indices(quote).map(|(at, _)| inner + at).find(is_end)?;
    Some(range(start, end + 1))
}

/// The command with the text that Bash would read.
fn meant(command: &Command<'_>, place: TextRange) -> Option<Fix> {
    let written = &command.text()[place];
    if written.starts_with("$\"") {
        return Some(command.rewrite("Remove the `$`", &command.replaced(place, &written[1..])));
    }
    let text = decoded(&written[2..written.len() - 1])?;
    Some(command.rewrite("Write the text that is meant", &command.replaced(place, &show_argument(&text))))
}

/// What Bash makes of the text between the quotes; `None` where it has an escape of other kinds.
fn decoded(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        let escaped = if character == '\\' { Some(rest.next()?) } else { None };
        text.push(match escaped {
            None => character,
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('e' | 'E') => '\u{1b}',
            Some(itself @ ('\\' | '"' | '?')) => itself,
            Some(_) => return None,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn the_text_is_written_out() {
        let text =
            "[pre-up]\na = \"printf $'one\\\\ttwo\\\\n'\"\nb = 'echo a$\"b c\"'\nc = \"echo $'\\\\x41'\"\n";
        testing::check(
            DiagnosticCode::AnsiCQuoting,
            text,
            expect![[r#"
                warning "$'one\\\\ttwo\\\\n'": `$'…'` is not read: a `$` stays in front of the text: write the text that is meant; no shell reads the command, nor does one in Draft, and many an `sh` does not know it either
                  fix: Write the text that is meant
                    [pre-up]
                    a = "printf 'one\ttwo\n'"
                    b = 'echo a$"b c"'
                    c = "echo $'\\x41'"
                warning "$\"b c\"": `$"…"` is not read: a `$` stays in front of the text: write the text that is meant; no shell reads the command, nor does one in Draft, and many an `sh` does not know it either
                  fix: Remove the `$`
                    [pre-up]
                    a = "printf $'one\\ttwo\\n'"
                    b = 'echo a"b c"'
                    c = "echo $'\\x41'"
                warning "$'\\\\x41'": `$'…'` is not read: a `$` stays in front of the text: write the text that is meant; no shell reads the command, nor does one in Draft, and many an `sh` does not know it either
            "#]],
        );
    }

    #[test]
    fn other_dollars_are_left_alone() {
        let text = r#"[pre-up]
a = "bash -c \"echo $'x'\""
b = "echo '$' \\$'x' $$ US$ '$'"
c = "grep 'x$' file"
"#;
        testing::check(DiagnosticCode::AnsiCQuoting, text, expect![[""]]);
    }
}
