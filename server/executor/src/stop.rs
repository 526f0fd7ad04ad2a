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

/// How long what is asked to end has until it is killed, where nobody says anything else.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long killed processes may take to be gone; only one that hangs in the kernel, or belongs to another user,
/// takes longer, and then it is told as left running.
pub const KILL_LIMIT: Duration = Duration::from_secs(2);

/// A run in progress. Dropping it stops the run with the grace of its request; if the runtime ends before that is
/// over, what still runs is killed.
#[derive(Debug)]
pub struct RunHandle {
    /// When the run's processes are killed, in the time of [`halt::now`]; nothing while it need not stop.
    deadline: watch::Sender<Option<Instant>>,
    grace: Duration,
    task: JoinHandle<()>,
}

impl RunHandle {
    pub(crate) fn new(
        deadline: watch::Sender<Option<Instant>>,
        grace: Duration,
        task: JoinHandle<()>,
    ) -> RunHandle {
        RunHandle { deadline, grace, task }
    }

    /// Asks the running task and everything it started to end, and kills what is left after `grace`;
    /// the remaining tasks are skipped. Calling it again can only shorten the time.
    pub fn stop(&self, grace: Duration) {
        // A time beyond what the clock can hold never comes.
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let deadline = halt::now() + grace.min(FAR);
        self.deadline.send_if_modified(|current| {
            let sooner = current.is_none_or(|current| deadline < current);
            if sooner {
                *current = Some(deadline);
            }
            sooner
        });
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
pub(crate) async fn stopped(stop: &mut watch::Receiver<Option<Instant>>) {
    if stop.wait_for(Option::is_some).await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

/// Until the run was asked to stop, and its tasks are to have ended.
pub(crate) async fn overdue(stop: &mut watch::Receiver<Option<Instant>>) {
    stopped(stop).await;
    loop {
        let at = (*stop.borrow_and_update()).unwrap_or_else(halt::now);
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
