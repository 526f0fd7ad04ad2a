//! Earlier runs that were Jobs of Kubernetes.
//!
//! Must not let a Job be made while the one before it may run: what it does would be done twice.

use draft_tasks_analysis::command::show_argument;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_executor::job::{JobRest, again};
use draft_tasks_executor::record::schema::{ClusterEntry, JobEntry};
use draft_tasks_executor::record::{Records, StoredRun};

use crate::again::earlier::EarlierRun;
use crate::cli::run::rest_of;
use crate::job::{belongs_to_workload, describe_rest};

/// The run, or another one of its Job that has seen how that ended, where it has not.
///
/// # Errors
///
/// When the records cannot be read.
pub(super) fn with_end(records: &Records, kept: StoredRun) -> Result<StoredRun, String> {
    let Some(job) = kept.job().filter(|_| !kept.has_seen_job_end()) else { return Ok(kept) };
    let of_job = records.of_job(&job.name);
    let of_job = of_job.map_err(|error| format!("{}: {error}", records.directory.display()))?;
    Ok(of_job.into_iter().find(StoredRun::has_seen_job_end).unwrap_or(kept))
}

impl EarlierRun {
    /// Whether another run was where this one was: on this machine, in pods of the same application, or as a Job beside it.
    pub(super) fn ran_where(&self, other: &EarlierRun) -> bool {
        let place = |of: &EarlierRun| of.cluster.clone().map(|cluster| ClusterEntry { job: None, ..cluster });
        place(self) == place(other) && self.job().is_some() == other.job().is_some()
    }

    /// Where a run took up a Job, what the run was given that made it.
    ///
    /// # Errors
    ///
    /// When that run is not known on this machine.
    pub(super) fn take_maker(&mut self, records: &Records) -> Result<(), String> {
        let Some(job) = self.job().cloned().filter(|job| job.attached) else { return Ok(()) };
        let all = records.of_job(&job.name);
        let all = all.map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let has_made = |made: &EarlierRun| made.job().is_some_and(|of| !of.attached);
        let Some(made) = all.iter().filter_map(EarlierRun::read).find(has_made) else {
            return Err(format!(
                "run {} took up the Job {}, and what that was made of is not known on this machine\n  {} makes another one",
                self.id,
                job.name,
                self.way_to_another()
            ));
        };
        (self.tasks, self.cluster, self.given) = (made.tasks, made.cluster, made.given);
        self.image = made.image;
        Ok(())
    }

    /// Fails where nobody has seen here how its Job ended: what has passed would run again.
    pub(super) fn check_end_of_job(&self) -> Result<(), String> {
        let Some(JobEntry { name, .. }) = self.job().filter(|_| self.is_end_unseen) else { return Ok(()) };
        Err(format!(
            "run {} has not seen how its Job {name} ended, so what of it did not pass is not known\n  \
             `draft-tasks runs attach {name}` tells it while the cluster has the Job, \
             {} makes another one of all tasks",
            self.id,
            self.way_to_another()
        ))
    }

    /// The command that makes another Job of all tasks of its phase.
    fn way_to_another(&self) -> String {
        let belongs = Phase::from_name(&self.phase).is_some_and(belongs_to_workload);
        let image = match self.job().and_then(|job| job.image.as_deref()) {
            Some(image) => format!(" --image {}", show_argument(image)),
            None if belongs => String::new(),
            None => " --image IMAGE".to_owned(),
        };
        format!("`draft-tasks run {} --as job{image}`", self.phase)
    }

    /// Fails where its Job may still run, or nobody can say.
    pub(super) fn check_job_is_over(&self, records: &Records) -> Result<(), String> {
        let (Some(cluster), Some(JobEntry { name, .. })) = (&self.cluster, self.job()) else { return Ok(()) };
        let rest = rest_of(records, cluster, name)?;
        let Some(why) = describe_rest(&rest) else { return Ok(()) };
        let ways = match rest {
            Ok(JobRest::Nothing | JobRest::Pod { .. }) => String::new(),
            Ok(JobRest::All) | Err(_) => format!("\n  {}", again(name)),
        };
        Err(format!("run {} made the Job {name}, which {why}{ways}", self.id))
    }
}
