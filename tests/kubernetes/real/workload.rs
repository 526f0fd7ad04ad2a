//! Workloads as tests describe them, and as the API server takes them.
//!
//! Must not send them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cluster::Cluster;

/// A Deployment, StatefulSet, DaemonSet or Pod. At first one pod with the label `draft=NAME` and the container `app`,
/// which is ready as soon as it runs, does nothing, and ends within a second.
#[derive(Clone)]
pub(crate) struct Workload {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    replicas: u32,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    containers: Vec<Container>,
    grace_seconds: u32,
    spec: Vec<(String, Value)>,
    pod_spec: Vec<(String, Value)>,
}

#[derive(Clone)]
struct Container {
    name: String,
    image: Option<String>,
    command: Vec<String>,
    /// A command that ends with 0 when the container is ready.
    ready: Option<Vec<String>>,
    variables: Vec<Value>,
}

impl Workload {
    fn new(kind: &'static str, name: &str) -> Workload {
        let workload = Workload {
            kind,
            name: name.to_owned(),
            replicas: 1,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            containers: Vec::new(),
            grace_seconds: 1,
            spec: Vec::new(),
            pod_spec: Vec::new(),
        };
        workload.label("draft", name).container("app")
    }

    pub(crate) fn deployment(name: &str) -> Workload {
        Workload::new("Deployment", name)
    }

    pub(crate) fn stateful_set(name: &str) -> Workload {
        Workload::new("StatefulSet", name)
    }

    pub(crate) fn daemon_set(name: &str) -> Workload {
        Workload::new("DaemonSet", name)
    }

    pub(crate) fn pod(name: &str) -> Workload {
        Workload::new("Pod", name)
    }

    pub(crate) fn replicas(mut self, replicas: u32) -> Workload {
        self.replicas = replicas;
        self
    }

    /// A label of the pods.
    pub(crate) fn label(mut self, name: &str, value: &str) -> Workload {
        self.labels.insert(name.to_owned(), value.to_owned());
        self
    }

    /// An annotation of the pods. Another value makes a new revision.
    pub(crate) fn annotation(mut self, name: &str, value: &str) -> Workload {
        self.annotations.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The annotation that Draft writes.
    pub(crate) fn build(self, id: &str) -> Workload {
        self.annotation("buildID", id)
    }

    /// How long a pod may take to end. Its processes do not listen to SIGTERM, so it takes that long.
    pub(crate) fn grace(mut self, seconds: u32) -> Workload {
        self.grace_seconds = seconds;
        self
    }

    /// One more container, beside those that there are. What is said next of a container is said of it.
    pub(crate) fn container(mut self, name: &str) -> Workload {
        let container = Container {
            name: name.to_owned(),
            image: None,
            command: Vec::new(),
            ready: None,
            variables: Vec::new(),
        };
        self.containers.push(container);
        self.starting("true")
    }

    fn last(&mut self) -> &mut Container {
        self.containers.last_mut().expect("at least one container")
    }

    pub(crate) fn image(mut self, image: &str) -> Workload {
        self.last().image = Some(image.to_owned());
        self
    }

    /// A variable of the last container.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Workload {
        self.last().variables.push(json!({ "name": name, "value": value }));
        self
    }

    /// What the last container does at its start, as a shell command; then it waits for its end.
    pub(crate) fn starting(self, script: &str) -> Workload {
        self.command(&["sh", "-c", &format!("{script}; exec sleep 1000000")])
    }

    /// What the last container runs.
    pub(crate) fn command(mut self, command: &[&str]) -> Workload {
        self.last().command = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The last container is ready when this command ends with 0, which is asked every second.
    pub(crate) fn ready_when(mut self, command: &[&str]) -> Workload {
        self.last().ready = Some(command.iter().map(|word| (*word).to_owned()).collect());
        self
    }

    /// A field of the workload's `spec`, such as its `strategy`.
    pub(crate) fn spec(mut self, field: &str, value: Value) -> Workload {
        self.spec.push((field.to_owned(), value));
        self
    }

    /// A field of the pods' `spec`.
    pub(crate) fn pod_spec(mut self, field: &str, value: Value) -> Workload {
        self.pod_spec.push((field.to_owned(), value));
        self
    }

    pub(super) fn object(&self, cluster: &Cluster) -> Value {
        let containers = self.containers.iter().map(|container| {
            let image = container.image.as_deref().unwrap_or(&cluster.image);
            let mut object = json!({
                "name": container.name, "image": image, "imagePullPolicy": cluster.pull_policy,
                "command": container.command, "env": container.variables,
            });
            if let Some(ready) = &container.ready {
                object["readinessProbe"] = json!({ "exec": { "command": ready }, "periodSeconds": 1 });
            }
            object
        });
        let containers: Vec<Value> = containers.collect();
        let mut pod = json!({
            "containers": containers, "terminationGracePeriodSeconds": self.grace_seconds,
            "automountServiceAccountToken": false, "enableServiceLinks": false,
        });
        for (field, value) in &self.pod_spec {
            pod[field] = value.clone();
        }
        let metadata = json!({ "labels": self.labels, "annotations": self.annotations });
        let mut object =
            json!({ "apiVersion": "apps/v1", "kind": self.kind, "metadata": { "name": self.name } });
        if self.kind == "Pod" {
            object["apiVersion"] = json!("v1");
            object["metadata"]["labels"] = json!(self.labels);
            object["metadata"]["annotations"] = json!(self.annotations);
            object["spec"] = pod;
            return object;
        }
        let selector = json!({ "matchLabels": { "draft": self.labels.get("draft") } });
        object["spec"] = json!({ "selector": selector, "template": { "metadata": metadata, "spec": pod } });
        if self.kind != "DaemonSet" {
            object["spec"]["replicas"] = json!(self.replicas);
        }
        if self.kind == "StatefulSet" {
            object["spec"]["serviceName"] = json!(self.name);
        }
        for (field, value) in &self.spec {
            object["spec"][field] = value.clone();
        }
        object
    }
}
