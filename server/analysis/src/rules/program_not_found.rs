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

pub(super) const RULE: Rule = Rule {
    name: "program-not-found",
    severity: Severity::Information,
    needs_facts: true,
    page: include_str!("program_not_found.md"),
    check: Check::CommandHere { wants, check },
};

fn wants(command: &Command<'_>, wanted: &mut FactsWanted) {
    let Some((program, _)) = program(command) else { return };
    want(program, wanted);
}

/// A program that is wanted, is wanted with all that are similar to it.
fn want(program: &str, wanted: &mut FactsWanted) {
    if wanted.programs.insert(program.to_owned()) {
        KNOWN.into_iter().filter(|name| is_slip(program, name)).for_each(|name| want(name, wanted));
    }
}

fn check(command: &Command<'_>, found: &mut Vec<Diagnostic>) {
    let Some((program, range)) = program(command) else { return };
    if !command.parsed.facts.lacks_program(program) {
        return;
    }
    let message = format!("there is no program `{program}` on the PATH");
    let finding = command.finding(DiagnosticCode::ProgramNotFound, range, message);
    let mut similar = KNOWN.into_iter().filter(|name| is_slip(program, name));
    let Some(meant) = similar.find(|name| command.parsed.facts.has_program(name)) else {
        return found.push(finding.note("Draft would go on silently"));
    };
    let mut finding = finding.note(format!("did you mean `{meant}`?"));
    let edits = vec![TextEdit::replace(command.place(range), meant)];
    finding.fixes.push(Fix { title: format!("Change to `{meant}`"), edits, preferred: false });
    found.push(finding);
}

/// What tasks run most often, and what is mistyped.
const KNOWN: [&str; 30] = [
    "ansible-playbook",
    "awk",
    "bash",
    "bundle",
    "cargo",
    "composer",
    "curl",
    "docker",
    "docker-compose",
    "draft",
    "echo",
    "gradle",
    "helm",
    "helmfile",
    "kubectl",
    "kustomize",
    "make",
    "mvn",
    "node",
    "npm",
    "npx",
    "php",
    "pip",
    "pnpm",
    "python",
    "python3",
    "rake",
    "skaffold",
    "terraform",
    "yarn",
];

/// Whether a program is another one with a slip.
fn is_slip(program: &str, known: &str) -> bool {
    let slips = if known.len() < 6 { 1 } else { 2 };
    // A slip changes the length by one letter at most.
    let is_as_long = known.len().abs_diff(program.chars().count()) <= slips;
    // Nor does it take away more than one letter of the name.
    let has_letters = || known.bytes().filter(|letter| !program.as_bytes().contains(letter)).count() <= slips;
    known != program
        && program.len() > 2
        && is_as_long
        && has_letters()
        && strsim::damerau_levenshtein(known, program) <= slips
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
    use crate::options::Options;
    use crate::parsed::Parsed;
    use crate::rules::testing;

    #[test]
    fn a_slip_is_corrected_to_what_is_there() {
        let text = "[pre-up]\na = \"kubctl apply\"\nb = \"'hlem' x\"\nc = \"maek\"\n";
        let programs = ["kubctl", "hlem", "maek"].map(|it| (it.to_owned(), false)).into_iter();
        let programs = programs.chain(["kubectl", "helm"].map(|it| (it.to_owned(), true))).collect();
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
            info "maek": there is no program `maek` on the PATH: Draft would go on silently
        "#]],
        );
    }

    #[test]
    fn what_is_similar_is_wanted_for_a_program_that_is_similar_to_another() {
        let text = "[pre-up]\na = \"nmp x\"\nb = \"npm x\"\n";
        let wanted = FactsWanted::of(&Parsed::new(text, Options::default()));
        assert_eq!(Vec::from_iter(wanted.programs), ["nmp", "npm", "npx", "pnpm"]);
    }

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
