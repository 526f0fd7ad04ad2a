//! The plan of a run: which tasks, in which order, with which arguments; what hover shows and the executor runs.
//!
//! Must not start anything or look at the world.
#![warn(missing_docs)]

use std::borrow::Cow;
use std::collections::HashSet;

use text_size::TextRange;

use crate::command::{self, DraftVersion, Part, Word};
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::printable::printable;
use crate::syntax::SyntaxErrorKind;
use crate::task_file::{SectionForm, Task, TaskValue};
use crate::task_variable::in_phase;

/// What a run will do, decided before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What runs.
    pub subject: Subject,
    /// The tasks in the order in which they run: the order of the file.
    pub steps: Vec<Step>,
}

/// What a plan runs: the tasks of a phase, or what lies between the phases of an application's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The tasks of a phase.
    Phase(Phase),
    /// The command that deploys the application, on the developer's machine.
    Deploy,
    /// The command that deletes the application, on the developer's machine.
    Delete,
    /// Nothing; the application's pods become ready.
    PodsReady,
    /// Nothing; the application's pods come to their end.
    PodsGone,
}

impl Subject {
    /// The name in messages and records: that of the phase, or `deploy`, `delete`, `pods-ready` or `pods-gone`.
    pub const fn name(self) -> &'static str {
        match self {
            Subject::Phase(phase) => phase.name(),
            Subject::Deploy => "deploy",
            Subject::Delete => "delete",
            Subject::PodsReady => "pods-ready",
            Subject::PodsGone => "pods-gone",
        }
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Subject> {
        let steps = [Subject::Deploy, Subject::Delete, Subject::PodsReady, Subject::PodsGone];
        Phase::ALL.into_iter().map(Subject::Phase).chain(steps)
    }

    /// That of this name.
    pub fn from_name(name: &str) -> Option<Subject> {
        Subject::all().find(|subject| subject.name() == name)
    }

    /// The phase, if it is one.
    pub const fn phase(self) -> Option<Phase> {
        match self {
            Subject::Phase(phase) => Some(phase),
            _ => None,
        }
    }

    /// Whether it happens on the developer's machine rather than in the cluster.
    pub const fn is_local(self) -> bool {
        match self {
            Subject::Phase(phase) => phase.is_local(),
            Subject::Deploy | Subject::Delete => true,
            Subject::PodsReady | Subject::PodsGone => false,
        }
    }
}

impl From<Phase> for Subject {
    fn from(phase: Phase) -> Subject {
        Subject::Phase(phase)
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One task of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The task's description, its key in the file, decoded.
    pub task: String,
    /// The command as it stands in the file, decoded.
    pub command: String,
    /// The argument vector: the program first, variables replaced. Never empty.
    pub argv: Vec<String>,
    /// The words before variables were replaced, for those who keep them; none of a command that stands in no file.
    pub words: Vec<Word>,
    /// The line of the file in which the task begins, counted from 1; nothing of a command that stands in no file.
    pub line: Option<usize>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// No phase has this name.
    UnknownPhase {
        /// The name that was asked for.
        name: String,
        /// The phase that was very likely meant.
        meant: Option<Phase>,
        /// The phases that have a task of this description.
        tasked: Vec<Phase>,
        /// The phases that have tasks whose descriptions begin so, where none has this one.
        begun: Vec<Phase>,
        /// The phases of the file that have tasks.
        present: Vec<Phase>,
    },
    /// The file has no table of this phase, or the table has no tasks.
    NoTasks {
        /// The phase that was asked for.
        phase: Phase,
        /// The phases of the file that have tasks.
        present: Vec<Phase>,
    },
    /// The user asked for a Draft that ignores the phase.
    Ignored {
        /// The phase that was asked for.
        phase: Phase,
        /// The Draft.
        version: DraftVersion,
    },
    /// The phase has no task of this description.
    UnknownTask {
        /// The phase that was asked for.
        phase: Phase,
        /// The description that was asked for.
        name: String,
        /// The descriptions that the phase has.
        present: Vec<String>,
        /// The description that was very likely meant.
        meant: Option<String>,
        /// The other phases that have a task of this description.
        elsewhere: Vec<Phase>,
    },
    /// The file or a task is not what it must be to run.
    Invalid {
        /// The offending characters.
        range: TextRange,
        /// What is wrong, in lower case without a full stop.
        message: String,
    },
}

impl Plan {
    /// The plan that runs all tasks of a phase, or only those whose descriptions are given; `lookup` gives the
    /// values of variables.
    ///
    /// # Errors
    ///
    /// When there is nothing to run, the chosen Draft ignores the phase, a description is unknown, the phase has a
    /// syntax error, or the command of a task that would run is empty or cannot be split.
    pub fn for_phase(
        parsed: &Parsed,
        phase: Phase,
        only: &[String],
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Plan, PlanError> {
        if !parsed.options.runs(phase) {
            return Err(PlanError::Ignored { phase, version: parsed.options.draft_version });
        }
        check_syntax(parsed, phase)?;
        let tasks = chosen(parsed, phase, only)?;
        let lookup = &in_phase(phase, lookup);
        let mut lines = LineCount { text: &parsed.text, offset: 0, line: 1 };
        let numbered = |task: &Task| {
            let line = Some(lines.at(task.range.start().into()));
            Ok(Step { line, ..step(parsed, task, lookup)? })
        };
        let steps = tasks.into_iter().map(numbered).collect::<Result<_, _>>()?;
        Ok(Plan { subject: phase.into(), steps })
    }
}

/// The argument vector of a command that a user typed for once, read as [`command::Semantics::Standard`] reads those of
/// a file; `lookup` gives the values of variables.
///
/// # Errors
///
/// What is wrong with it, in lower case without a full stop: it is empty or cannot be split.
pub fn typed(command: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let words = command::split(command, command::Semantics::Standard, DraftVersion::default())
        .map_err(|error| format!("the command cannot be split: {}", error.message))?;
    let argv: Vec<String> = words.iter().map(|word| word.expand(lookup)).collect();
    if argv.first().is_none_or(String::is_empty) {
        return Err("the command has no program to run".into());
    }
    Ok(argv)
}

/// The phase that a user named; `parsed` tells which ones the file has.
///
/// # Errors
///
/// [`PlanError::UnknownPhase`].
pub fn phase_named(parsed: &Parsed, name: &str) -> Result<Phase, PlanError> {
    Phase::from_name_in_any_case(name).ok_or_else(|| {
        let tasked = having(parsed, |task| task == name);
        let begins = |task: &str| !name.is_empty() && task.starts_with(name);
        let begun = if tasked.is_empty() { having(parsed, begins) } else { Vec::new() };
        let present_phase =
            || only_beginning(name, &present(parsed)).filter(|_| begun.is_empty() && tasked.is_empty());
        PlanError::UnknownPhase {
            name: name.to_owned(),
            meant: parsed.options.draft_version.meant(name).or_else(present_phase),
            begun,
            tasked,
            present: present(parsed),
        }
    })
}

/// The only one of some phases whose name begins so.
fn only_beginning(name: &str, phases: &[Phase]) -> Option<Phase> {
    let name = name.to_lowercase();
    let mut begun = phases.iter().filter(|phase| !name.is_empty() && phase.name().starts_with(&name));
    begun.next().copied().filter(|_| begun.next().is_none())
}

impl PlanError {
    /// What is wrong and what there is instead, for people; one sentence in lower case without a full stop.
    pub fn describe(&self) -> String {
        match self {
            PlanError::UnknownPhase { name, meant, tasked, begun, present } => {
                let name = printable(name);
                match (meant, tasked.as_slice()) {
                    (None, [_, ..]) => {
                        format!("there is no phase `{name}`; it is a task of {}", phases(tasked))
                    }
                    (None, []) if !begun.is_empty() => {
                        format!("there is no phase `{name}`; tasks of {} begin so", phases(begun))
                    }
                    (Some(meant), _) => format!(
                        "there is no phase `{name}`; the file has {}; did you mean `{meant}`?",
                        list_phases(present)
                    ),
                    (None, []) => {
                        format!("there is no phase `{name}`; the file has {}", list_phases(present))
                    }
                }
            }
            PlanError::NoTasks { phase, present } => {
                if present.is_empty() {
                    "the file has no tasks".into()
                } else {
                    format!("the file has no tasks in `{phase}`; it has {}", list_phases(present))
                }
            }
            PlanError::Ignored { phase, version } => format!(
                "{} ignores `{phase}`, and with `semantics = \"draft\"` draft-tasks does, too",
                version.title()
            ),
            PlanError::UnknownTask { phase, name, present, meant, elsewhere } => {
                let has_none = format!("`{phase}` has no task `{}`", printable(name));
                let begins = |known: &&String| !name.is_empty() && known.starts_with(name.as_str());
                let begun: Vec<&String> = present.iter().filter(begins).collect();
                match (meant, elsewhere.as_slice()) {
                    (None, [_, ..]) => format!("{has_none}; it is a task of {}", phases(elsewhere)),
                    (Some(meant), _) => format!("{has_none}; did you mean `{}`?", printable(meant)),
                    (None, []) if begun.len() > 1 => format!("{has_none}; {} begin so", tasks(begun)),
                    (None, []) => format!("{has_none}; it has {}", tasks(present)),
                }
            }
            PlanError::Invalid { message, .. } => printable(message),
        }
    }
}

fn list_phases(present: &[Phase]) -> String {
    if present.is_empty() { "no tasks".into() } else { format!("tasks in {}", phases(present)) }
}

fn phases(all: &[Phase]) -> String {
    all.iter().map(|phase| format!("`{phase}`")).collect::<Vec<_>>().join(", ")
}

fn tasks<'a>(all: impl IntoIterator<Item = &'a String>) -> String {
    all.into_iter().map(|name| format!("`{}`", printable(name))).collect::<Vec<_>>().join(", ")
}

fn present(parsed: &Parsed) -> Vec<Phase> {
    Phase::ALL.into_iter().filter(|phase| parsed.file.commands_of(*phase).next().is_some()).collect()
}

/// The phases that have such a task.
fn having(parsed: &Parsed, is_meant: impl Fn(&str) -> bool) -> Vec<Phase> {
    let has = |phase: &Phase| descriptions(parsed, *phase).any(|name| is_meant(&name));
    Phase::ALL.into_iter().filter(has).collect()
}

/// The descriptions of a phase's tasks, in the order of the file.
pub fn descriptions(parsed: &Parsed, phase: Phase) -> impl Iterator<Item = Cow<'_, str>> {
    let tasks = parsed.file.sections_of(phase).flat_map(|section| parsed.file.tasks_of(section));
    tasks.map(|task| task.name(&parsed.text))
}

/// The description that was very likely meant: one that is written nearly so, or the only one that has the text in it.
pub fn meant(name: &str, present: &[String]) -> Option<String> {
    let name = name.to_lowercase();
    if name.is_empty() {
        return None;
    }
    let lower = |known: &&String| known.to_lowercase();
    let near = present.iter().map(|known| (strsim::damerau_levenshtein(&name, &lower(&known)), known));
    let near =
        near.filter(|(distance, known)| *distance <= known.len() / 3).min_by_key(|(distance, _)| *distance);
    let within = || {
        let mut within = present.iter().filter(|known| lower(known).contains(&name));
        within.next().filter(|_| within.next().is_none())
    };
    near.map(|(_, known)| known).or_else(within).cloned()
}

/// A syntax error in the lines of the phase makes it unclear what would run, and a conflict of a merge anywhere.
pub(crate) fn check_syntax(parsed: &Parsed, phase: Phase) -> Result<(), PlanError> {
    if let Some(error) = parsed.tree.foreign().filter(|error| error.kind == SyntaxErrorKind::Conflict) {
        let message = format!("`{phase}` does not run: {}", error.message);
        return Err(PlanError::Invalid { range: error.range, message });
    }
    for section in parsed.file.sections.iter().filter(|section| section.phase == Some(phase)) {
        let lines = parsed.lines_of(section);
        let errors = &parsed.tree.errors;
        let next = errors.partition_point(|error| error.range.start() < lines.start());
        if let Some(error) = errors.get(next).filter(|error| lines.contains(error.range.start())) {
            let message =
                format!("`{phase}` does not run while the file has a syntax error in it: {}", error.message);
            return Err(PlanError::Invalid { range: error.range, message });
        }
        if section.form == SectionForm::Nested {
            let message = format!("`{phase}` does not run: a table stands where a task should");
            return Err(PlanError::Invalid { range: section.header, message });
        }
    }
    Ok(())
}

fn chosen<'a>(parsed: &'a Parsed, phase: Phase, only: &[String]) -> Result<Vec<&'a Task>, PlanError> {
    let all: Vec<&Task> =
        parsed.file.sections_of(phase).flat_map(|section| parsed.file.tasks_of(section)).collect();
    if all.is_empty() {
        return Err(PlanError::NoTasks { phase, present: present(parsed) });
    }
    let name = |task: &&Task| task.name(&parsed.text).into_owned();
    let present: Vec<String> = all.iter().map(name).collect();
    let known: HashSet<&String> = present.iter().collect();
    if let Some(unknown) = only.iter().find(|only| !known.contains(only)) {
        return Err(PlanError::UnknownTask {
            phase,
            name: unknown.clone(),
            meant: meant(unknown, &present),
            elsewhere: having(parsed, |task| task == unknown),
            present,
        });
    }
    let wanted: HashSet<&String> = only.iter().collect();
    Ok(all.into_iter().filter(|task| only.is_empty() || wanted.contains(&name(task))).collect())
}

/// What a task runs.
pub(crate) fn step(
    parsed: &Parsed,
    task: &Task,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Step, PlanError> {
    let text = &parsed.text;
    let name = task.name(text).into_owned();
    let invalid = |range, problem: String| PlanError::Invalid {
        range,
        message: format!("the task `{name}` {problem}"),
    };
    if let TaskValue::NotString(range, what) = task.value {
        return Err(invalid(range, format!("is {what}, not a command")));
    }
    let words = parsed.words_of(task).ok_or_else(|| invalid(task.range, "has no command".into()))?;
    if let Some(error) = &words.error {
        return Err(invalid(words.written.range, format!("cannot be split: {}", error.message)));
    }
    let argv: Vec<String> = words.words.iter().map(|word| word.expand(lookup)).collect();
    if argv.first().is_none_or(String::is_empty) {
        let empty = words.words.first().and_then(|word| without_value(&word.parts, lookup));
        let problem = format!("has no program to run{}", empty.unwrap_or_default());
        return Err(invalid(words.written.range, problem));
    }
    let (command, words) = (words.content.clone(), words.words.clone());
    Ok(Step { task: name, command, argv, words, line: None })
}

/// Counts the lines of a text up to offsets that mostly grow.
struct LineCount<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl LineCount<'_> {
    /// The line of an offset, counted from 1.
    fn at(&mut self, offset: usize) -> usize {
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        self.line += self.text[self.offset..offset].matches('\n').count();
        self.offset = offset;
        self.line
    }
}

/// ": `$KUBECTL` is not set", of the first variable.
fn without_value(parts: &[Part], lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    parts.iter().find_map(|part| match part {
        Part::Variable { name, .. } if lookup(name).is_some() => Some(format!(": `${name}` is empty")),
        Part::Variable { name, .. } => Some(format!(": `${name}` is not set")),
        Part::Literal(_) => None,
    })
}

#[cfg(test)]
mod tests;
