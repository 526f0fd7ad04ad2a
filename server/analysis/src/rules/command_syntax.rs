//! `command-syntax`: a command whose quotes or backslashes do not come out even.
//!
//! Must not report anything in Draft's own semantics, where quotes mean nothing.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "command-syntax",
    severity: Severity::Error,
    needs_facts: false,
    page: include_str!("command_syntax.md"),
    check: Check::BrokenCommand(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some(error) = command.error() else { return };
    let name = command.task.name(&command.parsed.text);
    let message = format!("the command of `{name}` cannot be split: {}", error.message);
    found.push(
        command
            .finding(DiagnosticCode::CommandSyntax, error.range, message)
            .note("it does not run; Draft knows no quotes and would split it at every space"),
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn quotes_and_backslashes() {
        let text = "[pre-up]\na = \"echo 'x\"\nb = 'echo \"x y'\nc = 'echo x\\'\nd = \"echo \\\"x\\\"\"\n";
        testing::check(
            DiagnosticCode::CommandSyntax,
            text,
            expect![[r#"
                error "'": the command of `a` cannot be split: a `'` is not closed: it does not run; Draft knows no quotes and would split it at every space
                error "\"": the command of `b` cannot be split: a `"` is not closed: it does not run; Draft knows no quotes and would split it at every space
                error "\\": the command of `c` cannot be split: a backslash stands at the end: it does not run; Draft knows no quotes and would split it at every space
            "#]],
        );
    }
}
