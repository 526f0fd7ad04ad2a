//! Walks a plan and owns the truth of a run.
//!
//! Must not spawn processes itself or turn bytes into lines: `local` and `output` do.
#![warn(missing_docs)]

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::cluster::{self, LocalCopy, Target};
use crate::describe::describe_duration;
use crate::event::{Failure, LeftProcess, Outcome, Problem, RunEvent, StartError};
use crate::halt;
use crate::job;
use crate::local::{self, Process, TaskStreams};
use crate::mask::Secrets;
use crate::output::Listener;
use crate::output::arrival::Streams;
use crate::pods;
use crate::report::{Heard, Place, Report, TaskEnd};
use crate::request::{Pinned, RunRequest};
use crate::stop::{Deadline, KILL_LIMIT, RunHandle, StopRequest, late, overrun, reached, stopped};
use crate::stop_signal::StopSignal;

/// How long a task's output is awaited after the task ended, when something that it started holds the pipes.
pub const HELD_OPEN: Duration = Duration::from_secs(1);

/// How long something may still run after its task ended before it counts as left running: helpers of a shell
/// often end a moment later.
pub const SETTLE: Duration = Duration::from_millis(100);

/// How often it is looked whether processes are gone that nobody can wait for.
const LOOK: Duration = Duration::from_millis(10);

/// How often processes are sought that were not asked to end yet, while the task itself has not ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How many chunks of output wait at most until they are told, each of up to [`MAX_OUTPUT`](crate::output::MAX_OUTPUT)
/// bytes: a task that writes more waits.
const WAITING: usize = 16;

/// Looks right before each task on this machine starts whether it may: by its place in the plan and the environment that it
/// gets. It may read files. Gives the clusters that the task reaches, by what of them nobody may see; why it may not start is
/// for people.
pub type TaskGate = Box<dyn Fn(usize, &[(OsString, OsString)]) -> Result<Vec<Target>, String> + Send + Sync>;

/// Starts a run on the current tokio runtime. Events go to `events` in order; a slow reader slows the tasks, not the memory.
///
/// When the receiver is dropped, the run goes on unheard. Must be called inside of a runtime with time and io.
pub fn start(mut request: RunRequest, gate: Option<TaskGate>, events: mpsc::Sender<RunEvent>) -> RunHandle {
    let pods = request.pods.as_ref().map(|pods| pods.target.clone());
    let pinned = request.pinned.as_ref().map(|pinned| pinned.target.clone());
    pods.iter().chain(&pinned).for_each(|target| request.mask_credentials(target));
    let (stopper, stop) = watch::channel(None);
    let grace = request.grace;
    let report = Report::new(events, request.plan.steps.len());
    let deadline = Deadline::of_run(report.started, request.limits.run);
    // The run keeps a sender, so that the channel never closes under it.
    let gate = gate.map(Arc::new);
    let walk = Walk { request, gate, report: report.clone(), stop, deadline, _open: stopper.clone() };
    let task = tokio::spawn(async move {
        // A panic of the walk has killed what ran; the reader learns the end all the same.
        if tokio::spawn(walk.run()).await.is_err() {
            tracing::error!("a run ended by a panic");
        }
        report.finish().await;
    });
    RunHandle::new(stopper, grace, task)
}

struct Walk {
    request: RunRequest,
    gate: Option<Arc<TaskGate>>,
    report: Report,
    stop: watch::Receiver<Option<StopRequest>>,
    /// When the run has to be over.
    deadline: Option<Deadline>,
    _open: watch::Sender<Option<StopRequest>>,
}

impl Walk {
    async fn run(mut self) {
        let unmasked = self.mask_kubeconfig().await;
        let pinned = self.pin();
        let plan = &self.request.plan;
        let tasks: Vec<_> = plan.steps.iter().map(|step| step.task.clone()).collect();
        let (count, subject, at) = (tasks.len(), plan.subject, SystemTime::now());
        let kubeconfig = pinned.as_ref().ok().and_then(Option::as_ref).map(|copy| copy.path().to_owned());
        self.report.tell(RunEvent::RunStarted { subject, tasks, at, kubeconfig }).await;
        for message in unmasked {
            self.report.tell(RunEvent::Note { message }).await;
        }
        if self.request.pods.is_some() {
            return self.run_in_pods().await;
        }
        let copy = match pinned {
            Ok(copy) => copy,
            Err(problem) => return self.report.blocked(problem).await,
        };
        let (mut go_on, mut is_too_late) = (true, false);
        for task in 0..count {
            let over = self.deadline.clone().filter(Deadline::is_over);
            let ended = match over {
                _ if !go_on || is_too_late || self.stop.borrow().is_some() => {
                    TaskEnd::without_start(Outcome::Skipped)
                }
                // The first task for which no time is left says so.
                Some(over) => TaskEnd::without_start(Outcome::Failed(over.failure)),
                None => self.run_task(task).await,
            };
            is_too_late |= matches!(ended.outcome, Outcome::Failed(Failure::RunTimedOut(_)));
            go_on &= self.request.on_failure.goes_on_after(&ended.outcome);
            self.report.task_finished(Place { task, pod: None }, ended).await;
        }
        if let Some(changed) = copy.and_then(LocalCopy::finish) {
            let place = changed.display();
            let message = format!(
                "tasks changed their copy of the kubeconfig, which is kept: {place}; to use it, set KUBECONFIG to this path"
            );
            self.report.tell(RunEvent::Note { message }).await;
        }
    }

    /// Masks what the kubeconfig of the environment has that nobody may see, whether a cluster is reached or not. It may be
    /// on a disk that does not answer: a stop goes before that. Gives what of it is not masked, for people.
    async fn mask_kubeconfig(&mut self) -> Vec<String> {
        let environment = self.request.environment.clone();
        let read = tokio::task::spawn_blocking(move || cluster::confidential(&environment));
        tokio::select! {
            biased;
            found = read => {
                let found = found.unwrap_or_default();
                self.request.mask(&found.values);
                found.unknown
            }
            () = stopped(&mut self.stop) => Vec::new(),
        }
    }

    /// Gives the tasks their copy of the kubeconfig.
    fn pin(&mut self) -> Result<Option<LocalCopy>, Problem> {
        let Some(Pinned { target, folders }) = &self.request.pinned else { return Ok(None) };
        let copy = LocalCopy::make(target, folders).map_err(|error| {
            Problem::new(format!("the copy of the kubeconfig for the tasks cannot be written: {error}"))
        })?;
        let variable = copy.variable();
        self.request.environment.retain(|(name, _)| *name != variable.0);
        self.request.environment.push(variable);
        Ok(Some(copy))
    }

    async fn run_in_pods(self) {
        let Walk { request, report, stop, deadline, .. } = self;
        let is_job = request.pods.as_ref().is_some_and(|pods| pods.job.is_some());
        if is_job {
            job::run(&request, &report, stop, deadline.as_ref()).await;
        } else {
            pods::run(&request, &report, stop, deadline.as_ref()).await;
        }
    }

    /// How a task ends that must not start.
    async fn refused(&mut self, task: usize) -> Option<Outcome> {
        let (gate, environment) = (self.gate.clone()?, self.request.environment.clone());
        let looked = tokio::task::spawn_blocking(move || gate(task, &environment));
        // What is read may be on a disk that does not answer.
        let answer = tokio::select! {
            biased;
            answer = looked => answer,
            () = stopped(&mut self.stop) => return Some(Outcome::Skipped),
            failure = reached(self.deadline.as_ref()) => return Some(Outcome::Failed(failure)),
        };
        let reason = match answer.unwrap_or_else(|_| Err("whether it may could not be found out".into())) {
            Ok(reached) => {
                reached.iter().for_each(|target| self.request.mask_credentials(target));
                return None;
            }
            Err(reason) => reason,
        };
        let program = self.request.plan.steps[task].argv.first().cloned().unwrap_or_default();
        let error = self.request.secrets.mask_error(StartError::Refused { program, reason });
        Some(Outcome::Failed(Failure::NotStarted(error)))
    }

    /// Starts a task, unless its program and its folder are on a disk that does not answer; gives how it ends then.
    async fn begin(&mut self, task: usize) -> Result<Process, Outcome> {
        let RunRequest { plan, directory, environment, grace, secrets, .. } = &self.request;
        let streams = if self.request.on_terminal { TaskStreams::Ours } else { TaskStreams::Pipes };
        let started = tokio::select! {
            biased;
            started = local::start(&plan.steps[task].argv, directory, environment, streams) => started,
            // What starts after a stop is asked to end as all else is, or killed; what starts still later is killed when
            // nobody waits for it any more.
            () = late(&mut self.stop) => return Err(Outcome::Stopped),
            failure = overrun(self.deadline.as_ref(), *grace) => return Err(Outcome::Failed(failure)),
        };
        started.map_err(|error| Outcome::Failed(Failure::NotStarted(secrets.mask_error(error))))
    }

    async fn run_task(&mut self, task: usize) -> TaskEnd {
        if let Some(outcome) = self.refused(task).await {
            return TaskEnd::without_start(outcome);
        }
        let mut process = match self.begin(task).await {
            Ok(process) => process,
            Err(outcome) => return TaskEnd::without_start(outcome),
        };
        let RunRequest { plan, directory, limits, grace, secrets, finds_problems, .. } = &self.request;
        let pid = process.pid();
        let program = plan.steps[task].argv.first().map(|program| secrets.mask(program));
        tracing::info!(program = program.as_deref().unwrap_or_default(), pid, "a program was started");
        let (stdout, stderr) = process.take_output();
        let (give_up, given_up) = watch::channel(false);
        let (drained, output_ended) = watch::channel(false);
        let (report, place) = (&self.report, Place { task, pod: None });
        let directory = finds_problems.then_some(directory.as_path());
        let listener = Listener { report, secrets, place, directory };
        let limit = Deadline::of_task(limits.task, self.deadline.as_ref());
        let (stop, grace) = (&mut self.stop, *grace);
        let mut life =
            Life { process, stop, limit, grace, killed_at: None, asked_to_end: false, killed: None };
        // The output is told beside the process's life and not before it, so that a reader that does not read delays no
        // stop.
        let output = async {
            let heard = tell(&listener, pid, Streams::new(stdout, stderr), given_up).await;
            drained.send_replace(true);
            heard
        };
        let lifecycle = async {
            let outcome = life.until_end().await;
            life.until_output_ends(output_ended).await;
            give_up.send_replace(true);
            outcome
        };
        let (outcome, heard) = tokio::join!(lifecycle, output);
        life.settle().await;
        let duration = life.process.duration();
        tracing::info!(pid, outcome = outcome.kind().name(), ?duration, "a program has ended");
        let note = life.killed.take();
        TaskEnd { outcome, duration, left_running: life.let_go(secrets), note, heard }
    }
}

/// Tells that a task was started, and what it writes.
async fn tell(listener: &Listener<'_>, pid: u32, streams: Streams, given_up: watch::Receiver<bool>) -> Heard {
    let (to, from) = mpsc::channel(WAITING);
    let told = async {
        listener.report.task_started(listener.place, Some(pid)).await;
        listener.forward(from).await
    };
    // Both are read from the beginning: what waits in two pipes has lost its order.
    tokio::join!(streams.pass_on(to, given_up), told).1
}

/// A task's processes from their start to their end, which a stop or a limit may bring about.
struct Life<'a> {
    process: Process,
    stop: &'a mut watch::Receiver<Option<StopRequest>>,
    limit: Option<Deadline>,
    /// The time between asking and killing when the limit is reached.
    grace: Duration,
    /// When everything is killed after the limit was reached.
    killed_at: Option<Instant>,
    asked_to_end: bool,
    /// That it had to be killed.
    killed: Option<String>,
}

impl Life<'_> {
    /// Until the task's own process has ended, by itself or, with everything that it started, by a stop or a limit.
    async fn until_end(&mut self) -> Outcome {
        tokio::select! {
            biased;
            outcome = self.process.wait() => outcome,
            failure = reached(self.limit.as_ref()) => {
                self.killed_at = halt::now().checked_add(self.grace);
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
            () = halt::until(halt::now() + HELD_OPEN) => return,
            () = stopped(self.stop), if !self.asked_to_end => {}
        }
        self.end().await;
        // It fails only when the output is no longer read.
        tokio::select! {
            _ = output_ended.wait_for(|ended| *ended) => {}
            () = halt::until(halt::now() + HELD_OPEN) => {}
        }
    }

    /// Gives what still runs a moment to end by itself.
    async fn settle(&mut self) {
        let limit = halt::now() + SETTLE;
        while !self.asked_to_end && self.process.is_alive() {
            if self.stop.borrow().is_some() {
                self.end().await;
            } else if halt::now() < limit {
                sleep(LOOK).await;
            } else {
                return;
            }
        }
    }

    /// What still runs is left to itself.
    fn let_go(self, secrets: &Secrets) -> Vec<LeftProcess> {
        let mut left = self.process.let_go();
        // Whoever names a process may take a secret.
        left.iter_mut().for_each(|left| left.name = secrets.mask(&left.name).into_owned());
        left
    }

    /// Asks everything to end, and kills what still runs at the deadline.
    async fn end(&mut self) {
        self.asked_to_end = true;
        let begun = halt::now();
        let mut was_asked = false;
        while self.process.is_alive() {
            let stopped = *self.stop.borrow_and_update();
            let by_limit = self.killed_at.is_some();
            let signal = stopped.filter(|_| !by_limit).map_or(StopSignal::Terminate, |it| it.signal());
            let stopped = stopped.map(|request| request.kill_at);
            let deadline = [stopped, self.killed_at].into_iter().flatten().min().unwrap_or_else(halt::now);
            if deadline <= halt::now() {
                break;
            }
            self.process.ask_to_end(signal);
            was_asked = true;
            let ended = self.process.has_ended();
            tokio::select! {
                biased;
                _ = self.process.wait(), if !ended => {}
                () = halt::until(deadline) => break,
                _ = self.stop.changed() => {}
                () = sleep(if ended { LOOK } else { LOOK_AGAIN }) => {}
            }
        }
        if self.process.is_alive() {
            let after = describe_duration(halt::now() - begun);
            self.killed.get_or_insert_with(|| {
                if was_asked {
                    format!("killed, as it did not end within {after}")
                } else {
                    "killed at once".to_owned()
                }
            });
        }
        self.kill().await;
    }

    async fn kill(&mut self) {
        let limit = halt::now() + KILL_LIMIT;
        // Again and again, since a process may start another one just before it is killed.
        while self.process.is_alive() && halt::now() < limit {
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
