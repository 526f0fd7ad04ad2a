//! `unknown-phase`: a table that Draft silently ignores.
//!
//! Must not report `post-delete`; `post_delete` does.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use text_size::{TextRange, TextSize};

use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::phase::{POST_DELETE, Phase};
use crate::task_file::{Section, SectionForm};

pub(super) const RULE: Rule = Rule {
    name: "unknown-phase",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("unknown_phase.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let present = present(parsed);
    let mut destinations = HashMap::new();
    for section in parsed.file.sections.iter().filter(|section| section.phase.is_none()) {
        let name = section.name(&parsed.text);
        if name == POST_DELETE {
            continue;
        }
        let message = format!("the table `{name}` is ignored, in Draft too");
        let diagnostic = Diagnostic::new(DiagnosticCode::UnknownPhase, section.name.range, message);
        found.push(match parsed.options.draft_version.meant(&name) {
            Some(phase) => {
                let diagnostic = diagnostic.note(format!("did you mean `{phase}`?"));
                let mut diagnostic = suggest(&present, section, phase, diagnostic);
                let there = destinations.entry(phase).or_insert_with(|| Destination::of(parsed, phase));
                diagnostic.fixes.extend(there.as_ref().and_then(|it| it.take(parsed, section, phase)));
                diagnostic
            }
            None => diagnostic.note(parsed.options.draft_version.phases()),
        });
    }
}

/// The phases that a file has in any form.
pub(super) fn present(parsed: &Parsed) -> HashSet<Phase> {
    parsed.file.sections.iter().filter_map(|section| section.phase).collect()
}

/// Adds the fix that renames a section, unless the file would then have the phase twice. That its tasks are to run is for
/// the user to say.
pub(super) fn suggest(
    present: &HashSet<Phase>,
    section: &Section,
    phase: Phase,
    diagnostic: Diagnostic,
) -> Diagnostic {
    let renamed = match section.form {
        SectionForm::Header | SectionForm::Inline => !present.contains(&phase),
        _ => false,
    };
    if !renamed {
        return diagnostic;
    }
    let edits = vec![TextEdit::replace(section.name.range, edit::key(phase.name()))];
    diagnostic.fix(Fix { title: format!("Rename to `{phase}`"), edits, preferred: false })
}

/// A phase with a header, to which tasks can go.
struct Destination<'t> {
    /// The end of the line behind which they come to stand.
    end: TextSize,
    /// The tasks of the phase, wherever they stand.
    names: HashSet<Cow<'t, str>>,
}

impl<'t> Destination<'t> {
    fn of(parsed: &'t Parsed, phase: Phase) -> Option<Destination<'t>> {
        let (text, file) = (&*parsed.text, &parsed.file);
        let target = file.sections_of(phase).find(|target| target.form == SectionForm::Header)?;
        let last = file.tasks_of(target).last().map_or(target.header, |task| task.range);
        let there = file.sections_of(phase).flat_map(|it| file.tasks_of(it));
        let names = there.map(|task| task.name(text)).collect();
        Some(Destination { end: edit::line_stop(text, last.end()), names })
    }

    /// Moves the tasks of a section here. That they are to run is for the user to say.
    fn take(&self, parsed: &Parsed, section: &Section, phase: Phase) -> Option<Fix> {
        let (text, tasks) = (&*parsed.text, parsed.file.tasks_of(section));
        let first = tasks.first()?;
        let is_twice = tasks.iter().any(|task| self.names.contains(&task.name(text)));
        if section.form != SectionForm::Header || is_twice || !parsed.tree.errors.is_empty() {
            return None;
        }
        let header = edit::whole_lines(text, section.header);
        let moved = TextRange::new(header.end().min(first.range.start()), section.range.end());
        let moved = text[edit::whole_lines(text, moved)].trim_end();
        let deleted = edit::whole_lines(text, section.range);
        // Of the blank lines around it one block stays.
        let behind = &text[usize::from(deleted.end())..];
        let blank = behind.len() - behind.trim_start_matches(['\r', '\n']).len();
        let deleted = TextRange::new(deleted.start(), deleted.end() + TextSize::new(blank as u32));
        let edits = vec![
            TextEdit::insert(self.end, format!("{}{moved}", edit::line_end(text))),
            TextEdit::delete(deleted),
        ];
        Some(Fix { title: format!("Move its tasks to `{phase}`"), edits, preferred: false })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::command::DraftVersion;
    use crate::options::Options;
    use crate::rules::testing;

    #[test]
    fn renames_what_is_close() {
        testing::check(
            DiagnosticCode::UnknownPhase,
            "[pre-upp]\na = \"b\"\n",
            expect![[r#"
            warning "pre-upp": the table `pre-upp` is ignored, in Draft too: did you mean `pre-up`?
              fix: Rename to `pre-up`
                [pre-up]
                a = "b"
        "#]],
        );
        testing::check(
            DiagnosticCode::UnknownPhase,
            "[post_deploy]\na = \"b\"\n",
            expect![[r#"
            warning "post_deploy": the table `post_deploy` is ignored, in Draft too: did you mean `post-deploy`?
              fix: Rename to `post-deploy`
                [post-deploy]
                a = "b"
        "#]],
        );
    }

    #[test]
    fn knows_the_phases_of_the_chosen_draft() {
        let mut shown = String::new();
        for draft_version in [DraftVersion::V0_16, DraftVersion::Master] {
            let options = Options { draft_version, ..Options::default() };
            let found = Analysis::new("[post-upp]\n[build]\n", options).diagnostics;
            found.iter().for_each(|found| shown += &format!("{}\n", found.full_message()));
        }
        expect![[r#"
            the table `post-upp` is ignored, in Draft too: the phases are `pre-up`, `post-deploy` and `cleanup`
            the table `build` is ignored, in Draft too: the phases are `pre-up`, `post-deploy` and `cleanup`
            the table `post-upp` is ignored, in Draft too: did you mean `post-up`?
            the table `build` is ignored, in Draft too: the phases are `pre-up`, `post-deploy`, `post-up` and `cleanup`
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn does_not_make_a_phase_twice() {
        testing::check(
            DiagnosticCode::UnknownPhase,
            "[pre-up]\n[pre-upp]\n",
            expect![[r#"
            warning "pre-upp": the table `pre-upp` is ignored, in Draft too: did you mean `pre-up`?
        "#]],
        );
    }

    #[test]
    fn tasks_go_to_the_phase_that_is_there() {
        let text = "[pre-up] # first\na = \"x\" # y\n\n[preup]\n# why\nb = \"y\"\nc = \"\"\"\nz\"\"\"\n\n[cleanup]\nd = \"e\"\n";
        testing::check(
            DiagnosticCode::UnknownPhase,
            text,
            expect![[r#"
                warning "preup": the table `preup` is ignored, in Draft too: did you mean `pre-up`?
                  fix: Move its tasks to `pre-up`
                    [pre-up] # first
                    a = "x" # y
                    # why
                    b = "y"
                    c = """
                    z"""

                    [cleanup]
                    d = "e"
            "#]],
        );
        let text = "[preup]\nb = \"y\"\n[pre-up]\n[preu]\nb = \"y\"\n";
        testing::check(
            DiagnosticCode::UnknownPhase,
            text,
            expect![[r#"
            warning "preup": the table `preup` is ignored, in Draft too: did you mean `pre-up`?
              fix: Move its tasks to `pre-up`
                [pre-up]
                b = "y"
                [preu]
                b = "y"
            warning "preu": the table `preu` is ignored, in Draft too: did you mean `pre-up`?
              fix: Move its tasks to `pre-up`
                [preup]
                b = "y"
                [pre-up]
                b = "y"
        "#]],
        );
        testing::check(
            DiagnosticCode::UnknownPhase,
            "[pre-up]\na = \"x\"\n[preup]\na = \"y\"\n",
            expect![[r#"
                warning "preup": the table `preup` is ignored, in Draft too: did you mean `pre-up`?
            "#]],
        );
    }

    #[test]
    fn names_the_phases_otherwise() {
        testing::check(
            DiagnosticCode::UnknownPhase,
            "[build]\n[[steps]]\n",
            expect![[r#"
            warning "build": the table `build` is ignored, in Draft too: the phases are `pre-up`, `post-deploy` and `cleanup`
            warning "steps": the table `steps` is ignored, in Draft too: the phases are `pre-up`, `post-deploy` and `cleanup`
        "#]],
        );
    }

    #[test]
    fn phases_in_any_case_are_known() {
        let text = "[Pre-Up]\n[post-deploy]\n[post-up]\n[CLEANUP]\n";
        testing::check(DiagnosticCode::UnknownPhase, text, expect![[""]]);
    }
}
