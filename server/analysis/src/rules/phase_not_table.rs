//! `phase-not-table`: a phase that is written as something else than a table, which Draft ignores.
//!
//! Must not report tables inside of a phase; `task_not_string` does.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::declaration::{Check, Rule};
use crate::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use crate::edit::{self, Fix, TextEdit};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::task_file::{Section, SectionForm, Task, TaskValue};

pub(super) const RULE: Rule = Rule {
    name: "phase-not-table",
    severity: Severity::Error,
    needs_facts: false,
    page: include_str!("phase_not_table.md"),
    check: Check::File(check),
};

/// A fix that makes tasks of more tables is offered at the first one only: it has an edit for each of them.
const MOST_FIXES: usize = 64;

fn check(parsed: &Parsed, found: &mut Vec<Diagnostic>) {
    let mut of_phase: HashMap<Phase, Vec<usize>> = HashMap::new();
    for (at, section) in parsed.file.sections.iter().enumerate() {
        section.phase.into_iter().for_each(|phase| of_phase.entry(phase).or_default().push(at));
    }
    let tasks: HashMap<Phase, Fix> = of_phase
        .iter()
        .filter_map(|(phase, places)| Some((*phase, as_tasks(parsed, *phase, places)?)))
        .collect();
    for (at, section) in parsed.file.sections.iter().enumerate() {
        let Some(phase) = section.phase else { continue };
        let others = &of_phase[&phase];
        let is_alone = others.len() == 1;
        let (what, fix) = match section.form {
            SectionForm::NotTable(what) => (what, as_table(parsed, section, phase).filter(|_| is_alone)),
            SectionForm::ArrayOfTables if tells_of_task(parsed, section) => {
                let is_offered = others.len() <= MOST_FIXES || others[0] == at;
                ("an array of tables", tasks.get(&phase).filter(|_| is_offered).cloned())
            }
            SectionForm::ArrayOfTables => {
                ("an array of tables", as_header(parsed, section).filter(|_| is_alone))
            }
            _ => continue,
        };
        let name = section.name(&parsed.text);
        let message = format!("`{name}` is {what}, and neither Draft nor draft-tasks runs it");
        let mut diagnostic = Diagnostic::new(DiagnosticCode::PhaseNotTable, section.header, message)
            .note(format!("write a table, `[{phase}]`, with a task on each line"));
        diagnostic.fixes.extend(fix);
        found.push(diagnostic);
    }
}

/// `pre-up = "make"` becomes a table with one task, unless other keys above the first header would move into it.
fn as_table(parsed: &Parsed, section: &Section, phase: Phase) -> Option<Fix> {
    let root = parsed.tree.tables.first()?;
    let entry = root.entries.last().filter(|entry| entry.range == section.range)?;
    let value = entry.value.as_ref()?;
    if !matches!(value.kind, crate::syntax::ValueKind::String(_)) {
        return None;
    }
    let newline = edit::line_end(&parsed.text);
    let table = format!("[{phase}]{newline}{phase} = {}", &parsed.text[value.range]);
    let edits = vec![TextEdit::replace(section.range, table)];
    Some(Fix { title: format!("Make it a task of `[{phase}]`"), edits, preferred: false })
}

/// Whether the keys of a table are those by which other tools tell of a task.
fn tells_of_task(parsed: &Parsed, section: &Section) -> bool {
    let names = |task: &Task| task.name(&parsed.text).to_lowercase();
    let mut keys = parsed.file.tasks_of(section).iter().map(names);
    keys.any(|key| NAME.contains(&&*key) || COMMAND.contains(&&*key))
}

/// `[[pre-up]]` becomes `[pre-up]`.
fn as_header(parsed: &Parsed, section: &Section) -> Option<Fix> {
    let inner = parsed.text[section.header].strip_prefix("[[")?.strip_suffix("]]")?;
    let edits = vec![TextEdit::replace(section.header, format!("[{}]", inner.trim()))];
    Some(Fix { title: "Make it a table".into(), edits, preferred: false })
}

/// Keys by which other tools name a task.
const NAME: [&str; 5] = ["name", "task", "title", "label", "description"];

/// Keys by which other tools say what a task runs.
const COMMAND: [&str; 5] = ["command", "run", "cmd", "script", "exec"];

/// All `[[post-deploy]]`, which stand at these places one after another, each with a name and a command, become the tasks
/// of one table. That these are tasks is for the user to say.
fn as_tasks(parsed: &Parsed, phase: Phase, places: &[usize]) -> Option<Fix> {
    let (first, last) = (*places.first()?, *places.last()?);
    if last - first >= places.len() {
        return None;
    }
    let line_end = edit::line_end(&parsed.text);
    let mut taken = HashSet::new();
    let edit = |(index, section): (usize, &Section)| {
        let (name, task) = as_task(parsed, section)?;
        // Two tasks of one name are no TOML.
        taken.insert(name).then_some(())?;
        let header = if index == 0 { format!("[{phase}]{line_end}") } else { String::new() };
        Some(TextEdit::replace(section.range, header + &task))
    };
    let sections = &parsed.file.sections[first..=last];
    let edits = sections.iter().enumerate().map(edit).collect::<Option<Vec<_>>>()?;
    Some(Fix { title: format!("Make it a task of `[{phase}]`"), edits, preferred: false })
}

/// The task of a table with a name and a command and nothing else: its name, and the line.
fn as_task<'t>(parsed: &'t Parsed, section: &Section) -> Option<(Cow<'t, str>, String)> {
    let text = &parsed.text;
    let [one, other] = parsed.file.tasks_of(section) else { return None };
    let value = |keys: &[&str]| {
        let task = [one, other].into_iter().find(|task| keys.contains(&&*task.name(text).to_lowercase()))?;
        match task.value {
            TaskValue::Command(value) => Some(value),
            _ => None,
        }
    };
    let (name, command) = (value(&NAME)?, value(&COMMAND)?);
    // A comment in its lines would be lost.
    let is_whole = section.form == SectionForm::ArrayOfTables && !text[section.range].contains('#');
    let name = name.decode(text);
    let line = format!("{} = {}", edit::key(&name), &text[command.range]);
    is_whole.then_some((name, line))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::analysis::Analysis;
    use crate::options::Options;
    use crate::rules::testing;

    #[test]
    fn a_string_becomes_a_task() {
        testing::check(
            DiagnosticCode::PhaseNotTable,
            "pre-up = \"make\"\n[cleanup]\n",
            expect![[r#"
                error "pre-up": `pre-up` is a string, and neither Draft nor draft-tasks runs it: write a table, `[pre-up]`, with a task on each line
                  fix: Make it a task of `[pre-up]`
                    [pre-up]
                    pre-up = "make"
                    [cleanup]
            "#]],
        );
    }

    #[test]
    fn an_array_of_tables_becomes_a_table() {
        testing::check(
            DiagnosticCode::PhaseNotTable,
            "[[pre-up]]\na = \"b\"\n",
            expect![[r#"
                error "[[pre-up]]": `pre-up` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[pre-up]`, with a task on each line
                  fix: Make it a table
                    [pre-up]
                    a = "b"
            "#]],
        );
    }

    #[test]
    fn tables_with_a_name_and_a_command_are_tasks_only_if_the_user_says_so() {
        let text = "[[post-deploy]]\nname = \"migrate\"\ncommand = \"rake db:migrate\"\n\n[[post-deploy]]\nrun = 'seed x'\nname = \"b c\"\n";
        testing::check(
            DiagnosticCode::PhaseNotTable,
            text,
            expect![[r#"
                error "[[post-deploy]]": `post-deploy` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[post-deploy]`, with a task on each line
                  fix: Make it a task of `[post-deploy]`
                    [post-deploy]
                    migrate = "rake db:migrate"

                    "b c" = 'seed x'
                error "[[post-deploy]]": `post-deploy` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[post-deploy]`, with a task on each line
                  fix: Make it a task of `[post-deploy]`
                    [post-deploy]
                    migrate = "rake db:migrate"

                    "b c" = 'seed x'
            "#]],
        );
        let more = "[[pre-up]]\nname = \"a\"\ncommand = \"b\"\ndir = \"c\"\n";
        testing::check(
            DiagnosticCode::PhaseNotTable,
            more,
            expect![[r#"
                error "[[pre-up]]": `pre-up` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[pre-up]`, with a task on each line
            "#]],
        );
    }

    #[test]
    fn of_many_tables_the_first_has_the_fix() {
        let tables = (0..50_000).map(|it| format!("[[pre-up]]\nname = \"{it}\"\nrun = \"make\"\n"));
        let analysis = Analysis::new(tables.collect::<String>(), Options::default());
        let fixes: Vec<usize> = analysis.diagnostics.iter().map(|found| found.fixes.len()).collect();
        assert_eq!((fixes.len(), fixes[0], fixes[1..].iter().sum()), (50_000, 1, 0));
    }

    #[test]
    fn the_rest_is_only_reported() {
        let text = "pre-up = 5\ncleanup = []\npost-deploy = \"x\"\nhello = \"y\"\n[[post-up]]\n[[post-up]]\n";
        testing::check(
            DiagnosticCode::PhaseNotTable,
            text,
            expect![[r#"
                error "pre-up": `pre-up` is an integer, and neither Draft nor draft-tasks runs it: write a table, `[pre-up]`, with a task on each line
                error "cleanup": `cleanup` is an array, and neither Draft nor draft-tasks runs it: write a table, `[cleanup]`, with a task on each line
                error "post-deploy": `post-deploy` is a string, and neither Draft nor draft-tasks runs it: write a table, `[post-deploy]`, with a task on each line
                error "[[post-up]]": `post-up` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[post-up]`, with a task on each line
                error "[[post-up]]": `post-up` is an array of tables, and neither Draft nor draft-tasks runs it: write a table, `[post-up]`, with a task on each line
            "#]],
        );
    }

    #[test]
    fn no_phase_is_made_twice() {
        testing::check(
            DiagnosticCode::PhaseNotTable,
            "PRE-UP = \"make\"\n[pre-up]\n",
            expect![[r#"
                error "PRE-UP": `PRE-UP` is a string, and neither Draft nor draft-tasks runs it: write a table, `[pre-up]`, with a task on each line
            "#]],
        );
    }

    #[test]
    fn inline_tables_are_tables() {
        testing::check(DiagnosticCode::PhaseNotTable, "pre-up = { a = \"b\" }\n", expect![[""]]);
    }
}
