//! Earlier runs that were Jobs of Kubernetes.
//!
//! Must not let a Job be made while the one before it may run: what it does would be done twice.

use std::collections::HashMap;

use draft_tasks_executor::record::schema::{ClusterEntry, JobEntry};
use draft_tasks_executor::record::{Records, StoredRun};

use super::Earlier;
use crate::cli::run::is_job_over;

impl Earlier {
    /// The Job that it was, if it was one.
    pub(super) fn job(&self) -> Option<&JobEntry> {
        self.cluster.as_ref()?.job.as_deref()
    }

    /// Whether another run was where this one was: on this machine, in pods of the same application, or as a Job beside it.
    pub(super) fn ran_where(&self, other: &Earlier) -> bool {
        let place = |of: &Earlier| of.cluster.clone().map(|cluster| ClusterEntry { job: None, ..cluster });
        place(self) == place(other) && self.job().is_some() == other.job().is_some()
    }

    /// A Job runs each task once, so the pod in which that was is no part of the result; its image is.
    pub(super) fn forget_pod_of_job(&mut self) {
        if self.job().is_some() {
            let ends = std::mem::take(&mut self.ends);
            self.ends =
                ends.into_iter().map(|((task, _), end)| ((task, None), end)).collect::<HashMap<_, _>>();
            self.image = self.pods.drain(..).find_map(|pod| pod.image);
        }
    }

    /// Where a run took up a Job, what the run was given that made it.
    ///
    /// # Errors
    ///
    /// When that run is not known on this machine.
    pub(super) fn take_maker(&mut self, records: &Records) -> Result<(), String> {
        let Some(job) = self.job().cloned().filter(|job| job.attached) else { return Ok(()) };
        let all = records.list().map_err(|error| format!("{}: {error}", records.directory.display()))?;
        let has_made = |made: &Earlier| made.job().is_some_and(|of| of.name == job.name && !of.attached);
        let Some(made) = all.iter().filter_map(Earlier::read).find(has_made) else {
            let Earlier { id, phase, .. } = self;
            return Err(format!(
                "run {id} took up the Job {}, and what that was made of is not known on this machine\n  \
                 `draft-tasks run {phase} --as job` makes another one",
                job.name
            ));
        };
        (self.tasks, self.cluster, self.given) = (made.tasks, made.cluster, made.given);
        self.image = made.image;
        Ok(())
    }

    /// Fails where nobody has seen here how its Job ended: what has passed would run again.
    pub(super) fn check_end_of_job(&self, kept: &StoredRun) -> Result<(), String> {
        let Some(JobEntry { name, .. }) = self.job().filter(|_| !kept.has_seen_job_end()) else {
            return Ok(());
        };
        let Earlier { id, phase, .. } = self;
        Err(format!(
            "run {id} has not seen how its Job {name} ended, so what of it did not pass is not known\n  \
             `draft-tasks runs attach {name}` tells it while the cluster has the Job, \
             `draft-tasks run {phase} --as job` makes another one of all tasks"
        ))
    }

    /// Fails where its Job may still run, or nobody can say.
    pub(super) fn check_job_is_over(&self) -> Result<(), String> {
        let (Some(cluster), Some(JobEntry { name, .. })) = (&self.cluster, self.job()) else { return Ok(()) };
        let why = match is_job_over(cluster, name) {
            Ok(true) => return Ok(()),
            Ok(false) => "still runs".to_owned(),
            Err(problem) => format!("may still run: {problem}"),
        };
        let id = &self.id;
        Err(format!(
            "run {id} made the Job {name}, which {why}\n  `draft-tasks runs attach {name}` shows how it ends, \
             `draft-tasks runs stop {name}` ends it"
        ))
    }
}
