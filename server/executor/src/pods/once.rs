//! Tasks that run in one pod alone, as migrations do, and the tasks of other pods that come after them.
//!
//! Must not try one again in another pod: whether it ended well in the first one may not be known.

use std::collections::BTreeMap;

use draft_tasks_analysis::plan::Plan;
use tokio::sync::watch;

use crate::event::{Outcome, OutcomeName, Pod};

/// How these tasks ended, by their indexes; nothing of one that has not.
pub(super) struct OnceTasks(watch::Sender<BTreeMap<usize, Option<OutcomeName>>>);

impl OnceTasks {
    /// Those of these descriptions.
    pub(super) fn of(plan: &Plan, names: &[String]) -> OnceTasks {
        let steps = plan.steps.iter().enumerate();
        let once = steps.filter(|(_, step)| names.contains(&step.task)).map(|(index, _)| (index, None));
        OnceTasks(watch::Sender::new(once.collect()))
    }

    pub(super) fn contains(&self, task: usize) -> bool {
        self.0.borrow().contains_key(&task)
    }

    /// Leaves each of them in the first of its pods, and no pod that had no other.
    pub(super) fn leave_first(&self, pods: &mut Vec<Pod>) {
        if self.0.borrow().is_empty() {
            return;
        }
        for task in self.0.borrow().keys() {
            let with_task = pods.iter_mut().filter(|pod| pod.tasks.contains(task));
            with_task.skip(1).for_each(|pod| pod.tasks.retain(|other| other != task));
        }
        pods.retain(|pod| !pod.tasks.is_empty());
    }

    pub(super) fn runs_in(&self, pod: &Pod) -> bool {
        pod.tasks.iter().any(|task| self.contains(*task))
    }

    pub(super) fn ended(&self, task: usize, outcome: &Outcome) {
        self.0.send_if_modified(|ended| match ended.get_mut(&task) {
            Some(end) => {
                *end = Some(outcome.kind());
                true
            }
            None => false,
        });
    }

    /// Waits until all of them have ended that run in other pods and come before a task; tells the worst of their ends.
    pub(super) async fn before(&self, task: usize, pods: &[Pod]) -> OutcomeName {
        let mut ends = self.0.subscribe();
        let runs = |once: &usize| pods.iter().any(|pod| pod.tasks.contains(once));
        let awaited = |ends: &BTreeMap<usize, Option<OutcomeName>>| -> Option<OutcomeName> {
            let before = ends.range(..task).filter(|(once, _)| runs(once));
            before.map(|(_, end)| *end).try_fold(OutcomeName::Passed, |worst, end| Some(worst.max(end?)))
        };
        let over = ends.wait_for(|ends| awaited(ends).is_some()).await;
        // It ends only with the run.
        over.ok().and_then(|ends| awaited(&ends)).unwrap_or(OutcomeName::Skipped)
    }
}
