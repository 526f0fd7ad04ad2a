//! `program-not-found`: a program that is not on the PATH of this machine.
//!
//! Must not report what runs inside of pods, what is no name of a program, or a part of a shell.

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::command::is_shell_builtin;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};

pub(super) const RULE: Rule = Rule {
    name: "program-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("program_not_found.md"),
    check: Check::Command(check),
};

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    if !command.phase.is_local() {
        return;
    }
    let Some((program, range)) = command.program_at() else { return };
    if program.contains(['/', '\\', '='])
        || is_shell_builtin(program)
        || !command.parsed.facts.lacks_program(program)
    {
        return;
    }
    let message = format!("there is no program `{program}` on the PATH");
    found.push(
        command.finding(DiagnosticCode::ProgramNotFound, range, message).note("Draft would go on silently"),
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::facts::Facts;
    use crate::rules::testing;

    #[test]
    fn is_reported_where_programs_are_known() {
        let text = "[pre-up]\na = \"ls\"\nb = \"lss -l\"\nc = \"./x\"\nd = \"cd x\"\ne = \"A=b x\"\nf = \"$X\"\n[post-deploy]\ng = \"rake\"\n";
        let programs = [("ls".to_owned(), true), ("lss".to_owned(), false)].into_iter().collect();
        testing::check_facts(
            Facts { programs, ..Facts::default() },
            DiagnosticCode::ProgramNotFound,
            text,
            expect![[r#"
                info "lss": there is no program `lss` on the PATH: Draft would go on silently
            "#]],
        );
        testing::check(DiagnosticCode::ProgramNotFound, text, expect![[""]]);
    }
}
