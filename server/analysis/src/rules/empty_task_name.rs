//! `empty-task-name`: a task without a description, by which nobody can name, choose or find it.
//!
//! Must not report tasks outside of a phase.

use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::{Section, Task};

pub(super) const RULE: Rule = Rule {
    name: "empty-task-name",
    severity: Severity::Warning,
    needs_facts: false,
    page: include_str!("empty_task_name.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    for section in Phase::ALL.into_iter().flat_map(|phase| parsed.file.sections_of(phase)) {
        for task in parsed.file.tasks_of(section) {
            // What has no value is still being typed.
            if task.name(&parsed.text).trim().is_empty() && task.command().is_some() {
                found.push(report(parsed, section, task));
            }
        }
    }
}

fn report(parsed: &Parsed, section: &Section, task: &Task) -> Diagnostic {
    let message = format!("a task of `{}` has no description", section.name(&parsed.text));
    let mut diagnostic = Diagnostic::new(DiagnosticCode::EmptyTaskName, task.name.range, message)
        .note("it is how the task is shown, chosen and found again");
    diagnostic.fixes.extend(described(parsed, section, task));
    diagnostic
}

/// The task with the first words of its command for a description.
fn described(parsed: &Parsed, section: &Section, task: &Task) -> Option<Fix> {
    let words = parsed.words_of(task)?;
    let literals: Vec<&str> = (0..2).map_while(|at| words.literal(at)).collect();
    let name = literals.join(" ");
    let is_taken = parsed.file.tasks_of(section).iter().any(|other| other.name(&parsed.text) == name);
    let is_name = !name.trim().is_empty() && !name.contains(char::is_control) && !is_taken;
    is_name.then(|| Fix {
        title: format!("Describe it as `{name}`"),
        edits: vec![TextEdit::replace(task.name.range, edit::key(&name))],
        preferred: false,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn empty_and_blank_descriptions() {
        let text =
            "[pre-up]\n\"\" = \"make all\"\n' ' = \"$X\"\n[cleanup]\n\"\" = \"\"\n[tool]\n\"\" = \"x\"\n";
        testing::check(
            DiagnosticCode::EmptyTaskName,
            text,
            expect![[r#"
            warning "\"\"": a task of `pre-up` has no description: it is how the task is shown, chosen and found again
              fix: Describe it as `make all`
                [pre-up]
                "make all" = "make all"
                ' ' = "$X"
                [cleanup]
                "" = ""
                [tool]
                "" = "x"
            warning "' '": a task of `pre-up` has no description: it is how the task is shown, chosen and found again
            warning "\"\"": a task of `cleanup` has no description: it is how the task is shown, chosen and found again
        "#]],
        );
    }

    #[test]
    fn a_description_that_is_taken_is_not_offered() {
        let text = "[pre-up]\n\"\" = \"make\"\nmake = \"x\"\n";
        testing::check(
            DiagnosticCode::EmptyTaskName,
            text,
            expect![[r#"
            warning "\"\"": a task of `pre-up` has no description: it is how the task is shown, chosen and found again
        "#]],
        );
    }
}
