//! Which of the pods that are seen are the application's current ones, and whether all of them are ready.
//!
//! Must not contact the cluster or wait: it judges one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};

use crate::cluster::object::{Condition, Container, ContainerStatus, PodObject, PodStatus};
use crate::event::Pod;
use crate::request::Application;

/// The annotation by which Draft names the build of a pod (`pkg/local/local.go`).
pub const BUILD_ANNOTATION: &str = "buildID";

/// The annotation by which a pod names the container that commands are meant for.
const CONTAINER_ANNOTATION: &str = "kubectl.kubernetes.io/default-container";

/// The labels by which workloads tell the pods of one template from those of another.
const HASH_LABELS: [&str; 2] = ["pod-template-hash", "controller-revision-hash"];

/// What decides whether a pod is run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodState {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// When it was made, in nanoseconds of Unix time.
    pub(crate) created: i128,
    /// It is being deleted, or has ended.
    pub(crate) over: bool,
    /// It has ended and nobody deletes it: nothing of it runs, and it may stay. One that is deleted may have ended
    /// before its object is gone.
    pub(crate) stays: bool,
    pub(crate) ready: bool,
    /// Why it is not ready.
    pub(crate) reason: String,
    pub(crate) build: Option<String>,
    pub(crate) hash: Option<String>,
    /// The workload that made it.
    pub(crate) owner: Option<Owner>,
    /// Its containers, its sidecars, and its ephemeral containers that run.
    pub(crate) containers: Vec<String>,
    /// The container that its annotation names.
    pub(crate) default_container: Option<String>,
    /// How often each of its containers was started again.
    pub(crate) restarts: Vec<Restarts>,
}

/// How often a container was started again, and why it had ended before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restarts {
    pub(crate) container: String,
    pub(crate) count: i32,
    pub(crate) reason: Option<String>,
}

/// What made a pod: a ReplicaSet, a StatefulSet, a DaemonSet or something else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner {
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// What is known of the workload behind an [`Owner`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// Whether the owner's pods, or those with this hash, are of the present template; and what its rollout waits for.
    Known { current: CurrentPods, waits_for: Option<String> },
    /// It may not be read, or is of a kind that we do not know.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CurrentPods {
    /// All of the owner's pods are.
    All,
    /// None of the owner's pods is.
    None,
    /// Those with this hash are.
    Hash(String),
    /// Those that have the newest pod's hash are.
    Newest,
}

/// The judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Something is awaited.
    Wait { ready: usize, pods: usize, message: String },
    /// All are ready. It is certain when every workload told that its rollout is over; else more pods may come.
    Ready { pods: Vec<PodState>, certain: bool },
}

impl PodState {
    pub(crate) fn of(pod: &PodObject) -> Option<PodState> {
        let metadata = &pod.metadata;
        let status = pod.status.as_ref();
        let annotation =
            |name: &str| metadata.annotations.as_ref()?.get(name).filter(|it| !it.is_empty()).cloned();
        let label = |name: &&str| metadata.labels.as_ref()?.get(*name).cloned();
        let phase = status.and_then(|status| status.phase.as_deref()).unwrap_or_default();
        let ended = matches!(phase, "Succeeded" | "Failed");
        let is_deleted = metadata.deletion_timestamp.is_some();
        Some(PodState {
            name: metadata.name.clone()?,
            uid: metadata.uid.clone().unwrap_or_default(),
            created: metadata.creation_timestamp.as_ref().map_or(0, |Time(time)| time.as_nanosecond()),
            over: ended || is_deleted,
            stays: ended && !is_deleted,
            ready: condition(pod, "Ready").is_some_and(|ready| ready.status == "True"),
            reason: reason(pod),
            build: annotation(BUILD_ANNOTATION),
            hash: HASH_LABELS.iter().find_map(label),
            owner: metadata
                .owner_references
                .iter()
                .flatten()
                .find(|it| it.controller == Some(true))
                .map(owner),
            containers: containers(pod),
            default_container: annotation(CONTAINER_ANNOTATION),
            restarts: status.map(restarts).unwrap_or_default(),
        })
    }

    /// The pod as one in whose container these tasks run.
    pub(crate) fn with(&self, container: String, tasks: Vec<usize>) -> Pod {
        let PodState { name, uid, build, .. } = self.clone();
        Pod { name, container, build, image: None, uid, tasks }
    }
}

fn is_sidecar(container: &&Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn containers(pod: &PodObject) -> Vec<String> {
    let spec = || pod.spec.iter();
    let own = spec().flat_map(|spec| spec.containers.iter().flatten());
    let sidecars = spec().flat_map(|spec| spec.init_containers.iter().flatten()).filter(is_sidecar);
    let ephemeral = pod.status.iter().flat_map(|status| status.ephemeral_container_statuses.iter().flatten());
    let running = ephemeral.filter(|it| runs(it)).map(|it| it.name.clone());
    own.chain(sidecars).map(|it| it.name.clone()).chain(running).collect()
}

fn runs(status: &ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.running.is_some())
}

fn restarts(status: &PodStatus) -> Vec<Restarts> {
    let all = status.container_statuses.iter().chain(&status.init_container_statuses).flatten();
    all.map(|status| Restarts {
        container: status.name.clone(),
        count: status.restart_count.unwrap_or(0),
        reason: status.last_state.as_ref().and_then(|state| state.terminated.as_ref()?.reason.clone()),
    })
    .collect()
}

pub(crate) fn owner(reference: &OwnerReference) -> Owner {
    Owner { kind: reference.kind.clone(), name: reference.name.clone() }
}

fn condition<'a>(pod: &'a PodObject, kind: &str) -> Option<&'a Condition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.kind == kind)
}

/// Why a pod is not ready, in the words of Kubernetes: a container's `ImagePullBackOff` before the scheduler's
/// `Unschedulable` before "not ready".
pub(crate) fn reason(pod: &PodObject) -> String {
    let status = pod.status.as_ref();
    let containers = status.into_iter().flat_map(|status| {
        status.init_container_statuses.iter().flatten().chain(status.container_statuses.iter().flatten())
    });
    let mut waiting = containers.filter_map(|container| {
        let state = container.state.as_ref()?;
        let waiting = state.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
        waiting
            .or_else(|| state.terminated.as_ref().filter(|it| it.exit_code.unwrap_or(0) != 0)?.reason.clone())
    });
    // That a container waits for those before it says less than why those wait.
    let telling = waiting.find(|reason| reason != "PodInitializing");
    if let Some(reason) = telling {
        return reason;
    }
    if let Some(condition) = condition(pod, "PodScheduled").filter(|it| it.status == "False") {
        let reason = condition.reason.clone().unwrap_or_else(|| "not scheduled".into());
        let message = condition.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
        return reason + &message;
    }
    if let Some(what) = starting(pod).or_else(|| gate(pod)) {
        return what;
    }
    match status.and_then(|status| status.phase.as_deref()) {
        Some("Running") => "runs and is not ready yet".into(),
        Some(phase) => phase.to_owned(),
        None => "not seen by its node yet".into(),
    }
}

/// Which init container is at work, or which sidecar has not started.
fn starting(pod: &PodObject) -> Option<String> {
    let (spec, status) = (pod.spec.as_ref()?, pod.status.as_ref()?);
    let sidecar = |name: &str| {
        let mut sidecars = spec.init_containers.iter().flatten().filter(is_sidecar);
        sidecars.any(|sidecar| sidecar.name == name)
    };
    let mut at_work = status.init_container_statuses.iter().flatten().filter(|it| runs(it));
    at_work.find_map(|it| match (sidecar(&it.name), it.started) {
        (false, _) => Some(format!("waits for its init container `{}`, which runs", it.name)),
        (true, Some(false)) => {
            Some(format!("waits for its sidecar `{}`, which has not started yet", it.name))
        }
        (true, _) => None,
    })
}

/// Which readiness gate is not open though the containers are ready.
fn gate(pod: &PodObject) -> Option<String> {
    condition(pod, "ContainersReady").filter(|ready| ready.status == "True")?;
    let mut gates = pod.spec.as_ref()?.readiness_gates.iter().flatten();
    let closed =
        gates.find(|gate| condition(pod, &gate.condition_type).is_none_or(|it| it.status != "True"))?;
    Some(format!("waits for its readiness gate `{}`", closed.condition_type))
}

/// Judges the pods that are seen; `workloads` tells what is known of their owners.
pub(crate) fn judge(
    seen: &[PodState],
    workloads: &HashMap<Owner, Workload>,
    application: &Application,
) -> Verdict {
    let alive: Vec<&PodState> = seen.iter().filter(|pod| !pod.over).collect();
    let known = |owner: &Owner| workloads.get(owner).unwrap_or(&Workload::Unknown);
    // Also of those that have no pods.
    let owners: BTreeMap<&Owner, &Workload> = workloads.iter().collect();
    let rollouts: Vec<&str> = owners
        .into_values()
        .filter_map(|workload| match workload {
            Workload::Known { waits_for: Some(message), .. } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    let certain = alive
        .iter()
        .all(|pod| pod.owner.as_ref().is_some_and(|owner| matches!(known(owner), Workload::Known { .. })));
    let current = current(seen, workloads);
    let ready = current.iter().filter(|pod| pod.ready).count();
    let unready: Vec<_> =
        current.iter().filter(|pod| !pod.ready).map(|pod| format!("{} {}", pod.name, pod.reason)).collect();
    let message = match (current.as_slice(), unready.as_slice(), rollouts.first()) {
        ([], _, Some(rollout)) => (*rollout).to_owned(),
        ([], _, None) if alive.is_empty() => no_pods(seen, application),
        ([], _, None) => "the pods are of an earlier rollout".into(),
        (_, [], None) => {
            return Verdict::Ready { pods: current.into_iter().cloned().collect(), certain };
        }
        (_, [], Some(rollout)) => (*rollout).to_owned(),
        (_, unready, _) => shorten(unready),
    };
    Verdict::Wait { ready, pods: current.len(), message }
}

/// What made the pods that are neither ending nor over.
pub(crate) fn owners(seen: &[PodState]) -> BTreeSet<Owner> {
    seen.iter().filter(|pod| !pod.over).filter_map(|pod| pod.owner.clone()).collect()
}

/// The pods of the present rollout and the newest build, in the order of their names.
pub(crate) fn current<'a>(seen: &'a [PodState], workloads: &HashMap<Owner, Workload>) -> Vec<&'a PodState> {
    let alive: Vec<&PodState> = seen.iter().filter(|pod| !pod.over).collect();
    let known = |owner: &Owner| workloads.get(owner).unwrap_or(&Workload::Unknown);
    let mut current: Vec<&PodState> =
        alive.iter().copied().filter(|pod| is_current(pod, &alive, known)).collect();
    if let Some(newest) = current.iter().filter_map(|pod| pod.build.clone()).max() {
        current.retain(|pod| pod.build.as_ref() == Some(&newest));
    }
    current.sort_by(|a, b| a.name.cmp(&b.name));
    current
}

fn no_pods(seen: &[PodState], application: &Application) -> String {
    let Application { name, selector } = application;
    match seen.len() {
        0 => format!("no pod of {name} (label {selector})"),
        1 => format!("the only pod of {name} (label {selector}) is ending or has ended"),
        count => format!("all {count} pods of {name} (label {selector}) are ending or have ended"),
    }
}

/// A line is enough for a few; of many, the count tells more.
pub(crate) fn shorten(unready: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = unready.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match unready.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn is_current<'a>(pod: &PodState, all: &[&PodState], known: impl Fn(&Owner) -> &'a Workload) -> bool {
    let Some(owner) = &pod.owner else { return true };
    match known(owner) {
        Workload::Known { current: CurrentPods::All, .. } => true,
        Workload::Known { current: CurrentPods::None, .. } => false,
        Workload::Known { current: CurrentPods::Hash(hash), .. } => pod.hash.as_ref() == Some(hash),
        Workload::Known { current: CurrentPods::Newest, .. } | Workload::Unknown => {
            let family = family(pod);
            let newest = all.iter().filter(|other| other.owner.is_some() && self::family(other) == family);
            let newest = newest.max_by_key(|other| other.created);
            newest.is_none_or(|newest| newest.hash == pod.hash)
        }
    }
}

/// What pods of one workload have in common whatever their template: the name of a ReplicaSet is that of its
/// Deployment and the hash.
fn family(pod: &PodState) -> Option<(&str, &str)> {
    let owner = pod.owner.as_ref()?;
    let name = pod.hash.as_deref().and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'));
    Some((&owner.kind, name.unwrap_or(&owner.name)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn pod(name: &str, created: i128) -> PodState {
        PodState {
            name: name.into(),
            uid: name.into(),
            created,
            over: false,
            stays: false,
            ready: true,
            reason: "runs and is not ready yet".into(),
            build: None,
            hash: None,
            owner: None,
            containers: vec!["web".into()],
            default_container: None,
            restarts: Vec::new(),
        }
    }

    fn of(owner: &str, hash: &str, created: i128) -> PodState {
        let owner = Owner { kind: "ReplicaSet".into(), name: format!("{owner}-{hash}") };
        PodState {
            hash: Some(hash.into()),
            owner: Some(owner),
            ..pod(&format!("web-{hash}-{created}"), created)
        }
    }

    fn told(seen: &[PodState], workloads: &[(&PodState, Workload)]) -> String {
        let workloads =
            workloads.iter().map(|(pod, workload)| (pod.owner.clone().unwrap(), workload.clone()));
        let application = Application { name: "web".into(), selector: "draft=web".into() };
        match judge(seen, &workloads.collect(), &application) {
            Verdict::Wait { ready, pods, message } => format!("{ready}/{pods} {message}"),
            Verdict::Ready { pods, certain } => {
                let names: Vec<_> = pods.into_iter().map(|pod| pod.name).collect();
                format!("{}{}", names.join(" "), if certain { "" } else { " ?" })
            }
        }
    }

    #[test]
    fn all_pods_have_to_be_ready() {
        let waits = PodState { ready: false, reason: "ImagePullBackOff".into(), ..pod("b", 1) };
        assert_eq!(told(&[pod("c", 1), waits, pod("a", 1)], &[]), "2/3 b ImagePullBackOff");
        assert_eq!(told(&[pod("c", 1), pod("a", 1)], &[]), "a c ?");
        assert_eq!(told(&[], &[]), "0/0 no pod of web (label draft=web)");
    }

    #[test]
    fn pods_that_end_do_not_count_though_they_say_that_they_are_ready() {
        let ending = || PodState { over: true, ..pod("b", 1) };
        assert_eq!(told(&[pod("a", 1), ending()], &[]), "a ?");
        assert_eq!(
            told(&[ending()], &[]),
            "0/0 the only pod of web (label draft=web) is ending or has ended"
        );
    }

    #[test]
    fn only_the_newest_build() {
        let build =
            |name: &str, build: &str, ready| PodState { build: Some(build.into()), ready, ..pod(name, 1) };
        let pods = [build("a", "01A", true), build("b", "01B", false), pod("c", 9)];
        assert_eq!(told(&pods, &[]), "0/1 b runs and is not ready yet");
        assert_eq!(told(&[build("a", "01A", true), build("b", "01B", true), pod("c", 9)], &[]), "b ?");
    }

    #[test]
    fn only_the_present_template_after_its_rollout() {
        let (old, new) = (of("web", "old", 1), of("web", "new", 2));
        let all = [old.clone(), new.clone()];
        let known = |current, waits_for: Option<&str>| Workload::Known {
            current,
            waits_for: waits_for.map(str::to_owned),
        };
        let rolls = [
            (&old, known(CurrentPods::None, Some("rollout of web"))),
            (&new, known(CurrentPods::All, Some("rollout of web"))),
        ];
        assert_eq!(told(&all, &rolls), "1/1 rollout of web");
        let over = [(&old, known(CurrentPods::None, None)), (&new, known(CurrentPods::All, None))];
        assert_eq!(told(&all, &over), "web-new-2");
        assert_eq!(
            told(&all[..1], &[(&old, known(CurrentPods::None, None))]),
            "0/0 the pods are of an earlier rollout"
        );
    }

    #[test]
    fn the_newest_template_where_workloads_may_not_be_read() {
        let pods = [of("web", "a", 1), of("web", "b", 5), of("web", "a", 3), of("jobs", "c", 1)];
        assert_eq!(told(&pods, &[]), "web-b-5 web-c-1 ?");
    }

    #[test]
    fn many_pods_are_counted() {
        let pods: Vec<_> =
            (0..5).map(|index| PodState { ready: false, ..pod(&format!("p{index}"), 1) }).collect();
        assert!(told(&pods, &[]).ends_with("p2 runs and is not ready yet and 2 more"));
    }

    fn reason_of(status: serde_json::Value) -> String {
        let pod = serde_json::json!({ "metadata": { "name": "p" }, "status": status });
        PodState::of(&serde_json::from_value(pod).unwrap()).unwrap().reason
    }

    #[test]
    fn reasons() {
        let waiting = |reason: &str| {
            serde_json::json!({
                "name": "c", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                "state": { "waiting": { "reason": reason } }
            })
        };
        let status = serde_json::json!({
            "phase": "Pending",
            "initContainerStatuses": [waiting("CrashLoopBackOff")],
            "containerStatuses": [waiting("PodInitializing")],
        });
        assert_eq!(reason_of(status), "CrashLoopBackOff");
        let status = serde_json::json!({ "phase": "Pending", "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes" }
        ] });
        assert_eq!(reason_of(status), "Unschedulable: 0/1 nodes");
        assert_eq!(reason_of(serde_json::json!({ "phase": "Running" })), "runs and is not ready yet");
    }
}
