//! What the output of tasks reports of files: kept until the task runs again, shown in those files.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::FileProblem;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::{ext, to_proto};
use crate::lsp::runs::{self, Run};

/// To the end of the line, whatever its length.
const END_OF_LINE: u32 = i32::MAX as u32;

/// The problems of a session.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Reported>);

/// A problem and the task that reported it.
#[derive(Debug)]
struct Reported {
    tasks_file: Uri,
    subject: Subject,
    task: String,
    /// What ran: once the task has another command, what the old one reported is of no more use.
    command: String,
    found: FileProblem,
    /// Where the task stood.
    place: Option<Range>,
}

impl Problems {
    pub(crate) fn add(
        &mut self,
        tasks_file: &Uri,
        subject: Subject,
        (task, command): (&str, &str),
        found: FileProblem,
        place: Option<Range>,
    ) {
        let (tasks_file, task, command) = (tasks_file.clone(), task.to_owned(), command.to_owned());
        self.0.push(Reported { tasks_file, subject, task, command, found, place });
    }

    /// Forgets what tasks of a file reported that are no longer there or have other commands; gives the files.
    pub(crate) fn forget_edited(&mut self, uri: &Uri, parsed: &Parsed) -> Vec<PathBuf> {
        self.take_out(|it| {
            it.tasks_file == *uri && runs::find(parsed, it.subject, &it.task, &it.command).is_none()
        })
    }

    /// What tasks of a file reported is reported by them under its new name.
    pub(crate) fn rename(&mut self, renamed: &dyn Fn(&Uri) -> Option<Uri>) {
        for reported in &mut self.0 {
            reported.tasks_file =
                renamed(&reported.tasks_file).unwrap_or_else(|| reported.tasks_file.clone());
        }
    }

    /// The tasks files whose tasks reported something.
    pub(crate) fn tasks_files(&self) -> impl Iterator<Item = &Uri> {
        self.0.iter().map(|it| &it.tasks_file)
    }

    /// Forgets what tasks reported that run again; gives the files.
    pub(crate) fn forget(&mut self, run: &Run) -> Vec<PathBuf> {
        self.take_out(|it| {
            it.tasks_file == run.uri
                && it.subject == run.subject
                && run.running().any(|task| task.name == it.task)
        })
    }

    /// Forgets what the tasks of a file reported, or all; gives the files.
    pub(crate) fn clear(&mut self, uri: Option<&Uri>) -> Vec<PathBuf> {
        self.take_out(|it| uri.is_none_or(|uri| *uri == it.tasks_file))
    }

    fn take_out(&mut self, wanted: impl Fn(&Reported) -> bool) -> Vec<PathBuf> {
        let out = self.0.extract_if(.., |it| wanted(it));
        out.map(|it| it.found.path).collect()
    }

    /// All files of which something is reported.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.0.iter().map(|it| it.found.path.clone()).collect()
    }

    /// The diagnostics of a file; `related` where the client shows other places.
    pub(crate) fn diagnostics(&self, path: &Path, related: bool) -> Vec<Diagnostic> {
        let of_file = self.0.iter().filter(|it| it.found.path == path);
        of_file.map(|it| it.diagnostic(related)).collect()
    }
}

impl Reported {
    fn diagnostic(&self, related: bool) -> Diagnostic {
        let problem = &self.found;
        let line = problem.line - 1;
        // Editors make a word of an empty range.
        let (start, end) = problem.column.map_or((0, END_OF_LINE), |column| (column - 1, column - 1));
        let position = |character| Position { line, character };
        let place = self.place.filter(|_| related).map(|range| DiagnosticRelatedInformation {
            location: Location { uri: self.tasks_file.clone(), range },
            message: format!("reported by the task `{}` of {}", self.task, self.subject),
        });
        Diagnostic {
            range: Range { start: position(start), end: position(end) },
            severity: Some(to_proto::severity(problem.severity)),
            source: Some(ext::SOURCE.to_owned()),
            message: Message::String(problem.message.clone()),
            related_information: place.map(|place| vec![place]),
            ..Default::default()
        }
    }
}
