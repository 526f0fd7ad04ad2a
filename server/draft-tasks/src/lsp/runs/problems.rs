//! What the output of tasks reports of files: read beside a run, kept until the task runs again, shown in those files.
//!
//! Must not read a file: whether there is one is all that is looked at, and only so often.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::file_names::CHARTS;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::problem::{Matcher, Problem};
use draft_tasks_executor::output::plain;
use draft_tasks_executor::{RunEvent, Stream};
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::{ext, to_proto};
use crate::lsp::runs::{self, RunningTask};

/// The problems of one run that are kept.
const MOST: usize = 100;

/// The names of one run that are looked for.
const LOOKED_FOR: usize = 1000;

/// More of a line without an end is not kept.
const LONGEST_LINE: usize = 8 << 10;

/// To the end of the line, whatever its length.
const END_OF_LINE: u32 = i32::MAX as u32;

/// A problem in a file that exists.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) problem: Problem,
}

/// Reads the output of a run's tasks, one after another.
pub(crate) struct Reader {
    directory: PathBuf,
    streams: [(Matcher, String); 2],
    /// What names of files mean.
    known: HashMap<String, Option<PathBuf>>,
    /// Of the task that runs.
    found: Vec<Found>,
    count: usize,
}

impl Reader {
    pub(crate) fn new(directory: PathBuf) -> Reader {
        let (streams, known) = (Default::default(), HashMap::new());
        Reader { directory, streams, known, found: Vec::new(), count: 0 }
    }

    /// Reads an event; gives what was found once its task is over.
    pub(crate) fn take(&mut self, event: &RunEvent) -> Option<(usize, Vec<Found>)> {
        match event {
            RunEvent::Output { stream, text, .. } => self.read(*stream, text),
            RunEvent::TaskFinished { task, .. } => {
                self.read(Stream::Stdout, "\n");
                self.read(Stream::Stderr, "\n");
                self.streams = Default::default();
                let found = std::mem::take(&mut self.found);
                return (!found.is_empty()).then_some((*task, found));
            }
            _ => {}
        }
        None
    }

    fn read(&mut self, stream: Stream, text: &str) {
        if self.count >= MOST {
            return;
        }
        for piece in text.split_inclusive('\n') {
            let (matcher, line) = &mut self.streams[stream as usize];
            if line.len() < LONGEST_LINE {
                line.push_str(piece);
            }
            if !piece.ends_with('\n') {
                continue;
            }
            let problem = matcher.line(plain(line).trim_end());
            line.clear();
            if let Some(problem) = problem {
                self.keep(problem);
            }
        }
    }

    fn keep(&mut self, problem: Problem) {
        if self.count >= MOST {
            return;
        }
        let Some(path) = self.find(&problem.file) else { return };
        // Tools write the same name in several ways.
        let same = |it: &Problem| {
            (it.line, it.column, &it.message) == (problem.line, problem.column, &problem.message)
        };
        if !self.found.iter().any(|found| found.path == path && same(&found.problem)) {
            self.count += 1;
            self.found.push(Found { path, problem });
        }
    }

    fn find(&mut self, name: &str) -> Option<PathBuf> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        if self.known.len() >= LOOKED_FOR {
            return None;
        }
        // Helm names templates by their charts, which stand in `charts`.
        let places = [self.directory.join(name), self.directory.join(CHARTS).join(name)];
        let path = places.iter().map(|path| without_dots(path)).find(|path| path.is_file());
        self.known.insert(name.to_owned(), path.clone());
        path
    }
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

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
    found: Found,
    /// Where the task stood.
    place: Option<Range>,
}

impl Problems {
    pub(crate) fn add(
        &mut self,
        tasks_file: &Uri,
        subject: Subject,
        (task, command): (&str, &str),
        found: Found,
        place: Option<Range>,
    ) {
        let (tasks_file, task, command) = (tasks_file.clone(), task.to_owned(), command.to_owned());
        self.0.push(Reported { tasks_file, subject, task, command, found, place });
    }

    /// Forgets what tasks of a file reported that are no longer there or have other commands; gives the files.
    pub(crate) fn forget_edited(&mut self, uri: &Uri, analysis: &Analysis) -> Vec<PathBuf> {
        self.take_out(|it| {
            it.tasks_file == *uri && runs::find(analysis, it.subject, &it.task, &it.command).is_none()
        })
    }

    /// The tasks files whose tasks reported something.
    pub(crate) fn tasks_files(&self) -> impl Iterator<Item = &Uri> {
        self.0.iter().map(|it| &it.tasks_file)
    }

    /// Forgets what tasks reported that run again; gives the files.
    pub(crate) fn forget(&mut self, uri: &Uri, subject: Subject, tasks: &[RunningTask]) -> Vec<PathBuf> {
        self.take_out(|it| {
            it.tasks_file == *uri && it.subject == subject && tasks.iter().any(|task| task.name == it.task)
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
        let problem = &self.found.problem;
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
