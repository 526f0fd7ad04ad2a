//! What the session knows of runs: those that go on, and which tasks failed when they last ran.
//!
//! Must not hold processes or run anything: the outbox owns the handles.

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::task_file::Task;
use draft_tasks_executor::output::Tail;
use draft_tasks_executor::{Failure, Outcome, Stream, describe_duration};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tower_lsp::gen_lsp_types::{Code, Diagnostic, DiagnosticSeverity, Message, Uri};

use super::ext;
use super::problems::Problems;
use super::results::Results;
use super::to_proto::Context;

/// The last lines of a failed task that its diagnostic shows.
const LINES_SHOWN: usize = 5;

/// The runs of a session.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    started: u64,
    pub(crate) active: Vec<Run>,
    pub(crate) failures: Failures,
    pub(crate) results: Results,
    pub(crate) problems: Problems,
}

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) uri: Uri,
    pub(crate) phase: Phase,
    pub(crate) tasks: Vec<RunningTask>,
    /// The tasks that were chosen; empty when the whole phase runs.
    pub(crate) chosen: Vec<String>,
    /// The task that runs now.
    pub(crate) current: Option<usize>,
    pub(crate) started: std::time::Instant,
    /// The folder of its record.
    pub(crate) record: Option<PathBuf>,
}

/// A task of a run.
#[derive(Debug)]
pub(crate) struct RunningTask {
    pub(crate) name: String,
    pub(crate) command: String,
    /// Whether its process was started.
    pub(crate) started: bool,
    pub(crate) failed: bool,
    stdout: Tail,
    stderr: Tail,
}

impl Runs {
    /// A name for the next run, unlike that of any other run of this server.
    pub(crate) fn next_id(&mut self) -> String {
        self.started += 1;
        format!("run-{}", self.started)
    }

    /// The run of a phase of a file, if it goes on.
    pub(crate) fn running(&self, uri: &Uri, phase: Phase) -> Option<&Run> {
        self.active.iter().find(|run| run.uri == *uri && run.phase == phase)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Run> {
        self.active.iter_mut().find(|run| run.id == id)
    }

    /// Takes a run out, since it is over.
    pub(crate) fn finish(&mut self, id: &str) -> Option<Run> {
        let index = self.active.iter().position(|run| run.id == id)?;
        Some(self.active.remove(index))
    }
}

impl Run {
    pub(crate) fn current_task(&self) -> Option<&String> {
        Some(&self.tasks.get(self.current?)?.name)
    }
}

impl RunningTask {
    pub(crate) fn new(name: String, command: String) -> RunningTask {
        let (stdout, stderr) = (Tail::default(), Tail::default());
        RunningTask { name, command, started: false, failed: false, stdout, stderr }
    }

    pub(crate) fn wrote(&mut self, stream: Stream, text: &str) {
        match stream {
            Stream::Stdout => self.stdout.push(text),
            Stream::Stderr => self.stderr.push(text),
        }
    }

    /// The last that it wrote and that is not blank, of standard output where that has something.
    pub(crate) fn last_line(&self) -> Option<String> {
        let last = |tail: &Tail| tail.lines().into_iter().rev().find(|line| !line.trim().is_empty());
        last(&self.stdout).or_else(|| last(&self.stderr))
    }

    /// The last lines of its standard error or, when there are none, of its standard output.
    fn last_lines(&self) -> Vec<String> {
        let lines = Some(self.stderr.lines())
            .filter(|lines| !lines.is_empty())
            .unwrap_or_else(|| self.stdout.lines());
        lines[lines.len().saturating_sub(LINES_SHOWN)..].to_vec()
    }
}

/// Tasks that failed when they last ran.
///
/// They are known by their text, not by their place: a failure is shown on the line where its task stands now, and not
/// at all while the task has another command than the one that failed.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<TaskFailure>);

#[derive(Debug)]
struct TaskFailure {
    uri: Uri,
    phase: Phase,
    task: String,
    command: String,
    message: String,
}

impl Failures {
    /// Forgets which tasks failed, since they run again; tells whether any had.
    pub(crate) fn forget(&mut self, uri: &Uri, phase: Phase, tasks: &[RunningTask]) -> bool {
        let before = self.0.len();
        let runs_again = |failure: &TaskFailure| tasks.iter().any(|task| task.name == failure.task);
        self.0.retain(|failure| failure.uri != *uri || failure.phase != phase || !runs_again(failure));
        self.0.len() < before
    }

    /// Forgets the failures of a file, or all.
    pub(crate) fn clear(&mut self, uri: Option<&Uri>) {
        self.0.retain(|failure| uri.is_some_and(|uri| *uri != failure.uri));
    }

    /// Whether a task of the phase failed, also where its command has changed since.
    pub(crate) fn any(&self, uri: &Uri, phase: Phase) -> bool {
        self.0.iter().any(|failure| failure.uri == *uri && failure.phase == phase)
    }

    /// The phase of a file in which a task failed last.
    pub(crate) fn last_phase(&self, uri: &Uri) -> Option<Phase> {
        Some(self.0.iter().rev().find(|failure| failure.uri == *uri)?.phase)
    }

    /// The tasks of a phase that failed and have the command that did, with it.
    pub(crate) fn of_phase(&self, uri: &Uri, phase: Phase, analysis: &Analysis) -> Vec<(String, String)> {
        let of_phase = self.0.iter().filter(|failure| failure.uri == *uri && failure.phase == phase);
        let unchanged = of_phase.filter(|failure| failure.find(analysis).is_some());
        unchanged.map(|failure| (failure.task.clone(), failure.command.clone())).collect()
    }

    /// Keeps how a task failed.
    pub(crate) fn add(
        &mut self,
        uri: &Uri,
        phase: Phase,
        task: &RunningTask,
        failure: &Failure,
        duration: Duration,
        record: Option<&Path>,
    ) {
        let log = record.map(|record| format!("\nlog: {}", record.display())).unwrap_or_default();
        let message = message(task, failure, duration) + &log;
        let (task, command) = (task.name.clone(), task.command.clone());
        self.0.push(TaskFailure { uri: uri.clone(), phase, task, command, message });
    }

    /// The failures of a document as diagnostics.
    pub(crate) fn diagnostics(&self, context: Context<'_>, analysis: &Analysis) -> Vec<Diagnostic> {
        let of_document = self.0.iter().filter(|failure| failure.uri == *context.uri);
        let shown = of_document.filter_map(|failure| {
            let task = failure.find(analysis)?;
            Some(Diagnostic {
                range: context.range(shown_range(task, analysis)),
                severity: Some(DiagnosticSeverity::Error),
                code: Some(Code::String(ext::TASK_FAILED.into())),
                code_description: context.pages.of(ext::TASK_FAILED),
                source: Some(ext::SOURCE.into()),
                message: Message::String(failure.message.clone()),
                ..Default::default()
            })
        });
        shown.collect()
    }
}

impl TaskFailure {
    fn find<'a>(&self, analysis: &'a Analysis) -> Option<&'a Task> {
        let text = &analysis.text;
        let mut tasks = analysis.file.commands_of(self.phase);
        let found = tasks
            .find(|(task, command)| task.name(text) == self.task && command.decode(text) == self.command);
        Some(found?.0)
    }
}

/// The tasks of a document that passed when they last ran, as diagnostics.
pub(crate) fn passed(results: &Results, context: Context<'_>, analysis: &Analysis) -> Vec<Diagnostic> {
    let text = &analysis.text;
    let tasks = Phase::ALL.into_iter().flat_map(|phase| {
        analysis.file.commands_of(phase).map(move |(task, command)| (phase, task, command))
    });
    let shown = tasks.filter_map(|(phase, task, command)| {
        let result = results.task(context.uri, phase, &task.name(text), &command.decode(text))?;
        let last = result.last_line.as_ref().map(|line| format!(": {line}")).unwrap_or_default();
        let message = format!("passed in {}{last}", describe_duration(result.duration));
        (result.outcome == Outcome::Passed).then(|| Diagnostic {
            range: context.range(shown_range(task, analysis)),
            severity: Some(DiagnosticSeverity::Information),
            code: Some(Code::String(ext::TASK_PASSED.into())),
            code_description: context.pages.of(ext::TASK_PASSED),
            source: Some(ext::SOURCE.into()),
            message: Message::String(message),
            ..Default::default()
        })
    });
    shown.collect()
}

/// The command, where it stands on one line; else only the description: a diagnostic of many lines paints them all.
fn shown_range(task: &Task, analysis: &Analysis) -> draft_tasks_analysis::TextRange {
    let command = task.command().map_or(task.name.range, |command| command.range);
    if analysis.text[command].contains('\n') { task.name.range } else { command }
}

fn message(task: &RunningTask, failure: &Failure, duration: Duration) -> String {
    let what = failure.describe();
    if let Failure::NotStarted(error) = failure {
        return match error.hint() {
            Some(hint) => format!("{what}\n{hint}"),
            None => what,
        };
    }
    let what = match failure {
        // They say how long it was.
        Failure::TimedOut(_) | Failure::RunTimedOut(_) => what,
        _ => format!("{what} after {}", describe_duration(duration)),
    };
    match task.last_lines().as_slice() {
        [] => what,
        [line] => format!("{what}: {line}"),
        lines => format!("{what}\n{}", lines.join("\n")),
    }
}

/// How a task or run ended, in the words of the protocol.
pub(crate) fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Stopped => "stopped",
        Outcome::Skipped => "skipped",
    }
}
