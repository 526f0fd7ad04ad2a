//! `task-not-string`: a task whose value is not a command.
//!
//! Must not report what is outside of a phase.

use super::declaration::{Check, Rule};
use text_size::TextRange;

use crate::command::{self, Word, show_argument};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::syntax::{HeaderKind, Value, ValueKind};
use crate::task_file::{SectionForm, TaskValue};

pub(super) const RULE: Rule = Rule {
    name: "task-not-string",
    severity: Severity::Error,
    needs_facts: false,
    page: include_str!("task_not_string.md"),
    check: Check::File(check),
};

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let text = &parsed.text;
    for section in parsed.file.sections.iter().filter(|section| section.phase.is_some()) {
        if section.form == SectionForm::Nested {
            found.extend(nested(parsed, section.header));
            continue;
        }
        for task in parsed.file.tasks_of(section) {
            let TaskValue::NotString(range, what) = task.value else { continue };
            let message = format!("the task `{}` is {what}, not a command", task.name(text));
            let mut diagnostic = Diagnostic::new(DiagnosticCode::TaskNotString, range, message).note(NOTE);
            let value = parsed.tree.value_at(range);
            diagnostic.fixes.extend(value.and_then(|value| quote(text, value)));
            diagnostic.fixes.extend(value.and_then(|value| join(parsed, value)));
            found.push(diagnostic);
        }
    }
}

const NOTE: &str = "a task is a string; Draft stops at it, draft-tasks does not run the phase";

/// `[pre-up.more]`: a table where a task would stand.
fn nested(parsed: &Parsed, header: TextRange) -> Option<Diagnostic> {
    let tables = &parsed.tree.tables;
    let index = tables.partition_point(|table| table.range.start() <= header.start()).checked_sub(1)?;
    let header = tables[index].header.as_ref()?;
    let name = header.path.get(1)?;
    let what = match header.kind {
        HeaderKind::Table => "a table",
        HeaderKind::ArrayOfTables => "an array of tables",
    };
    let message = format!("the task `{}` is {what}, not a command", name.decode(&parsed.text));
    Some(Diagnostic::new(DiagnosticCode::TaskNotString, name.range, message).note(NOTE))
}

/// That it is a command is for the user to say.
fn quote(text: &str, value: &Value) -> Option<Fix> {
    let is_scalar = matches!(
        value.kind,
        ValueKind::Integer | ValueKind::Float | ValueKind::Boolean | ValueKind::DateTime
    );
    let edits = vec![TextEdit::replace(value.range, edit::string(&text[value.range]))];
    is_scalar.then(|| Fix { title: "Put it into quotes".into(), edits, preferred: false })
}

/// An array of words as the command of these words.
fn join(parsed: &Parsed, value: &Value) -> Option<Fix> {
    let ValueKind::Array(values) = &value.kind else { return None };
    let word = |value: &Value| match &value.kind {
        ValueKind::String(word) => Some(word.decode(&parsed.text).into_owned()),
        _ => None,
    };
    let words: Vec<String> = values.iter().map(word).collect::<Option<_>>()?;
    let command = words.iter().map(|word| show_argument(word)).collect::<Vec<_>>().join(" ");
    let options = parsed.options;
    let split = command::split(&command, options.semantics, options.draft_version).ok()?;
    let is_same = split.iter().map(Word::literal).eq(words.iter().map(|word| Some(word.as_str())));
    let edits = vec![TextEdit::replace(value.range, edit::string(&command))];
    (is_same && !words.is_empty()).then(|| Fix {
        title: "Make it one command".into(),
        edits,
        preferred: false,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::rules::testing;

    #[test]
    fn scalars_can_be_quoted() {
        testing::check(
            DiagnosticCode::TaskNotString,
            "[pre-up]\na = 5\nb = true\n",
            expect![[r#"
            error "5": the task `a` is an integer, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
              fix: Put it into quotes
                [pre-up]
                a = "5"
                b = true
            error "true": the task `b` is a boolean, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
              fix: Put it into quotes
                [pre-up]
                a = 5
                b = "true"
        "#]],
        );
    }

    #[test]
    fn words_become_a_command() {
        let text = "[pre-up]\na = [\"echo\", 'a \"b\"', \"$X\"]\nb = [\n  \"ls\",\n]\nc = [\"ls\", 5]\n";
        testing::check(
            DiagnosticCode::TaskNotString,
            text,
            expect![[r#"
            error "[\"echo\", 'a \"b\"', \"$X\"]": the task `a` is an array, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
              fix: Make it one command
                [pre-up]
                a = """echo 'a "b"' '$X'"""
                b = [
                  "ls",
                ]
                c = ["ls", 5]
            error "[\n  \"ls\",\n]": the task `b` is an array, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
              fix: Make it one command
                [pre-up]
                a = ["echo", 'a "b"', "$X"]
                b = "ls"
                c = ["ls", 5]
            error "[\"ls\", 5]": the task `c` is an array, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
        "#]],
        );
    }

    #[test]
    fn values_of_inline_tables_have_the_same_fixes() {
        testing::check(
            DiagnosticCode::TaskNotString,
            "pre-up = { a = 5, b = [\"ls\", \"-l\"] }\n",
            expect![[r#"
                error "5": the task `a` is an integer, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
                  fix: Put it into quotes
                    pre-up = { a = "5", b = ["ls", "-l"] }
                error "[\"ls\", \"-l\"]": the task `b` is an array, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
                  fix: Make it one command
                    pre-up = { a = 5, b = "ls -l" }
            "#]],
        );
    }

    #[test]
    fn tables_and_arrays_are_reported() {
        let text = "[pre-up]\na = []\nb = { c = 1 }\nd.e = \"x\"\n[pre-up.f]\ng = \"x\"\n[[cleanup.h]]\n";
        testing::check(
            DiagnosticCode::TaskNotString,
            text,
            expect![[r#"
            error "[]": the task `a` is an array, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
            error "{ c = 1 }": the task `b` is an inline table, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
            error "d.e = \"x\"": the task `d` is a table, made by the dot in its key, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
            error "f": the task `f` is a table, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
            error "h": the task `h` is an array of tables, not a command: a task is a string; Draft stops at it, draft-tasks does not run the phase
        "#]],
        );
    }

    #[test]
    fn what_is_in_no_phase_is_not() {
        testing::check(DiagnosticCode::TaskNotString, "x = 1\n[tool]\na = 5\n", expect![[""]]);
    }
}
