//! `duplicate-task`: two tasks of one phase have the same description.
//!
//! Must not report other keys that are defined twice; `syntax` does.

use super::declaration::{Check, Rule};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::{SyntaxError, SyntaxErrorKind};

pub(super) const RULE: Rule = Rule {
    name: "duplicate-task",
    severity: Severity::Error,
    needs_facts: false,
    page: include_str!("duplicate_task.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let mut duplicates =
        parsed.tree.errors.iter().filter(|error| is_duplicate_task(parsed, error)).peekable();
    if duplicates.peek().is_none() {
        return;
    }
    let taken = parsed.file.tasks.iter().map(|task| task.name(&parsed.text)).collect();
    // One for each description: a file may have it thousands of times.
    let mut free: HashMap<Cow<'_, str>, String> = HashMap::new();
    for error in duplicates {
        let Some(first) = error.related else { continue };
        let Some((section, task)) = parsed.file.task_at(error.range.start()) else { continue };
        let name = task.name(&parsed.text);
        let message = format!("the task `{name}` is defined twice in `{}`", section.name(&parsed.text));
        found.push(
            Diagnostic::new(DiagnosticCode::DuplicateTask, error.range, message)
                .note("give one of them another description; Draft stops at it, draft-tasks does not run the phase")
                .related(first, format!("`{name}` is first defined here"))
                .fix(rename(error, free.entry(name.clone()).or_insert_with(|| free_name(&taken, &name)))),
        );
    }
}

/// Whether a syntax error is this rule's: a key that stands twice in one section and is a task there.
pub(super) fn is_duplicate_task(parsed: &Parsed, error: &SyntaxError) -> bool {
    error.kind == SyntaxErrorKind::DuplicateKey
        && parsed
            .file
            .task_at(error.range.start())
            .is_some_and(|(section, task)| section.form.has_tasks() && task.name.range == error.range)
}

fn free_name(taken: &HashSet<Cow<'_, str>>, name: &str) -> String {
    let separator = if name.contains(' ') { ' ' } else { '-' };
    let mut names = (2..).map(|number| format!("{name}{separator}{number}"));
    names.find(|name| !taken.contains(name.as_str())).unwrap_or_default()
}

fn rename(error: &SyntaxError, name: &str) -> Fix {
    let edits = vec![TextEdit::replace(error.range, edit::key(name))];
    Fix { title: format!("Rename this task to `{name}`"), edits, preferred: false }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn points_at_the_first() {
        let text = "[pre-up]\na = \"echo 1\"\n\"a\" = \"echo 2\"\na-2 = \"x\"\n[cleanup]\na = \"echo 3\"\n";
        testing::check(
            DiagnosticCode::DuplicateTask,
            text,
            expect![[r#"
                error "\"a\"": the task `a` is defined twice in `pre-up`: give one of them another description; Draft stops at it, draft-tasks does not run the phase
                  "a": `a` is first defined here
                  fix: Rename this task to `a-3`
                    [pre-up]
                    a = "echo 1"
                    a-3 = "echo 2"
                    a-2 = "x"
                    [cleanup]
                    a = "echo 3"
            "#]],
        );
    }
}
