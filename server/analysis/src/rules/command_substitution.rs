//! `command-substitution`: `$(…)` and backticks, which stay as they are where no shell reads the command.
//!
//! Must not report them in single quotes, behind a backslash, or in the script of a shell that the command runs.

use super::command::{Command, Quoting, range};
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "command-substitution",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("command_substitution.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let text: &str = command.text();
    let read = |at: usize| match command.quoting()[at] {
        Quoting::Bare => true,
        // A shell that is given the script will read it.
        Quoting::Double => !command.is_shell(),
        _ => false,
    };
    let starts = |at: usize| text[at..].starts_with("$(") || text[at..].starts_with('`');
    let mut candidates = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'$' | b'`'));
    let Some((at, _)) = candidates.find(|(at, _)| starts(*at) && read(*at)) else { return };
    let closing = if text[at..].starts_with('`') { '`' } else { ')' };
    let end = text[at + 1..].find(closing).map_or(text.len(), |found| at + found + 2);
    let message = format!("`{}` stays as it is", text[at..end].replace('`', ""));
    let message =
        if closing == '`' { message.replacen("` stays", "` in backticks stays", 1) } else { message };
    let mut diagnostic = command
        .finding(DiagnosticCode::CommandSubstitution, range(at, end), message)
        .note(command.ask_for_a_shell());
    diagnostic.fixes.extend(command.wrap());
    found.push(diagnostic);
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn a_shell_reads_it() {
        let text =
            "[pre-up]\na = \"docker build -t app:$(git rev-parse HEAD) .\"\nb = 'echo \"now: `date`\"'\n";
        testing::check(
            DiagnosticCode::CommandSubstitution,
            text,
            expect![[r#"
                warning "$(git rev-parse HEAD)": `$(git rev-parse HEAD)` stays as it is: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "sh -c 'docker build -t app:$(git rev-parse HEAD) .'"
                    b = 'echo "now: `date`"'
                warning "`date`": `date` in backticks stays as it is: wrap it in `sh -c '…'`; no shell reads the command, nor does one in Draft
                  fix: Wrap in `sh -c '…'`
                    [pre-up]
                    a = "docker build -t app:$(git rev-parse HEAD) ."
                    b = """sh -c 'echo "now: `date`"'"""
            "#]],
        );
    }

    #[test]
    fn scripts_and_quotes_are_left_alone() {
        let text = "[pre-up]\na = \"sh -c 'echo $(date)'\"\nb = 'sh -c \"echo $(date)\"'\nc = \"make 'X=$(Y)'\"\nd = 'mysql -e \"select \\`a\\`\"'\n";
        testing::check(DiagnosticCode::CommandSubstitution, text, expect![[""]]);
    }
}
