//! What stands behind a task's line: the values that its variables have.
//!
//! Must not decide which values may be shown, and must not put anything inside of a line.

use text_size::{TextRange, TextSize};

use crate::parsed::Parsed;
use crate::task_file::Task;
use crate::task_variable::in_phase;

/// A text that stands behind a task and is not in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The end of the task.
    pub offset: TextSize,
    /// The variables with their values, shortened.
    pub label: String,
    /// The variables with their values, one a line, where the label is shortened.
    pub tooltip: Option<String>,
}

/// Longer values are shortened.
const LONGEST: usize = 40;

/// The hints of the tasks that touch a range; `lookup` gives the values of variables as they may be shown.
///
/// A string that is not closed has none: what it takes in changes with every key.
pub fn hints(parsed: &Parsed, within: TextRange, lookup: &dyn Fn(&str) -> Option<String>) -> Vec<Hint> {
    let sections = parsed.file.sections.iter().filter(|section| {
        section.phase.is_some() && section.form.has_tasks() && section.range.intersect(within).is_some()
    });
    let hints = sections.filter_map(|section| {
        let lookup = in_phase(section.phase?, lookup);
        let tasks =
            parsed.file.tasks_of(section).iter().filter(|task| task.range.intersect(within).is_some());
        Some(tasks.filter_map(|task| hint(parsed, task, &lookup)).collect::<Vec<_>>())
    });
    hints.flatten().collect()
}

fn hint(parsed: &Parsed, task: &Task, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Hint> {
    let words = parsed.words_of(task).filter(|words| words.written.closed)?;
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in words.variables() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let full: Vec<String> = names.iter().map(|name| shown(name, lookup(name))).collect();
    let short: Vec<String> = full.iter().map(|value| shortened(value)).collect();
    let tooltip = (short != full).then(|| full.join("\n"));
    Some(Hint { offset: task.range.end(), label: short.join(" · "), tooltip })
}

fn shown(name: &str, value: Option<String>) -> String {
    match value {
        None => format!("{name}: not set"),
        Some(value) if value.is_empty() => format!("{name}: empty"),
        Some(value) => format!("{name} = {}", value.replace(['\n', '\r'], "␤")),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let lookup = |name: &str| match name {
            "USER" => Some("ann\nlee".to_owned()),
            "EMPTY" => Some(String::new()),
            "LONG" => Some("x/".repeat(40)),
            _ => None,
        };
        let analysis = Parsed::new(text, Options::default());
        let shown =
            hints(&analysis, TextRange::up_to((text.len() as u32).into()), &lookup).into_iter().map(|hint| {
                let before = &text[..usize::from(hint.offset)];
                let line = before.rsplit('\n').next().unwrap_or_default();
                let tooltip = hint.tooltip.map(|it| format!(" ({it})")).unwrap_or_default();
                format!("{line}    {}{tooltip}\n", hint.label)
            });
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn values_stand_behind_the_line() {
        check(
            "[pre-up]\na = \"echo $USER '$USER' $NOT $USER\" # x\nb = '${USER} $EMPTY'\nc = 'ls'\nd = '''\n$LONG\n'''\n",
            expect![[r#"
                a = "echo $USER '$USER' $NOT $USER"    USER = ann␤lee · NOT: not set
                b = '${USER} $EMPTY'    USER = ann␤lee · EMPTY: empty
                '''    LONG = x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/… (LONG = x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/x/)
            "#]],
        );
    }

    #[test]
    fn not_while_a_string_is_open_or_where_nothing_runs() {
        check("[pre-up]\na = \"echo $USER\nb = 5\n[tool]\nc = '$USER'\n", expect![[""]]);
    }

    #[test]
    fn only_what_was_asked_for() {
        let analysis = Parsed::new("[pre-up]\na = '$A'\nb = '$B'\n", Options::default());
        let found = hints(&analysis, TextRange::new(19.into(), 20.into()), &|_| None);
        assert_eq!(found.into_iter().map(|hint| hint.label).collect::<Vec<_>>(), ["B: not set"]);
    }
}
