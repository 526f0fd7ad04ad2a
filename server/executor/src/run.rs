//! Walks a plan and owns the truth of a run.
//!
//! Must not spawn processes itself or turn bytes into lines: `local` and `output` do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::plan::Plan;
use tokio::io::AsyncRead;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::event::{Failure, Outcome, Problem, RunEvent, Stream};
use crate::local::{self, Process};
use crate::mask::Secrets;
use crate::output::Source;
use crate::pods::local_copy::LocalCopy;
use crate::pods::{self, PodsRequest, Target};
use crate::report::{Ended, Place, Report};

/// How long a task's output is awaited after the task ended, when something that it started holds the pipes.
pub const HELD_OPEN: Duration = Duration::from_secs(1);

/// How long something may still run after its task ended before it counts as left running: helpers of a shell
/// often end a moment later.
pub const SETTLE: Duration = Duration::from_millis(100);

/// How long killed processes may take to be gone; only one that hangs in the kernel, or belongs to another user,
/// takes longer, and then it is told as left running.
pub const KILL_LIMIT: Duration = Duration::from_secs(2);

/// How often it is looked whether processes are gone that nobody can wait for.
const LOOK: Duration = Duration::from_millis(10);

/// How often processes are sought that were not asked to end yet, while the task itself has not ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The tasks.
    pub plan: Plan,
    /// The directory in which every task runs: that of the tasks file.
    pub directory: PathBuf,
    /// The whole environment of the tasks; nothing is inherited beside it. If runs may overlap, give each a
    /// variable of its own: by it a detached process is told to be of this run (see [`adopt_orphans`]).
    ///
    /// [`adopt_orphans`]: crate::adopt_orphans
    pub environment: Vec<(OsString, OsString)>,
    /// What happens after a task failed.
    pub on_failure: OnFailure,
    /// How long a task may take to end after it was asked to, before it is killed, when the handle is dropped or a
    /// limit was reached.
    pub grace: Duration,
    /// How long everything may take.
    pub limits: Limits,
    /// What must not be seen in any event.
    pub secrets: Secrets,
    /// In which pods the tasks run; on this machine without it.
    pub pods: Option<PodsRequest>,
    /// The cluster that tasks on this machine are to meet; without it their kubeconfig is the user's own.
    pub pinned: Option<Pinned>,
}

/// A cluster that the user pinned: tasks on this machine get a private copy of the kubeconfig, in which its context is
/// the current one.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// The cluster.
    pub target: Target,
    /// A folder for the copy, which is made; where tasks change the copy, it stays.
    pub folder: PathBuf,
}

/// How long tasks may take; what is not given is unlimited. Time is that of a monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Each task, from the start of its process.
    pub task: Option<Duration>,
    /// The whole run. The tasks that have not started by then are skipped.
    pub run: Option<Duration>,
}

/// What happens to the remaining tasks after one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// They are skipped.
    Stop,
    /// They run all the same.
    Continue,
}

/// A run in progress. Dropping it stops the run with the grace of its request; if the runtime ends before that is
/// over, what still runs is killed.
#[derive(Debug)]
pub struct RunHandle {
    stopper: RunStopper,
    grace: Duration,
    task: JoinHandle<()>,
}

/// Stops a run from anywhere; keeping or dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct RunStopper {
    /// When the run's processes are killed; nothing while it need not stop.
    deadline: watch::Sender<Option<Instant>>,
}

/// Starts a run on the current tokio runtime. Events go to `events` in order; a slow reader slows the tasks, not the memory.
///
/// When the receiver is dropped, the run goes on unheard. Must be called inside of a runtime with time and io.
pub fn start(request: RunRequest, events: mpsc::Sender<RunEvent>) -> RunHandle {
    let (deadline, stopped) = watch::channel(None);
    let stopper = RunStopper { deadline };
    let grace = request.grace;
    let report = Report::new(events, request.plan.steps.len());
    // The run keeps one, so that the channel never closes under it.
    let run_limit = request.limits.run.and_then(|limit| Some((report.started.checked_add(limit)?, limit)));
    let walk = Walk { request, report: report.clone(), stop: stopped, run_limit, _open: stopper.clone() };
    let task = tokio::spawn(async move {
        // A panic of the walk has killed what ran; the reader learns the end all the same.
        if tokio::spawn(walk.run()).await.is_err() {
            tracing::error!("a run ended by a panic");
        }
        report.finish().await;
    });
    RunHandle { stopper, grace, task }
}

impl RunHandle {
    /// Asks the running task and everything it started to end, and kills what is left after `grace`;
    /// the remaining tasks are skipped. Calling it again can only shorten the time.
    pub fn stop(&self, grace: Duration) {
        self.stopper.stop(grace);
    }

    /// Something that can stop the run while the handle is awaited elsewhere.
    pub fn stopper(&self) -> RunStopper {
        self.stopper.clone()
    }

    /// Waits until the run is over and its last event was taken into the channel. Dropping the future stops the run.
    pub async fn finished(mut self) {
        // It fails only when the runtime ends.
        let _ = (&mut self.task).await;
    }
}

impl Drop for RunHandle {
    fn drop(&mut self) {
        self.stop(self.grace);
    }
}

impl RunStopper {
    /// As [`RunHandle::stop`]; after the end of the run it does nothing.
    pub fn stop(&self, grace: Duration) {
        // A time too far away to be told is none that anybody will live to see.
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let deadline = Instant::now() + grace.min(FAR);
        self.deadline.send_if_modified(|current| {
            let sooner = current.is_none_or(|current| deadline < current);
            if sooner {
                *current = Some(deadline);
            }
            sooner
        });
    }

    /// Whether the run was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.deadline.borrow().is_some()
    }
}

struct Walk {
    request: RunRequest,
    report: Report,
    stop: watch::Receiver<Option<Instant>>,
    /// When the run has to be over, and the limit that says so.
    run_limit: Option<(Instant, Duration)>,
    _open: RunStopper,
}

impl Walk {
    async fn run(mut self) {
        let plan = &self.request.plan;
        let tasks: Vec<_> = plan.steps.iter().map(|step| step.task.clone()).collect();
        let count = tasks.len();
        self.report.tell(RunEvent::RunStarted { subject: plan.subject, tasks, at: SystemTime::now() }).await;
        if self.request.pods.is_some() {
            return self.run_in_pods().await;
        }
        let copy = match self.pin() {
            Ok(copy) => copy,
            Err(problem) => return self.report.blocked(problem).await,
        };
        let mut go_on = true;
        for task in 0..count {
            let over = self.run_limit.is_some_and(|(over, _)| over <= Instant::now());
            let ended = if go_on && !over && self.stop.borrow().is_none() {
                self.run_task(task).await
            } else {
                Ended::without_start(Outcome::Skipped)
            };
            let failed = matches!(ended.outcome, Outcome::Failed(_));
            go_on &= !failed || self.request.on_failure == OnFailure::Continue;
            self.report.task_finished((task, None), ended).await;
        }
        if let Some(changed) = copy.and_then(LocalCopy::finish) {
            let place = changed.display();
            let message = format!("tasks changed their copy of the kubeconfig, which is kept: {place}");
            self.report.tell(RunEvent::Note { message }).await;
        }
    }

    /// Gives the tasks their copy of the kubeconfig.
    fn pin(&mut self) -> Result<Option<LocalCopy>, Problem> {
        let Some(Pinned { target, folder }) = &self.request.pinned else { return Ok(None) };
        let copy = LocalCopy::make(target, folder).map_err(|error| {
            let place = folder.display();
            Problem::new(format!(
                "the copy of the kubeconfig for the tasks cannot be written: {place}: {error}"
            ))
        })?;
        let variable = copy.variable();
        self.request.environment.retain(|(name, _)| *name != variable.0);
        self.request.environment.push(variable);
        Ok(Some(copy))
    }

    async fn run_in_pods(self) {
        let Walk { request, report, stop, run_limit, _open } = self;
        pods::run(&request, &report, stop, run_limit).await;
    }

    async fn run_task(&mut self, task: usize) -> Ended {
        let RunRequest { plan, directory, environment, limits, grace, secrets, .. } = &self.request;
        let mut process = match local::start(&plan.steps[task].argv, directory, environment).await {
            Ok(process) => process,
            Err(error) => {
                let error = secrets.mask_error(error);
                return Ended::without_start(Outcome::Failed(Failure::NotStarted(error)));
            }
        };
        let pid = process.pid();
        let (stdout, stderr) = process.take_output();
        let (give_up, given_up) = watch::channel(false);
        let (drained, output_ended) = watch::channel(false);
        let report = &self.report;
        // Told beside the process's life and not before it, so that a reader that does not read delays no stop.
        let output = async {
            report.task_started((task, None), Some(pid)).await;
            tokio::join!(
                forward(report, secrets, ((task, None), Stream::Stdout), stdout, &given_up),
                forward(report, secrets, ((task, None), Stream::Stderr), stderr, &given_up),
            );
            drained.send_replace(true);
        };
        let limit = nearest(limits.task, self.run_limit);
        let mut life = Life {
            process,
            stop: &mut self.stop,
            limit,
            grace: *grace,
            killed_at: None,
            asked_to_end: false,
        };
        let lifecycle = async {
            let outcome = life.until_end().await;
            life.until_output_ends(output_ended).await;
            give_up.send_replace(true);
            outcome
        };
        let (outcome, ()) = tokio::join!(lifecycle, output);
        life.settle().await;
        let duration = life.process.duration();
        Ended { outcome, duration, left_running: life.process.let_go(), note: None }
    }
}

/// Tells what comes out of a stream of a task.
pub(crate) async fn forward<R: AsyncRead + Unpin>(
    report: &Report,
    secrets: &Secrets,
    (place, stream): (Place, Stream),
    reader: Option<R>,
    given_up: &watch::Receiver<bool>,
) {
    if let Some(reader) = reader {
        let events = report.events.clone();
        let source = Source { place, stream, reader, events, masker: secrets.masker() };
        source.forward(given_up.clone()).await;
    }
}

/// The limit that a task that starts now reaches first, and how it fails then.
pub(crate) fn nearest(
    task: Option<Duration>,
    run: Option<(Instant, Duration)>,
) -> Option<(Instant, Failure)> {
    // A limit beyond the end of time is none.
    let task = task.and_then(|limit| Some((Instant::now().checked_add(limit)?, Failure::TimedOut(limit))));
    let run = run.map(|(at, limit)| (at, Failure::RunTimedOut(limit)));
    [task, run].into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// A task's processes from their start to their end, which a stop or a limit may bring about.
struct Life<'a> {
    process: Process,
    stop: &'a mut watch::Receiver<Option<Instant>>,
    limit: Option<(Instant, Failure)>,
    /// The time between asking and killing when the limit is reached.
    grace: Duration,
    /// When everything is killed after the limit was reached.
    killed_at: Option<Instant>,
    asked_to_end: bool,
}

impl Life<'_> {
    /// Until the task's own process has ended, by itself or, with everything that it started, by a stop or a limit.
    async fn until_end(&mut self) -> Outcome {
        tokio::select! {
            biased;
            outcome = self.process.wait() => outcome,
            failure = reached(self.limit.as_ref()) => {
                self.killed_at = Instant::now().checked_add(self.grace);
                self.end().await;
                Outcome::Failed(failure)
            }
            () = stopped(self.stop) => {
                self.end().await;
                Outcome::Stopped
            }
        }
    }

    /// Until nobody holds the pipes any more, for a bounded time.
    async fn until_output_ends(&mut self, mut output_ended: watch::Receiver<bool>) {
        tokio::select! {
            _ = output_ended.wait_for(|ended| *ended) => return,
            () = sleep(HELD_OPEN) => return,
            () = stopped(self.stop), if !self.asked_to_end => {}
        }
        self.end().await;
        // It fails only when the output is no longer read.
        let _ = tokio::time::timeout(HELD_OPEN, output_ended.wait_for(|ended| *ended)).await;
    }

    /// Gives what still runs a moment to end by itself.
    async fn settle(&mut self) {
        let limit = Instant::now() + SETTLE;
        while !self.asked_to_end && self.process.is_alive() {
            if self.stop.borrow().is_some() {
                self.end().await;
            } else if Instant::now() < limit {
                sleep(LOOK).await;
            } else {
                return;
            }
        }
    }

    /// Asks everything to end, and kills what still runs at the deadline.
    async fn end(&mut self) {
        self.asked_to_end = true;
        while self.process.is_alive() {
            self.process.terminate();
            let stopped = *self.stop.borrow_and_update();
            let deadline = [stopped, self.killed_at].into_iter().flatten().min().unwrap_or_else(Instant::now);
            let ended = self.process.has_ended();
            tokio::select! {
                biased;
                _ = self.process.wait(), if !ended => {}
                () = sleep_until(deadline) => break,
                _ = self.stop.changed() => {}
                () = sleep(if ended { LOOK } else { LOOK_AGAIN }) => {}
            }
        }
        self.kill().await;
    }

    async fn kill(&mut self) {
        let limit = Instant::now() + KILL_LIMIT;
        // Again and again, since a process may start another one just before it is killed.
        while self.process.is_alive() && Instant::now() < limit {
            self.process.kill();
            let ended = self.process.has_ended();
            tokio::select! {
                biased;
                _ = self.process.wait(), if !ended => {}
                () = sleep(LOOK) => {}
            }
        }
    }
}

/// Until the limit is reached; gives how the task fails.
pub(crate) async fn reached(limit: Option<&(Instant, Failure)>) -> Failure {
    match limit {
        Some((at, failure)) => {
            sleep_until(*at).await;
            failure.clone()
        }
        None => std::future::pending().await,
    }
}

/// Until the run is asked to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<Option<Instant>>) {
    if stop.wait_for(Option::is_some).await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

impl From<draft_tasks_analysis::phase::Phase> for OnFailure {
    /// What is to be deleted is deleted as far as possible; elsewhere a failed task is what the others rely on.
    fn from(phase: draft_tasks_analysis::phase::Phase) -> OnFailure {
        match phase {
            draft_tasks_analysis::phase::Phase::Cleanup => OnFailure::Continue,
            _ => OnFailure::Stop,
        }
    }
}
