//! How tasks last ended and which runs are over: what lenses, hints and commands say and do about it.
//!
//! Must not decide whether a lens is there, and must not ask for the time: it is told.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record;
use draft_tasks_executor::{Outcome, OutcomeName, Pod, RunSummary, describe_duration};
use tower_lsp::gen_lsp_types::Uri;

use crate::clock::Clock;
use crate::lsp::runs::{Run, RunningTask};
use crate::reach::{self, Reach, WantedPods};

/// How many runs that are over are known.
const RUNS: usize = 50;

/// The results of a session.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// By file and phase, and there by the task's description.
    tasks: HashMap<(Uri, Subject), HashMap<String, TaskResult>>,
    /// Runs that are over, the last one last.
    runs: VecDeque<PastRun>,
}

/// How a task ended when it last ran.
#[derive(Clone, Debug)]
pub(crate) struct TaskResult {
    /// What ran: a task that has another command now has no result.
    command: String,
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
    at: SystemTime,
    /// The last that it wrote.
    pub(crate) last_line: Option<String>,
    /// In how many pods it passed and failed, and how many there were, if it ran inside of pods.
    pods: Option<(usize, usize, usize)>,
}

/// A run that is over.
#[derive(Clone, Debug)]
pub(crate) struct PastRun {
    pub(crate) id: String,
    pub(crate) uri: Uri,
    pub(crate) subject: Subject,
    /// The tasks that were chosen; empty when the whole phase ran.
    pub(crate) chosen: Vec<String>,
    tasks: Vec<PastTask>,
    /// Where it reached pods, and which, if its tasks ran inside of some.
    reach: Option<Reach>,
    pods: Vec<Pod>,
    /// The folder of its record.
    record: Option<PathBuf>,
    summary: RunSummary,
    at: SystemTime,
}

#[derive(Clone, Debug)]
struct PastTask {
    name: String,
    /// Whether a process was started, and so a log.
    started: bool,
    failed: bool,
    /// The pod whose log says most.
    pod: Option<String>,
}

impl Results {
    /// Forgets the results of tasks that run again; tells whether there were any.
    pub(crate) fn forget(&mut self, run: &Run) -> bool {
        let Some(known) = self.tasks.get_mut(&(run.uri.clone(), run.subject)) else { return false };
        run.running().filter(|task| known.remove(&task.name).is_some()).count() > 0
    }

    /// Forgets the results of a file, or all.
    pub(crate) fn clear(&mut self, uri: Option<&Uri>) {
        self.tasks.retain(|(of, _), _| uri.is_some_and(|uri| uri != of));
        self.runs.retain(|run| uri.is_some_and(|uri| *uri != run.uri));
    }

    /// The tasks files of which something has run.
    pub(crate) fn tasks_files(&self) -> impl Iterator<Item = &Uri> {
        self.tasks.keys().map(|(uri, _)| uri).chain(self.runs.iter().map(|run| &run.uri))
    }

    /// Keeps how a task ended, if it ran.
    pub(crate) fn add(
        &mut self,
        run: &Run,
        task: &RunningTask,
        outcome: &Outcome,
        duration: Duration,
        at: SystemTime,
    ) {
        // What was skipped in some pods ran in the others.
        if *outcome == Outcome::Skipped && task.pods_passed_and_failed() == (0, 0) {
            return;
        }
        let (command, outcome, last_line) = (task.command.clone(), outcome.clone(), task.last_line());
        let (passed, failed) = task.pods_passed_and_failed();
        let pods = Some((passed, failed, task.in_pods.len())).filter(|(_, _, all)| *all > 0);
        let result = TaskResult { command, outcome, duration, at, last_line, pods };
        self.tasks.entry((run.uri.clone(), run.subject)).or_default().insert(task.name.clone(), result);
    }

    /// Keeps a run that is over.
    pub(crate) fn over(&mut self, run: PastRun) {
        if self.runs.len() == RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(run);
    }

    /// How a task ended when it last ran as it stands there now.
    pub(crate) fn task(
        &self,
        uri: &Uri,
        subject: impl Into<Subject>,
        task: &str,
        command: &str,
    ) -> Option<&TaskResult> {
        let found = self.tasks.get(&(uri.clone(), subject.into()))?.get(task)?;
        (found.command == command).then_some(found)
    }

    /// The last of the runs that are asked for.
    pub(crate) fn last_run(&self, wanted: impl Fn(&PastRun) -> bool) -> Option<&PastRun> {
        self.runs.iter().rev().find(|run| wanted(run))
    }

    /// The last run of a phase.
    pub(crate) fn last_of_phase(&self, uri: &Uri, subject: impl Into<Subject>) -> Option<&PastRun> {
        let subject = subject.into();
        self.last_run(|run| run.uri == *uri && run.subject == subject)
    }
}

/// "✓2 ✗1 of 3"; pods in which it was neither are only in the sum.
fn in_pods(passed: usize, failed: usize, all: usize) -> String {
    format!("✓{passed} ✗{failed} of {all}")
}

impl TaskResult {
    /// "✓ 1.2 s", "✗ exit code 1", "■ stopped".
    pub(crate) fn describe(&self) -> String {
        if let Some((passed, failed, all)) = self.pods.filter(|(passed, _, all)| passed < all) {
            return in_pods(passed, failed, all);
        }
        match &self.outcome {
            Outcome::Passed => format!("✓ {}", describe_duration(self.duration)),
            Outcome::Failed(failure) => format!("✗ {}", failure.describe()),
            Outcome::Stopped => "■ stopped".into(),
            Outcome::Skipped => "- skipped".into(),
        }
    }

    /// What stands behind its line: "✓ 1.2 s at 18:45", "✗ exit code 1".
    pub(crate) fn hint(&self, clock: Clock) -> String {
        match self.outcome {
            Outcome::Passed => format!("{} {}", self.describe(), clock.describe(self.at)),
            _ => self.describe(),
        }
    }

    /// All that is known, for whoever points at the hint.
    pub(crate) fn tooltip(&self, clock: Clock) -> String {
        let (duration, at) = (describe_duration(self.duration), clock.describe(self.at));
        format!("last run: {} after {duration}, {at}", self.outcome.describe())
    }
}

impl PastRun {
    pub(crate) fn of(run: &Run, summary: RunSummary, at: SystemTime) -> PastRun {
        let task = |task: &RunningTask| PastTask {
            name: task.name.clone(),
            started: task.started,
            failed: task.failed,
            pod: task.telling_pod().and_then(|pod| run.pods.get(pod)).map(|pod| pod.name.clone()),
        };
        PastRun {
            id: run.id.clone(),
            uri: run.uri.clone(),
            subject: run.subject,
            chosen: run.chosen.clone(),
            tasks: run.tasks.iter().map(task).collect(),
            reach: run.reach.clone(),
            pods: run.pods.clone(),
            record: run.record.clone(),
            summary,
            at,
        }
    }

    /// The pods in which it runs again.
    pub(crate) fn wanted_pods(&self) -> WantedPods {
        let Some(reach) = &self.reach else { return WantedPods::Present(Vec::new()) };
        let earlier = |pod: &Pod| {
            let is_part = pod.tasks.len() < self.tasks.len();
            let tasks = pod.tasks.iter().filter(|_| is_part).map(|task| self.tasks[*task].name.clone());
            reach::earlier(pod, tasks.collect())
        };
        reach.again(self.pods.iter().map(earlier).collect())
    }

    /// "✗ 1 of 2, 1.4 s, at 18:45", "✓ 2, 0.3 s, at 18:45", "■ stopped, 0.3 s, at 18:45".
    pub(crate) fn describe(&self, clock: Clock) -> String {
        let RunSummary { blocked, pods, passed, failed, .. } = self.summary;
        let what = match (self.summary.outcome(), pods) {
            (OutcomeName::Failed, _) if blocked => "✗ could not run".to_owned(),
            (OutcomeName::Failed, Some(pods)) => {
                in_pods(pods.passed, pods.all - pods.passed, pods.all) + " pods"
            }
            (OutcomeName::Failed, None) => format!("✗ {failed} of {}", self.tasks.len()),
            (OutcomeName::Stopped | OutcomeName::Skipped, _) => "■ stopped".to_owned(),
            (OutcomeName::Passed, Some(pods)) if pods.all == 1 => "✓ 1 pod".to_owned(),
            (OutcomeName::Passed, Some(pods)) => format!("✓ {} pods", pods.all),
            (OutcomeName::Passed, None) => format!("✓ {passed}"),
        };
        format!("{what}, {}, {}", describe_duration(self.summary.duration), clock.describe(self.at))
    }

    /// Whether there is a log of it, or of this task in it.
    pub(crate) fn has_log(&self, task: Option<&str>) -> bool {
        self.log(task).is_some()
    }

    /// The text file of a task; without one of the first that failed, else of the last that ran.
    pub(crate) fn log(&self, task: Option<&str>) -> Option<PathBuf> {
        let started = || self.tasks.iter().enumerate().filter(|(_, task)| task.started);
        let (index, task) = match task {
            Some(name) => started().find(|(_, task)| task.name == name),
            None => started().find(|(_, task)| task.failed).or_else(|| started().next_back()),
        }?;
        Some(self.record.as_ref()?.join(record::log_name(index, &task.name, task.pod.as_deref())))
    }
}
