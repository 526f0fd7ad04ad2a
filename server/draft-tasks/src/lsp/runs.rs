//! What the session knows of runs: those that go on, and which tasks failed when they last ran.
//!
//! Must not hold processes or run anything: the outbox owns the handles.

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_analysis::task_file::Task;
use draft_tasks_executor::output::{OpenLines, Tail};
use draft_tasks_executor::record::schema::JobEntry;
use draft_tasks_executor::record::{self, LeftJob};
use draft_tasks_executor::{
    Failure, Outcome, OutcomeName, OutputPiece, Pod, WaitTime, describe_duration, describe_lines,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;
use tower_lsp::gen_lsp_types::{Code, Diagnostic, DiagnosticSeverity, Message, Uri};

use crate::claim::Claim;
use crate::lsp::protocol::ext::{self, Remedy};
use crate::lsp::protocol::to_proto::Context;
use crate::lsp::runs::failures::Failures;
use crate::lsp::runs::problems::Problems;
use crate::lsp::runs::results::Results;
use crate::reach::{self, EarlierPods, Reach};

pub(crate) mod failures;
pub(crate) mod log_text;
pub(crate) mod pace;
pub(crate) mod problems;
pub(crate) mod results;

/// A line that is longer counts before it is complete.
const LONGEST_LINE: usize = 8 << 10;

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
    /// The Jobs of files that may go on, as records tell it, newest first.
    pub(crate) left_jobs: HashMap<Uri, Vec<LeftJob>>,
}

/// A run that goes on.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) uri: Uri,
    pub(crate) subject: Subject,
    pub(crate) tasks: Vec<RunningTask>,
    /// The tasks that were chosen; empty when the whole phase runs.
    pub(crate) chosen: Vec<String>,
    /// Where it reaches pods, if its tasks run inside of some.
    pub(crate) reach: Option<Reach>,
    /// Whether another context of the kubeconfig could be chosen for it.
    pub(crate) has_other_contexts: bool,
    /// The pods in which the tasks run, once they are known.
    pub(crate) pods: Vec<Pod>,
    /// Whether a task has begun, so that earlier results do not count any more.
    pub(crate) has_begun: bool,
    /// The task that runs now.
    pub(crate) current: Option<usize>,
    /// Why its tasks cannot run.
    pub(crate) problem: Option<String>,
    /// Whether somebody has asked for its end.
    pub(crate) is_stopping: bool,
    /// Whether it is over, and another step of `up` or `delete` follows.
    pub(crate) is_followed: bool,
    /// How long what is stopped has to end.
    pub(crate) grace: Duration,
    /// What is awaited before tasks run.
    pub(crate) awaited: Option<Awaited>,
    pub(crate) started: std::time::Instant,
    /// The folder of its record.
    pub(crate) record: Option<PathBuf>,
    /// Its logs that the client has asked for.
    pub(crate) shown_logs: HashSet<Uri>,
    /// Held until it is over, and given back before anybody is told so.
    pub(crate) claim: Claim,
}

/// What is awaited before tasks run.
#[derive(Debug)]
pub(crate) struct Awaited {
    /// "2/3 pods ready".
    pub(crate) count: String,
    /// What is known beside it.
    pub(crate) message: String,
    pub(crate) time: Option<WaitTime>,
}

/// A task of a run.
#[derive(Debug)]
pub(crate) struct RunningTask {
    pub(crate) name: String,
    pub(crate) command: String,
    /// Whether its process was started.
    pub(crate) started: bool,
    /// How it failed, if it did: "exit code 3: no such table".
    pub(crate) failure: Option<String>,
    wrote: Wrote,
    /// How it goes in each pod in which it runs, by the pod's index, of a task inside of pods.
    pub(crate) in_pods: BTreeMap<usize, InPod>,
}

/// A task in a pod.
#[derive(Debug, Default)]
pub(crate) struct InPod {
    /// How it ended.
    pub(crate) ended: Option<(Outcome, Duration)>,
    started: bool,
    wrote: Wrote,
}

/// The last that a task wrote.
#[derive(Debug)]
struct Wrote {
    open: OpenLines,
    tail: Tail,
    /// The line that says best why the task failed.
    headline: Option<String>,
}

impl Default for Wrote {
    fn default() -> Wrote {
        Wrote { open: OpenLines::new(LONGEST_LINE), tail: Tail::default(), headline: None }
    }
}

impl Runs {
    /// A name for the next run, unlike that of any other run of this server.
    pub(crate) fn next_id(&mut self) -> String {
        self.started += 1;
        format!("run-{}", self.started)
    }

    /// The run of a phase of a file, if it goes on.
    pub(crate) fn running(&self, uri: &Uri, subject: impl Into<Subject>) -> Option<&Run> {
        let subject = subject.into();
        self.active.iter().find(|run| run.uri == *uri && run.subject == subject)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Run> {
        self.active.iter().find(|run| run.id == id)
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
    /// The log of a task that has started; without one of the task that runs now.
    pub(crate) fn log(&self, task: Option<&str>) -> Option<PathBuf> {
        let started = || self.tasks.iter().enumerate().filter(|(_, it)| it.started);
        let (index, found) = match task {
            Some(name) => started().find(|(_, it)| it.name == name),
            None => started().next_back(),
        }?;
        let pod = found.telling_pod().and_then(|pod| self.pods.get(pod)).map(|pod| pod.name.as_str());
        Some(self.record.as_ref()?.join(record::log_name(index, &found.name, pod)))
    }

    /// The Job that it is.
    pub(crate) fn job(&self) -> Option<&JobEntry> {
        self.reach.as_ref()?.cluster.job.as_deref()
    }

    /// Whether what ended so goes on in its Job, as this run only followed it.
    pub(crate) fn is_left(&self, outcome: OutcomeName) -> bool {
        self.job().is_some_and(|job| job.is_left(outcome, self.first_failure().is_some()))
    }

    /// What helps where it cannot reach its pods.
    pub(crate) fn remedy(&self) -> Option<Remedy> {
        self.reach.as_ref().map(|_| Remedy::check(&self.uri, self.has_other_contexts))
    }

    /// The tasks that run; of those inside of pods that run in one of them.
    pub(crate) fn running(&self) -> impl Iterator<Item = &RunningTask> {
        self.tasks.iter().filter(|task| self.pods.is_empty() || !task.in_pods.is_empty())
    }

    /// The first task that failed, and how: "migrate: exit code 3: no such table".
    pub(crate) fn first_failure(&self) -> Option<String> {
        self.tasks.iter().find_map(|task| Some(format!("{}: {}", task.name, task.failure.as_ref()?)))
    }

    pub(crate) fn current_task(&self) -> Option<&String> {
        Some(&self.tasks.get(self.current?)?.name)
    }

    /// What a pod is called in a few letters.
    pub(crate) fn short_pod(&self, pod: usize) -> &str {
        Pod::short_names(&self.pods).get(pod).copied().unwrap_or_default()
    }

    /// The tasks run inside of these pods.
    pub(crate) fn found_pods(&mut self, pods: Vec<Pod>) {
        for (index, task) in self.tasks.iter_mut().enumerate() {
            let runs_in = pods.iter().enumerate().filter(|(_, pod)| pod.tasks.contains(&index));
            task.in_pods = runs_in.map(|(pod, _)| (pod, InPod::default())).collect();
        }
        (self.pods, self.awaited) = (pods, None);
    }
}

impl Awaited {
    /// As long as it is the same: "2/3 pods ready (limit 300 s)".
    pub(crate) fn title(&self) -> String {
        let limit = self.time.map(|time| format!(" (limit {})", time.describe_limit()));
        format!("{}{}", self.count, limit.unwrap_or_default())
    }

    /// By now: "2/3 pods ready (12 s of 300 s): web-1 ImagePullBackOff".
    pub(crate) fn describe(&self) -> String {
        let time = self.time.map(|time| format!(" ({})", time.describe())).unwrap_or_default();
        format!("{}{time}: {}", self.count, self.message)
    }
}

impl RunningTask {
    pub(crate) fn new(name: String, command: String) -> RunningTask {
        let (wrote, in_pods) = (Wrote::default(), BTreeMap::new());
        RunningTask { name, command, started: false, failure: None, wrote, in_pods }
    }

    /// It was started, in a pod or on this machine.
    pub(crate) fn start(&mut self, pod: Option<usize>) {
        self.started = true;
        if let Some(pod) = pod.and_then(|pod| self.in_pods.get_mut(&pod)) {
            pod.started = true;
        }
    }

    pub(crate) fn wrote(&mut self, pod: Option<usize>, pieces: &[OutputPiece]) {
        let Wrote { open, tail, .. } = self.wrote_in(pod);
        pieces.iter().for_each(|piece| tail.push(&open.push(piece)));
    }

    /// It writes no more, in a pod or on this machine. Where it failed, this line says best why.
    pub(crate) fn wrote_all(&mut self, pod: Option<usize>, why: Option<String>) {
        let Wrote { open, tail, headline } = self.wrote_in(pod);
        tail.push(&open.finish());
        *headline = why;
    }

    /// The line that says best why it failed, in a pod or on this machine.
    pub(crate) fn headline(&self, pod: Option<usize>) -> Option<&str> {
        let pod = pod.and_then(|pod| self.in_pods.get(&pod));
        pod.map_or(&self.wrote, |pod| &pod.wrote).headline.as_deref()
    }

    fn wrote_in(&mut self, pod: Option<usize>) -> &mut Wrote {
        let pod = pod.and_then(|pod| self.in_pods.get_mut(&pod));
        pod.map_or(&mut self.wrote, |pod| &mut pod.wrote)
    }

    /// It ended, in all of its pods if it runs inside of some.
    pub(crate) fn ended(&mut self, outcome: &Outcome) {
        self.failure = match outcome {
            Outcome::Failed(failure) => Some(failure.describe_with(self.telling().headline.as_deref())),
            _ => None,
        };
    }

    /// It ended in a pod. Gives how it ended in all of them together, once it did: the worst of them, and the longest
    /// time.
    pub(crate) fn ended_in(
        &mut self,
        pod: usize,
        outcome: &Outcome,
        duration: Duration,
    ) -> Option<(Outcome, Duration)> {
        self.in_pods.get_mut(&pod)?.ended = Some((outcome.clone(), duration));
        let ended = || self.in_pods.values().filter_map(|pod| pod.ended.as_ref());
        if ended().count() < self.in_pods.len() {
            return None;
        }
        // The first of the worst, since later ones may be its consequence.
        let worst = ended().rev().max_by_key(|(outcome, _)| outcome.kind())?.0.clone();
        Some((worst, ended().map(|(_, duration)| *duration).max()?))
    }

    /// In how many pods it passed and failed.
    pub(crate) fn pods_passed_and_failed(&self) -> (usize, usize) {
        let count = |wanted: OutcomeName| {
            self.in_pods
                .values()
                .filter(|pod| pod.ended.as_ref().is_some_and(|it| it.0.kind() == wanted))
                .count()
        };
        (count(OutcomeName::Passed), count(OutcomeName::Failed))
    }

    /// The pod whose log says most: the first in which it failed, else in which it started.
    pub(crate) fn telling_pod(&self) -> Option<usize> {
        let failed = |pod: &InPod| matches!(pod.ended, Some((Outcome::Failed(_), _)));
        let find = |wanted: fn(&InPod) -> bool| self.in_pods.iter().find(|(_, pod)| wanted(pod));
        Some(*find(failed).or_else(|| find(|pod| pod.started))?.0)
    }

    /// How it failed in which pods.
    fn failures(&self, run: &Run) -> impl Iterator<Item = (String, String)> {
        self.in_pods.iter().filter_map(|(pod, it)| match &it.ended {
            Some((Outcome::Failed(failure), duration)) => {
                Some((run.pods.get(*pod)?.name.clone(), message(&it.wrote, failure, *duration)))
            }
            _ => None,
        })
    }

    /// Where it has not passed, of a task inside of pods; of one that runs once or in a Job, also a pod that is gone: what
    /// comes after it must not run without it.
    fn left(&self, run: &Run) -> Option<EarlierPods> {
        let reach = run.reach.as_ref()?;
        let is_once = reach.cluster.job.is_some() || reach.once.contains(&self.name);
        let left = self.in_pods.iter().filter(|(_, pod)| match pod.ended {
            Some((Outcome::Passed, _)) => false,
            Some((Outcome::Failed(Failure::PodGone(_)), _)) => is_once,
            _ => true,
        });
        let pods = left.filter_map(|(pod, _)| Some(reach::earlier(run.pods.get(*pod)?, Vec::new())));
        Some(reach.place_of(pods.collect()))
    }

    /// The last that it wrote, on this machine or in the pod that says most.
    fn telling(&self) -> &Wrote {
        self.telling_pod().and_then(|pod| self.in_pods.get(&pod)).map_or(&self.wrote, |pod| &pod.wrote)
    }

    /// The last that it wrote and that is not blank.
    pub(crate) fn last_line(&self) -> Option<String> {
        self.telling().last_line()
    }
}

impl Wrote {
    fn last_line(&self) -> Option<String> {
        self.tail.lines().into_iter().rev().find(|line| !line.trim().is_empty())
    }

    /// Its last lines, and how many came before them.
    fn last_lines(&self) -> (Vec<String>, u64) {
        let lines = self.tail.lines();
        let cut = lines.len().saturating_sub(LINES_SHOWN);
        (lines[cut..].to_vec(), self.tail.omitted() + cut as u64)
    }
}

/// The task of this name that has this command.
pub(crate) fn find<'a>(parsed: &'a Parsed, subject: Subject, task: &str, command: &str) -> Option<&'a Task> {
    let text = &parsed.text;
    let mut tasks = parsed.file.commands_of(subject.phase()?);
    let found = tasks.find(|(it, its)| it.name(text) == task && its.decode(text) == command);
    Some(found?.0)
}

/// The tasks of a document that passed when they last ran, as diagnostics.
pub(crate) fn passed(results: &Results, context: Context<'_>, parsed: &Parsed) -> Vec<Diagnostic> {
    let text = &parsed.text;
    let tasks = Phase::ALL
        .into_iter()
        .flat_map(|phase| parsed.file.commands_of(phase).map(move |(task, command)| (phase, task, command)));
    let shown = tasks.filter_map(|(phase, task, command)| {
        let result = results.task(context.uri, phase, &task.name(text), &command.decode(text))?;
        let last = result.last_line.as_ref().map(|line| format!(": {line}")).unwrap_or_default();
        let message = format!("passed in {}{last}", describe_duration(result.duration));
        (result.outcome == OutcomeName::Passed).then(|| Diagnostic {
            range: context.range(shown_range(task, parsed)),
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
fn shown_range(task: &Task, parsed: &Parsed) -> draft_tasks_analysis::TextRange {
    let command = task.command().map_or(task.name.range, |command| command.range);
    if parsed.text[command].contains('\n') { task.name.range } else { command }
}

fn message(wrote: &Wrote, failure: &Failure, duration: Duration) -> String {
    let what = failure.describe();
    if let Failure::NotStarted(error) = failure {
        return match error.hint() {
            Some(hint) => format!("{what}\n{hint}"),
            None => what,
        };
    }
    let what = match failure {
        // They say how long it was.
        Failure::TimedOut(_) | Failure::RunTimedOut(_) | Failure::Unknown(_) | Failure::PodGone(_) => what,
        _ => format!("{what} after {}", describe_duration(duration)),
    };
    let what = wrote.headline.as_ref().map_or_else(|| what.clone(), |headline| format!("{what}: {headline}"));
    let (lines, before) = wrote.last_lines();
    match lines.as_slice() {
        // The headline is of one of them.
        [] | [_] if before == 0 => what,
        lines => {
            let before = match before {
                0 => String::new(),
                _ => format!("\n… {} before", describe_lines(before)),
            };
            format!("{what}{before}\n{}", lines.join("\n"))
        }
    }
}
