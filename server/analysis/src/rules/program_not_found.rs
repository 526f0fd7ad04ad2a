//! `program-not-found`: a program that is not on the PATH of this machine.
//!
//! Must not report what runs inside of pods, what is no name of a program, or a part of a shell.

use text_size::TextRange;

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::command::is_shell_builtin;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::facts::FactsWanted;

pub(super) const RULE: Rule = Rule {
    name: "program-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("program_not_found.md"),
    check: Check::CommandHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    wanted.programs.extend(program(command).map(|(program, _)| program.to_owned()));
}

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((program, range)) = program(command) else { return };
    if !command.parsed.facts.lacks_program(program) {
        return;
    }
    let message = format!("there is no program `{program}` on the PATH");
    found.push(
        command.finding(DiagnosticCode::ProgramNotFound, range, message).note("Draft would go on silently"),
    );
}

/// The program, where it is to be looked for on this machine's PATH.
fn program<'c>(command: &'c Command<'_>) -> Option<(&'c str, TextRange)> {
    let (program, range) = command.program_at().filter(|_| command.phase.is_local())?;
    let is_elsewhere = program.contains(['/', '\\', '=']) || is_shell_builtin(program);
    (!is_elsewhere).then_some((program, range))
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
