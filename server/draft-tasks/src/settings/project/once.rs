//! Tasks that settings name since they run once, looked for in the tasks files for which the settings hold.
//!
//! Must not let a misspelt name pass: its task would run in all pods.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::TASKS_FILE;
use draft_tasks_analysis::lens::{self, Runnable};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::{Options, Parsed, TextRange};
use serde_json::Value as Json;

use super::{Problem, Project, ProjectFile, ProjectFiles};
use crate::settings::{self, Layer};
use crate::source;

/// A task that a setting names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TaskNamed {
    pub(super) range: TextRange,
    pub(super) name: String,
}

impl Project {
    /// Finds what names no task of a tasks file beside it, or below.
    pub(crate) fn check_tasks(&mut self, tasks: &str, is_beside: bool) {
        if self.named.is_empty() {
            return;
        }
        let Some(present) = present(&Parsed::new(tasks, Options::default())) else { return };
        let wrong = self.named.iter().filter_map(|TaskNamed { range, name }| {
            let (message, near) = wrong(name, &present, is_beside)?;
            Some(Problem {
                range: *range,
                message,
                suggestion: near.map(|near| Json::from(near).to_string()),
            })
        });
        self.problems.extend(wrong);
        self.problems.sort_by_key(|problem| (problem.range.start(), problem.range.end()));
    }
}

impl ProjectFile {
    /// Finds what names no task of the tasks file in a directory.
    pub(super) fn check_tasks(&mut self, directory: &Path, is_beside: bool) {
        if !self.project.named.is_empty()
            && let Ok(Some(tasks)) = source::read_some(&directory.join(TASKS_FILE), source::LARGEST as u64)
        {
            self.project.check_tasks(&tasks, is_beside);
        }
    }
}

/// A tasks file, as far as its tasks are of interest.
pub(crate) struct TasksBelow {
    /// Without links.
    folder: PathBuf,
    /// Nothing where it cannot be read, or is broken.
    tasks: Option<Vec<String>>,
}

impl TasksBelow {
    /// Those of a file; it has no text where it cannot be read.
    pub(crate) fn of(path: &Path, text: Option<&str>) -> TasksBelow {
        let tasks = text.and_then(|text| present(&Parsed::new(text, Options::default())));
        TasksBelow { folder: folder(path), tasks }
    }
}

impl ProjectFile {
    /// Whether tasks are named that may be those of another file.
    pub(crate) fn names_tasks(&self) -> bool {
        !self.project.named.is_empty()
    }

    /// Notes which names no tasks file below has; `all` has all of these, and others. Where one of them cannot be read or
    /// is broken, nothing is known.
    pub(crate) fn note_missing(&mut self, all: &[TasksBelow]) {
        let own = folder(&self.path);
        let below = all.iter().filter(|file| file.folder.starts_with(&own));
        let Some(below) = below.map(|file| file.tasks.as_ref()).collect::<Option<Vec<_>>>() else { return };
        let present: HashSet<&String> = below.into_iter().flatten().collect();
        let is_wrong = |range| self.project.problems.iter().any(|problem| problem.range == range);
        let missing =
            self.project.named.iter().filter(|it| !present.contains(&it.name) && !is_wrong(it.range));
        let notes = missing.map(|TaskNamed { range, name }| Problem {
            range: *range,
            message: format!("no tasks file below that was looked at has a task `{name}` in `post-deploy`"),
            suggestion: None,
        });
        self.project.notes = notes.collect();
    }
}

impl ProjectFiles {
    /// That a folder above says of tasks that they run once which the tasks file in the directory does not have: they may
    /// be another file's, or misspelt, and then they run in all pods.
    pub(crate) fn unmatched_once(&self, parsed: &Parsed) -> Option<String> {
        let mut nearest = self.files.iter().rev().enumerate();
        let (1.., file) = nearest.find(|(_, file)| file.project.settings.says_once())? else { return None };
        let present = present(parsed)?;
        let named = file.project.named.iter().filter(|it| !present.contains(&it.name));
        let named: Vec<String> = named.map(|it| format!("`{}`", printable(&it.name))).collect();
        let (path, named) = (file.path.display(), named.join(", "));
        (!named.is_empty()).then(|| {
            format!("{path}: `once` names {named}, which `post-deploy` here does not have; a task that is not named there runs in each pod")
        })
    }
}

impl Layer {
    /// The tasks that run once, if it says which.
    fn once(&self) -> Option<&Vec<Json>> {
        self.0.get("kubernetes")?.get("once")?.as_array()
    }

    /// Whether it says which tasks run once: what is said farther away does not count then.
    pub(crate) fn says_once(&self) -> bool {
        self.once().is_some()
    }

    /// What is wrong with the names of tasks that run once, for a tasks file beside the settings or below.
    pub(crate) fn wrong_once(&self, parsed: &Parsed, is_beside: bool) -> Vec<String> {
        let Some(present) = present(parsed) else { return Vec::new() };
        let names = self.once().into_iter().flatten().filter_map(Json::as_str);
        names.filter_map(|name| Some(wrong(name, &present, is_beside)?.0)).collect()
    }
}

fn folder(file: &Path) -> PathBuf {
    source::canonical(file.parent().unwrap_or(Path::new("")))
}

/// The tasks that may run in pods; what a broken file has is not known, unless it is broken elsewhere.
fn present(parsed: &Parsed) -> Option<Vec<String>> {
    let commands = parsed.file.commands_of(Phase::PostDeploy);
    let names = commands.map(|(task, _)| task.name(&parsed.text).into_owned());
    let runs = |it: &Runnable| it.phase == Phase::PostDeploy && it.obstacle.is_none();
    let is_known = parsed.tree.errors.is_empty() || lens::runnables(parsed).iter().any(runs);
    is_known.then(|| names.collect())
}

/// What is wrong with a name, and what is meant. One from above that is like no task may be of another tasks file.
fn wrong(name: &str, present: &[String], is_beside: bool) -> Option<(String, Option<String>)> {
    if present.iter().any(|task| task == name) {
        return None;
    }
    let near = settings::nearest(name, present);
    let meant = match (&near, present) {
        (Some(near), _) => format!(": did you mean `{near}`?"),
        (None, _) if !is_beside => return None,
        (None, []) => String::new(),
        (None, present) => format!("; it has `{}`", present.join("`, `")),
    };
    Some((format!("`post-deploy` has no task `{name}`{meant}"), near))
}
