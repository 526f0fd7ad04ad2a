//! Jobs of Kubernetes that may go on though the run is over that made them or took them up, as records tell it.
//!
//! Must not call a Job over of which no record says so, and contacts nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use super::schema::{ClusterEntry, JobEntry};
use super::{Records, StoredRun};

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
        Some(LeftJob { kept: run.clone(), cluster, name })
    });
    left.collect()
}

impl Records {
    /// The runs that made a Job of a name or took it up, newest first.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read; a missing one is no error.
    pub fn of_job(&self, name: &str) -> io::Result<Vec<StoredRun>> {
        Ok(self.list()?.into_iter().filter(|run| job_name(run) == Some(name)).collect())
    }

    /// Keeps that a Job is over, or that there is none any more, where it is in this place. What cannot be kept is asked again.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read; a missing one is no error.
    pub fn job_is_over(&self, name: &str, is_here: &dyn Fn(&ClusterEntry) -> bool) -> io::Result<()> {
        let is_meant = |run: &StoredRun| run.cluster().is_some_and(is_here);
        for run in self.of_job(name)?.into_iter().filter(is_meant) {
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

    /// Whether it tells how its Job ended, so that nothing of it goes on.
    pub fn has_seen_job_end(&self) -> bool {
        self.result().is_some_and(|result| result.job_left == Some(false))
    }
}
