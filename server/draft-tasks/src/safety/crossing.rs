//! That no task of a run reaches another cluster than the user was asked about: an earlier one may have switched the
//! context or written the kubeconfig.
//!
//! Must not let a task start on silence: where nobody can be asked while the run goes on, it refuses.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};

use draft_tasks_analysis::plan::{Plan, Subject};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{RunRequest, TaskGate};

use super::Whereabouts;
use crate::settings::kubernetes::KubernetesSettings;

/// Asks whether a task may start all the same; the error says why it does not.
pub(crate) type Asker = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What was known of the clusters of a run, or of several that are asked about together, when the user was asked.
#[derive(Clone, Debug)]
pub(crate) struct Crossing {
    /// What it is about.
    pub(crate) subject: Subject,
    /// The clusters that the tasks reach.
    known: Vec<Target>,
    /// The tasks, by their places, that reach one which is unknown.
    unknown: BTreeSet<usize>,
    /// The first task for which an earlier one chooses a cluster which is unknown.
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
            subject: plan.subject,
            unknown: is_unknown(false).collect(),
            chosen_from: is_unknown(true).min().map(|step| step + 1),
            known: reached.iter().filter_map(|it| it.target.clone().ok()).collect(),
            kubernetes: kubernetes.clone(),
        }
    }

    /// Those of several runs, which follow each other: what one may reach, the others may.
    pub(crate) fn of_all(
        plans: &[Plan],
        whereabouts: Whereabouts<'_>,
        kubernetes: &KubernetesSettings,
    ) -> Vec<Crossing> {
        let mut all: Vec<_> = plans.iter().map(|plan| Crossing::of(plan, whereabouts, kubernetes)).collect();
        let known: Vec<Target> = all.iter().flat_map(|crossing| crossing.known.clone()).collect();
        let mut is_chosen = false;
        for crossing in &mut all {
            crossing.known.clone_from(&known);
            let chooses = crossing.chosen_from.is_some();
            crossing.chosen_from = if is_chosen { Some(0) } else { crossing.chosen_from };
            is_chosen |= chooses;
        }
        all
    }

    /// What looks at each task of the run right before it starts, and asks where somebody can. By what the known clusters
    /// know the user is masked in the run from now on.
    pub(crate) fn gate(self, request: &mut RunRequest, asker: Option<Asker>) -> TaskGate {
        self.known.iter().for_each(|target| request.mask_credentials(target));
        let (plan, directory) = (request.plan.clone(), request.directory.clone());
        let secrets = request.secrets.clone();
        let crossing = Mutex::new(self);
        Box::new(move |task, environment: &[(OsString, OsString)]| {
            let whereabouts =
                Whereabouts { directory: &directory, environment, secrets: &secrets, pinned: None };
            let Some(step) = plan.steps.get(task) else { return Ok(()) };
            let alone = Plan { subject: plan.subject, steps: vec![step.clone()] };
            // Tasks start one after another.
            let mut crossing = crossing.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some(Crossed { target, why }) = crossing.crossed(task, &alone, whereabouts) {
                let why = secrets.mask(&why).into_owned();
                let Some(asker) = &asker else { return Err(why) };
                asker(&format!("run `{}` although {why}?", secrets.mask(&step.task)))
                    .map_err(|no| format!("{why}; {no}"))?;
                match target {
                    Some(target) => crossing.known.push(target),
                    None => drop(crossing.unknown.insert(task)),
                }
            }
            Ok(())
        })
    }

    /// A cluster that a task would reach and nobody was asked about.
    fn crossed(&self, task: usize, plan: &Plan, whereabouts: Whereabouts<'_>) -> Option<Crossed> {
        if self.chosen_from.is_some_and(|from| from <= task) {
            return None;
        }
        let reached = whereabouts.reached(plan);
        reached.into_iter().filter(|it| !it.is_hint).find_map(|it| match it.target {
            Ok(target) => (!self.has(&target)).then(|| {
                let why = self.describe(&target);
                Crossed { target: Some(target), why }
            }),
            Err(why) => (!self.unknown.contains(&task)).then(|| Crossed {
                target: None,
                why: format!(
                    "it is not known any more which cluster it reaches ({why}), as an earlier task has changed that"
                ),
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

/// A cluster that nobody was asked about; nothing where it is unknown.
struct Crossed {
    target: Option<Target>,
    /// What is wrong with it, without a full stop.
    why: String,
}
