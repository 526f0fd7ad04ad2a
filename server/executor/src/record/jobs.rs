//! Jobs of Kubernetes that may go on though the run is over that made them or took them up, as records tell it.
//!
//! Must not call a Job over of which no record says so, and contacts nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use super::schema::{ClusterEntry, Event, FailureEntry, JobEntry};
use super::{RecordState, Records, StoredRun};
use crate::job;

/// Its presence in a record says that somebody has learnt that the Job of its run is over.
const OVER: &str = "over";

/// A Job of which no record says that it is over.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftJob {
    /// The newest run that made it or took it up.
    pub kept: StoredRun,
    /// Where it is.
    pub cluster: ClusterEntry,
    /// Its name.
    pub name: String,
    /// Whether a program still follows it, so that it is known to go on.
    pub is_followed: bool,
}

/// The Jobs of runs that may go on; runs and Jobs are newest first.
pub fn left_jobs(kept: &[StoredRun]) -> Vec<LeftJob> {
    let over: BTreeSet<&str> = kept.iter().filter(|run| run.is_job_over()).filter_map(job_name).collect();
    let mut seen = BTreeSet::new();
    let left = kept.iter().filter_map(|run| {
        let (cluster, name) = (run.cluster()?.clone(), job_name(run)?.to_owned());
        if over.contains(name.as_str()) || !seen.insert(name.clone()) {
            return None;
        }
        let of_job = kept.iter().filter(|other| job_name(other) == Some(name.as_str()));
        let is_followed = of_job.into_iter().any(|run| run.state == RecordState::Running);
        Some(LeftJob { kept: run.clone(), cluster, name, is_followed })
    });
    left.collect()
}

impl Records {
    /// Keeps that a Job is over, or that there is none any more, where it is in this place. What cannot be kept is asked again.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read; a missing one is no error.
    pub fn job_is_over(&self, name: &str, is_here: &dyn Fn(&ClusterEntry) -> bool) -> io::Result<()> {
        let all = self.list()?;
        let is_meant = |run: &&StoredRun| job_name(run) == Some(name) && run.cluster().is_some_and(is_here);
        for run in all.iter().filter(is_meant) {
            let _ = File::create(run.folder.join(OVER));
        }
        Ok(())
    }
}

fn job_name(run: &StoredRun) -> Option<&str> {
    run.job().map(|job| job.name.as_str())
}

impl StoredRun {
    /// The Job that it made or took up.
    pub fn job(&self) -> Option<&JobEntry> {
        self.cluster()?.job.as_deref()
    }

    /// Whether it is known by it that its Job is over.
    fn is_job_over(&self) -> bool {
        self.folder.join(OVER).exists() || self.has_seen_job_end()
    }

    /// Whether it tells how its Job ended: it came to its end and has not said how the Job is taken up.
    pub fn has_seen_job_end(&self) -> bool {
        let Some(job) = self.job() else { return false };
        let way = job::again(&job.name);
        let says = |event: Event| match event {
            Event::Blocked { help, .. } => help.iter().any(|help| help.contains(&way)),
            Event::Note { message, .. } => message.contains(&way),
            Event::TaskFinished { note, failure, .. } => {
                let of_failure = failure.map(|FailureEntry { message, .. }| message);
                note.into_iter().chain(of_failure).any(|said| said.contains(&way))
            }
            _ => false,
        };
        let is_left = || self.events().map_or(true, |mut events| events.any(says));
        self.result().is_some() && !is_left()
    }
}
