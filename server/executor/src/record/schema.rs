//! What records of runs say, as JSON: the same in `events.jsonl` and in what `draft-tasks run --format json` writes.
//!
//! Must only grow by fields that readers may ignore; anything else needs a new [`VERSION`]. docs/records.md tells it to
//! people.

use std::path::PathBuf;

use draft_tasks_analysis::command;
use draft_tasks_analysis::printable::printable;
use serde::{Deserialize, Serialize, Serializer};

use crate::event::{OutcomeName, OutputPiece, Stream};

/// The version of this form.
pub const VERSION: u32 = 2;

/// What is read of a first event or a result before anything else.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

/// The version of a first event or a result that a newer program wrote; nothing of others.
pub(super) fn newer_version(text: &[u8]) -> Option<u64> {
    let Versioned { version } = serde_json::from_slice(text).ok()?;
    Some(version).filter(|version| *version > u64::from(VERSION))
}

/// A line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The first line.
    RunStarted {
        /// [`VERSION`].
        version: u32,
        /// The record's name.
        id: String,
        /// The phase; or `deploy`, `delete`, `pods-ready` or `pods-gone`, what `up` and `delete` do between phases.
        phase: String,
        /// The tasks file.
        file: String,
        /// Where the tasks run.
        directory: String,
        /// The tasks in their order; the other events give indexes into it.
        tasks: Vec<PlannedTask>,
        /// The time of day, RFC 3339 in UTC.
        at: String,
        /// The process that runs them.
        pid: u32,
        /// The value of the variable `DRAFT_TASKS_RUN` of everything that the tasks start.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        mark: Option<String>,
        /// Where the pods are in which the tasks run, if they run inside of pods.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cluster: Option<ClusterEntry>,
        /// The options of the command line that decide what tasks meet.
        #[serde(skip_serializing_if = "GivenEntry::is_empty", default)]
        given: Box<GivenEntry>,
        /// The copy of the kubeconfig that the tasks get.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        kubeconfig: Option<String>,
        /// The `up` or `delete` of which it is a step.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        part_of: Option<WholeEntry>,
    },
    /// Pods are awaited.
    Waiting {
        /// Seconds since the run began.
        elapsed: f64,
        /// How many are ready.
        ready: usize,
        /// How many there are.
        pods: usize,
        /// What is awaited, for people.
        message: String,
    },
    /// Pods that are to end.
    PodsLeft {
        /// Seconds since the run began.
        elapsed: f64,
        /// How many there are.
        pods: usize,
        /// Which they are and what becomes of them, for people.
        message: String,
    },
    /// The pods in which the tasks run.
    PodsFound {
        /// Seconds since the run began.
        elapsed: f64,
        /// In the order of their names; the other events give indexes into it.
        pods: Vec<PodEntry>,
        /// How they were chosen, where that is not certain.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// The tasks cannot be run.
    Blocked {
        /// Seconds since the run began.
        elapsed: f64,
        /// Why, for people.
        message: String,
        /// What is known beside it, and what to do.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        help: Vec<String>,
    },
    /// What the run says of itself.
    Note {
        /// Seconds since the run began.
        elapsed: f64,
        /// What it is, for people.
        message: String,
    },
    /// A task's process was started.
    TaskStarted {
        /// Seconds since the run began.
        elapsed: f64,
        /// The task's index.
        task: usize,
        /// The pod's index, of a task inside of pods.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pod: Option<usize>,
        /// The process, of a task on this machine.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pid: Option<u32>,
    },
    /// A task wrote something.
    Output {
        /// Seconds since the run began.
        elapsed: f64,
        /// The task's index.
        task: usize,
        /// The pod's index, of a task inside of pods.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pod: Option<usize>,
        /// What it wrote, in order.
        pieces: Vec<OutputPiece>,
    },
    /// A task ended or was left out.
    TaskFinished {
        /// Seconds since the run began.
        elapsed: f64,
        /// The task's index.
        task: usize,
        /// The pod's index, of a task inside of pods.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pod: Option<usize>,
        /// How it ended.
        outcome: OutcomeName,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<FailureEntry>,
        /// How many seconds it took.
        seconds: f64,
        /// What it started and left running.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        left_running: Vec<ProcessEntry>,
        /// A remark.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        note: Option<String>,
    },
    /// The last line.
    RunFinished {
        /// How the run ended.
        outcome: OutcomeName,
        /// Tasks that passed.
        passed: usize,
        /// Tasks that failed.
        failed: usize,
        /// Tasks that were stopped.
        stopped: usize,
        /// Tasks that never started.
        skipped: usize,
        /// How many seconds it took.
        seconds: f64,
        /// How many pods there were, if tasks ran inside of pods.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pods: Option<usize>,
        /// In how many of them every task passed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pods_passed: Option<usize>,
        /// Of a Job of Kubernetes, whether something of it may go on.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        job_left: Option<bool>,
    },
}

/// An output as version 1 has it: of one stream.
#[derive(Deserialize)]
struct OutputOfVersion1 {
    elapsed: f64,
    task: usize,
    pod: Option<usize>,
    stream: Stream,
    text: String,
}

impl Event {
    /// A line that this version or the first one wrote, as this one writes it.
    ///
    /// # Errors
    ///
    /// When it is no event.
    pub(super) fn read(line: &[u8]) -> serde_json::Result<Event> {
        let mut event = serde_json::from_slice(line).or_else(|error| {
            let output: OutputOfVersion1 = serde_json::from_slice(line).map_err(|_| error)?;
            let OutputOfVersion1 { elapsed, task, pod, stream, text } = output;
            Ok(Event::Output { elapsed, task, pod, pieces: vec![OutputPiece { stream, text }] })
        })?;
        if let Event::RunStarted { version, .. } = &mut event {
            *version = VERSION;
        }
        Ok(event)
    }

    /// The index of the task that it is about; nothing where it is about the run.
    pub fn task(&self) -> Option<usize> {
        match self {
            Event::TaskStarted { task, .. }
            | Event::Output { task, .. }
            | Event::TaskFinished { task, .. } => Some(*task),
            _ => None,
        }
    }
}

/// The options of a run that are given again with it; values of variables are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GivenEntry {
    /// The context of the kubeconfig.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The files of variables, `-` for standard input; what is not Unicode in a path is replaced.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_text")]
    pub env_files: Vec<PathBuf>,
    /// The names of single variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The names of variables whose values are masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// The names of variables whose values are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub public: Vec<String>,
    /// The environment of `draft.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The labels by which its application's pods were named, also of a run that was in none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The namespace in which they were meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// How commands became arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantics: Option<String>,
    /// The version of Draft that was meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_version: Option<String>,
    /// What happens after a task failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    /// How long each task may take, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// How long everything may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_timeout: Option<String>,
    /// Whether the task had the terminal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tty: bool,
}

impl GivenEntry {
    fn is_empty(&self) -> bool {
        *self == GivenEntry::default()
    }
}

/// An `up` or `delete`, whose steps are runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WholeEntry {
    /// What its runs have in common.
    pub id: String,
    /// `up` or `delete`.
    pub name: String,
}

/// A cluster and a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterEntry {
    /// The context of the kubeconfig; nothing inside of a cluster.
    pub context: Option<String>,
    /// The API server.
    pub server: String,
    /// The namespace.
    pub namespace: String,
    /// The label selector of the pods.
    pub selector: String,
    /// The Job that runs the tasks, where they run in none of these pods.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job: Option<Box<JobEntry>>,
}

/// A Job of Kubernetes that runs tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobEntry {
    /// Its name.
    pub name: String,
    /// Its image, where it has nothing of the application's workload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<String>,
    /// The container of the application's workload that it is made after, where that was named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
    /// Whether the run took up a Job that another one had made.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub attached: bool,
}

impl JobEntry {
    /// Whether what ended so in a run goes on all the same: who took up a Job and is stopped leaves it. Tasks after one that
    /// `failed` do not begin.
    pub fn is_left(&self, outcome: OutcomeName, failed: bool) -> bool {
        let is_unseen = matches!(outcome, OutcomeName::Stopped | OutcomeName::Skipped);
        self.attached && is_unseen && !failed
    }
}

/// A pod in which tasks run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodEntry {
    /// Its name.
    pub name: String,
    /// The container in which the tasks run.
    pub container: String,
    /// Draft's build, if it tells one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub build: Option<String>,
    /// The image of the tasks' containers, of the pod of a Job where its run has made it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub image: Option<String>,
    /// Its identity; empty in older records.
    #[serde(default)]
    pub uid: String,
    /// The tasks that run in it, by their indexes; empty in older records.
    #[serde(default)]
    pub tasks: Vec<usize>,
}

/// A task of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTask {
    /// Its description.
    pub name: String,
    /// The program and its arguments; secrets are masked.
    pub argv: Vec<String>,
    /// The line of the tasks file in which it begins, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<usize>,
    /// Whether it runs in the first ready pod alone, of a task inside of pods.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub once: bool,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureEntry {
    /// Which kind of failure.
    pub kind: FailureKind,
    /// The exit code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<i32>,
    /// The signal that ended it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal: Option<i32>,
    /// The limit that was reached, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<f64>,
    /// The outcome in words, for people.
    pub message: String,
    /// Of what the task wrote, the line that says best why.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub headline: Option<String>,
}

impl FailureEntry {
    /// "exit code 1: error: no such table".
    pub fn describe(&self) -> String {
        let FailureEntry { message, headline, .. } = self;
        headline.as_ref().map_or_else(|| message.clone(), |headline| format!("{message}: {headline}"))
    }
}

/// The kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The process ended with a code that is not 0.
    ExitCode,
    /// A signal ended the process.
    Signal,
    /// The process could not be started.
    NotStarted,
    /// The task took longer than its limit.
    TimedOut,
    /// The run took longer than its limit.
    RunTimedOut,
    /// How it ended is not known.
    Unknown,
    /// Its pod was deleted.
    PodGone,
}

/// A process that outlived its task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessEntry {
    /// The process.
    pub pid: u32,
    /// The program's name.
    pub name: String,
}

/// What `result.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResult {
    /// [`VERSION`].
    pub version: u32,
    /// The record's name.
    pub id: String,
    /// The phase; or `deploy`, `delete`, `pods-ready` or `pods-gone`, what `up` and `delete` do between phases.
    pub phase: String,
    /// The tasks file.
    pub file: String,
    /// The time of day at which the run began, RFC 3339 in UTC.
    pub at: String,
    /// How the run ended.
    pub outcome: OutcomeName,
    /// How many seconds it took.
    pub seconds: f64,
    /// Whether everything could be recorded.
    pub complete: bool,
    /// Where the pods are in which the tasks ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cluster: Option<ClusterEntry>,
    /// Why the tasks could not be run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// Of a Job of Kubernetes, whether something of it may go on; nothing where that is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub job_left: Option<bool>,
    /// The tasks in their order.
    pub tasks: Vec<TaskResult>,
}

/// A task of `result.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskResult {
    /// Its description.
    pub name: String,
    /// How it ended.
    pub outcome: OutcomeName,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<FailureEntry>,
    /// How many seconds it took.
    pub seconds: f64,
    /// The file of the record that has what it wrote, as plain text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<String>,
    /// How it ended in each pod, of a task inside of pods; the fields above are of all pods together.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pods: Vec<PodResult>,
}

/// How a task ended in a pod.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodResult {
    /// The pod.
    pub pod: String,
    /// How it ended.
    pub outcome: OutcomeName,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failure: Option<FailureEntry>,
    /// How many seconds it took.
    pub seconds: f64,
    /// The file of the record that has what it wrote, as plain text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<String>,
    /// Whether it has ended.
    #[serde(skip)]
    pub(super) over: bool,
}

impl RunResult {
    /// That of a run which has just begun, by its first event; nothing of another event.
    pub(super) fn begun(event: &Event) -> Option<RunResult> {
        let Event::RunStarted { id, phase, file, at, tasks, cluster, .. } = event else { return None };
        Some(RunResult {
            version: VERSION,
            id: id.clone(),
            phase: phase.clone(),
            file: file.clone(),
            at: at.clone(),
            outcome: OutcomeName::Stopped,
            seconds: 0.0,
            complete: true,
            cluster: cluster.clone(),
            problem: None,
            job_left: None,
            tasks: tasks.iter().map(|task| TaskResult::of(task.name.clone())).collect(),
        })
    }

    /// Something happened in it; `pods` are the names of those in which its tasks run.
    pub(super) fn take(&mut self, event: &Event, pods: &[String]) {
        match event {
            Event::Blocked { message, .. } => self.problem = Some(message.clone()),
            Event::TaskFinished { task, pod, outcome, failure, seconds, .. } => {
                let pod = pod.and_then(|pod| pods.get(pod));
                if let Some(told) = self.tasks.get_mut(*task) {
                    told.ended(pod, *outcome, failure.as_ref(), *seconds);
                }
            }
            Event::RunFinished { outcome, seconds, job_left, .. } => {
                (self.outcome, self.seconds, self.job_left) = (*outcome, *seconds, *job_left);
            }
            _ => {}
        }
    }
}

impl TaskResult {
    /// The file of the record that has what it wrote; of a task inside of pods in one of them, where it failed if it did.
    pub fn any_log(&self) -> Option<&str> {
        let failed = self.pods.iter().filter(|pod| pod.failure.is_some());
        let mut of_pods = failed.chain(&self.pods).filter_map(|pod| pod.log.as_deref());
        self.log.as_deref().or_else(|| of_pods.next())
    }

    /// A task that did not run yet.
    pub(super) fn of(name: String) -> TaskResult {
        let outcome = OutcomeName::Skipped;
        TaskResult { name, outcome, failure: None, seconds: 0.0, log: None, pods: Vec::new() }
    }

    /// It ended, in a pod or on this machine. Of all pods the worst counts.
    pub(super) fn ended(
        &mut self,
        pod: Option<&String>,
        outcome: OutcomeName,
        failure: Option<&FailureEntry>,
        seconds: f64,
    ) {
        self.outcome = outcome;
        if let Some(pod) = pod {
            if self.pods.iter().all(|seen| seen.pod != *pod) {
                self.pods.push(PodResult::of(pod.clone()));
            }
            if let Some(seen) = self.pods.iter_mut().find(|seen| seen.pod == *pod) {
                (seen.outcome, seen.seconds, seen.failure) = (outcome, seconds, failure.cloned());
                seen.over = true;
            }
            let over = self.pods.iter().filter(|seen| seen.over).map(|seen| seen.outcome);
            self.outcome = over.fold(outcome, OutcomeName::max);
        }
        self.failure = self.failure.take().or_else(|| failure.cloned());
        self.seconds = self.seconds.max(seconds);
    }
}

impl PodResult {
    /// A pod in which the task did not run yet.
    pub(super) fn of(pod: String) -> PodResult {
        PodResult { pod, outcome: OutcomeName::Skipped, failure: None, seconds: 0.0, log: None, over: false }
    }
}

impl PlannedTask {
    /// Whether it runs what another one runs.
    pub fn is_same_command(&self, other: &PlannedTask) -> bool {
        self.name == other.name && self.argv == other.argv
    }

    /// The command as one may read it: each argument as a shell would have to be given it.
    pub fn command(&self) -> String {
        printable(&command::show_command(&self.argv).join(" "))
    }
}

/// Paths as JSON can have them.
fn as_text<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

impl ClusterEntry {
    /// "pods of draft=web · context kind-dev, namespace demo", or "Job NAME · …".
    pub fn describe(&self) -> String {
        let context = self.context.as_ref().map_or_else(|| self.server.clone(), |it| format!("context {it}"));
        let what = match &self.job {
            Some(job) => format!("Job {}", job.name),
            None => format!("pods of {}", self.selector),
        };
        format!("{what} · {context}, namespace {}", self.namespace)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_file_of_variables_may_be_called_what_is_not_unicode() {
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"e\xff"));
        let given = GivenEntry { env_files: vec![path], ..GivenEntry::default() };
        assert_eq!(serde_json::to_string(&given).unwrap(), "{\"envFiles\":[\"e\u{fffd}\"]}");
    }
}
