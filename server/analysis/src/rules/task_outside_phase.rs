//! `task-outside-phase`: a key above the first header, which Draft ignores.
//!
//! Must not report tables; `unknown_phase` does.

use super::declaration::{Check, Rule};
use std::borrow::Cow;
use std::collections::HashSet;

use text_size::TextSize;

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::file_names::SETTINGS_FILE;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::{Section, SectionForm, Stray};

pub(super) const RULE: Rule = Rule {
    name: "task-outside-phase",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("task_outside_phase.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    if parsed.file.strays.is_empty() {
        return;
    }
    let text = &parsed.text;
    let all: Vec<Fix> = Phase::DEP_8.into_iter().filter_map(|phase| head_all(parsed, phase)).collect();
    let phases = Phase::DEP_8.map(|phase| Destination::of(parsed, phase));
    for stray in &parsed.file.strays {
        let message = format!("`{}` is in no phase and ignored, in Draft too", stray.name.decode(text));
        let mut diagnostic = Diagnostic::new(DiagnosticCode::TaskOutsidePhase, stray.name.range, message)
            .note("a task belongs under `[pre-up]`, `[post-deploy]` or `[cleanup]`");
        if stray.command.is_none() {
            diagnostic = diagnostic.note(format!(
                "a task is a command in quotes, under `[pre-up]`, `[post-deploy]` or `[cleanup]`; settings belong in `{SETTINGS_FILE}`"
            ));
        } else {
            diagnostic.fixes = phases.iter().filter_map(|phase| phase.take(parsed, stray)).collect();
            diagnostic.fixes.extend(all.iter().cloned());
        }
        found.push(diagnostic);
    }
}

/// A phase that a task may be moved into.
struct Destination<'a> {
    phase: Phase,
    /// The end of its last lines; `None` where it has no lines of its own.
    end: Option<TextSize>,
    /// Whether it is there, in any form.
    is_present: bool,
    /// The descriptions that it has.
    taken: HashSet<Cow<'a, str>>,
}

impl<'a> Destination<'a> {
    fn of(parsed: &'a Parsed, phase: Phase) -> Destination<'a> {
        let (file, text) = (&parsed.file, &*parsed.text);
        let tasks = file.sections_of(phase).flat_map(|section| file.tasks_of(section));
        Destination {
            phase,
            end: table(parsed, phase).map(|section| edit::line_stop(text, section.range.end())),
            is_present: file.sections.iter().any(|section| section.phase == Some(phase)),
            taken: tasks.map(|task| task.name(text)).collect(),
        }
    }

    /// Moves the lines of one task to the end of the phase, which is added at the end of the file when it is not there;
    /// nothing where the phase has a task of that description, or has no lines of its own.
    fn take(&self, parsed: &Parsed, stray: &Stray) -> Option<Fix> {
        let (text, phase) = (&parsed.text, self.phase);
        let newline = edit::line_end(text);
        let lines = edit::whole_lines(text, stray.range);
        let task = text[lines].trim_end_matches(['\r', '\n']);
        let name = stray.name.decode(text);
        let insertion = match self.end {
            Some(_) if self.taken.contains(&name) => return None,
            Some(end) => TextEdit::insert(end, format!("{newline}{task}")),
            None if self.is_present => return None,
            None => {
                let (before, after) = (&text[..lines.start().into()], &text[lines.end().into()..]);
                let gap = edit::gap(if after.is_empty() { before } else { after }, newline);
                TextEdit::insert(
                    (text.len() as u32).into(),
                    format!("{gap}[{phase}]{newline}{task}{newline}"),
                )
            }
        };
        let title = format!("Move `{name}` into `[{phase}]`");
        Some(Fix { title, edits: vec![TextEdit::delete(lines), insertion], preferred: false })
    }
}

/// Puts a header above the first of several tasks, so that all of them are in the phase.
fn head_all(parsed: &Parsed, phase: Phase) -> Option<Fix> {
    let strays = &parsed.file.strays;
    let first = parsed.tree.tables.first()?.entries.first()?.range;
    let only_tasks =
        strays.len() > 1 && strays[0].range == first && strays.iter().all(|stray| stray.command.is_some());
    let no_table_between = parsed.file.sections.iter().all(|section| section.form == SectionForm::Header);
    if !only_tasks || !no_table_between || table(parsed, phase).is_some() {
        return None;
    }
    let at = edit::line_start(&parsed.text, first.start());
    let edits = vec![TextEdit::insert(at, format!("[{phase}]{}", edit::line_end(&parsed.text)))];
    Some(Fix { title: format!("Put `[{phase}]` above all {} tasks", strays.len()), edits, preferred: false })
}

fn table(parsed: &Parsed, phase: Phase) -> Option<&Section> {
    parsed.file.sections_of(phase).filter(|section| section.form == SectionForm::Header).last()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::rules::testing;

    #[test]
    fn one_task_moves_into_a_new_or_present_phase() {
        let text = "hello = \"echo\" # hi\n\n[cleanup]\na = \"b\" # end\n";
        testing::check(
            DiagnosticCode::TaskOutsidePhase,
            text,
            expect![[r#"
                warning "hello": `hello` is in no phase and ignored, in Draft too: a task belongs under `[pre-up]`, `[post-deploy]` or `[cleanup]`
                  fix: Move `hello` into `[pre-up]`
    
                    [cleanup]
                    a = "b" # end

                    [pre-up]
                    hello = "echo" # hi
                  fix: Move `hello` into `[post-deploy]`
    
                    [cleanup]
                    a = "b" # end

                    [post-deploy]
                    hello = "echo" # hi
                  fix: Move `hello` into `[cleanup]`
    
                    [cleanup]
                    a = "b" # end
                    hello = "echo" # hi
            "#]],
        );
    }

    #[test]
    fn nothing_moves_where_it_would_be_defined_twice() {
        let text = "a = \"x\"\npre-up = \"make\"\n[cleanup]\na = \"y\"\n[[post-deploy]]\n";
        testing::check(
            DiagnosticCode::TaskOutsidePhase,
            text,
            expect![[r#"
                warning "a": `a` is in no phase and ignored, in Draft too: a task belongs under `[pre-up]`, `[post-deploy]` or `[cleanup]`
            "#]],
        );
    }

    #[test]
    fn several_tasks_get_a_header() {
        testing::check(
            DiagnosticCode::TaskOutsidePhase,
            "a = \"x\"\nb = \"y\"",
            expect![[r#"
                warning "a": `a` is in no phase and ignored, in Draft too: a task belongs under `[pre-up]`, `[post-deploy]` or `[cleanup]`
                  fix: Move `a` into `[pre-up]`
                    b = "y"

                    [pre-up]
                    a = "x"
                  fix: Move `a` into `[post-deploy]`
                    b = "y"

                    [post-deploy]
                    a = "x"
                  fix: Move `a` into `[cleanup]`
                    b = "y"

                    [cleanup]
                    a = "x"
                  fix: Put `[pre-up]` above all 2 tasks
                    [pre-up]
                    a = "x"
                    b = "y"
                  fix: Put `[post-deploy]` above all 2 tasks
                    [post-deploy]
                    a = "x"
                    b = "y"
                  fix: Put `[cleanup]` above all 2 tasks
                    [cleanup]
                    a = "x"
                    b = "y"
                warning "b": `b` is in no phase and ignored, in Draft too: a task belongs under `[pre-up]`, `[post-deploy]` or `[cleanup]`
                  fix: Move `b` into `[pre-up]`
                    a = "x"

                    [pre-up]
                    b = "y"
                  fix: Move `b` into `[post-deploy]`
                    a = "x"

                    [post-deploy]
                    b = "y"
                  fix: Move `b` into `[cleanup]`
                    a = "x"

                    [cleanup]
                    b = "y"
                  fix: Put `[pre-up]` above all 2 tasks
                    [pre-up]
                    a = "x"
                    b = "y"
                  fix: Put `[post-deploy]` above all 2 tasks
                    [post-deploy]
                    a = "x"
                    b = "y"
                  fix: Put `[cleanup]` above all 2 tasks
                    [cleanup]
                    a = "x"
                    b = "y"
            "#]],
        );
    }

    #[test]
    fn what_is_no_task_is_only_reported() {
        testing::check(
            DiagnosticCode::TaskOutsidePhase,
            "version = 1\n[pre-up]\n",
            expect![[r#"
            warning "version": `version` is in no phase and ignored, in Draft too: a task is a command in quotes, under `[pre-up]`, `[post-deploy]` or `[cleanup]`; settings belong in `.draft-tasks.config.toml`
        "#]],
        );
    }

    #[test]
    fn the_example_of_the_specification_without_its_headers_is_five() {
        let text = concat!(
            "hello = \"echo hello world\"\n",
            "mysql = \"helm install mysql --name mysql-service\"\n",
            "\"friendly msg for no reason\" = \"echo setting up some stuff in my container\"\n",
            "\"sync database\" = \"rake db:migrate\"\n",
            "\"delete mysql\" = \"helm delete mysql-service --purge\"\n",
        );
        let strays = |text: &str| -> Vec<Diagnostic> {
            let found = Analysis::new(text, Default::default()).diagnostics;
            found.into_iter().filter(|it| it.code == DiagnosticCode::TaskOutsidePhase).collect()
        };
        let found = strays(text);
        assert_eq!(found.len(), 5, "{found:?}");
        for fix in found.iter().flat_map(|found| &found.fixes) {
            let left = strays(&edit::apply(text, &fix.edits));
            assert_eq!(left.len(), if fix.title.starts_with("Put") { 0 } else { 4 }, "{}", fix.title);
        }
    }
}
