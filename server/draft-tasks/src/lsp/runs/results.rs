//! How tasks last ended and which runs are over: what lenses, hints and commands say and do about it.
//!
//! Must not decide whether a lens is there, and must not ask for the time: it is told.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record;
use draft_tasks_executor::record::schema::JobEntry;
use draft_tasks_executor::{Outcome, OutcomeName, Pod, RunSummary, describe_duration};
use tower_lsp::gen_lsp_types::Uri;

use crate::again::{self, Ending, Hindrance, SeenRun};
use crate::clock::Clock;
use crate::lifecycle::Part;
use crate::lsp::runs::{Run, RunningTask};
use crate::reach::{self, Reach, WantedPods};

pub(crate) use self::recalled::RecalledRun;

mod recalled;

/// How many runs that are over are known.
const RUNS: usize = 50;

/// How many letters a lens says of what failed.
const LONGEST: usize = 80;

/// What became of a run whose program was killed.
const INTERRUPTED: &str = "interrupted";

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
    pub(crate) outcome: OutcomeName,
    /// How it failed, if it did: "exit code 3"; that it was interrupted.
    failure: Option<String>,
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
    pub(crate) uri: Uri,
    /// What is known of it by those who choose what runs again.
    pub(crate) seen: SeenRun,
    /// The tasks that were chosen; empty when the whole phase ran.
    pub(crate) chosen: Vec<String>,
    tasks: Vec<PastTask>,
    /// Why it is not known what it ran.
    untold: Option<String>,
    /// Why it is not known in which pods it is to run again.
    unknown_pods: Option<&'static str>,
    /// Whether it was a Job, and how that ended was not seen.
    is_end_unseen: bool,
    /// Where it reached pods, and which, if its tasks ran inside of some.
    reach: Option<Reach>,
    pods: Vec<Pod>,
    /// The folder of its record.
    record: Option<PathBuf>,
    /// Nothing where its record does not tell.
    end: Option<PastEnd>,
}

/// How a run ended, and when.
#[derive(Clone, Copy, Debug)]
struct PastEnd {
    summary: RunSummary,
    at: SystemTime,
}

#[derive(Clone, Debug)]
struct PastTask {
    name: String,
    /// Whether a process was started, and so a log.
    started: bool,
    /// How it failed, if it did.
    failure: Option<String>,
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
        if run.is_left(outcome.kind()) {
            return;
        }
        let failure = match outcome {
            Outcome::Failed(failure) => Some(failure.describe()),
            _ => None,
        };
        let (command, outcome, last_line) = (task.command.clone(), outcome.kind(), task.last_line());
        let (passed, failed) = task.pods_passed_and_failed();
        let pods =
            Some((passed, failed, task.in_pods.len())).filter(|(_, _, all)| *all > 0 && run.job().is_none());
        let result = TaskResult { command, outcome, failure, duration, at, last_line, pods };
        self.tasks.entry((run.uri.clone(), run.subject)).or_default().insert(task.name.clone(), result);
    }

    /// Whether anything is known of a file.
    pub(crate) fn knows(&self, uri: &Uri) -> bool {
        self.tasks_files().any(|known| known == uri)
    }

    /// Keeps how a task ended before this server started.
    pub(crate) fn recall(&mut self, uri: &Uri, phase: Phase, name: &str, result: TaskResult) {
        self.tasks.entry((uri.clone(), phase.into())).or_default().insert(name.to_owned(), result);
    }

    /// What is known of a file is known of it under its new name.
    pub(crate) fn rename(&mut self, renamed: &dyn Fn(&Uri) -> Option<Uri>) {
        let known = std::mem::take(&mut self.tasks).into_iter();
        self.tasks = known.map(|((uri, of), tasks)| ((renamed(&uri).unwrap_or(uri), of), tasks)).collect();
        for run in &mut self.runs {
            run.uri = renamed(&run.uri).unwrap_or_else(|| run.uri.clone());
        }
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

    /// How a phase stands: its last run, unless a task failed before that and has not run since. What tasks have done that
    /// are not there any more says nothing of it.
    pub(crate) fn describe_phase(
        &self,
        uri: &Uri,
        phase: Phase,
        parsed: &Parsed,
        clock: Clock,
    ) -> Option<String> {
        let text = &parsed.text;
        let is_there = |name: &str| parsed.file.commands_of(phase).any(|(task, _)| task.name(text) == name);
        let last = self.last_of_phase(uri, phase).filter(|run| run.is_of_any(&is_there));
        if last.is_some_and(|run| matches!(run.seen.ending, Ending::Failed(_) | Ending::Untold)) {
            return last.map(|run| run.describe(clock));
        }
        let failed = parsed.file.commands_of(phase).find_map(|(task, command)| {
            let name = task.name(text);
            let result = self.task(uri, phase, &name, &command.decode(text))?;
            (result.outcome == OutcomeName::Failed).then(|| result.describe_alone(&name, clock))
        });
        failed.or_else(|| Some(last?.describe(clock)))
    }

    /// The last of the runs that are asked for.
    pub(crate) fn last_run(&self, wanted: impl Fn(&PastRun) -> bool) -> Option<&PastRun> {
        self.runs.iter().rev().find(|run| wanted(run))
    }

    /// The last run that runs again, of a file or of all; where a phase is given, of its runs.
    ///
    /// # Errors
    ///
    /// What came after it, did not pass, and does not run again.
    pub(crate) fn last_again(
        &self,
        uri: Option<&Uri>,
        phase: Option<Phase>,
    ) -> Result<Option<&PastRun>, Hindrance> {
        let wanted = self.runs.iter().rev().filter(|run| uri.is_none_or(|uri| run.uri == *uri));
        again::last(wanted, phase, |run| Some(run.seen.clone()))
    }

    /// The Job that a run was, where neither it nor another run has seen how that ended.
    pub(crate) fn unseen_job<'a>(&self, run: &'a PastRun) -> Option<&'a JobEntry> {
        let job = run.job().filter(|_| run.is_end_unseen)?;
        let has_seen =
            |other: &PastRun| !other.is_end_unseen && other.job().is_some_and(|of| of.name == job.name);
        (!self.runs.iter().any(has_seen)).then_some(job)
    }

    /// The last run of a phase.
    pub(crate) fn last_of_phase(&self, uri: &Uri, subject: impl Into<Subject>) -> Option<&PastRun> {
        let subject = subject.into();
        self.last_run(|run| run.uri == *uri && run.seen.subject == subject)
    }
}

/// On a lens nobody reads more.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// "✓2 ✗1 of 3"; pods in which it was neither are only in the sum.
fn in_pods(passed: usize, failed: usize, all: usize) -> String {
    let (of_passed, of_failed) = (OutcomeName::Passed.sign(), OutcomeName::Failed.sign());
    format!("{of_passed}{passed} {of_failed}{failed} of {all}")
}

impl TaskResult {
    /// "✓ 1.2 s", "✗ exit code 1", "■ stopped".
    pub(crate) fn describe(&self) -> String {
        if let Some((passed, failed, all)) = self.pods.filter(|(passed, _, all)| passed < all) {
            return in_pods(passed, failed, all);
        }
        let how = match self.outcome {
            OutcomeName::Passed => describe_duration(self.duration),
            OutcomeName::Failed => self.failure.clone().unwrap_or_else(|| "failed".into()),
            OutcomeName::Stopped | OutcomeName::Skipped => {
                self.failure.clone().unwrap_or_else(|| self.outcome.name().into())
            }
        };
        format!("{} {how}", self.outcome.sign())
    }

    /// "✗ hello: exit code 3, 1.4 s, at 18:45".
    fn describe_alone(&self, name: &str, clock: Clock) -> String {
        let how = self.failure.as_deref().unwrap_or("failed");
        let what = shortened(&format!("{name}: {how}"));
        let (sign, took) = (OutcomeName::Failed.sign(), describe_duration(self.duration));
        format!("{sign} {what}, {took}, {}", clock.describe(self.at))
    }

    /// What stands behind its line: "✓ 1.2 s at 18:45", "✗ exit code 1".
    pub(crate) fn hint(&self, clock: Clock) -> String {
        match self.outcome {
            OutcomeName::Passed => format!("{} {}", self.describe(), clock.describe(self.at)),
            _ => self.describe(),
        }
    }

    /// All that is known, for whoever points at the hint.
    pub(crate) fn tooltip(&self, clock: Clock) -> String {
        if self.outcome == OutcomeName::Stopped && self.failure.is_some() {
            return format!("last run: {INTERRUPTED}, {}", clock.describe(self.at));
        }
        let (duration, at) = (describe_duration(self.duration), clock.describe(self.at));
        let how = self.failure.iter().map(|how| format!(": {how}")).collect::<String>();
        format!("last run: {}{how} after {duration}, {at}", self.outcome.name())
    }
}

impl PastRun {
    pub(crate) fn of(run: &Run, part: Option<Part>, summary: RunSummary, at: SystemTime) -> PastRun {
        let task = |task: &RunningTask| PastTask {
            name: task.name.clone(),
            started: task.started,
            failure: task.failure.clone(),
            pod: task.telling_pod().and_then(|pod| run.pods.get(pod)).map(|pod| pod.name.clone()),
        };
        let is_end_unseen = run.job().is_some() && summary.job_left != Some(false);
        let seen = SeenRun {
            id: run.id.clone(),
            subject: run.subject,
            whole: part.map(|part| part.name().to_owned()),
            ending: match summary.outcome() {
                OutcomeName::Passed => Ending::Passed,
                OutcomeName::Failed => Ending::Failed(run.problem.clone()),
                OutcomeName::Stopped | OutcomeName::Skipped => Ending::Stopped,
            },
            may_have_run: run.has_begun || is_end_unseen,
        };
        PastRun {
            uri: run.uri.clone(),
            seen,
            chosen: run.chosen.clone(),
            tasks: run.tasks.iter().map(task).collect(),
            untold: None,
            unknown_pods: None,
            is_end_unseen,
            reach: run.reach.clone(),
            pods: run.pods.clone(),
            record: run.record.clone(),
            end: Some(PastEnd { summary, at }),
        }
    }

    /// Why it is not known what runs again, or in which pods.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let phase = self.seen.subject;
        let unknown_pods = || self.unknown_pods.map(str::to_owned);
        let why = self.untold.clone().or_else(unknown_pods)?;
        Some(format!("run {phase}: the record of its last run {why}"))
    }

    /// The Job that it made or took up.
    fn job(&self) -> Option<&JobEntry> {
        self.reach.as_ref()?.cluster.job.as_deref()
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

    /// "✗ hello: exit code 3, 1.4 s, at 18:45", "✓ 2 tasks, 0.3 s, at 18:45", "■ stopped, 0.3 s, at 18:45".
    pub(crate) fn describe(&self, clock: Clock) -> String {
        let Some(PastEnd { summary, at }) = self.end else {
            return "its record cannot be read".to_owned();
        };
        let RunSummary { blocked, pods, passed, failed, .. } = summary;
        let job = self.job();
        // That of a Job is none of the application's.
        let pods = pods.filter(|_| job.is_none());
        let outcome = summary.outcome();
        let is_interrupted = self.seen.ending == Ending::Interrupted;
        // A Job goes on without the program that made it.
        let is_left = job.is_some_and(|job| is_interrupted || job.is_left(outcome, false));
        let what = match (outcome, pods) {
            (OutcomeName::Failed, _) if blocked => "could not run".to_owned(),
            (OutcomeName::Failed, Some(pods)) => {
                let first = self.tasks.iter().find(|task| task.failure.is_some());
                let first = first.map(|task| format!("{}: ", task.name)).unwrap_or_default();
                first + &in_pods(pods.passed, pods.all - pods.passed, pods.all) + " pods"
            }
            (OutcomeName::Failed, None) => self.failures(failed),
            _ if is_left => "left".to_owned(),
            (OutcomeName::Stopped | OutcomeName::Skipped, _) => outcome.name().to_owned(),
            (OutcomeName::Passed, Some(pods)) if pods.all == 1 => "1 pod".to_owned(),
            (OutcomeName::Passed, Some(pods)) => format!("{} pods", pods.all),
            (OutcomeName::Passed, None) if passed == 1 => "1 task".to_owned(),
            (OutcomeName::Passed, None) => format!("{passed} tasks"),
        };
        let (sign, took) = (outcome.sign(), describe_duration(summary.duration));
        let at = clock.describe(at);
        match outcome {
            // How long it took nobody knows.
            OutcomeName::Stopped | OutcomeName::Skipped if is_interrupted => {
                let how = if is_left { &what } else { INTERRUPTED };
                format!("{} {how}, {at}", OutcomeName::Stopped.sign())
            }
            _ => format!("{sign} {what}, {took}, {at}"),
        }
    }

    /// The first task that failed, how many others did, and how it failed: "hello: exit code 3", "hello and 1 more: …".
    fn failures(&self, failed: usize) -> String {
        let Some((name, how)) = self.tasks.iter().find_map(|it| Some((&it.name, it.failure.as_ref()?)))
        else {
            return format!("{failed} of {}", self.tasks.len());
        };
        let more = if failed > 1 { format!(" and {} more", failed - 1) } else { String::new() };
        shortened(&format!("{name}{more}: {how}"))
    }

    /// Whether what is said of it is about tasks of these.
    fn is_of_any(&self, is_there: &dyn Fn(&str) -> bool) -> bool {
        let has_failed = |task: &&PastTask| task.failure.is_some();
        match self.tasks.iter().find(has_failed) {
            Some(failed) => is_there(&failed.name),
            None => self.end.is_none() || self.tasks.iter().any(|task| is_there(&task.name)),
        }
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
            None => started().find(|(_, task)| task.failure.is_some()).or_else(|| started().next_back()),
        }?;
        Some(self.record.as_ref()?.join(record::log_name(index, &task.name, task.pod.as_deref())))
    }
}
