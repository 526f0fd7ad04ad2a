//! A new description for a task, and where else a name under the cursor stands.
//!
//! Must not make a file that has the same task twice, or one whose key means something else.

use text_size::{TextRange, TextSize};

use crate::edit::{self, TextEdit};
use crate::parsed::Parsed;
use crate::task_file::{Section, Task};
use crate::words::Words;

/// A task that can be renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renameable {
    /// Its key as it is written.
    pub range: TextRange,
    /// Its description, decoded.
    pub name: String,
}

/// The task whose key stands at an offset, unless an error in it leaves open what its key is.
pub fn renameable(parsed: &Parsed, offset: TextSize) -> Option<Renameable> {
    let (_, task) = task_named_at(parsed, offset).filter(|(_, task)| !is_broken(parsed, task))?;
    Some(Renameable { range: task.name.range, name: task.name(&parsed.text).into_owned() })
}

/// The edits that give the task whose key stands at an offset another description.
///
/// # Errors
///
/// What is wrong with the name, for people; one sentence in lower case without a full stop.
pub fn rename(parsed: &Parsed, offset: TextSize, name: &str) -> Result<Vec<TextEdit>, String> {
    let Some((section, task)) = task_named_at(parsed, offset) else {
        return Err("there is no task's description here".into());
    };
    if is_broken(parsed, task) {
        return Err("a syntax error is here: repair it first".into());
    }
    if name.trim().is_empty() {
        return Err("a task needs a description".into());
    }
    if name.contains(['\n', '\r']) {
        return Err("a description stands on one line".into());
    }
    if let Some(other) = same_phase(parsed, section)
        .find(|other| other.name.range != task.name.range && other.name(&parsed.text) == name)
    {
        let line = parsed.text[..usize::from(other.range.start())].matches('\n').count() + 1;
        let phase = section.name(&parsed.text);
        return Err(format!("`{phase}` has a task `{name}` already, on line {line}"));
    }
    if *task.name(&parsed.text) == *name {
        return Ok(Vec::new());
    }
    Ok(vec![TextEdit::replace(task.name.range, edit::key(name))])
}

/// Whether an error stands on the lines of a task.
fn is_broken(parsed: &Parsed, task: &Task) -> bool {
    let (text, range) = (&parsed.text, task.range);
    let lines = TextRange::new(edit::line_start(text, range.start()), edit::line_stop(text, range.end()));
    parsed.tree.has_error_in(lines)
}

/// The other tasks that a description must differ from: those of the same table, and of other spellings of it.
fn same_phase<'a>(parsed: &'a Parsed, section: &'a Section) -> impl Iterator<Item = &'a Task> {
    let name = section.name(&parsed.text);
    let same = move |other: &&Section| match section.phase {
        Some(phase) => other.phase == Some(phase),
        None => other.name(&parsed.text) == name,
    };
    parsed.file.sections.iter().filter(same).flat_map(|section| parsed.file.tasks_of(section))
}

fn task_named_at(parsed: &Parsed, offset: TextSize) -> Option<(&Section, &Task)> {
    let found = parsed.file.task_at(offset)?;
    found.1.name.range.contains_inclusive(offset).then_some(found)
}

/// Where the name at an offset stands in the file: a variable wherever it is used, a task wherever it is described so.
pub fn occurrences(parsed: &Parsed, offset: TextSize) -> Vec<TextRange> {
    let text = &parsed.text;
    if let Some((_, task)) = task_named_at(parsed, offset) {
        let name = task.name(text);
        let same = parsed.file.tasks.iter().filter(|task| task.name(text) == name);
        return same.map(|task| task.name.range).collect();
    }
    let Some(variable) = variable_at(parsed, offset) else { return Vec::new() };
    let commands = parsed.file.tasks.iter().filter_map(|task| parsed.words_of(task));
    let variables = commands.flat_map(Words::variables);
    variables.filter(|(name, _)| *name == variable).map(|(_, range)| range).collect()
}

/// The variable at an offset.
fn variable_at(parsed: &Parsed, offset: TextSize) -> Option<String> {
    let words = parsed.words_of(parsed.file.task_at(offset)?.1)?;
    let found = words.variables().find(|(_, range)| range.contains_inclusive(offset));
    found.map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::options::Options;

    fn marked(marked: &str) -> (Parsed, TextSize) {
        let offset = TextSize::new(marked.find("$0").expect("a cursor") as u32);
        (Parsed::new(marked.replacen("$0", "", 1), Options::default()), offset)
    }

    fn check(text: &str, name: &str, expect: Expect) {
        let (analysis, offset) = marked(text);
        let shown = match rename(&analysis, offset, name) {
            Ok(edits) => edit::apply(&analysis.text, &edits),
            Err(problem) => problem,
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn what_the_key_is_must_be_certain() {
        for text in ["[pre-up]\nt.a$0sks: ignore\n", "[pre-up]\na$0 b = 'x'\n", "[pre-up]\na$0 = 'x\n"] {
            let (parsed, offset) = marked(text);
            assert_eq!(renameable(&parsed, offset), None, "{text}");
            let refused = rename(&parsed, offset, "b");
            assert!(refused.is_err_and(|it| it.contains("syntax error") || it.contains("no task")), "{text}");
        }
    }

    #[test]
    fn the_key_is_quoted_as_needed() {
        check(
            "[pre-up]\nhel$0lo = 'x'\n",
            "sync database",
            expect![[r#"
            [pre-up]
            "sync database" = 'x'
        "#]],
        );
        check(
            "[pre-up]\n\"a \\\"b\"$0='x'\n",
            "it's",
            expect![[r#"
            [pre-up]
            "it's"='x'
        "#]],
        );
        check(
            "[pre-up]\n$0a='x'\n",
            "say \"x\"\t",
            expect![[r#"
            [pre-up]
            'say "x"	'='x'
        "#]],
        );
        check(
            "[pre-up]\n'a b$0'='x'\n",
            "c",
            expect![[r#"
            [pre-up]
            c='x'
        "#]],
        );
        check(
            "pre-up.$0a = 'x'\n",
            "a.b",
            expect![[r#"
            pre-up."a.b" = 'x'
        "#]],
        );
        check(
            "[pre-up]\na$0 = 'x'\n",
            "a",
            expect![[r#"
            [pre-up]
            a = 'x'
        "#]],
        );
    }

    #[test]
    fn names_that_cannot_be() {
        check(
            "[pre-up]\na$0 = 'x'\n\"b c\" = 'y'\n",
            "b c",
            expect!["`pre-up` has a task `b c` already, on line 3"],
        );
        check(
            "[pre-up]\na$0 = 'x'\n[Pre-Up]\nb = 'y'\n",
            "b",
            expect!["`pre-up` has a task `b` already, on line 4"],
        );
        check(
            "[pre-up]\na$0 = 'x'\n[cleanup]\nb = 'y'\n",
            "b",
            expect![[r#"
            [pre-up]
            b = 'x'
            [cleanup]
            b = 'y'
        "#]],
        );
        check("[pre-up]\na$0 = 'x'\n", " ", expect!["a task needs a description"]);
        check("[pre-up]\na$0 = 'x'\n", "a\nb", expect!["a description stands on one line"]);
        check("[pre-up]\na = 'x$0'\n", "b", expect!["there is no task's description here"]);
    }

    #[test]
    fn what_can_be_renamed() {
        let (analysis, offset) = marked("[pre-up]\n\"a \\u0062\"$0 = 'x'\n");
        let found = renameable(&analysis, offset).expect("a task");
        assert_eq!((&analysis.text[found.range], found.name.as_str()), ("\"a \\u0062\"", "a b"));
        let (analysis, offset) = marked("[pre$0-up]\n");
        assert_eq!(renameable(&analysis, offset), None);
    }

    fn check_occurrences(text: &str, expect: Expect) {
        let (analysis, offset) = marked(text);
        let shown = occurrences(&analysis, offset);
        let shown = shown.into_iter().map(|range| format!("{range:?} {:?}\n", &analysis.text[range]));
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn occurrences_of_variables_and_tasks() {
        check_occurrences(
            "[pre-up]\na = \"echo $H$0OME \\u0024{HOME} $HOMES $$HOME\"\n[cleanup]\na = '$HOME'\n",
            expect![[r#"
                19..24 "$HOME"
                25..37 "\\u0024{HOME}"
                68..73 "$HOME"
            "#]],
        );
        check_occurrences(
            "[pre-up]\na$0 = 'x'\n[cleanup]\n\"a\" = '$A'\nb = 'a'\n",
            expect![[r#"
            9..10 "a"
            27..30 "\"a\""
        "#]],
        );
        check_occurrences("[pre-up]\na = 'echo$0 $X'\n", expect![[""]]);
    }
}
