//! Which tasks failed when they last ran, or did not run: kept until they run again, shown on their lines.
//!
//! Must not decide what runs again.

use std::time::Duration;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::task_file::Task;
use draft_tasks_executor::record::schema::{PodResult, TaskResult};
use draft_tasks_executor::{Failure, Outcome, OutcomeName};
use tower_lsp::gen_lsp_types::{
    Code, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Message, Range, Uri,
};

use super::{Run, RunningTask, find, message, shown_range};
use crate::lsp::protocol::ext;
use crate::lsp::protocol::to_proto::Context;
use crate::reach::EarlierPods;

/// Tasks that failed when they last ran, or did not run.
///
/// They are known by their text, not by their place: a failure is shown on the line where its task stands now, and not
/// at all while the task has another command than the one that failed.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<TaskFailure>);

#[derive(Debug)]
struct TaskFailure {
    uri: Uri,
    subject: Subject,
    task: String,
    command: String,
    /// How it failed, if it did.
    message: Option<String>,
    /// The document with what it wrote.
    log: Option<Uri>,
    /// The pods in which it failed, and how.
    pods: Vec<(String, String)>,
    /// Where it has not passed, of a task inside of pods: without the pods that are known to be gone.
    left: Option<EarlierPods>,
}

/// A task that is to run again since it has not passed.
pub(crate) struct Unfinished {
    pub(crate) task: String,
    pub(crate) command: String,
    /// Whether it had another one when it ran.
    pub(crate) is_changed: bool,
    /// Whether it failed; else it did not run.
    pub(crate) failed: bool,
    /// Where it has not passed, of a task inside of pods.
    pub(crate) left: Option<EarlierPods>,
}

impl Unfinished {
    /// Whether it can run again: on this machine, in a pod that is not known to be gone, or in another Job.
    pub(crate) fn can_run_again(&self) -> bool {
        self.left.as_ref().is_none_or(|left| left.cluster.job.is_some() || !left.pods.is_empty())
    }
}

impl Failures {
    /// Forgets which tasks failed, since they run again; tells whether any had.
    pub(crate) fn forget(&mut self, run: &Run) -> bool {
        let before = self.0.len();
        let runs_again = |failure: &TaskFailure| run.running().any(|task| task.name == failure.task);
        self.0.retain(|it| it.uri != run.uri || it.subject != run.subject || !runs_again(it));
        self.0.len() < before
    }

    /// Forgets the failures of a file, or all.
    pub(crate) fn clear(&mut self, uri: Option<&Uri>) {
        self.0.retain(|failure| uri.is_some_and(|uri| *uri != failure.uri));
    }

    /// The tasks files with tasks that failed.
    pub(crate) fn tasks_files(&self) -> impl Iterator<Item = &Uri> {
        self.0.iter().map(|failure| &failure.uri)
    }

    /// Whether a task of the phase failed, also where its command has changed since.
    pub(crate) fn any(&self, uri: &Uri, subject: impl Into<Subject>) -> bool {
        self.of_phase(uri, subject).any(|it| it.message.is_some())
    }

    /// The phase of a file in which a task failed last.
    pub(crate) fn last_phase(&self, uri: &Uri) -> Option<Subject> {
        Some(self.0.iter().rev().find(|it| it.uri == *uri && it.message.is_some())?.subject)
    }

    /// The tasks of a phase that have not passed and are still in the file, with the commands that they have now.
    pub(crate) fn unfinished(
        &self,
        uri: &Uri,
        subject: impl Into<Subject>,
        parsed: &Parsed,
    ) -> Vec<Unfinished> {
        let unfinished = |it: &TaskFailure| {
            let phase = it.subject.phase()?;
            let mut all = parsed.file.commands_of(phase);
            let (_, command) = all.find(|(task, _)| task.name(&parsed.text) == it.task)?;
            let command = command.decode(&parsed.text).into_owned();
            let (is_changed, failed) = (command != it.command, it.message.is_some());
            Some(Unfinished { task: it.task.clone(), command, is_changed, failed, left: it.left.clone() })
        };
        self.of_phase(uri, subject).filter_map(unfinished).collect()
    }

    fn of_phase(&self, uri: &Uri, subject: impl Into<Subject>) -> impl Iterator<Item = &TaskFailure> {
        let subject = subject.into();
        self.0.iter().filter(move |it| it.uri == *uri && it.subject == subject)
    }

    /// Forgets how a task ended before, unless that it did not run says nothing new of it; tells whether it is forgotten.
    fn replace(
        &mut self,
        (uri, subject): (&Uri, Subject),
        (task, command): (&str, &str),
        outcome: OutcomeName,
    ) -> bool {
        let is_same = |it: &TaskFailure| it.is_of(uri, subject, task);
        let is_known = |it: &TaskFailure| is_same(it) && it.command == command;
        if outcome == OutcomeName::Skipped && self.0.iter().any(is_known) {
            return false;
        }
        self.0.retain(|it| !is_same(it));
        true
    }

    /// Keeps how a task of a run ended that has not passed; that it did not run says nothing new of one that failed before.
    pub(crate) fn add(
        &mut self,
        run: &Run,
        task: &RunningTask,
        (outcome, duration): (&Outcome, Duration),
        document: Option<Uri>,
    ) {
        if !self.replace((&run.uri, run.subject), (&task.name, &task.command), outcome.kind()) {
            return;
        }
        let pods: Vec<(String, String)> = task.failures(run).collect();
        let message = match outcome {
            Outcome::Failed(failure) => Some(described(run, task, (failure, duration), &pods)),
            _ => None,
        };
        let (uri, subject, left) = (run.uri.clone(), run.subject, task.left(run));
        let (task, command) = (task.name.clone(), task.command.clone());
        self.0.push(TaskFailure { uri, subject, task, command, message, log: document, pods, left });
    }

    /// Keeps how a task ended before this server started, if it has not passed.
    pub(crate) fn recall(
        &mut self,
        uri: &Uri,
        subject: Subject,
        (task, command): (&str, &str),
        (result, left): (&TaskResult, Option<EarlierPods>),
    ) {
        if !self.replace((uri, subject), (task, command), result.outcome)
            || result.outcome == OutcomeName::Passed
        {
            return;
        }
        self.0.push(TaskFailure {
            uri: uri.clone(),
            subject,
            task: task.to_owned(),
            command: command.to_owned(),
            message: result.failure.as_ref().map(|it| format!("{}, when it last ran", it.describe())),
            log: None,
            pods: result.pods.iter().filter_map(failed_in).collect(),
            left,
        });
    }

    /// What is known of a file is known of it under its new name.
    pub(crate) fn rename(&mut self, renamed: &dyn Fn(&Uri) -> Option<Uri>) {
        for failure in &mut self.0 {
            failure.uri = renamed(&failure.uri).unwrap_or_else(|| failure.uri.clone());
        }
    }

    /// The failures of a document as diagnostics.
    pub(crate) fn diagnostics(&self, context: Context<'_>, parsed: &Parsed) -> Vec<Diagnostic> {
        let of_document = self.0.iter().filter(|it| it.uri == *context.uri);
        let shown = of_document.filter_map(|failure| {
            let message = failure.message.clone()?;
            let task = failure.find(parsed)?;
            let range = context.range(shown_range(task, parsed));
            Some(Diagnostic {
                range,
                severity: Some(DiagnosticSeverity::Error),
                code: Some(Code::String(ext::TASK_FAILED.into())),
                code_description: context.pages.of(ext::TASK_FAILED),
                source: Some(ext::SOURCE.into()),
                message: Message::String(message),
                related_information: failure.related(range, context),
                ..Default::default()
            })
        });
        shown.collect()
    }
}

/// The pod of a record in which a task failed, and how.
fn failed_in(pod: &PodResult) -> Option<(String, String)> {
    Some((pod.pod.clone(), pod.failure.as_ref()?.describe()))
}

/// How a task failed, in which pods if it runs inside of some, and where its log is.
fn described(
    run: &Run,
    task: &RunningTask,
    (failure, duration): (&Failure, Duration),
    pods: &[(String, String)],
) -> String {
    let log = run.log(Some(&task.name));
    let log = log.map(|log| format!("\nlog: {}", log.display())).unwrap_or_default();
    let what = match (pods, task.in_pods.len()) {
        ([], _) => message(&task.wrote, failure, duration),
        ([(pod, first), ..], 1) => format!("failed in pod {pod}: {first}"),
        ([(_, first), ..], of) => format!("failed in {} of {of} pods: {first}", pods.len()),
    };
    what + &log
}

/// Leads to the log.
fn log_link(log: &Uri) -> DiagnosticRelatedInformation {
    let location = Location { uri: log.clone(), range: Range::default() };
    DiagnosticRelatedInformation { location, message: "what it wrote".into() }
}

impl TaskFailure {
    fn is_of(&self, uri: &Uri, subject: Subject, task: &str) -> bool {
        self.uri == *uri && self.subject == subject && self.task == task
    }

    /// How it failed in each pod, and the way to the log, where the client shows other places.
    fn related(&self, range: Range, context: Context<'_>) -> Option<Vec<DiagnosticRelatedInformation>> {
        let pods = self.pods.iter().map(|(pod, message)| DiagnosticRelatedInformation {
            location: Location { uri: self.uri.clone(), range },
            message: format!("pod {pod}: {message}"),
        });
        let all: Vec<_> = pods.chain(self.log.as_ref().map(log_link)).collect();
        (context.flags.related && !all.is_empty()).then_some(all)
    }

    fn find<'a>(&self, parsed: &'a Parsed) -> Option<&'a Task> {
        find(parsed, self.subject, &self.task, &self.command)
    }
}
