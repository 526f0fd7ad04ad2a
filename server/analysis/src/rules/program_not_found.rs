//! `program-not-found`: a program that is not on the PATH of this machine.
//!
//! Must not report what runs inside of pods, what is no name of a program, or a part of a shell.

use text_size::TextRange;

use super::command::Command;
use super::declaration::{Check, Rule};
use crate::command::is_shell_builtin;
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{Fix, TextEdit};
use crate::facts::FactsWanted;
use crate::program::ProgramFact;

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
    let Some(ProgramFact::Missing(similar)) = command.parsed.facts.programs.get(program) else { return };
    let message = format!("there is no program `{program}` on the PATH");
    let finding = command.finding(DiagnosticCode::ProgramNotFound, range, message);
    let Some(meant) = *similar else {
        return found.push(finding.note("it would fail"));
    };
    let mut finding = finding.note(format!("did you mean `{meant}`?"));
    let edits = vec![TextEdit::replace(command.place(range), meant)];
    finding.fixes.push(Fix { title: format!("Change to `{meant}`"), edits, preferred: false });
    found.push(finding);
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
    fn a_slip_is_corrected_to_what_is_there() {
        let text = "[pre-up]\na = \"kubctl apply\"\nb = \"'hlem' x\"\nc = \"maek\"\n";
        let is_there = |name: &str| ["kubectl", "helm"].contains(&name);
        let fact = |name: &str| (name.to_owned(), ProgramFact::look(name, is_there));
        let programs = ["kubctl", "hlem", "maek"].map(fact).into();
        let facts = Facts { programs, ..Facts::default() };
        testing::check_facts(
            facts,
            DiagnosticCode::ProgramNotFound,
            text,
            expect![[r#"
            info "kubctl": there is no program `kubctl` on the PATH: did you mean `kubectl`?
              fix: Change to `kubectl`
                [pre-up]
                a = "kubectl apply"
                b = "'hlem' x"
                c = "maek"
            info "'hlem'": there is no program `hlem` on the PATH: did you mean `helm`?
              fix: Change to `helm`
                [pre-up]
                a = "kubctl apply"
                b = "helm x"
                c = "maek"
            info "maek": there is no program `maek` on the PATH: it would fail
        "#]],
        );
    }

    #[test]
    fn is_reported_where_programs_are_known() {
        let text = "[pre-up]\na = \"ls\"\nb = \"lss -l\"\nc = \"./x\"\nd = \"cd x\"\ne = \"A=b x\"\nf = \"$X\"\n[post-deploy]\ng = \"rake\"\n";
        let programs =
            [("ls".to_owned(), ProgramFact::Found), ("lss".to_owned(), ProgramFact::Missing(None))].into();
        testing::check_facts(
            Facts { programs, ..Facts::default() },
            DiagnosticCode::ProgramNotFound,
            text,
            expect![[r#"
                info "lss": there is no program `lss` on the PATH: it would fail
            "#]],
        );
        testing::check(DiagnosticCode::ProgramNotFound, text, expect![[""]]);
    }
}
