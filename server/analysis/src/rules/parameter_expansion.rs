//! `parameter-expansion`: `${…}` with more than a name, and in Draft's semantics any `${…}`, which stay as they are.
//!
//! Must not report them in single quotes, behind a backslash, or in the script of a shell that the command runs.

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use crate::command::{is_name, is_of_name};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "parameter-expansion",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("parameter_expansion.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let text: &str = command.text();
    if !text.contains('$') {
        return;
    }
    let shell = command.is_shell();
    let variables: Vec<usize> = command.variables().map(|(_, range)| range.start().into()).collect();
    let replaced = |at: usize| variables.binary_search(&at).is_ok();
    let read = |at: usize| match command.quoting()[at] {
        // `$${NAME}` is an escape and begins one character earlier.
        Quoting::Bare | Quoting::Double if text[..at].ends_with('$') => false,
        Quoting::Bare => !replaced(at),
        Quoting::Double => !shell && !replaced(at),
        _ => false,
    };
    let Some((at, _)) = text.match_indices("${").find(|(at, _)| read(*at)) else { return };
    let end = text[at..].find('}').map_or(text.len(), |found| at + found + 1);
    let place = range(at, end);
    let message = format!("`{}` stays as it is", &text[at..end]);
    let mut diagnostic = command.finding(DiagnosticCode::ParameterExpansion, place, message);
    if let Some(fix) = without_braces(command, at, end) {
        diagnostic = diagnostic.note("Draft replaces `$NAME` only").fix(fix);
    } else {
        diagnostic = diagnostic.note(command.ask_for_a_shell());
        diagnostic.fixes.extend(command.wrap());
    }
    found.push(diagnostic);
}

/// `${NAME}` becomes `$NAME` where Draft would read just that.
fn without_braces(command: &Command<'_>, at: usize, end: usize) -> Option<crate::edit::Fix> {
    let text: &str = command.text();
    let name = text[at..end].strip_prefix("${")?.strip_suffix('}')?;
    if command.knows_quotes() || !is_name(name) || text[end..].starts_with(is_of_name) {
        return None;
    }
    let fixed = command.replaced(range(at, end), &format!("${name}"));
    Some(command.rewrite(format!("Write `${name}`"), &fixed))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    const TEXT: &str = "[pre-up]\na = \"echo ${USER:-nobody}\"\nb = \"echo ${USER}\"\nc = \"sh -c 'echo ${A:-b}'\"\nd = 'sh -c \"echo ${A:-b}\"'\ne = \"echo $${A}\"\n";

    #[test]
    fn a_shell_reads_it() {
        testing::check(
            DiagnosticCode::ParameterExpansion,
            TEXT,
            expect![[r#"
                warning "${USER:-nobody}": `${USER:-nobody}` stays as it is: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'echo ${USER:-nobody}'"
                    b = "echo ${USER}"
                    c = "sh -c 'echo ${A:-b}'"
                    d = 'sh -c "echo ${A:-b}"'
                    e = "echo $${A}"
            "#]],
        );
    }

    #[test]
    fn draft_knows_no_braces() {
        let text = "[pre-up]\na = \"echo ${USER}-x\"\nb = \"echo ${USER}x\"\n";
        testing::check_draft(
            DiagnosticCode::ParameterExpansion,
            text,
            expect![[r#"
                warning "${USER}": `${USER}` stays as it is: Draft replaces `$NAME` only
                  fix: Write `$USER`
                    [pre-up]
                    a = "echo $USER-x"
                    b = "echo ${USER}x"
                warning "${USER}": `${USER}` stays as it is: put the line into a script; Draft asks no shell
            "#]],
        );
    }
}
