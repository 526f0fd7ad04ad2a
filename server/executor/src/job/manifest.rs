//! The manifest of a Job whose containers run tasks one after another, each with its exact arguments.
//!
//! All tasks but the last are init containers: Kubernetes itself runs these in their order, runs none after one that
//! failed, and keeps a log and an exit code of each, whatever the image has. Must not contact anything, nor need a shell.

use std::collections::BTreeMap;
use std::time::Duration;

use draft_tasks_analysis::command::{Part, Word};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::task_variable::TaskVariable;
use serde_json::{Map, Value, json};

/// The longest name of a Job, whose pods have it as a label, and of a container.
pub const LONGEST_NAME: usize = 63;

/// What a Job is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct JobOutline {
    /// The Job's name, as [`dns_label`] makes one.
    pub name: String,
    /// The namespace; that of whoever creates it without one.
    pub namespace: Option<String>,
    /// Of the Job and of its pod. None of a workload's labels belongs here: a Service would send the pod its traffic.
    pub labels: BTreeMap<String, String>,
    /// Of the Job and of its pod.
    pub annotations: BTreeMap<String, String>,
    /// At least one.
    pub tasks: Vec<JobTask>,
    /// What its pod is like.
    pub basis: PodBasis,
    /// How long it may take, with the time until its pod starts; without a limit if there is none.
    pub deadline: Option<Duration>,
    /// How long it is kept after its end; until somebody deletes it if there is none.
    pub kept: Option<Duration>,
    /// Whether a pod that is deleted is replaced only once it has ended, by which the Job has failed: no task begins again.
    /// A server before 1.28 does not know it, and a client of that time takes it for an error.
    pub awaits_end_of_pod: bool,
    /// How long a task may take to end after it was asked to; as long as Kubernetes gives it if there is none.
    pub grace: Option<Duration>,
}

/// A task of a Job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTask {
    /// Its description, of which the name of its container is made.
    pub name: String,
    /// The program and its arguments; never empty.
    pub arguments: Vec<JobArgument>,
}

/// An argument, of which Kubernetes replaces nothing but the references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobArgument(pub Vec<ArgumentPiece>);

/// A piece of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgumentPiece {
    /// Characters that reach the task as they are.
    Literal(String),
    /// A variable of the container, of which Kubernetes puts in the value. The container must have it: one that is not
    /// there stays as it is written.
    Reference(String),
}

/// What a Job's pod is like apart from its tasks, as fields of a manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodBasis {
    /// Fields of the pod's `spec`.
    pub pod: Map<String, Value>,
    /// Fields that all containers have: `image`, `env`, `volumeMounts` and the like.
    pub container: Map<String, Value>,
}

/// The fields of a container that name volumes.
pub(super) const OF_VOLUMES: [&str; 2] = ["volumeMounts", "volumeDevices"];

/// What of a workload's pod its Job has too, and its volumes and affinity to nodes. Not what others find or hold it by
/// (labels, ports, affinities to pods), what its other containers share with it, or a name or a node of its own.
const OF_POD: [&str; 17] = [
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostNetwork",
    "hostUsers",
    "imagePullSecrets",
    "nodeSelector",
    "os",
    "preemptionPolicy",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccountName",
    "tolerations",
];

/// What of a workload's container those of its Job have too.
const OF_CONTAINER: [&str; 9] = [
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "resources",
    "securityContext",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

impl PodBasis {
    /// A pod of an image and nothing else.
    pub fn of_image(image: &str) -> PodBasis {
        let container = [("image".to_owned(), json!(image))].into_iter().collect();
        PodBasis { pod: Map::new(), container }
    }

    /// The image of its containers.
    pub fn image(&self) -> Option<&str> {
        self.container.get("image")?.as_str()
    }

    /// A pod like those of a workload, of whose template (`spec.template`) this is, for tasks in the place of one of its
    /// containers. Volumes that the container does not use are left out. Nothing where it has no such container.
    pub fn of_template(template: &Value, container: &str) -> Option<PodBasis> {
        let spec = template.get("spec")?;
        let mut containers = spec.get("containers")?.as_array()?.iter();
        let of = containers.find(|it| it["name"] == container)?;
        let used = || OF_VOLUMES.into_iter().flat_map(|field| items(of, field));
        let is_used = |volume: &&Value| used().any(|mount| mount["name"] == volume["name"]);
        let volumes: Vec<Value> = items(spec, "volumes").filter(is_used).cloned().collect();
        let mut pod = chosen(spec, &OF_POD);
        if let Some(nodes) = spec["affinity"].get("nodeAffinity") {
            pod.insert("affinity".into(), json!({ "nodeAffinity": nodes }));
        }
        if !volumes.is_empty() {
            pod.insert("volumes".into(), volumes.into());
        }
        Some(PodBasis { pod, container: chosen(of, &OF_CONTAINER) })
    }

    /// The basis for tasks of a phase: those that belong on a machine are told their phase in the pod as well.
    pub fn telling(mut self, phase: Phase) -> PodBasis {
        if phase.is_local() {
            let name = TaskVariable::Phase.name();
            let own = self.container.get("env").and_then(Value::as_array);
            let mut variables = own.cloned().unwrap_or_default();
            variables.retain(|variable| variable["name"] != name);
            variables.push(json!({ "name": name, "value": phase.name() }));
            self.container.insert("env".into(), variables.into());
        }
        self
    }
}

fn items<'a>(object: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    object.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn chosen(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| Some(((*name).to_owned(), object.get(*name)?.clone()));
    fields.iter().filter_map(field).collect()
}

impl JobArgument {
    /// A word of a command; `piece` says what becomes of a variable.
    pub fn of(word: &Word, mut piece: impl FnMut(&str) -> ArgumentPiece) -> JobArgument {
        let pieces = word.parts.iter().map(|part| match part {
            Part::Literal(text) => ArgumentPiece::Literal(text.to_string()),
            Part::Variable { name, .. } => piece(name),
        });
        JobArgument(pieces.collect())
    }

    /// As a container's `command` and `args` have it.
    fn written(&self) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            ArgumentPiece::Literal(text) => literal_of(text),
            ArgumentPiece::Reference(name) => format!("$({name})"),
        });
        pieces.collect()
    }
}

impl JobOutline {
    /// The manifest, as an object of `batch/v1` in the order of its fields' names.
    pub fn manifest(&self) -> Value {
        let mut spec = json!({ "backoffLimit": 0, "template": self.template() });
        // Whole seconds, of which there must be one.
        let seconds = |limit: Duration| limit.as_millis().div_ceil(1000).clamp(1, i32::MAX as u128) as u64;
        if let Some(deadline) = self.deadline {
            spec["activeDeadlineSeconds"] = seconds(deadline).into();
        }
        if let Some(kept) = self.kept {
            spec["ttlSecondsAfterFinished"] = kept.as_secs().into();
        }
        if self.awaits_end_of_pod {
            spec["podReplacementPolicy"] = "Failed".into();
        }
        if let Some(grace) = self.grace {
            spec["template"]["spec"]["terminationGracePeriodSeconds"] = seconds(grace).into();
        }
        let mut metadata =
            json!({ "name": self.name, "labels": self.labels, "annotations": self.annotations });
        if let Some(namespace) = &self.namespace {
            metadata["namespace"] = json!(namespace);
        }
        json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec })
    }

    fn template(&self) -> Value {
        let mut containers: Vec<Value> =
            self.tasks.iter().enumerate().map(|(index, task)| self.container(index, task)).collect();
        let last = containers.pop();
        let mut spec = self.basis.pod.clone();
        spec.insert("restartPolicy".into(), json!("Never"));
        if !containers.is_empty() {
            spec.insert("initContainers".into(), containers.into());
        }
        spec.insert("containers".into(), last.into_iter().collect::<Vec<_>>().into());
        json!({ "metadata": { "labels": self.labels, "annotations": self.annotations }, "spec": spec })
    }

    fn container(&self, index: usize, task: &JobTask) -> Value {
        let mut container = self.basis.container.clone();
        let words: Vec<String> = task.arguments.iter().map(JobArgument::written).collect();
        container.insert("name".into(), container_name(index, &task.name).into());
        // The image's own entry point is not called: nothing stands before the program.
        container.insert("command".into(), words.into());
        container.into()
    }
}

/// A text as the `command` of a container and the values of its `env` have it: `$$` is `$` to Kubernetes wherever it stands,
/// while a `$` alone may begin a reference.
pub fn literal_of(text: &str) -> String {
    text.replace('$', "$$")
}

/// What Kubernetes makes of such a text; references stay as they are written.
pub(super) fn text_of_literal(literal: &str) -> String {
    literal.replace("$$", "$")
}

/// The SHA-256, in hexadecimal digits, of what tasks are called and run: a list in JSON that has a list for each, its
/// description and then its arguments as the manifest has them.
pub(super) fn sha256_of(tasks: &[JobTask]) -> String {
    let words = |task: &JobTask| task.arguments.iter().map(JobArgument::written).collect::<Vec<_>>();
    let tasks = tasks.iter().map(|task| [vec![task.name.clone()], words(task)].concat());
    let written = json!(tasks.collect::<Vec<_>>()).to_string();
    let digest = ring::digest::digest(&ring::digest::SHA256, written.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of the container that runs a task: its number, counted from 1, makes it one of its own.
pub fn container_name(index: usize, task: &str) -> String {
    dns_label(&[&format!("{:02}", index + 1), task], "")
}

/// A name of at most 63 small letters, digits and dashes (RFC 1123), made of some texts and, whole and at its end, of
/// what makes it a name of its own.
pub fn dns_label(texts: &[&str], own: &str) -> String {
    let is_kept = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let words = texts.iter().map(|text| text.to_ascii_lowercase());
    let words =
        words.flat_map(|text| text.split(|letter| !is_kept(letter)).map(str::to_owned).collect::<Vec<_>>());
    let mut name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let room = LONGEST_NAME.saturating_sub(if own.is_empty() { 0 } else { own.len() + 1 });
    name.truncate(room);
    let name = name.trim_end_matches('-');
    match (name, own) {
        ("", own) => own.to_owned(),
        (name, "") => name.to_owned(),
        (name, own) => format!("{name}-{own}"),
    }
}

#[cfg(test)]
mod tests;
