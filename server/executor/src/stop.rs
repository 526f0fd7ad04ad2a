//! How a run is asked to end: by its handle or by a limit.
//!
//! Must not end a process: what runs it heeds this.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::event::Failure;
use crate::halt;
use crate::request::RunLimit;
use crate::stop_signal::StopSignal;

/// How long what is asked to end has until it is killed, where nobody says anything else.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long killed processes may take to be gone; only one that hangs in the kernel, or belongs to another user,
/// takes longer, and then it is told as left running.
pub const KILL_LIMIT: Duration = Duration::from_secs(2);

/// That a run is to end; the times are those of [`halt::now`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopRequest {
    /// Until when what heeds an interrupt has time before it is asked as the system does.
    interrupts_until: Instant,
    /// When what still runs is killed.
    pub(crate) kill_at: Instant,
}

impl StopRequest {
    fn new(signal: StopSignal, grace: Duration) -> StopRequest {
        let now = halt::now();
        let interrupts = if signal == StopSignal::Interrupt { grace / 2 } else { Duration::ZERO };
        StopRequest { interrupts_until: now + interrupts, kill_at: now + grace }
    }

    pub(crate) fn signal(&self) -> StopSignal {
        if halt::now() < self.interrupts_until { StopSignal::Interrupt } else { StopSignal::Terminate }
    }
}

/// A run in progress. Dropping it stops the run with the grace of its request; if the runtime ends before that is
/// over, what still runs is killed.
#[derive(Debug)]
pub struct RunHandle {
    /// Nothing while it need not stop.
    stop: watch::Sender<Option<StopRequest>>,
    grace: Duration,
    task: JoinHandle<()>,
}

impl RunHandle {
    pub(crate) fn new(
        stop: watch::Sender<Option<StopRequest>>,
        grace: Duration,
        task: JoinHandle<()>,
    ) -> RunHandle {
        RunHandle { stop, grace, task }
    }

    /// Asks the running task and everything it started to end, and kills what is left after `grace`;
    /// the remaining tasks are skipped. Calling it again can only shorten the time.
    pub fn stop(&self, grace: Duration) {
        self.stop_by(StopSignal::Terminate, grace);
    }

    /// Stops by a signal other than the usual one.
    pub fn stop_by(&self, signal: StopSignal, grace: Duration) {
        // A time beyond what the clock can hold never comes.
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let request = StopRequest::new(signal, grace.min(FAR));
        self.stop.send_if_modified(|current| {
            let sooner = current.is_none_or(|current| request.kill_at < current.kill_at);
            if sooner {
                *current = Some(request);
            }
            sooner
        });
    }

    /// Leaves the run as it is: what it has in a cluster goes on, and nothing more of it is told.
    pub fn leave(self) {
        self.task.abort();
        // Its end would ask the run to stop.
        std::mem::forget(self);
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

/// When a limit is reached, in the time of [`halt::now`], and how what runs then fails.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) failure: Failure,
}

impl Deadline {
    /// A limit beyond what the clock can hold is no limit.
    pub(crate) fn of_run(begun: Instant, limit: Option<RunLimit>) -> Option<Deadline> {
        let RunLimit { whole, left } = limit?;
        Some(Deadline { at: begun.checked_add(left)?, failure: Failure::RunTimedOut(whole) })
    }

    /// The limit that a task that starts now reaches first.
    pub(crate) fn of_task(limit: Option<Duration>, run: Option<&Deadline>) -> Option<Deadline> {
        let task = limit.and_then(|limit| {
            Some(Deadline { at: halt::now().checked_add(limit)?, failure: Failure::TimedOut(limit) })
        });
        [task, run.cloned()].into_iter().flatten().min_by_key(|deadline| deadline.at)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at <= halt::now()
    }
}

/// Until the deadline; gives how the task fails.
pub(crate) async fn reached(deadline: Option<&Deadline>) -> Failure {
    match deadline {
        Some(Deadline { at, failure }) => {
            halt::until(*at).await;
            failure.clone()
        }
        None => std::future::pending().await,
    }
}

/// Until the run is asked to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<Option<StopRequest>>) {
    if stop.wait_for(Option::is_some).await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

/// Until the run was asked to stop, and its tasks are to have ended.
pub(crate) async fn overdue(stop: &mut watch::Receiver<Option<StopRequest>>) {
    after(stop, Duration::ZERO).await;
}

/// Until the run was asked to stop, and nothing that it had killed for that is to be left.
pub(crate) async fn late(stop: &mut watch::Receiver<Option<StopRequest>>) {
    after(stop, KILL_LIMIT).await;
}

/// Until so much time is over after its tasks are to have ended.
async fn after(stop: &mut watch::Receiver<Option<StopRequest>>, more: Duration) {
    stopped(stop).await;
    loop {
        let at = stop.borrow_and_update().map_or_else(halt::now, |request| request.kill_at) + more;
        tokio::select! {
            () = halt::until(at) => return,
            // A second stop may leave less time.
            changed = stop.changed() => if changed.is_err() { return halt::until(at).await },
        }
    }
}

/// Until nothing that is killed after the deadline is to be left; gives how the task fails.
pub(crate) async fn overrun(deadline: Option<&Deadline>, grace: Duration) -> Failure {
    let failure = reached(deadline).await;
    match halt::now().checked_add(grace.saturating_add(KILL_LIMIT)) {
        Some(at) => halt::until(at).await,
        None => std::future::pending().await,
    }
    failure
}
