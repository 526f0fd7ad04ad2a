//! Objects as an API server shows them, as far as a client of pods looks at them.
//!
//! Must not keep them.

use serde_json::{Map, Value, json};

/// A pod, at first one that runs and is ready, with one container `app`.
#[derive(Clone)]
pub(crate) struct Pod(Value);

impl Pod {
    pub(crate) fn new(name: &str) -> Pod {
        let pod = Pod(json!({
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {
                "name": name, "namespace": "default", "labels": {}, "annotations": {},
                "creationTimestamp": "2024-01-01T00:00:00Z",
            },
            "spec": { "nodeName": "node-1", "terminationGracePeriodSeconds": 30 },
            "status": { "phase": "Running", "podIP": "10.0.0.1", "startTime": "2024-01-01T00:00:00Z" },
        }));
        pod.containers(&["app"])
    }

    pub(crate) fn namespace(mut self, namespace: &str) -> Pod {
        self.0["metadata"]["namespace"] = json!(namespace);
        self
    }

    pub(crate) fn label(mut self, name: &str, value: &str) -> Pod {
        self.0["metadata"]["labels"][name] = json!(value);
        self
    }

    pub(crate) fn annotation(mut self, name: &str, value: &str) -> Pod {
        self.0["metadata"]["annotations"][name] = json!(value);
        self
    }

    /// The annotation that Draft writes.
    pub(crate) fn build(self, id: &str) -> Pod {
        self.annotation("buildID", id)
    }

    /// RFC 3339.
    pub(crate) fn created(mut self, time: &str) -> Pod {
        self.0["metadata"]["creationTimestamp"] = json!(time);
        self
    }

    /// The controller that it belongs to: `ReplicaSet`, `StatefulSet`, …
    pub(crate) fn owned_by(mut self, kind: &str, name: &str) -> Pod {
        self.0["metadata"]["ownerReferences"] = owner(kind, name);
        self
    }

    /// Containers that run and are ready, in place of those that it has.
    pub(crate) fn containers(mut self, names: &[&str]) -> Pod {
        let image = "localhost/busybox:1.35";
        let spec = names.iter().map(|name| json!({ "name": name, "image": image }));
        self.0["spec"]["containers"] = spec.collect();
        let status = names.iter().map(|name| {
            json!({
                "name": name, "image": image, "imageID": "", "ready": true, "restartCount": 0, "started": true,
                "state": { "running": { "startedAt": "2024-01-01T00:00:01Z" } },
            })
        });
        self.0["status"]["containerStatuses"] = status.collect();
        self.conditions(true, None)
    }

    /// An init container that goes on beside them, which runs.
    pub(crate) fn sidecar(self, name: &str) -> Pod {
        self.init(name).change(|pod| pod["spec"]["initContainers"][0]["restartPolicy"] = json!("Always"))
    }

    /// An init container that runs.
    pub(crate) fn init(self, name: &str) -> Pod {
        let state = json!({ "running": { "startedAt": "2024-01-01T00:00:01Z" } });
        self.change(|pod| {
            pod["spec"]["initContainers"] = json!([{ "name": name }]);
            pod["status"]["initContainerStatuses"] =
                json!([{ "name": name, "ready": true, "restartCount": 0, "started": true, "state": state }]);
        })
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Value)) -> Pod {
        change(&mut self.0);
        self
    }

    /// It runs, but its readiness is not there yet.
    pub(crate) fn not_ready(mut self) -> Pod {
        for status in self.statuses() {
            status["ready"] = json!(false);
        }
        self.conditions(false, Some("ContainersNotReady"))
    }

    /// Its containers cannot be started, with the reason and message that the kubelet gives.
    pub(crate) fn waiting(mut self, reason: &str, message: &str) -> Pod {
        for status in self.statuses() {
            status["ready"] = json!(false);
            status["started"] = json!(false);
            status["state"] = json!({ "waiting": { "reason": reason, "message": message } });
        }
        self.phase("Pending").conditions(false, Some("ContainersNotReady"))
    }

    /// No node has it yet, for a reason of the scheduler.
    pub(crate) fn unscheduled(mut self, message: &str) -> Pod {
        self.0["spec"]["nodeName"] = Value::Null;
        self.0["status"] = json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        }]});
        self
    }

    /// It is asked to end; all else stays as it was, also that it says to be ready.
    pub(crate) fn terminating(mut self) -> Pod {
        self.0["metadata"]["deletionTimestamp"] = json!("2024-01-01T01:00:00Z");
        self.0["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        self
    }

    /// It has ended: `Succeeded` or `Failed`.
    pub(crate) fn ended(mut self, phase: &str, code: i32) -> Pod {
        let reason = if code == 0 { "Completed" } else { "Error" };
        for status in self.statuses() {
            status["ready"] = json!(false);
            status["state"] = json!({ "terminated": { "exitCode": code, "reason": reason } });
        }
        self.phase(phase).conditions(false, Some("PodCompleted"))
    }

    pub(crate) fn phase(mut self, phase: &str) -> Pod {
        self.0["status"]["phase"] = json!(phase);
        self
    }

    fn statuses(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0["status"]["containerStatuses"].as_array_mut().into_iter().flatten()
    }

    fn conditions(mut self, ready: bool, reason: Option<&str>) -> Pod {
        let condition = |kind: &str, holds: bool| {
            let status = if holds { "True" } else { "False" };
            let mut condition = json!({
                "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": "2024-01-01T00:00:02Z",
            });
            if let (false, Some(reason)) = (holds, reason) {
                condition["reason"] = json!(reason);
            }
            condition
        };
        self.0["status"]["conditions"] = json!([
            condition("Initialized", true),
            condition("Ready", ready),
            condition("ContainersReady", ready),
            condition("PodScheduled", true),
        ]);
        self
    }
}

impl From<Pod> for Value {
    fn from(pod: Pod) -> Value {
        pod.0
    }
}

fn owner(kind: &str, name: &str) -> Value {
    let api_version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    json!([{
        "apiVersion": api_version, "kind": kind, "name": name, "uid": format!("uid-of-{name}"),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// A Deployment, ReplicaSet, StatefulSet or DaemonSet, at first one whose rollout is complete.
pub(crate) struct Workload(Value);

impl Workload {
    pub(crate) fn new(kind: &str, name: &str, replicas: u32) -> Workload {
        let labels = json!({ "draft": name });
        let status = match kind {
            "DaemonSet" => json!({
                "observedGeneration": 1, "desiredNumberScheduled": replicas, "currentNumberScheduled": replicas,
                "updatedNumberScheduled": replicas, "numberReady": replicas, "numberAvailable": replicas,
            }),
            _ => json!({
                "observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                "readyReplicas": replicas, "availableReplicas": replicas,
            }),
        };
        Workload(json!({
            "kind": kind, "apiVersion": "apps/v1",
            "metadata": {
                "name": name, "namespace": "default", "generation": 1, "uid": format!("uid-of-{name}"),
                "labels": labels, "annotations": {}, "creationTimestamp": "2024-01-01T00:00:00Z",
            },
            "spec": {
                "replicas": replicas, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers": [] } },
            },
            "status": status,
        }))
    }

    pub(crate) fn annotation(mut self, name: &str, value: &str) -> Workload {
        self.0["metadata"]["annotations"][name] = json!(value);
        self
    }

    pub(crate) fn owned_by(mut self, kind: &str, name: &str) -> Workload {
        self.0["metadata"]["ownerReferences"] = owner(kind, name);
        self
    }

    /// Fields of `spec`, such as `paused`.
    pub(crate) fn spec(mut self, fields: Value) -> Workload {
        merge(&mut self.0["spec"], fields);
        self
    }

    /// The labels of the pods that it makes, which a ReplicaSet has itself.
    pub(crate) fn label(mut self, name: &str, value: &str) -> Workload {
        self.0["metadata"]["labels"][name] = json!(value);
        self
    }

    /// Fields of `status`, such as `updatedReplicas`.
    pub(crate) fn status(mut self, fields: Value) -> Workload {
        merge(&mut self.0["status"], fields);
        self
    }

    /// The generation that it is at; its status tells of the one before until it is told otherwise.
    pub(crate) fn generation(mut self, generation: u64) -> Workload {
        self.0["metadata"]["generation"] = json!(generation);
        self
    }
}

fn merge(object: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { panic!("not fields: {fields}") };
    let object: &mut Map<String, Value> = object.as_object_mut().expect("an object");
    object.extend(fields);
}

impl From<Workload> for Value {
    fn from(workload: Workload) -> Value {
        workload.0
    }
}
