//! That no task of a run reaches another cluster than the user was asked about: an earlier one may have switched the
//! context or written the kubeconfig.
//!
//! Must not ask, as the run goes on: it refuses, and the next run asks.

use std::collections::BTreeSet;
use std::ffi::OsString;

use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{RunRequest, TaskGate};

use super::Whereabouts;
use crate::settings::kubernetes::KubernetesSettings;

/// What was known of a run's clusters when the user was asked.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    /// The clusters that its tasks reach.
    known: Vec<Target>,
    /// The tasks, by their places, that reach one which is unknown.
    unknown: BTreeSet<usize>,
    /// The first task that chooses for those behind it one which is unknown.
    chosen_from: Option<usize>,
    kubernetes: KubernetesSettings,
}

impl Crossing {
    pub(crate) fn of(plan: &Plan, whereabouts: Whereabouts<'_>, kubernetes: &KubernetesSettings) -> Crossing {
        let reached = whereabouts.reached(plan);
        let is_unknown = |chooses: bool| {
            reached.iter().filter(move |it| it.target.is_err() && (it.chooses || !chooses)).map(|it| it.step)
        };
        Crossing {
            unknown: is_unknown(false).collect(),
            chosen_from: is_unknown(true).min(),
            known: reached.iter().filter_map(|it| it.target.clone().ok()).collect(),
            kubernetes: kubernetes.clone(),
        }
    }

    /// What looks at each task of the run right before it starts. By what the known clusters know the user is masked in the
    /// run from now on.
    pub(crate) fn gate(self, request: &mut RunRequest) -> TaskGate {
        self.known.iter().for_each(|target| request.mask_credentials(target));
        let (plan, directory) = (request.plan.clone(), request.directory.clone());
        let secrets = request.secrets.clone();
        Box::new(move |task, environment: &[(OsString, OsString)]| {
            let whereabouts =
                Whereabouts { directory: &directory, environment, secrets: &secrets, pinned: None };
            let step = plan.steps.get(task).cloned().into_iter().collect();
            let refused = self.refused(task, &Plan { subject: plan.subject, steps: step }, whereabouts);
            refused.map_or(Ok(()), |why| Err(secrets.mask(&why).into_owned()))
        })
    }

    /// Why a task must not start.
    fn refused(&self, task: usize, plan: &Plan, whereabouts: Whereabouts<'_>) -> Option<String> {
        if self.chosen_from.is_some_and(|from| from < task) {
            return None;
        }
        let reached = whereabouts.reached(plan);
        reached.into_iter().filter(|it| !it.is_hint).find_map(|it| match it.target {
            Ok(target) => (!self.has(&target)).then(|| self.describe(&target)),
            Err(why) => (!self.unknown.contains(&task)).then(|| {
                format!("it is not known any more which cluster it reaches ({why}), as an earlier task has changed that")
            }),
        })
    }

    fn has(&self, target: &Target) -> bool {
        self.kubernetes.is_local(target) || self.known.iter().any(|known| known.is_same_cluster(target))
    }

    fn describe(&self, target: &Target) -> String {
        let place = |target: &Target| format!("{} ({})", target.describe(), target.server);
        let was = self.known.first().map_or_else(|| "none".to_owned(), place);
        format!(
            "it would reach a cluster that nobody was asked about, as an earlier task has changed the kubeconfig: {}; \
             before the run it was {was}",
            place(target)
        )
    }
}
