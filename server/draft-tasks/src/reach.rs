//! Which pods a run reaches, and in which of them something runs again: those of the earlier run.
//!
//! Must not take the pods of another cluster, namespace or selector for them.

use draft_tasks_executor::record::schema::ClusterEntry;
use draft_tasks_executor::{EarlierPod, Pod, PodChoice, PodsRequest};

/// The pods in which tasks are wanted to run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WantedPods {
    /// Those of the present rollout that have these names; all of it without names.
    Present(Vec<String>),
    /// Those of an earlier run.
    Earlier(EarlierPods),
    /// None of them, but that of a new Job; where an earlier run was one, where that was.
    OfJob(Option<Box<ClusterEntry>>),
}

/// The pods in which an earlier run ran, and where that was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EarlierPods {
    pub(crate) cluster: ClusterEntry,
    pub(crate) pods: Vec<EarlierPod>,
    /// The tasks that ran in one of them alone: an option that named them stood in place of the settings.
    pub(crate) once: Vec<String>,
}

/// Where a run reaches pods, and in which of them it was asked to run.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) cluster: ClusterEntry,
    pub(crate) choice: PodChoice,
    /// The tasks that run in one pod alone.
    pub(crate) once: Vec<String>,
}

/// That commands of tasks which run again are not those that ran; nothing where all are.
pub(crate) fn describe_changed(tasks: &[&str]) -> Option<String> {
    let names: Vec<String> = tasks.iter().map(|name| format!("`{name}`")).collect();
    let (commands, have) = match names.len() {
        0 => return None,
        1 => ("command", "has"),
        _ => ("commands", "have"),
    };
    Some(format!("the {commands} of {} {have} changed since then: the new runs", names.join(", ")))
}

impl Reach {
    pub(crate) fn of(request: &PodsRequest) -> Reach {
        let PodsRequest { choice, once, .. } = request.clone();
        Reach { cluster: ClusterEntry::of(request), choice, once }
    }

    /// What reaches these pods again; where none was found, what was asked for.
    pub(crate) fn again(&self, found: Vec<EarlierPod>) -> WantedPods {
        if self.cluster.job.is_some() {
            return WantedPods::OfJob(Some(Box::new(self.cluster.clone())));
        }
        let pods = match &self.choice {
            _ if !found.is_empty() => found,
            PodChoice::Present(names) => return WantedPods::Present(names.clone()),
            PodChoice::Again(pods) => pods.clone(),
        };
        WantedPods::Earlier(self.place_of(pods))
    }

    /// These of its pods, with where they were.
    pub(crate) fn place_of(&self, pods: Vec<EarlierPod>) -> EarlierPods {
        EarlierPods { cluster: self.cluster.clone(), pods, once: self.once.clone() }
    }
}

/// A pod in which these tasks ran; all of the plan if there are none.
pub(crate) fn earlier(pod: &Pod, tasks: Vec<String>) -> EarlierPod {
    let Pod { name, uid, container, .. } = pod.clone();
    EarlierPod { name, uid, container, tasks }
}

impl WantedPods {
    /// The names in the present rollout.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            WantedPods::Present(names) => names,
            WantedPods::Earlier(_) | WantedPods::OfJob(_) => &[],
        }
    }

    /// Has a request reach the pods of an earlier run, where these are wanted, or the place of its Job.
    ///
    /// # Errors
    ///
    /// When the request is for pods elsewhere.
    pub(crate) fn narrow(self, request: &mut PodsRequest) -> Result<(), String> {
        match self {
            WantedPods::Present(_) | WantedPods::OfJob(None) => {}
            WantedPods::OfJob(Some(cluster)) => {
                check_place(&cluster, request)?;
            }
            WantedPods::Earlier(EarlierPods { cluster, pods, once }) => {
                check_place(&cluster, request)?;
                (request.choice, request.once) = (PodChoice::Again(pods), once);
            }
        }
        Ok(())
    }
}

/// Checks that a request reaches the place of an earlier run.
///
/// # Errors
///
/// When it reaches another one.
pub(crate) fn check_place(earlier: &ClusterEntry, request: &PodsRequest) -> Result<(), String> {
    let now = ClusterEntry::of(request);
    // Which Job it is says nothing of the place.
    let place = |of: &ClusterEntry| ClusterEntry { job: None, ..of.clone() };
    if place(&now) == place(earlier) {
        return Ok(());
    }
    Err(format!(
        "the earlier run was in {} ({}), and now {} ({}) are chosen: choose the earlier place, or run the phase in the pods \
         of the present one",
        earlier.describe(),
        earlier.server,
        now.describe(),
        now.server
    ))
}

/// Why what failed in pods does not run again.
pub(crate) fn all_gone(phase: &str) -> String {
    format!("the pods in which tasks failed are gone; run {phase} to reach the pods that are there now")
}

/// The pods of some tasks together: each once, with those of the tasks that belong to it.
pub(crate) fn by_pod(of_tasks: impl IntoIterator<Item = (String, Vec<EarlierPod>)>) -> Vec<EarlierPod> {
    let mut all: Vec<EarlierPod> = Vec::new();
    for (task, pods) in of_tasks {
        for pod in pods {
            match all.iter_mut().find(|known| known.uid == pod.uid) {
                Some(known) => known.tasks.push(task.clone()),
                None => all.push(EarlierPod { tasks: vec![task.clone()], ..pod }),
            }
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}
