//! Runs whose program was killed, and what they left running, in words: the same in editor and terminal.
//!
//! Must not end anything: the user may need what was left.

use std::path::PathBuf;

use draft_tasks_executor::record::{Event, InterruptedRun, LeftJob, Records, left_jobs};
use draft_tasks_executor::{LeftProcess, describe_left_running};

use crate::clock::Clock;

/// Something to tell about a run that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) message: String,
    /// Whether something of it still runs; else it is only worth a line in a log.
    pub(crate) is_running: bool,
    /// The Job that it made or took up, which may go on.
    pub(crate) job: Option<String>,
}

/// What there is to say about runs of these records; what cannot be read says nothing.
pub(crate) fn notices(directory: PathBuf) -> Vec<Notice> {
    let records = Records::at(directory);
    let found = records.interrupted().unwrap_or_default();
    let is_job = found.iter().any(|interrupted| interrupted.kept.job().is_some());
    let jobs = if is_job { left_jobs(&records.list().unwrap_or_default()) } else { Vec::new() };
    found.iter().map(|interrupted| notice(interrupted, &jobs)).collect()
}

fn notice(interrupted: &InterruptedRun, jobs: &[LeftJob]) -> Notice {
    let InterruptedRun { kept, left } = interrupted;
    let what = match &kept.began {
        Some(Event::RunStarted { phase, file, at, .. }) => {
            let at = kept.at().map_or_else(|| format!("at {at}"), |at| Clock::of_system().describe(at));
            format!("the run of {phase} of {file} {at}")
        }
        _ => format!("the run {}", kept.id),
    };
    if let Some(job) = jobs.iter().find(|job| job.kept.id == kept.id) {
        let message = format!("{what} goes on as {}, unless it is over by now", job.cluster.describe());
        return Notice { message, is_running: false, job: Some(job.name.clone()) };
    }
    let left = describe(left).map(|left| format!("; {left}")).unwrap_or_default();
    let message =
        format!("{what} was interrupted, as its program was killed{left}; record: {}", kept.folder.display());
    Notice { message, is_running: !interrupted.left.is_empty(), job: None }
}

/// "left running: sleep (process 4711), to be ended with `kill 4711; kill -CONT 4711`"; nothing when nothing was left.
pub(crate) fn describe(left: &[LeftProcess]) -> Option<String> {
    let pids: Vec<_> = left.iter().map(|left| left.pid.to_string()).collect();
    let pids = pids.join(" ");
    // What is stopped takes no notice of a signal to end before it goes on.
    Some(format!("{}, to be ended with `kill {pids}; kill -CONT {pids}`", describe_left_running(left)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_ended_also_where_it_is_stopped() {
        let left = |pid, name: &str| LeftProcess { pid, name: name.into() };
        let described = describe(&[left(4711, "sleep"), left(4712, "cat")]).unwrap();
        assert!(
            described.ends_with(", to be ended with `kill 4711 4712; kill -CONT 4711 4712`"),
            "{described}"
        );
        assert_eq!(describe(&[]), None);
    }
}
