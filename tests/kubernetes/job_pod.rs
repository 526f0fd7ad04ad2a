//! What Kubernetes makes of a Job: its pod, with its containers in some state; and the application after which it is made.
//!
//! Must not know the program under test.

use serde_json::{Value, json};

use crate::double::{Double, Pod};
use crate::rollout::{deployment, replica_set};

/// An application whose Deployment has this pod.
pub(crate) fn deploy(double: &Double, spec: Value) {
    let labels = json!({ "draft": "web", "app": "web" });
    let template = json!({ "metadata": { "labels": labels }, "spec": spec });
    double.put(deployment("a", 1).spec(json!({ "template": template })));
    double.put(replica_set("a", 1));
    double.put(crate::rollout::pod("a", 0));
}

pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().expect("a name")
}

pub(crate) fn waits() -> Value {
    json!({ "waiting": { "reason": "PodInitializing" } })
}

pub(crate) fn runs() -> Value {
    json!({ "running": { "startedAt": "2024-01-01T00:00:01Z" } })
}

pub(crate) fn ended(code: i32) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    json!({ "terminated": {
        "exitCode": code, "reason": reason, "startedAt": "2024-01-01T00:00:01Z", "finishedAt": "2024-01-01T00:00:04Z",
    } })
}

/// The Job's pod, whose containers are in these states; of each task one.
pub(crate) fn pod(job: &Value, states: &[Value]) -> Pod {
    let template = &job["spec"]["template"];
    let containers = |field: &str| template["spec"][field].as_array().cloned().unwrap_or_default();
    let names: Vec<Value> =
        ["initContainers", "containers"].iter().flat_map(|field| containers(field)).collect();
    assert_eq!(names.len(), states.len());
    let status = |(container, state): (&Value, &Value)| json!({ "name": container["name"], "state": state });
    let statuses: Vec<Value> = names.iter().zip(states).map(status).collect();
    let (inits, last) = statuses.split_at(statuses.len() - 1);
    let codes: Vec<_> = states.iter().filter_map(|state| state["terminated"]["exitCode"].as_i64()).collect();
    let phase = match codes.as_slice() {
        codes if codes.iter().any(|code| *code != 0) => "Failed",
        codes if codes.len() == states.len() => "Succeeded",
        _ => "Pending",
    };
    Pod::new(&pod_name(job)).change(|pod| {
        pod["metadata"]["uid"] = json!("uid-of-the-pod");
        pod["metadata"]["labels"] = template["metadata"]["labels"].clone();
        pod["spec"] = template["spec"].clone();
        pod["status"] = json!({ "phase": phase, "initContainerStatuses": inits, "containerStatuses": last });
    })
}

pub(crate) fn pod_name(job: &Value) -> String {
    format!("{}-x7k2p", name(job))
}
