//! `command-syntax`: a command whose quotes or backslashes do not come out even, or that no program can be given.
//!
//! Must not report quotes in Draft's own semantics, where they mean nothing.

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
    let note = if command.text().contains('\0') {
        "it does not run, with Draft neither"
    } else {
        "it does not run; Draft knows no quotes and would split it at every space"
    };
    found.push(command.finding(DiagnosticCode::CommandSyntax, error.range, message).note(note));
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::command::Semantics;
    use crate::phase::Phase;
    use crate::plan::Plan;
    use crate::rules::testing;
    use crate::{Options, Parsed};

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

    #[test]
    fn a_nul() {
        let text = "[pre-up]\na = \"echo \\u0000x\"\n";
        testing::check(
            DiagnosticCode::CommandSyntax,
            text,
            expect![[r#"
                error "\\u0000": the command of `a` cannot be split: a NUL stands in it, which no program can be given: it does not run, with Draft neither
            "#]],
        );
        let parsed = Parsed::new(text, Options { semantics: Semantics::Draft, ..Options::default() });
        let refused = Plan::for_phase(&parsed, Phase::PreUp, &[], &|_| None).unwrap_err().describe();
        assert_eq!(
            refused,
            "the task `a` cannot be split: a NUL stands in it, which no program can be given"
        );
    }
}
