//! `phase-case`: a phase in other letters, alone or beside its usual spelling.
//!
//! Must not report names that Draft does not take for a phase.

use super::declaration::{Check, Rule};
use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::Section;

pub(super) const RULE: Rule = Rule {
    name: "phase-case",
    severity: Severity::Hint,
    needs_facts: false,
    page: include_str!("phase_case.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let mut spellings: Vec<Spelling<'_>> = Vec::new();
    for section in &parsed.file.sections {
        let Some(phase) = section.phase else { continue };
        let name = section.name(&parsed.text);
        let mut others = spellings.iter().filter(|other| other.phase == phase && other.name != name);
        let other = others.next();
        if other.is_some() || name != phase.name() {
            // A table that gets the name of another one would be defined twice.
            let alone = || parsed.file.sections.iter().filter(|it| it.phase == Some(phase)).nth(1).is_none();
            found.push(report(section, phase, &name, other, alone));
        }
        // Two spellings are enough: one of them is always another one.
        let known = spellings.iter().filter(|other| other.phase == phase);
        if known.clone().count() < 2 && known.clone().all(|other| other.name != name) {
            spellings.push(Spelling { phase, section, name });
        }
    }
}

/// The first section of a phase in these letters.
struct Spelling<'a> {
    phase: Phase,
    section: &'a Section,
    name: Cow<'a, str>,
}

fn report(
    section: &Section,
    phase: Phase,
    name: &str,
    other: Option<&Spelling<'_>>,
    alone: impl Fn() -> bool,
) -> Diagnostic {
    let range = section.name.range;
    match other {
        None => {
            let message = format!("Draft and draft-tasks take `{name}` for `{phase}`");
            let found = Diagnostic::new(DiagnosticCode::PhaseCase, range, message)
                .note("the usual spelling is in lower case");
            if alone() { found.fix(rename(section, phase)) } else { found }
        }
        Some(Spelling { section: first, name: first_name, .. }) => {
            let message = format!("`{name}` and `{first_name}` are the same phase");
            let mut diagnostic = Diagnostic::new(DiagnosticCode::PhaseCase, range, message)
                .note("of tasks with the same description Draft runs a random one, draft-tasks both; put all tasks under one header")
                .related(first.name.range, format!("`{first_name}` is here"));
            diagnostic.severity = Severity::Error;
            diagnostic
        }
    }
}

fn rename(section: &Section, phase: Phase) -> Fix {
    let edits = vec![TextEdit::replace(section.name.range, edit::key(phase.name()))];
    Fix { title: format!("Rename to `{phase}`"), edits, preferred: true }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn alone_it_is_a_remark() {
        testing::check(
            DiagnosticCode::PhaseCase,
            "[Pre-Up]\na = \"b\"\n[cleanup]\n",
            expect![[r#"
            hint "Pre-Up": Draft and draft-tasks take `Pre-Up` for `pre-up`: the usual spelling is in lower case
              fix: Rename to `pre-up` (preferred)
                [pre-up]
                a = "b"
                [cleanup]
        "#]],
        );
    }

    #[test]
    fn two_spellings_clash() {
        testing::check(
            DiagnosticCode::PhaseCase,
            "[pre-up]\n[PRE-UP]\n",
            expect![[r#"
            error "PRE-UP": `PRE-UP` and `pre-up` are the same phase: of tasks with the same description Draft runs a random one, draft-tasks both; put all tasks under one header
              "pre-up": `pre-up` is here
        "#]],
        );
        testing::check(
            DiagnosticCode::PhaseCase,
            "[Pre-Up]\n[pre-up]\n",
            expect![[r#"
            hint "Pre-Up": Draft and draft-tasks take `Pre-Up` for `pre-up`: the usual spelling is in lower case
            error "pre-up": `pre-up` and `Pre-Up` are the same phase: of tasks with the same description Draft runs a random one, draft-tasks both; put all tasks under one header
              "Pre-Up": `Pre-Up` is here
        "#]],
        );
    }
}
