//! Tells the events of a run and counts how its tasks ended.
//!
//! Must not run or decide anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::event::{FileProblem, LeftProcess, Outcome, Pod, PodCounts, Problem, RunEvent, RunSummary};
use crate::halt;

/// Where a task runs: its index, and that of its pod if it runs inside of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) task: usize,
    pub(crate) pod: Option<usize>,
}

/// Whom a run tells what happens.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) events: mpsc::Sender<RunEvent>,
    tally: Arc<Mutex<Tally>>,
    pub(crate) started: Instant,
    tasks: usize,
}

/// How a task ended.
pub(crate) struct TaskEnd {
    pub(crate) outcome: Outcome,
    pub(crate) duration: Duration,
    pub(crate) left_running: Vec<LeftProcess>,
    pub(crate) note: Option<String>,
    pub(crate) heard: Heard,
}

/// What there is to say of all that a task wrote.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The line that says best why the task failed, if it did.
    pub(crate) headline: Option<String>,
    /// What is said of files.
    pub(crate) problems: Vec<FileProblem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Started,
    Ended,
}

struct Tally {
    /// What became of each task, one after another for each pod.
    states: Vec<State>,
    /// Of each pod whether every task passed so far; nothing where tasks do not run inside of pods.
    pods: Option<Vec<bool>>,
    summary: RunSummary,
    awaited: Option<String>,
}

impl TaskEnd {
    pub(crate) fn without_start(outcome: Outcome) -> TaskEnd {
        let (left_running, heard) = (Vec::new(), Heard::default());
        TaskEnd { outcome, duration: Duration::ZERO, left_running, note: None, heard }
    }
}

impl Report {
    /// For a run of so many tasks that begins now.
    pub(crate) fn new(events: mpsc::Sender<RunEvent>, tasks: usize) -> Report {
        let (states, summary) = (vec![State::Open; tasks], RunSummary::default());
        let tally = Tally { states, pods: None, summary, awaited: None };
        Report { events, tally: Arc::new(Mutex::new(tally)), started: halt::now(), tasks }
    }

    /// The indexes of all tasks.
    pub(crate) fn all_tasks(&self) -> Vec<usize> {
        (0..self.tasks).collect()
    }

    pub(crate) async fn tell(&self, event: RunEvent) {
        if let RunEvent::Waiting { message, .. } | RunEvent::PodsLeft { message, .. } = &event {
            self.tally().awaited = Some(message.clone());
        }
        // Nobody may listen any more; the tasks go on all the same.
        let _ = self.events.send(event).await;
    }

    /// What was last said to be awaited.
    pub(crate) fn awaited(&self) -> Option<String> {
        self.tally().awaited.clone()
    }

    /// The tasks run inside of these pods.
    pub(crate) async fn pods_found(&self, pods: Vec<Pod>, note: Option<String>) {
        {
            let mut tally = self.tally();
            let state = |pod: &Pod, task| if pod.tasks.contains(&task) { State::Open } else { State::Ended };
            tally.states =
                pods.iter().flat_map(|pod| (0..self.tasks).map(move |task| state(pod, task))).collect();
            tally.pods = Some(vec![true; pods.len()]);
        }
        self.tell(RunEvent::PodsFound { pods, note }).await;
    }

    /// The tasks cannot be run.
    pub(crate) async fn blocked(&self, problem: Problem) {
        self.tally().summary.blocked = true;
        self.tell(RunEvent::Blocked { problem }).await;
    }

    /// The run was stopped while it waited. Where it has no task that tells so, it counts as one itself.
    pub(crate) fn stopped_waiting(&self) {
        if self.tasks == 0 {
            self.tally().summary.stopped += 1;
        }
    }

    /// Whether something of the run's Job may go on when the run is over.
    pub(crate) fn job_left(&self, is_left: bool) {
        self.tally().summary.job_left = Some(is_left);
    }

    pub(crate) async fn task_started(&self, place: Place, pid: Option<u32>) {
        self.tally().set(self.tasks, place, State::Started);
        let Place { task, pod } = place;
        self.tell(RunEvent::TaskStarted { task, pod, pid }).await;
    }

    pub(crate) async fn task_finished(&self, place: Place, ended: TaskEnd) {
        self.tally().count(self.tasks, place, &ended.outcome);
        let Place { task, pod } = place;
        let TaskEnd { outcome, duration, left_running, note, heard: Heard { headline, problems } } = ended;
        let headline = headline.filter(|_| outcome.is_failed());
        let event =
            RunEvent::TaskFinished { task, pod, outcome, headline, duration, left_running, note, problems };
        self.tell(event).await;
    }

    /// Tells the end. What was started and has no end by then was so when the run panicked, and was killed.
    pub(crate) async fn finish(&self) {
        for (place, state) in self.open() {
            let outcome = if state == State::Started { Outcome::Stopped } else { Outcome::Skipped };
            self.task_finished(place, TaskEnd::without_start(outcome)).await;
        }
        let summary = self.tally().summary(halt::now() - self.started);
        self.tell(RunEvent::RunFinished { summary }).await;
    }

    fn open(&self) -> Vec<(Place, State)> {
        let tally = self.tally();
        let in_pods = tally.pods.is_some();
        let open = tally.states.iter().enumerate().filter(|(_, state)| **state != State::Ended);
        let tasks = self.tasks.max(1);
        let place = |index| Place { task: index % tasks, pod: in_pods.then_some(index / tasks) };
        open.map(|(index, state)| (place(index), *state)).collect()
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    fn set(&mut self, tasks: usize, Place { task, pod }: Place, state: State) {
        if let Some(place) = self.states.get_mut(pod.unwrap_or(0) * tasks + task) {
            *place = state;
        }
    }

    fn count(&mut self, tasks: usize, place: Place, outcome: &Outcome) {
        self.set(tasks, place, State::Ended);
        let pod = place.pod.and_then(|pod| self.pods.as_mut()?.get_mut(pod));
        if let Some(pod) = pod {
            *pod &= *outcome == Outcome::Passed;
        }
        let summary = &mut self.summary;
        *match outcome {
            Outcome::Passed => &mut summary.passed,
            Outcome::Failed(_) => &mut summary.failed,
            Outcome::Stopped => &mut summary.stopped,
            Outcome::Skipped => &mut summary.skipped,
        } += 1;
    }

    fn summary(&self, duration: Duration) -> RunSummary {
        let counts = |pods: &Vec<bool>| PodCounts {
            passed: pods.iter().filter(|passed| **passed).count(),
            all: pods.len(),
        };
        RunSummary { duration, pods: self.pods.as_ref().map(counts), ..self.summary }
    }
}
