//! `empty-command`: a task that has no program to run.
//!
//! Must not report tasks outside of a phase.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "empty-command",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("empty_command.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if !command.text().trim_ascii().is_empty() {
        return;
    }
    let name = command.task.name(&command.parsed.text);
    let message = format!("the task `{name}` has an empty command");
    found.push(
        Diagnostic::new(DiagnosticCode::EmptyCommand, command.written().range, message)
            .note("write what is to run; Draft goes on silently, draft-tasks does not run the phase"),
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn empty_and_blank() {
        let text =
            "[pre-up]\na = \"\"\nb = '  '\nc = \"\\t\"\nd = \" x\"\ne = \"\\u0041\"\n[tool]\nx = \"\"\n";
        testing::check(
            DiagnosticCode::EmptyCommand,
            text,
            expect![[r#"
                warning "\"\"": the task `a` has an empty command: write what is to run; Draft goes on silently, draft-tasks does not run the phase
                warning "'  '": the task `b` has an empty command: write what is to run; Draft goes on silently, draft-tasks does not run the phase
                warning "\"\\t\"": the task `c` has an empty command: write what is to run; Draft goes on silently, draft-tasks does not run the phase
            "#]],
        );
    }
}
