//! What the cluster of the double holds, and every change of it in order.
//!
//! Must not know who asks: requests, watches and faults are elsewhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The resources that are served: plural, kind, group and version.
const RESOURCES: &[(&str, &str, &str)] = &[
    ("pods", "Pod", "v1"),
    ("namespaces", "Namespace", "v1"),
    ("events", "Event", "v1"),
    ("deployments", "Deployment", "apps/v1"),
    ("replicasets", "ReplicaSet", "apps/v1"),
    ("statefulsets", "StatefulSet", "apps/v1"),
    ("daemonsets", "DaemonSet", "apps/v1"),
    ("jobs", "Job", "batch/v1"),
    ("persistentvolumeclaims", "PersistentVolumeClaim", "v1"),
];

/// The kind of a resource, where it is served under this API version.
pub(super) fn kind(resource: &str, api_version: &str) -> Option<&'static str> {
    let served = RESOURCES.iter().find(|(plural, _, version)| *plural == resource && *version == api_version);
    served.map(|(_, kind, _)| *kind)
}

fn resource(kind: &str) -> &'static str {
    let served = RESOURCES.iter().find(|(_, served, _)| *served == kind);
    served.unwrap_or_else(|| panic!("the double has no kind {kind}")).0
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) resource: &'static str,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// One change, with what the object was before it and is after it.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) key: Key,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

#[derive(Default)]
pub(super) struct World {
    /// The resource version of the last change.
    pub(super) version: u64,
    /// A watch from a version before this one is refused.
    pub(super) oldest: u64,
    objects: BTreeMap<Key, Value>,
    changes: Vec<Change>,
}

impl World {
    /// Adds an object or replaces the one of its name.
    pub(super) fn put(&mut self, mut object: Value) {
        let kind = object["kind"].as_str().expect("an object with a kind").to_owned();
        let metadata = &mut object["metadata"];
        if kind != "Namespace" && metadata["namespace"].is_null() {
            metadata["namespace"] = json!("default");
        }
        let namespace = metadata["namespace"].as_str().unwrap_or_default().to_owned();
        let name = metadata["name"].as_str().expect("an object with a name").to_owned();
        if !namespace.is_empty() && self.get("namespaces", "", &namespace).is_none() {
            self.put(json!({ "kind": "Namespace", "apiVersion": "v1", "metadata": { "name": namespace } }));
        }
        self.version += 1;
        let metadata = &mut object["metadata"];
        metadata["resourceVersion"] = json!(self.version.to_string());
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("00000000-0000-0000-0000-{:012}", self.version));
        }
        let key = Key { resource: resource(&kind), namespace, name };
        let before = self.objects.insert(key.clone(), object.clone());
        self.changes.push(Change { version: self.version, key, before, after: Some(object) });
    }

    /// Removes an object, with the last state that it had.
    pub(super) fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        let (key, _) = self.find(resource, namespace, name).expect("an object to remove");
        let key = key.clone();
        let before = self.objects.remove(&key);
        self.version += 1;
        self.changes.push(Change { version: self.version, key, before, after: None });
    }

    pub(super) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.find(resource, namespace, name).map(|(_, object)| object)
    }

    fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<(&Key, &Value)> {
        self.objects
            .iter()
            .find(|(key, _)| key.resource == resource && key.namespace == namespace && key.name == name)
    }

    /// The objects that a list shows, in the order of their names.
    pub(super) fn list(&self, scope: &Scope) -> Vec<Value> {
        let objects = self.objects.iter().filter(|(key, object)| scope.has(key, object));
        objects.map(|(_, object)| object.clone()).collect()
    }

    /// The changes after a version.
    pub(super) fn since(&self, version: u64) -> &[Change] {
        let first = self.changes.partition_point(|change| change.version <= version);
        &self.changes[first..]
    }
}

/// Which objects a list or watch is about.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) resource: String,
    /// Empty: all namespaces.
    pub(super) namespace: String,
    pub(super) labels: String,
    pub(super) fields: String,
}

impl Scope {
    fn has(&self, key: &Key, object: &Value) -> bool {
        key.resource == self.resource
            && (self.namespace.is_empty() || key.namespace == self.namespace)
            && requirements(&self.labels).iter().all(|requirement| label_fits(requirement, object))
            && requirements(&self.fields).iter().all(|requirement| field_fits(requirement, object))
    }

    /// What a watch tells of a change: an object that begins or ceases to fit is added or deleted.
    pub(super) fn event(&self, change: &Change) -> Option<Value> {
        let fits =
            |object: &Option<Value>| object.as_ref().is_some_and(|object| self.has(&change.key, object));
        let (kind, object) = match (fits(&change.before), fits(&change.after)) {
            (false, true) => ("ADDED", &change.after),
            (true, true) => ("MODIFIED", &change.after),
            (true, false) => ("DELETED", &change.before),
            (false, false) => return None,
        };
        let mut object = object.clone()?;
        object["metadata"]["resourceVersion"] = json!(change.version.to_string());
        Some(json!({ "type": kind, "object": object }))
    }
}

/// The parts of a selector; the commas between parentheses separate values instead.
fn requirements(selector: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for letter in selector.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match letter {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().expect("at least one part").push(letter),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn label_fits(requirement: &str, object: &Value) -> bool {
    let requirement = requirement.trim();
    let label = |key: &str| object["metadata"]["labels"][key.trim()].as_str();
    let values = |list: &str| -> Vec<String> {
        let list = list.trim().trim_start_matches('(').trim_end_matches(')');
        list.split(',').map(|value| value.trim().to_owned()).collect()
    };
    let among = |key: &str, list: &str| {
        label(key).is_some_and(|found| values(list).iter().any(|value| value == found))
    };
    if let Some((key, list)) = requirement.split_once(" notin ") {
        !among(key, list)
    } else if let Some((key, list)) = requirement.split_once(" in ") {
        among(key, list)
    } else if let Some((key, value)) = requirement.split_once("!=") {
        label(key) != Some(value.trim())
    } else if let Some((key, value)) = requirement.split_once('=') {
        label(key) == Some(value.trim_start_matches('=').trim())
    } else if let Some(key) = requirement.strip_prefix('!') {
        label(key).is_none()
    } else {
        label(requirement).is_some()
    }
}

fn field_fits(requirement: &str, object: &Value) -> bool {
    let (path, value) = requirement.split_once('=').expect("a field selector with =");
    let value = value.trim_start_matches('=');
    match path.trim_end_matches('!') {
        "metadata.name" => (object["metadata"]["name"] == value) != path.ends_with('!'),
        "metadata.namespace" => (object["metadata"]["namespace"] == value) != path.ends_with('!'),
        "status.phase" => (object["status"]["phase"] == value) != path.ends_with('!'),
        "involvedObject.name" => (object["involvedObject"]["name"] == value) != path.ends_with('!'),
        other => panic!("the double cannot select by the field {other}"),
    }
}
