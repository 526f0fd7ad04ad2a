//! What can be run from the file, and where the buttons for it stand.
//!
//! Must not know what is running or how a lens looks: a lens never comes or goes because of a run.

use text_size::TextRange;

use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::plan::{self, Plan, PlanError};
use crate::task_file::SectionForm;

/// A place from which a phase or a task can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runnable {
    /// The header or the key.
    pub range: TextRange,
    /// The phase.
    pub phase: Phase,
    /// What of it.
    pub what: RunnableKind,
    /// Why it does not run as the text stands; whether its program and variables are there is not looked at.
    pub obstacle: Option<PlanError>,
}

/// What can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunnableKind {
    /// All tasks of the phase.
    Phase {
        /// How many there are.
        tasks: usize,
    },
    /// One task.
    Task {
        /// Its description.
        name: String,
        /// Its command, by which a run finds out that the text has changed.
        command: String,
    },
}

/// A phase that has tasks, with these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlinedPhase {
    /// The phase.
    pub phase: Phase,
    /// Its header; of one of dotted keys, which has none, its first task.
    pub range: TextRange,
    /// Why it does not run as the text stands.
    pub obstacle: Option<PlanError>,
    /// Its tasks, in the order of the file.
    pub tasks: Vec<OutlinedTask>,
}

/// A task in an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlinedTask {
    /// Its description.
    pub name: String,
    /// Its command.
    pub command: String,
    /// The key.
    pub range: TextRange,
}

/// The phases that have tasks, in the order of the file.
pub fn outline(parsed: &Parsed) -> Vec<OutlinedPhase> {
    let mut phases: Vec<OutlinedPhase> = Vec::new();
    for Runnable { range, phase, what, obstacle } in runnables(parsed) {
        if !phases.iter().any(|known| known.phase == phase) {
            phases.push(OutlinedPhase { phase, range, obstacle, tasks: Vec::new() });
        }
        let of_phase = phases.iter_mut().find(|known| known.phase == phase);
        if let (Some(of_phase), RunnableKind::Task { name, command }) = (of_phase, what) {
            of_phase.tasks.push(OutlinedTask { name, command, range });
        }
    }
    phases.retain(|phase| !phase.tasks.is_empty());
    phases
}

/// Everything that can be run, in the order of the file.
pub fn runnables(parsed: &Parsed) -> Vec<Runnable> {
    let text = &parsed.text;
    let mut found = Vec::new();
    let mut headed = Vec::new();
    let set = |_: &str| Some("x".to_owned());
    for section in parsed.file.sections.iter().filter(|section| section.form.has_tasks()) {
        let Some(phase) = section.phase.filter(|phase| parsed.options.runs(*phase)) else { continue };
        // Two spellings of a phase are one phase: its button stands on the first.
        if !headed.contains(&phase) && section.form != SectionForm::Dotted {
            headed.push(phase);
            let tasks = parsed.file.commands_of(phase).count();
            let obstacle = Plan::for_phase(parsed, phase, &[], &set).err();
            let what = RunnableKind::Phase { tasks };
            found.push(Runnable { range: section.header, phase, what, obstacle });
        }
        let broken = plan::check_syntax(parsed, phase).err();
        for task in parsed.file.tasks_of(section) {
            let Some(command) = task.command() else { continue };
            let what = RunnableKind::Task {
                name: task.name(text).into_owned(),
                command: command.decode(text).into_owned(),
            };
            let obstacle = broken.clone().or_else(|| plan::step(parsed, task, &set).err());
            found.push(Runnable { range: task.name.range, phase, what, obstacle });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::command::Semantics;
    use crate::options::Options;

    fn check(text: &str, expect: Expect) {
        let runnables = runnables(&Parsed::new(text, Options::default()));
        let shown = runnables.iter().map(|it| format!("{:?} {}: {:?}\n", &text[it.range], it.phase, it.what));
        expect.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn phases_and_tasks() {
        check(
            "[pre-up]\na = \"echo\"\nb = 5\n[tool]\nx = \"y\"\n[post-deploy]\n",
            expect![[r#"
            "[pre-up]" pre-up: Phase { tasks: 1 }
            "a" pre-up: Task { name: "a", command: "echo" }
            "[post-deploy]" post-deploy: Phase { tasks: 0 }
        "#]],
        );
    }

    #[test]
    fn two_spellings_are_one_phase() {
        check(
            "[pre-up]\na = \"echo\"\n[Pre-Up]\nb = \"ls\"\n",
            expect![[r#"
            "[pre-up]" pre-up: Phase { tasks: 2 }
            "a" pre-up: Task { name: "a", command: "echo" }
            "b" pre-up: Task { name: "b", command: "ls" }
        "#]],
        );
    }

    #[test]
    fn what_keeps_something_from_running() {
        let text = "[pre-up]\na = \"echo $X\"\nb = \"echo 'x\"\n[post-up]\nc = \"$X\"\nd = \"x\n";
        let found = runnables(&Parsed::new(text, Options::default()));
        let kept = found.iter().map(|it| (&text[it.range], it.obstacle.as_ref().map(PlanError::describe)));
        let shown: String =
            kept.map(|(what, why)| format!("{what}: {}\n", why.unwrap_or_default())).collect();
        expect![[r#"
            [pre-up]: the task `b` cannot be split: a `'` is not closed
            a: 
            b: the task `b` cannot be split: a `'` is not closed
            [post-up]: `post-up` does not run while the file has a syntax error in it: this string is not closed: expected `"` at its end
            c: `post-up` does not run while the file has a syntax error in it: this string is not closed: expected `"` at its end
            d: `post-up` does not run while the file has a syntax error in it: this string is not closed: expected `"` at its end
        "#]].assert_eq(&shown);
    }

    #[test]
    fn what_the_chosen_draft_ignores_has_no_button() {
        for (semantics, buttons) in [(Semantics::Standard, 2), (Semantics::Draft, 0)] {
            let options = Options { semantics, ..Options::default() };
            let analysis = Parsed::new("[post-up]\na = \"b\"\n", options);
            assert_eq!(runnables(&analysis).len(), buttons);
        }
    }
}
