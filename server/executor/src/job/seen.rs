//! What a Job's pod tells of its containers.
//!
//! Must not judge what that means for a task.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::cluster::object::{ContainerHalt, ContainerState, ContainerStatus, PodObject};
use crate::pods::selection::reason;
use crate::pods::watching::WatchedPod;

/// A pod of a Job.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JobPod {
    pub(super) name: String,
    pub(super) uid: String,
    /// When it was made, in nanoseconds of Unix time.
    pub(super) created: i128,
    /// Since when it is being deleted, in the same.
    pub(super) deleted: Option<i128>,
    /// It has ended as a whole, and why, where that is told: `Evicted` and the like.
    pub(super) over: Option<Option<String>>,
    /// What it waits for, for people.
    pub(super) waits_for: String,
    /// Those that have begun, by their names.
    pub(super) containers: BTreeMap<String, ContainerStage>,
    /// The names of those that are neither init containers nor sidecars, and run: the pod ends after all of them.
    pub(super) holding: Vec<String>,
}

/// What a container ended by.
pub(super) enum Cause {
    Itself,
    /// Perhaps by the end of its pod as a whole, such as an eviction: what is told of that.
    PodOver(String),
    /// Perhaps by the deletion of its pod.
    Deletion,
    /// By that, as the node's clock tells.
    PodDeleted,
}

/// How far a container has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ContainerStage {
    Runs,
    Ended(ContainerEnd),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ContainerEnd {
    /// Nothing where the node did not tell it.
    pub(super) code: Option<i32>,
    pub(super) reason: String,
    pub(super) message: String,
    /// Nothing where the node tells no beginning, as of a program that was not found, or no end.
    pub(super) took: Option<Duration>,
    /// In nanoseconds of Unix time.
    pub(super) finished: Option<i128>,
}

impl WatchedPod for JobPod {
    fn watched(pod: &PodObject) -> Option<JobPod> {
        let metadata = &pod.metadata;
        let status = pod.status.as_ref();
        let phase = status.and_then(|status| status.phase.as_deref()).unwrap_or_default();
        let grace = metadata.deletion_grace_period_seconds.unwrap_or(0);
        // The time that is told is that by which it is to be gone.
        let deleted = metadata
            .deletion_timestamp
            .as_ref()
            .map(|at| nanoseconds(at) - i128::from(grace) * 1_000_000_000);
        Some(JobPod {
            name: metadata.name.clone()?,
            uid: metadata.uid.clone().unwrap_or_default(),
            created: metadata.creation_timestamp.as_ref().map_or(0, nanoseconds),
            deleted,
            over: matches!(phase, "Succeeded" | "Failed").then(|| why_over(pod)),
            waits_for: waits_for(pod),
            containers: statuses(pod).filter_map(|it| Some((it.name.clone(), stage(it)?))).collect(),
            holding: holding(pod),
        })
    }
}

impl JobPod {
    /// Whether something of it has begun, or never will.
    pub(super) fn has_begun(&self) -> bool {
        !self.containers.is_empty() || self.over.is_some()
    }

    /// Whether a container ended since its pod is deleted; where its node does not tell when, that is so. The clock of a node
    /// may be another than the server's, so a success must not hang on it.
    pub(super) fn has_killed(&self, end: &ContainerEnd) -> bool {
        self.deleted.is_some_and(|at| end.finished.is_none_or(|finished| finished >= at))
    }
}

fn holding(pod: &PodObject) -> Vec<String> {
    let own = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    own.filter(|it| stage(it) == Some(ContainerStage::Runs)).map(|it| it.name.clone()).collect()
}

fn nanoseconds(Time(time): &Time) -> i128 {
    time.as_nanosecond()
}

fn statuses(pod: &PodObject) -> impl Iterator<Item = &ContainerStatus> {
    let all = pod.status.iter();
    all.flat_map(|status| status.init_container_statuses.iter().chain(&status.container_statuses).flatten())
}

fn stage(status: &ContainerStatus) -> Option<ContainerStage> {
    match status.state.as_ref()? {
        ContainerState { terminated: Some(halt), .. } => Some(ContainerStage::Ended(end(halt))),
        ContainerState { running: Some(_), .. } => Some(ContainerStage::Runs),
        _ => None,
    }
}

fn end(halt: &ContainerHalt) -> ContainerEnd {
    let finished = halt.finished_at.as_ref().map(nanoseconds);
    // What has not begun has the beginning of Unix time.
    let began = halt.started_at.as_ref().map(nanoseconds).filter(|began| *began > 0);
    let took = began.zip(finished).and_then(|(from, to)| u64::try_from(to - from).ok());
    let reason = halt.reason.clone().unwrap_or_default();
    // A node that has lost the container makes up a code.
    let code = halt.exit_code.filter(|_| reason != "ContainerStatusUnknown");
    let message = halt.message.clone().unwrap_or_default();
    ContainerEnd { code, reason, message, took: took.map(Duration::from_nanos), finished }
}

fn why_over(pod: &PodObject) -> Option<String> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.clone()?;
    Some(status.message.as_ref().map_or(reason.clone(), |message| format!("{reason}: {message}")))
}

/// As of all pods, with the message where its node tells one.
fn waits_for(pod: &PodObject) -> String {
    let reason = reason(pod);
    let mut waiting = statuses(pod).filter_map(|it| it.state.as_ref()?.waiting.as_ref());
    let message = waiting.find(|it| it.reason.as_ref() == Some(&reason)).and_then(|it| it.message.clone());
    message.map_or(reason.clone(), |message| format!("{reason}: {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(status: Value, deletion: Value) -> JobPod {
        let mut metadata = json!({ "name": "p", "uid": "u" });
        metadata.as_object_mut().unwrap().extend(deletion.as_object().cloned().unwrap_or_default());
        let pod = json!({ "metadata": metadata, "status": status });
        JobPod::watched(&serde_json::from_value(pod).unwrap()).unwrap()
    }

    #[test]
    fn containers_begin_and_end() {
        let ended = json!({
            "exitCode": 3, "reason": "Error", "startedAt": "2024-01-01T00:00:01Z", "finishedAt": "2024-01-01T00:00:04Z",
        });
        let pod = seen(
            json!({
                "phase": "Pending",
                "initContainerStatuses": [
                    { "name": "01-a", "state": { "terminated": ended } },
                    { "name": "02-b", "state": { "running": {} } },
                ],
                "containerStatuses": [{ "name": "03-c", "state": { "waiting": { "reason": "PodInitializing" } } }],
            }),
            Value::Null,
        );
        let ContainerStage::Ended(end) = &pod.containers["01-a"] else { panic!("{pod:?}") };
        assert_eq!((end.code, end.took), (Some(3), Some(Duration::from_secs(3))));
        let not_found = json!({ "exitCode": 128, "startedAt": "1970-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:00Z" });
        let not_found = seen(
            json!({ "containerStatuses": [{ "name": "a", "state": { "terminated": not_found } }] }),
            Value::Null,
        );
        let ContainerStage::Ended(end) = &not_found.containers["a"] else { panic!("{not_found:?}") };
        assert_eq!((end.code, end.took), (Some(128), None));
        assert_eq!(pod.containers.keys().collect::<Vec<_>>(), ["01-a", "02-b"]);
        assert_eq!((pod.over.as_ref(), pod.holding.len()), (None, 0));
        let running = json!([{ "name": "03-c", "state": { "running": {} } }]);
        assert_eq!(seen(json!({ "containerStatuses": running }), Value::Null).holding, ["03-c"]);
    }

    #[test]
    fn what_it_waits_for_and_why_it_is_over() {
        let waiting = json!({ "reason": "ImagePullBackOff", "message": "Back-off pulling image \"x\"" });
        let status = json!({ "phase": "Pending", "containerStatuses": [{ "name": "a", "state": { "waiting": waiting } }] });
        assert_eq!(seen(status, Value::Null).waits_for, "ImagePullBackOff: Back-off pulling image \"x\"");
        let status = json!({ "phase": "Failed", "reason": "Evicted", "message": "low on memory" });
        assert_eq!(seen(status, Value::Null).over, Some(Some("Evicted: low on memory".into())));
        assert_eq!(seen(json!({ "phase": "Succeeded" }), Value::Null).over, Some(None));
    }

    #[test]
    fn it_is_deleted_since_its_grace_began() {
        let deletion =
            json!({ "deletionTimestamp": "1970-01-01T00:00:40Z", "deletionGracePeriodSeconds": 30 });
        assert_eq!(seen(json!({}), deletion).deleted, Some(10_000_000_000));
    }

    #[test]
    fn a_code_that_a_node_made_up_is_none() {
        let ended = json!({ "exitCode": 137, "reason": "ContainerStatusUnknown" });
        let pod = seen(
            json!({ "containerStatuses": [{ "name": "a", "state": { "terminated": ended } }] }),
            Value::Null,
        );
        let ContainerStage::Ended(end) = &pod.containers["a"] else { panic!("{pod:?}") };
        assert_eq!(end.code, None);
    }
}
