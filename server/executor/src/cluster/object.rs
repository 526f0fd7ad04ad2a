//! The objects of the cluster as far as they are read.
//!
//! Must not judge them, nor have a field that nobody reads: the types of `k8s-openapi` know hundreds of them, and the
//! code that decodes them was a tenth of the program.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::core::{DynamicResourceScope, NamespaceResourceScope};
use serde::Deserialize;

/// A pod.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PodObject {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: Option<PodSpec>,
    pub(crate) status: Option<PodStatus>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodSpec {
    pub(crate) containers: Option<Vec<Container>>,
    pub(crate) init_containers: Option<Vec<Container>>,
    pub(crate) readiness_gates: Option<Vec<ReadinessGate>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Container {
    pub(crate) name: String,
    /// Of init containers only: `Always` makes it a sidecar.
    pub(crate) restart_policy: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadinessGate {
    pub(crate) condition_type: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodStatus {
    pub(crate) phase: Option<String>,
    /// Why the whole pod is over, such as `Evicted`.
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) conditions: Option<Vec<Condition>>,
    pub(crate) init_container_statuses: Option<Vec<ContainerStatus>>,
    pub(crate) container_statuses: Option<Vec<ContainerStatus>>,
    pub(crate) ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerStatus {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) started: Option<bool>,
    pub(crate) restart_count: Option<i32>,
    pub(crate) state: Option<ContainerState>,
    pub(crate) last_state: Option<ContainerState>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ContainerState {
    pub(crate) running: Option<serde::de::IgnoredAny>,
    pub(crate) waiting: Option<ContainerHalt>,
    pub(crate) terminated: Option<ContainerHalt>,
}

/// Why a container does not run.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerHalt {
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) started_at: Option<Time>,
    pub(crate) finished_at: Option<Time>,
}

/// What else is read: a workload, a Job, a namespace or an answer about permissions. One type, as each one has its own copy
/// of everything that asks for it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Object {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: Option<Spec>,
    pub(crate) status: Option<Status>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    pub(crate) replicas: Option<i32>,
    pub(crate) paused: Option<bool>,
    pub(crate) update_strategy: Option<UpdateStrategy>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateStrategy {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) rolling_update: Option<RollingUpdate>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RollingUpdate {
    /// Of a StatefulSet only.
    pub(crate) partition: Option<i32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) observed_generation: Option<i64>,
    pub(crate) replicas: Option<i32>,
    pub(crate) updated_replicas: Option<i32>,
    pub(crate) ready_replicas: Option<i32>,
    pub(crate) available_replicas: Option<i32>,
    pub(crate) current_revision: Option<String>,
    pub(crate) update_revision: Option<String>,
    // A DaemonSet counts under names of its own.
    pub(crate) desired_number_scheduled: Option<i32>,
    pub(crate) updated_number_scheduled: Option<i32>,
    pub(crate) number_available: Option<i32>,
    pub(crate) conditions: Option<Vec<Condition>>,
    /// Of a namespace only.
    pub(crate) phase: Option<String>,
    /// Of an answer about permissions only.
    pub(crate) allowed: Option<bool>,
}

/// What an [`Object`] is, by the names in the paths of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectKind {
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
}

impl ObjectKind {
    pub(crate) fn kind(self) -> &'static str {
        self.kind
    }

    pub(crate) const DAEMON_SET: ObjectKind =
        ObjectKind { group: "apps", kind: "DaemonSet", plural: "daemonsets" };
    pub(crate) const DEPLOYMENT: ObjectKind =
        ObjectKind { group: "apps", kind: "Deployment", plural: "deployments" };
    pub(crate) const JOB: ObjectKind = ObjectKind { group: "batch", kind: "Job", plural: "jobs" };
    pub(crate) const NAMESPACE: ObjectKind =
        ObjectKind { group: "", kind: "Namespace", plural: "namespaces" };
    pub(crate) const PERSISTENT_VOLUME_CLAIM: ObjectKind =
        ObjectKind { group: "", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" };
    pub(crate) const REPLICA_SET: ObjectKind =
        ObjectKind { group: "apps", kind: "ReplicaSet", plural: "replicasets" };
    pub(crate) const STATEFUL_SET: ObjectKind =
        ObjectKind { group: "apps", kind: "StatefulSet", plural: "statefulsets" };
}

impl kube::Resource for Object {
    type DynamicType = ObjectKind;
    type Scope = DynamicResourceScope;

    fn kind(kind: &ObjectKind) -> Cow<'_, str> {
        kind.kind.into()
    }

    fn group(kind: &ObjectKind) -> Cow<'_, str> {
        kind.group.into()
    }

    fn version(_: &ObjectKind) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural(kind: &ObjectKind) -> Cow<'_, str> {
        kind.plural.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl kube::Resource for PodObject {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Pod".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "pods".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

impl kube::api::Execute for PodObject {}

impl kube::api::Log for PodObject {}

#[cfg(test)]
mod tests {
    use kube::Resource;

    use super::*;

    #[test]
    fn what_is_absent_or_null_is_nothing() {
        let decoded: Object =
            serde_json::from_str(r#"{ "spec": null, "status": { "allowed": true } }"#).unwrap();
        assert_eq!(decoded.status.unwrap().allowed, Some(true));
        let decoded: PodObject = serde_json::from_str(r#"{ "spec": { "containers": null } }"#).unwrap();
        assert!(decoded.spec.unwrap().containers.is_none() && decoded.status.is_none());
    }

    #[test]
    fn they_are_asked_for_where_the_api_has_them() {
        use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
        fn paths<K: Resource<DynamicType = ()>>(kind: ObjectKind) -> (String, String) {
            (Object::url_path(&kind, Some("demo")), K::url_path(&(), Some("demo")))
        }
        let all = [
            (PodObject::url_path(&(), Some("demo")), core::Pod::url_path(&(), Some("demo"))),
            paths::<apps::DaemonSet>(ObjectKind::DAEMON_SET),
            paths::<apps::Deployment>(ObjectKind::DEPLOYMENT),
            paths::<apps::ReplicaSet>(ObjectKind::REPLICA_SET),
            paths::<apps::StatefulSet>(ObjectKind::STATEFUL_SET),
            paths::<core::Namespace>(ObjectKind::NAMESPACE),
            paths::<core::PersistentVolumeClaim>(ObjectKind::PERSISTENT_VOLUME_CLAIM),
            paths::<batch::Job>(ObjectKind::JOB),
        ];
        for (ours, expected) in all {
            assert_eq!(ours, expected);
        }
    }
}
