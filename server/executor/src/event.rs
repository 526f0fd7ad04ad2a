//! The vocabulary between the executor and whoever shows or keeps a run.
//!
//! Must stay plain data: no handle, no channel, no process.
#![warn(missing_docs)]

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::diagnostic::Severity;
use draft_tasks_analysis::plan::Subject;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// Something that happened in a run, in the order in which it happened.
///
/// Every run begins with [`RunEvent::RunStarted`] and ends with [`RunEvent::RunFinished`], whatever befalls it;
/// every task that was started is finished before the next one starts. For tasks that run inside of pods that holds in
/// each pod; the pods are told by [`RunEvent::PodsFound`], and each of the other events names the one that it is about.
#[derive(Clone, Debug, PartialEq)]
pub enum RunEvent {
    /// The run began.
    RunStarted {
        /// What runs.
        subject: Subject,
        /// The names of the tasks in the order in which they will run; the events below give indexes into it.
        tasks: Vec<String>,
        /// The wall clock's time, for people; durations come from a monotonic clock.
        at: SystemTime,
        /// The copy of the kubeconfig that the tasks get, if they get one.
        kubeconfig: Option<PathBuf>,
    },
    /// The pods in which the tasks are to run are not ready yet; told when that changes.
    Waiting {
        /// How many are ready.
        ready: usize,
        /// How many there are.
        pods: usize,
        /// Which of them is not ready and why, or what else is awaited; in lower case without a full stop.
        message: String,
        /// How long they are awaited; nothing before that is counted.
        time: Option<WaitTime>,
    },
    /// The application's pods that are to end before something goes on; told when that changes.
    PodsLeft {
        /// How many there are.
        pods: usize,
        /// Which they are and what becomes of them; in lower case without a full stop.
        message: String,
        /// How long their end is awaited; nothing before that is counted.
        time: Option<WaitTime>,
    },
    /// The pods in which the tasks run; once at most.
    PodsFound {
        /// In the order of their names; the events below give indexes into it.
        pods: Vec<Pod>,
        /// How they were chosen, where that is not certain; in lower case without a full stop.
        note: Option<String>,
    },
    /// The tasks cannot be run; all of them are skipped.
    Blocked {
        /// Why.
        problem: Problem,
    },
    /// What the run says of itself; in lower case without a full stop.
    Note {
        /// What it is.
        message: String,
    },
    /// A task's process was started.
    TaskStarted {
        /// The task's index in the run.
        task: usize,
        /// The pod's index, of a task that runs inside of pods.
        pod: Option<usize>,
        /// The process id, of a task on this machine.
        pid: Option<u32>,
    },
    /// A task wrote complete lines, or a part of a line that is long or for whose end it waits, or the rest
    /// before it ended.
    ///
    /// Pieces are in the order in which they were written, as far as the system tells: that of two streams is the order
    /// in which something arrived, and what may be the beginning of a secret comes when it is certain that it is none.
    Output {
        /// The task's index in the run.
        task: usize,
        /// The pod's index, of a task that runs inside of pods.
        pod: Option<usize>,
        /// At least one, and together at most [`MAX_OUTPUT`](crate::output::MAX_OUTPUT) bytes of text.
        pieces: Vec<OutputPiece>,
    },
    /// A task ended, or could not be started, or was left out. All of its output was told before, except what
    /// processes that it left running may yet write.
    TaskFinished {
        /// The task's index in the run.
        task: usize,
        /// The pod's index, of a task that runs inside of pods; nothing when no pod was found.
        pod: Option<usize>,
        /// How it ended.
        outcome: Outcome,
        /// Of what a task wrote that failed, the line that says best why; secrets are masked.
        headline: Option<String>,
        /// From the start of the process to its end; zero when it was never started.
        duration: Duration,
        /// What it started and left running: on purpose when it ended by itself, and after a stop what would not
        /// end. Where the system does not tell its processes, only those of the task's group are known.
        left_running: Vec<LeftProcess>,
        /// A remark, such as that the command may still be running in its container; in lower case
        /// without a full stop.
        note: Option<String>,
        /// What a task on this machine wrote about places in files, if the request asks for it. It is not recorded: a
        /// file may be called as a secret is.
        problems: Vec<FileProblem>,
    },
    /// The run is over and nothing that it started is running, except what an outcome says was left running.
    RunFinished {
        /// What became of the tasks.
        summary: RunSummary,
    },
}

/// A pod in which tasks run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// The container in which the tasks run.
    pub container: String,
    /// The build that Draft's annotation `buildID` names, if it has one.
    pub build: Option<String>,
    /// The image of the tasks' containers, of the pod of a Job that this run has made.
    pub image: Option<String>,
    /// Its identity (`metadata.uid`).
    pub uid: String,
    /// The tasks that run in it, by their indexes.
    pub tasks: Vec<usize>,
}

impl Pod {
    /// The build that pods tell which are all of one.
    pub fn build_of(pods: &[Pod]) -> Option<&str> {
        pods.iter().find_map(|pod| pod.build.as_deref())
    }

    /// What each of some pods is called in a few letters: what follows the last `-` of its name, if that tells all of them
    /// apart.
    pub fn short_names(pods: &[Pod]) -> Vec<&str> {
        let short = |pod: &'_ Pod| pod.name.rfind('-').map_or(0, |at| at + 1);
        let names: Vec<&str> = pods.iter().map(|pod| &pod.name[short(pod)..]).collect();
        let distinct: HashSet<&str> = names.iter().copied().collect();
        if distinct.len() == names.len() { names } else { pods.iter().map(|pod| pod.name.as_str()).collect() }
    }
}

/// How long something is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTime {
    /// Since when, by the clock of runs.
    pub since: Instant,
    /// For how long at most.
    pub limit: Duration,
}

/// Something that keeps tasks from running, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What happened and where, in lower case without a full stop.
    pub message: String,
    /// What is known beside it, and what to do; a line each.
    pub help: Vec<String>,
}

/// What a task wrote about a place in a file that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileProblem {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in units of the tool that the task ran, where it told one.
    pub column: Option<u32>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with secrets masked.
    pub message: String,
}

/// What one stream of a task wrote before the other one did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputPiece {
    /// Which of the two.
    pub stream: Stream,
    /// One or more lines, with their line ends except perhaps the last. Invalid UTF-8 is replaced by U+FFFD, carriage
    /// returns and terminal escapes are passed as they came; secrets are masked.
    pub text: String,
}

/// The output streams of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// All there are, each at its index.
    pub const BOTH: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

    /// "stdout", "stderr".
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Passed,
    /// Anything else that the task did by itself.
    Failed(Failure),
    /// It ran when the run was stopped, and was ended with it.
    Stopped,
    /// It never started, since the run was stopped or an earlier task failed.
    Skipped,
}

/// How a task or a run ended, without the reason: from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutcomeName {
    /// All is well.
    Passed,
    /// It never started.
    Skipped,
    /// It was stopped.
    Stopped,
    /// Something failed.
    Failed,
}

/// Why a task failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The process ended with this code, which is not 0.
    ExitCode(i32),
    /// The process was ended by this signal, which the executor did not send.
    Signal(i32),
    /// The process could not be started.
    NotStarted(StartError),
    /// The task had not ended after this time, which was its limit, and was ended like a stopped one.
    TimedOut(Duration),
    /// The task ran when the whole run had reached this limit, and was ended like a stopped one.
    RunTimedOut(Duration),
    /// How the task ended is not known: the connection to its pod ended without a result. It says why.
    Unknown(String),
    /// The task's pod was deleted or ended while the task ran.
    PodGone(String),
}

/// Why a process could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// No program of that name.
    NotFound {
        /// The program as the plan has it.
        program: String,
        /// The directories of PATH in order; `None` where the name has a slash, with which it is not searched.
        searched: Option<Vec<PathBuf>>,
    },
    /// The program is there but may not be executed, is a directory, or has a format the system does not run.
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It must not start, as whoever began the run says.
    Refused {
        /// The program as the plan has it.
        program: String,
        /// Why not.
        reason: String,
    },
    /// A container's runtime or the cluster did not start it.
    InPod {
        /// The program as the plan has it.
        program: String,
        /// The container.
        container: String,
        /// Its pod.
        pod: String,
        /// What the cluster said.
        reason: String,
    },
    /// Anything else that the system refused.
    Other {
        /// The program as the plan has it.
        program: String,
        /// What the system said.
        reason: String,
    },
}

/// A process that outlived the task that started it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LeftProcess {
    /// The process id.
    pub pid: u32,
    /// The program's name as the system tells it, which may be cut to 15 bytes.
    pub name: String,
}

/// The counts of a run, and its duration. A task that runs inside of pods counts once for each pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSummary {
    /// Whether the tasks could not be run at all.
    pub blocked: bool,
    /// The pods, where tasks ran inside of some.
    pub pods: Option<PodCounts>,
    /// Tasks that ended with exit code 0.
    pub passed: usize,
    /// Tasks that failed or could not be started.
    pub failed: usize,
    /// Tasks that were ended by a stop.
    pub stopped: usize,
    /// Tasks that never started.
    pub skipped: usize,
    /// Of a Job of Kubernetes, whether something of it may go on; nothing where that is not known.
    pub job_left: Option<bool>,
    /// From the start of the run to its end.
    pub duration: Duration,
}

/// The counts of pods in which tasks ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodCounts {
    /// Pods in which every task passed.
    pub passed: usize,
    /// All of them.
    pub all: usize,
}

impl OutcomeName {
    /// "passed", "failed", "stopped", "skipped".
    pub fn name(self) -> &'static str {
        match self {
            OutcomeName::Passed => "passed",
            OutcomeName::Skipped => "skipped",
            OutcomeName::Stopped => "stopped",
            OutcomeName::Failed => "failed",
        }
    }
}

impl OutcomeName {
    /// The sign in front of what ended so, wherever it is told.
    pub fn sign(self) -> &'static str {
        match self {
            OutcomeName::Passed => "✓",
            OutcomeName::Skipped => "-",
            OutcomeName::Stopped => "■",
            OutcomeName::Failed => "✗",
        }
    }
}

impl Outcome {
    /// How it ended, without the reason.
    pub fn kind(&self) -> OutcomeName {
        match self {
            Outcome::Passed => OutcomeName::Passed,
            Outcome::Skipped => OutcomeName::Skipped,
            Outcome::Stopped => OutcomeName::Stopped,
            Outcome::Failed(_) => OutcomeName::Failed,
        }
    }

    /// Whether the task failed by itself.
    pub fn is_failed(&self) -> bool {
        self.kind() == OutcomeName::Failed
    }
}

impl RunSummary {
    /// How the run ended. Tasks that were skipped without a failure were so because it was stopped.
    pub fn outcome(&self) -> OutcomeName {
        match self {
            RunSummary { blocked: true, .. } => OutcomeName::Failed,
            RunSummary { stopped: 1.., .. } => OutcomeName::Stopped,
            RunSummary { failed: 1.., .. } => OutcomeName::Failed,
            RunSummary { skipped: 1.., .. } => OutcomeName::Stopped,
            _ => OutcomeName::Passed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_are_called_by_what_tells_them_apart() {
        let pods = |names: &[&str]| -> Vec<Pod> {
            let pod = |name: &&str| Pod {
                name: (*name).into(),
                container: "app".into(),
                build: None,
                image: None,
                uid: String::new(),
                tasks: Vec::new(),
            };
            names.iter().map(pod).collect()
        };
        assert_eq!(Pod::short_names(&pods(&["web-a-0", "web-a-1", "lonely"])), ["0", "1", "lonely"]);
        assert_eq!(Pod::short_names(&pods(&["a-0", "b-0", "c-1"])), ["a-0", "b-0", "c-1"]);
    }

    #[test]
    fn the_worst_of_a_run_counts_but_a_stop_goes_before_failures() {
        let outcome = |blocked, failed, stopped, skipped| {
            RunSummary { blocked, passed: 1, failed, stopped, skipped, ..RunSummary::default() }.outcome()
        };
        assert_eq!(outcome(false, 0, 0, 0), OutcomeName::Passed);
        assert_eq!(outcome(false, 1, 0, 2), OutcomeName::Failed);
        assert_eq!(outcome(false, 1, 1, 0), OutcomeName::Stopped);
        assert_eq!(outcome(false, 0, 0, 1), OutcomeName::Stopped);
        assert_eq!(outcome(true, 0, 0, 1), OutcomeName::Failed);
        let all = [OutcomeName::Stopped, OutcomeName::Passed, OutcomeName::Failed, OutcomeName::Skipped];
        assert_eq!(all.into_iter().max(), Some(OutcomeName::Failed));
    }
}
