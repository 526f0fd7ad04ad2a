//! What of a phase has not passed before its last run, and not since.
//!
//! Must not take for passed, nor for failed, what ran elsewhere or where nobody saw how it ended.

use draft_tasks_executor::record::schema::{GivenEntry, PodEntry};

use super::Elsewhere;
use crate::again::earlier::{EarlierRun, TaskEnd};

/// Whether tasks of two runs meet the same, apart from limits, what happens after a failure and the terminal.
fn is_given_alike(one: &GivenEntry, other: &GivenEntry) -> bool {
    let met = |given: &GivenEntry| GivenEntry {
        on_failure: None,
        timeout: None,
        total_timeout: None,
        tty: false,
        ..given.clone()
    };
    met(one) == met(other)
}

impl EarlierRun {
    /// Adds what ran before and not since, as far as it is there: a task of the file, in pods of the same rollout. Where a
    /// task did not pass that was left out since, it has still not passed. Tells of a run before it that ran elsewhere, where
    /// tasks of that have not passed.
    ///
    /// # Errors
    ///
    /// Where such a task was given other options: without them it would be another run of it.
    pub(super) fn remember(
        &mut self,
        before: impl Iterator<Item = EarlierRun>,
        present: &[String],
    ) -> Result<Option<Elsewhere>, String> {
        let is_single = self.cluster.is_none() || self.job().is_some();
        for older in before {
            let is_known = |name: &String| self.tasks.iter().any(|task| task.name == *name);
            if is_single && present.iter().all(is_known) {
                break;
            }
            if !self.ran_where(&older) {
                let (id, place) = (older.id.clone(), older.place());
                return Ok((older.unpassed() > 0).then_some(Elsewhere { id, place }));
            }
            let shares = |pod: &PodEntry| self.pods.iter().any(|known| known.uid == pod.uid);
            if !is_single && !older.pods.iter().any(shares) {
                break;
            }
            let left = self.unpassed();
            self.add(&older, present);
            if self.unpassed() == left {
                continue;
            }
            older.check_end_of_job()?;
            if !is_given_alike(&self.given, &older.given) {
                let id = &older.id;
                return Err(format!(
                    "run {id} has tasks that have not passed since, and had other options: `draft-tasks rerun {id} --failed` runs them"
                ));
            }
        }
        Ok(None)
    }

    /// How many tasks have not passed, in each pod in which they were to run.
    pub(super) fn unpassed(&self) -> usize {
        let all = 0..self.tasks.len();
        if self.pods.is_empty() {
            return all.filter(|task| self.ends.get(&(*task, None)) != Some(&TaskEnd::Passed)).count();
        }
        all.map(|task| self.left(task).len()).sum()
    }

    fn add(&mut self, older: &EarlierRun, present: &[String]) {
        let known = self.tasks.len();
        let places: Vec<usize> = older.pods.iter().map(|pod| self.place_of(pod)).collect();
        for (index, task) in older.tasks.iter().enumerate().filter(|(_, task)| present.contains(&task.name)) {
            let own = self.tasks.iter().position(|of| of.name == task.name);
            let own = own.unwrap_or_else(|| {
                self.tasks.push(task.clone());
                self.lent.extend(older.lent.contains(&task.name).then(|| task.name.clone()));
                self.tasks.len() - 1
            });
            if older.pods.is_empty() && own >= known {
                self.ends.extend(older.ends.get(&(index, None)).map(|end| ((own, None), *end)));
            }
            for (pod, place) in older.pods.iter().zip(&places).filter(|(pod, _)| pod.tasks.contains(&index)) {
                let of = &mut self.pods[*place].tasks;
                if !of.contains(&own) {
                    of.push(own);
                    let at = older.pods.iter().position(|other| other.uid == pod.uid);
                    self.ends.extend(older.ends.get(&(index, at)).map(|end| ((own, Some(*place)), *end)));
                }
            }
        }
    }

    /// The index of a pod, which is added where it is new.
    fn place_of(&mut self, pod: &PodEntry) -> usize {
        let place = self.pods.iter().position(|known| known.uid == pod.uid);
        place.unwrap_or_else(|| {
            self.pods.push(PodEntry { tasks: Vec::new(), ..pod.clone() });
            self.pods.len() - 1
        })
    }
}
