//! Walks a plan and owns the truth of a run.
//!
//! Must not spawn processes itself or turn bytes into lines: `local` and `output` do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use draft_tasks_analysis::plan::Plan;
use tokio::sync::mpsc;

use crate::event::RunEvent;

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The tasks.
    pub plan: Plan,
    /// The directory in which every task runs: that of the tasks file.
    pub directory: PathBuf,
    /// The whole environment of the tasks; nothing is inherited beside it.
    pub environment: Vec<(OsString, OsString)>,
    /// What happens after a task failed.
    pub on_failure: OnFailure,
    /// How long a task may take to end after it was asked to, before it is killed.
    pub grace: Duration,
}

/// What happens to the remaining tasks after one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// They are skipped.
    Stop,
    /// They run all the same.
    Continue,
}

/// A run in progress. Dropping it stops the run.
#[derive(Debug)]
pub struct RunHandle {}

/// Starts a run on the current tokio runtime. Events go to `events` in order; a slow reader slows the tasks, not the memory.
pub fn start(_request: RunRequest, _events: mpsc::Sender<RunEvent>) -> RunHandle {
    RunHandle {}
}

impl RunHandle {
    /// Asks the running task and everything it started to end, and kills what is left after `grace`;
    /// the remaining tasks are skipped. Calling it again can only shorten the time.
    pub fn stop(&self, _grace: Duration) {}

    /// Waits until the run is over and its last event was taken.
    pub async fn finished(self) {}
}
