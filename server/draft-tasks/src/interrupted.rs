//! Runs whose program was killed, and what they left running, in words: the same in editor and terminal.
//!
//! Must not end anything: the user may need what was left.

use std::path::PathBuf;

use draft_tasks_executor::record::{Event, InterruptedRun, Records};
use draft_tasks_executor::{LeftProcess, describe_left_running};

/// Something to tell about a run that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) message: String,
    /// Whether something of it still runs; else it is only worth a line in a log.
    pub(crate) is_running: bool,
}

/// What there is to say about runs of these records; what cannot be read says nothing.
pub(crate) fn notices(directory: PathBuf) -> Vec<Notice> {
    let found = Records::at(directory).interrupted().unwrap_or_default();
    found.iter().map(notice).collect()
}

fn notice(interrupted: &InterruptedRun) -> Notice {
    let InterruptedRun { kept, left } = interrupted;
    let what = match &kept.began {
        Some(Event::RunStarted { phase, file, at, .. }) => format!("the run of {phase} of {file} at {at}"),
        _ => format!("the run {}", kept.id),
    };
    let left = describe(left).map(|left| format!("; {left}")).unwrap_or_default();
    let message =
        format!("{what} was interrupted, as its program was killed{left}; record: {}", kept.folder.display());
    Notice { message, is_running: !interrupted.left.is_empty() }
}

/// "left running: sleep (process 4711), to be ended with `kill 4711`"; nothing when nothing was left.
pub(crate) fn describe(left: &[LeftProcess]) -> Option<String> {
    let pids: Vec<_> = left.iter().map(|left| left.pid.to_string()).collect();
    Some(format!("{}, to be ended with `kill {}`", describe_left_running(left)?, pids.join(" ")))
}
