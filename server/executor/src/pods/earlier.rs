//! Awaits the pods in which an earlier run ran.
//!
//! Must not take another pod for one of them, nor wait for one that does not come back.

use std::sync::Arc;

use draft_tasks_analysis::plan::Plan;
use tokio::sync::watch;

use super::gone::changed_before;
use super::selection::{PodState, current, shorten};
use super::wait::{ReadyPods, Waiting, container, read};
use super::watching::Pods;
use crate::cluster::Connection;
use crate::event::{Pod, Problem};
use crate::report::Report;
use crate::request::{EarlierPod, PodsRequest};

/// What is to run again, and where.
pub(super) struct EarlierRun<'a> {
    pub(super) connection: &'a Connection,
    pub(super) wanted: &'a PodsRequest,
    pub(super) earlier: &'a [EarlierPod],
    pub(super) plan: &'a Plan,
}

/// What became of the pods.
#[derive(Debug, Default)]
struct Fates<'a> {
    here: Vec<(&'a EarlierPod, &'a PodState)>,
    gone: Vec<String>,
    /// Another pod has the name now.
    taken: Vec<String>,
    outdated: Vec<String>,
}

impl EarlierRun<'_> {
    /// Waits until those that are still there are ready.
    ///
    /// # Errors
    ///
    /// When none is left, the time is over, or a container is not there.
    pub(super) async fn until_ready(
        &self,
        mut pods: watch::Receiver<Arc<Pods>>,
        report: &Report,
    ) -> Result<ReadyPods, Problem> {
        let mut waiting = Waiting::new(self.wanted, report);
        loop {
            let now: Arc<Pods> = pods.borrow_and_update().clone();
            let seen: Vec<PodState> = now.seen.values().cloned().collect();
            let read = read(self.connection, &seen, &self.wanted.application).await?;
            let fates = Fates::of(self.earlier, &seen, &current(&seen, &read.workloads));
            let found = self.choose(&fates)?;
            let (here, unready) = (fates.here.len(), fates.unready());
            if unready.is_empty() {
                let note = fates.describe().map(|what| format!("{what}: not run again"));
                return Ok(ReadyPods { pods: found, note });
            }
            if let Some(problem) = &now.refused {
                return Err(problem.clone());
            }
            waiting.tell(here - unready.len(), here, shorten(&unready)).await;
            if !changed_before(&mut pods, waiting.time.end()).await? {
                return Err(waiting.too_late(self.connection));
            }
        }
    }

    fn choose(&self, fates: &Fates<'_>) -> Result<Vec<Pod>, Problem> {
        if fates.here.is_empty() {
            let what = fates.describe().unwrap_or_default();
            let phase = self.plan.subject.name();
            let problem = Problem::new(format!("no pod of the earlier run is left: {what}"));
            return Err(problem.help(format!("run {phase} to reach the pods that are there now")));
        }
        self.check_once(fates)?;
        let chosen = fates.here.iter().map(|(earlier, pod)| {
            let wanted = self.wanted.container.as_deref().unwrap_or(&earlier.container);
            Ok(pod.with(container(pod, Some(wanted))?, self.tasks(earlier)))
        });
        chosen.collect()
    }

    /// What comes after a task that runs once relies on it, and another pod must not try it.
    fn check_once(&self, fates: &Fates<'_>) -> Result<(), Problem> {
        let is_left = |task: &String| fates.here.iter().any(|(earlier, _)| earlier.runs(task));
        let mut once =
            self.plan.steps.iter().map(|step| &step.task).filter(|task| self.wanted.once.contains(task));
        let Some(task) = once.find(|task| !is_left(task)) else { return Ok(()) };
        let what = fates.describe().unwrap_or_default();
        let problem =
            Problem::new(format!("`{task}` runs once, and the pod in which it ran is not left: {what}"));
        Err(problem.help(format!(
            "find out whether it ended well; run {} to reach the pods that are there now",
            self.plan.subject.name()
        )))
    }

    fn tasks(&self, earlier: &EarlierPod) -> Vec<usize> {
        let steps = self.plan.steps.iter().enumerate();
        steps.filter(|(_, step)| earlier.runs(&step.task)).map(|(index, _)| index).collect()
    }
}

impl<'a> Fates<'a> {
    /// Looks for each pod among those that are seen, of which some are of the present rollout.
    fn of(earlier: &'a [EarlierPod], seen: &'a [PodState], current: &[&PodState]) -> Fates<'a> {
        let mut fates = Fates::default();
        for wanted in earlier {
            let name = wanted.name.clone();
            match seen.iter().find(|pod| pod.name == name && !pod.over) {
                None => fates.gone.push(name),
                Some(pod) if pod.uid != wanted.uid => fates.taken.push(name),
                Some(pod) if current.iter().all(|of| of.uid != pod.uid) => fates.outdated.push(name),
                Some(pod) => fates.here.push((wanted, pod)),
            }
        }
        fates
    }

    fn unready(&self) -> Vec<String> {
        let unready = self.here.iter().filter(|(_, pod)| !pod.ready);
        unready.map(|(_, pod)| format!("{} {}", pod.name, pod.reason)).collect()
    }

    /// "web-1 is gone", "web-1, web-2 are gone"; nothing where all are here.
    fn describe(&self) -> Option<String> {
        let said = |names: &[String], one: &str, many: &str| match names {
            [] => None,
            [name] => Some(format!("{name} {one}")),
            names => Some(format!("{} {many}", shorten(names))),
        };
        let all = [
            said(&self.gone, "is gone", "are gone"),
            said(&self.taken, "is another pod now", "are other pods now"),
            said(&self.outdated, "is of an earlier rollout", "are of an earlier rollout"),
        ];
        let all: Vec<String> = all.into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
