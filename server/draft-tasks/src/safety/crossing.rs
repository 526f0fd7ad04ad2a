//! That no task of a run reaches another cluster than the user was asked about: an earlier one may have switched the
//! context or written the kubeconfig, and its program may be a link to a tool of clusters, which is only seen now.
//!
//! Must not let a task start on silence: where nobody can be asked while the run goes on, it refuses.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};

use draft_tasks_analysis::plan::{Plan, Subject};
use draft_tasks_executor::cluster::Target;
use draft_tasks_executor::{RunRequest, TaskGate};

use super::{Reached, Whereabouts};
use crate::settings::kubernetes::KubernetesSettings;

/// Asks whether a task may start all the same; the error says why it does not.
pub(crate) type Asker = Box<dyn Fn(TaskQuestion<'_>) -> Result<(), String> + Send + Sync>;

/// What is asked right before a task starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskQuestion<'a> {
    pub(crate) text: &'a str,
    /// The cluster to which a link leads, of which is asked as before a run.
    pub(crate) linked: Option<&'a Target>,
}

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
    /// Whether links were followed by then.
    followed_links: bool,
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
            followed_links: whereabouts.follows_links,
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
    /// know the user is masked in the run from now on, and what others do from the task on that reaches them.
    pub(crate) fn gate(self, request: &mut RunRequest, asker: Option<Asker>) -> TaskGate {
        self.known.iter().for_each(|target| request.mask_credentials(target));
        let (plan, directory) = (request.plan.clone(), request.directory.clone());
        let secrets = request.secrets.clone();
        let crossing = Mutex::new(self);
        Box::new(move |task, environment: &[(OsString, OsString)]| {
            let whereabouts = Whereabouts {
                directory: &directory,
                environment,
                secrets: &secrets,
                pinned: None,
                follows_links: true,
            };
            let Some(step) = plan.steps.get(task) else { return Ok(Vec::new()) };
            let alone = Plan { subject: plan.subject, steps: vec![step.clone()] };
            // Tasks start one after another.
            let mut crossing = crossing.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                let reached = whereabouts.reached(&alone);
                let Some(Crossed { target, is_linked, why }) = crossing.crossed(task, &reached) else {
                    return Ok(reached.into_iter().filter_map(|it| it.target.ok()).collect());
                };
                let why = secrets.mask(&why).into_owned();
                let Some(asker) = &asker else { return Err(why) };
                let text = &format!("run `{}` although {why}?", secrets.mask(&step.task));
                let linked = target.as_ref().filter(|_| is_linked);
                asker(TaskQuestion { text, linked }).map_err(|no| format!("{why}; {no}"))?;
                match target {
                    Some(target) => crossing.known.push(target),
                    None => drop(crossing.unknown.insert(task)),
                }
            }
        })
    }

    /// A cluster that a task would reach and nobody was asked about, of all that it would.
    fn crossed(&self, task: usize, reached: &[Reached]) -> Option<Crossed> {
        let is_chosen = self.chosen_from.is_some_and(|from| from <= task);
        let link = |it: &Reached| it.link.clone().filter(|_| !self.followed_links);
        // Of a link nobody was asked, whatever cluster was chosen.
        let is_of_interest = |it: &&Reached| !it.is_hint && (!is_chosen || link(it).is_some());
        reached.iter().filter(is_of_interest).find_map(|it| match &it.target {
            Ok(target) => (!self.has(target)).then(|| {
                let why = self.describe(target, link(it).as_deref());
                Crossed { target: Some(target.clone()), is_linked: link(it).is_some(), why }
            }),
            Err(why) => (!self.unknown.contains(&task)).then(|| Crossed {
                target: None,
                is_linked: link(it).is_some(),
                why: match link(it) {
                    Some(link) => format!("it is not known which cluster it reaches ({why}), as {link}"),
                    None => format!(
                        "it is not known any more which cluster it reaches ({why}), as that has changed since the run began"
                    ),
                },
            }),
        })
    }

    fn has(&self, target: &Target) -> bool {
        self.kubernetes.is_local(target) || self.known.iter().any(|known| known.is_same_cluster(target))
    }

    fn describe(&self, target: &Target, link: Option<&str>) -> String {
        let place = |target: &Target| format!("{} ({})", target.describe(), target.server);
        let was = self.known.first().map_or_else(|| "none".to_owned(), place);
        let cause = link.unwrap_or("the kubeconfig has changed since the run began");
        format!(
            "it would reach a cluster that nobody was asked about, as {cause}: {}; before the run it was {was}",
            place(target)
        )
    }
}

/// A cluster that nobody was asked about; nothing where it is unknown.
struct Crossed {
    target: Option<Target>,
    /// Whether it is reached by a link.
    is_linked: bool,
    /// What is wrong with it, without a full stop.
    why: String,
}
