//! What the events of a run are as a record tells them.
//!
//! Must not say anything of a run that its request and its events do not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use draft_tasks_analysis::plan::{Step, Subject};

use super::schema::{
    ClusterEntry, Event, FailureEntry, FailureKind, GivenEntry, JobEntry, PlannedTask, PodEntry,
    ProcessEntry, VERSION, WholeEntry,
};
use crate::event::{Failure, LeftProcess, Outcome, Pod, RunEvent, RunSummary};
use crate::request::{JobRequest, JobSource, PodsRequest, RunRequest};

/// What a record says of a run beside its events.
#[derive(Clone, Debug)]
pub struct RunHeader {
    /// The record's name.
    pub id: String,
    /// The options of the run; none where nobody sets them.
    pub given: GivenEntry,
    /// The `up` or `delete` of which it is a step; none where nobody sets it.
    pub part_of: Option<WholeEntry>,
    file: String,
    directory: String,
    tasks: Vec<PlannedTask>,
    cluster: Option<ClusterEntry>,
    mark: Option<String>,
    begun: Instant,
}

impl RunHeader {
    /// What there is to say of a run that is about to start.
    pub fn of(request: &RunRequest, id: String, file: &Path) -> RunHeader {
        let masked = |text: &String| request.secrets.mask(text).into_owned();
        let pods = request.pods.as_ref().filter(|_| request.plan.subject.phase().is_some());
        let is_once = |step: &Step| pods.is_some_and(|pods| pods.once.contains(&step.task));
        let task = |step: &Step| PlannedTask {
            name: step.task.clone(),
            argv: step.argv.iter().map(masked).collect(),
            line: step.line,
            once: is_once(step),
        };
        let mark = request.environment.iter().find(|(name, _)| name == super::RUN_VARIABLE);
        RunHeader {
            id,
            given: GivenEntry::default(),
            part_of: None,
            file: file.display().to_string(),
            directory: request.directory.display().to_string(),
            tasks: request.plan.steps.iter().map(task).collect(),
            cluster: request.pods.as_ref().map(ClusterEntry::of),
            mark: mark.map(|(_, value)| value.to_string_lossy().into_owned()),
            begun: Instant::now(),
        }
    }

    /// The tasks in their order.
    pub fn tasks(&self) -> &[PlannedTask] {
        &self.tasks
    }

    /// Where they run, if they run on this machine.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// Where the pods are in which they run.
    pub fn cluster(&self) -> Option<&ClusterEntry> {
        self.cluster.as_ref()
    }

    /// An event that happens now, as it is told.
    pub fn tell(&self, event: &RunEvent) -> Event {
        let elapsed = seconds(self.begun.elapsed());
        match event {
            RunEvent::RunStarted { subject, at, kubeconfig, .. } => self.started(*subject, *at, kubeconfig),
            RunEvent::Waiting { ready, pods, message, .. } => {
                Event::Waiting { elapsed, ready: *ready, pods: *pods, message: message.clone() }
            }
            RunEvent::PodsLeft { pods, message, .. } => {
                Event::PodsLeft { elapsed, pods: *pods, message: message.clone() }
            }
            RunEvent::PodsFound { pods, note } => {
                let pods = pods.iter().map(PodEntry::from).collect();
                Event::PodsFound { elapsed, pods, note: note.clone() }
            }
            RunEvent::Blocked { problem } => {
                Event::Blocked { elapsed, message: problem.message.clone(), help: problem.help.clone() }
            }
            RunEvent::Note { message } => Event::Note { elapsed, message: message.clone() },
            RunEvent::TaskStarted { task, pod, pid } => {
                Event::TaskStarted { elapsed, task: *task, pod: *pod, pid: *pid }
            }
            RunEvent::Output { task, pod, pieces } => {
                Event::Output { elapsed, task: *task, pod: *pod, pieces: pieces.clone() }
            }
            RunEvent::TaskFinished { task, pod, outcome, headline, duration, left_running, note, .. } => {
                Event::TaskFinished {
                    elapsed,
                    task: *task,
                    pod: *pod,
                    outcome: outcome.kind(),
                    failure: failure(outcome, headline.as_ref()),
                    seconds: seconds(*duration),
                    left_running: left_running.iter().map(ProcessEntry::from).collect(),
                    note: note.clone(),
                }
            }
            RunEvent::RunFinished { summary } => finished(summary),
        }
    }

    fn started(&self, subject: Subject, at: SystemTime, kubeconfig: &Option<PathBuf>) -> Event {
        Event::RunStarted {
            version: VERSION,
            id: self.id.clone(),
            phase: subject.name().to_owned(),
            file: self.file.clone(),
            directory: self.directory.clone(),
            tasks: self.tasks.clone(),
            at: humantime::format_rfc3339_millis(at).to_string(),
            pid: std::process::id(),
            mark: self.mark.clone(),
            cluster: self.cluster.clone(),
            given: Box::new(self.given.clone()),
            part_of: self.part_of.clone(),
            kubeconfig: kubeconfig.as_ref().and_then(|path| path.to_str()).map(str::to_owned),
        }
    }
}

fn finished(summary: &RunSummary) -> Event {
    Event::RunFinished {
        outcome: summary.outcome(),
        passed: summary.passed,
        failed: summary.failed,
        stopped: summary.stopped,
        skipped: summary.skipped,
        seconds: seconds(summary.duration),
        pods: summary.pods.map(|pods| pods.all),
        pods_passed: summary.pods.map(|pods| pods.passed),
        job_left: summary.job_left,
    }
}

/// To the millisecond: nobody can read more.
fn seconds(duration: Duration) -> f64 {
    duration.as_millis() as f64 / 1000.0
}

impl From<&Pod> for PodEntry {
    fn from(pod: &Pod) -> PodEntry {
        let Pod { name, container, build, image, uid, tasks } = pod.clone();
        PodEntry { name, container, build, image, uid, tasks }
    }
}

impl ClusterEntry {
    /// Where the pods of a request are.
    pub fn of(pods: &PodsRequest) -> ClusterEntry {
        ClusterEntry {
            context: pods.target.context.clone(),
            server: pods.target.server.clone(),
            namespace: pods.target.namespace.clone(),
            selector: pods.application.selector.clone(),
            job: pods.job.as_ref().map(|job| Box::new(JobEntry::of(job, pods))),
        }
    }
}

impl JobEntry {
    fn of(job: &JobRequest, pods: &PodsRequest) -> JobEntry {
        let image = match &job.source {
            JobSource::Image(image) => Some(image.clone()),
            JobSource::Workload | JobSource::Present => None,
        };
        let container = pods.container.clone().filter(|_| job.source == JobSource::Workload);
        JobEntry { name: job.name.clone(), image, container, attached: job.source == JobSource::Present }
    }
}

impl From<&LeftProcess> for ProcessEntry {
    fn from(left: &LeftProcess) -> ProcessEntry {
        ProcessEntry { pid: left.pid, name: left.name.clone() }
    }
}

impl From<ProcessEntry> for LeftProcess {
    fn from(ProcessEntry { pid, name }: ProcessEntry) -> LeftProcess {
        LeftProcess { pid, name }
    }
}

fn failure(outcome: &Outcome, headline: Option<&String>) -> Option<FailureEntry> {
    let Outcome::Failed(failure) = outcome else { return None };
    let mut told = FailureEntry {
        kind: FailureKind::NotStarted,
        code: None,
        signal: None,
        limit: None,
        message: failure.describe(),
        headline: headline.cloned(),
    };
    match failure {
        Failure::ExitCode(code) => (told.kind, told.code) = (FailureKind::ExitCode, Some(*code)),
        Failure::Signal(signal) => (told.kind, told.signal) = (FailureKind::Signal, Some(*signal)),
        Failure::NotStarted(_) => {}
        Failure::Unknown(_) => told.kind = FailureKind::Unknown,
        Failure::PodGone(_) => told.kind = FailureKind::PodGone,
        Failure::TimedOut(limit) => {
            (told.kind, told.limit) = (FailureKind::TimedOut, Some(seconds(*limit)));
        }
        Failure::RunTimedOut(limit) => {
            (told.kind, told.limit) = (FailureKind::RunTimedOut, Some(seconds(*limit)));
        }
    }
    Some(told)
}
