//! Reads what made the pods, to know which template is the present one and whether its rollout is over.
//!
//! Must not be needed: where it may not read, the newest pods tell.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, ListParams};

use super::selection::{CurrentPods, Owner, Workload, owner};
use crate::cluster::in_words;
use crate::cluster::object::{Object, ObjectKind};

/// The annotation by which a Deployment counts its templates, on itself and on its ReplicaSets.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// How long reading one of them may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Reads workloads of a namespace.
pub(crate) struct Workloads {
    client: Client,
    namespace: String,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct WorkloadReading {
    pub(crate) workloads: HashMap<Owner, Workload>,
    /// Whether the server does not permit to read some of them.
    pub(crate) forbidden: bool,
    /// Whether the server does not accept the credentials any more.
    pub(crate) unauthorized: bool,
}

impl Workloads {
    pub(crate) fn new(client: Client, namespace: &str) -> Workloads {
        Workloads { client, namespace: namespace.to_owned() }
    }

    /// Reads the workloads of these owners.
    pub(crate) async fn read(&self, owners: BTreeSet<Owner>) -> WorkloadReading {
        let mut read = WorkloadReading::default();
        for owner in owners {
            let workload = tokio::time::timeout(LIMIT, self.workload(&owner)).await;
            let workload = workload.unwrap_or_else(|_| {
                let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                Err(kube::Error::ReadEvents(late))
            });
            let workload = workload.unwrap_or_else(|error| {
                let is = |code| matches!(&error, kube::Error::Api(status) if status.code == code);
                let forbidden = is(403);
                read.forbidden |= forbidden;
                read.unauthorized |= is(401);
                if forbidden { Workload::Unknown } else { unreadable(&owner, &error) }
            });
            read.workloads.insert(owner, workload);
        }
        read
    }

    /// What could make pods with these labels and has none: the newest ReplicaSet of each Deployment, and whatever else
    /// has the labels itself. What may not be read is not there.
    pub(crate) async fn without_pods(&self, selector: &str) -> BTreeSet<Owner> {
        let mut found = BTreeSet::new();
        for kind in [ObjectKind::REPLICA_SET, ObjectKind::STATEFUL_SET, ObjectKind::DAEMON_SET] {
            let api: Api<Object> = Api::namespaced_with(self.client.clone(), &self.namespace, &kind);
            let parameters = ListParams::default().labels(selector);
            let Ok(Ok(listed)) = tokio::time::timeout(LIMIT, api.list(&parameters)).await else { continue };
            let mut objects = listed.items;
            objects.sort_by_key(|object| object.metadata.creation_timestamp.clone());
            let newest: HashMap<_, _> = objects.into_iter().map(|object| (parent(&object), object)).collect();
            let names = newest.into_values().filter_map(|object| object.metadata.name);
            found.extend(names.map(|name| Owner { kind: kind.kind().to_owned(), name }));
        }
        found
    }

    async fn workload(&self, owner: &Owner) -> kube::Result<Workload> {
        let name = &owner.name;
        match owner.kind.as_str() {
            "ReplicaSet" => self.replica_set(name).await,
            "StatefulSet" => {
                Ok(self.get(ObjectKind::STATEFUL_SET, name).await?.as_ref().map_or(GONE, stateful_set))
            }
            "DaemonSet" => {
                Ok(self.get(ObjectKind::DAEMON_SET, name).await?.as_ref().map_or(GONE, daemon_set))
            }
            _ => Ok(Workload::Unknown),
        }
    }

    /// One that is not there is being deleted, and its pods will be.
    async fn get(&self, kind: ObjectKind, name: &str) -> kube::Result<Option<Object>> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &kind).get_opt(name).await
    }

    async fn replica_set(&self, name: &str) -> kube::Result<Workload> {
        let Some(set) = self.get(ObjectKind::REPLICA_SET, name).await? else { return Ok(GONE) };
        let parents = set.metadata.owner_references.iter().flatten();
        let parent = parents.filter(|parent| parent.controller == Some(true)).map(owner).next();
        match parent {
            Some(parent) if parent.kind == "Deployment" => {
                let deployment = self.get(ObjectKind::DEPLOYMENT, &parent.name).await?;
                Ok(deployment.map_or(GONE, |deployment| of_deployment(&deployment, &set)))
            }
            Some(_) => Ok(Workload::Unknown),
            None => Ok(alone(&set)),
        }
    }
}

/// What made an object; one that nothing made is its own.
fn parent(object: &Object) -> Option<Owner> {
    let mut owners = object.metadata.owner_references.iter().flatten();
    let own = || Some(Owner { kind: String::new(), name: object.metadata.name.clone()? });
    owners.find(|owner| owner.controller == Some(true)).map(owner).or_else(own)
}

/// Why a rollout cannot go on by itself: it is scaled to nothing, paused, refused (by a quota, say), or given up.
fn stuck(what: &str, object: &Object) -> Option<String> {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    let spec = object.spec.as_ref();
    let conditions = object.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let failed = |kind: &str, status: &str| {
        let mut conditions = conditions.clone();
        conditions
            .find(|it| it.kind == kind && it.status == status)
            .map(|it| it.message.clone().unwrap_or_default())
    };
    if spec.and_then(|spec| spec.replicas) == Some(0) {
        return Some(format!("{what} {name} is scaled to 0"));
    }
    if spec.and_then(|spec| spec.paused) == Some(true) {
        return Some(format!("the rollout of {what} {name} is paused: kubectl rollout resume {what}/{name}"));
    }
    if let Some(message) = failed("ReplicaFailure", "True") {
        return Some(format!("{what} {name} cannot make its pods: {message}"));
    }
    failed("Progressing", "False")
        .map(|message| format!("the rollout of {what} {name} has stopped: {message}"))
}

const GONE: Workload = Workload::Known { current: CurrentPods::None, waits_for: None };

/// The server is away, say: what is not known now is not taken for over.
fn unreadable(owner: &Owner, error: &kube::Error) -> Workload {
    let waits_for = format!("{} {} cannot be read: {}", owner.kind, owner.name, in_words(error));
    Workload::Known { current: CurrentPods::None, waits_for: Some(waits_for) }
}

fn revision(metadata: &ObjectMeta) -> Option<&String> {
    metadata.annotations.as_ref()?.get(REVISION)
}

/// Whether the controller has seen the present form of the workload.
fn is_observed(metadata: &ObjectMeta, observed: Option<i64>) -> bool {
    observed.unwrap_or(0) >= metadata.generation.unwrap_or(0)
}

/// What a rollout of this many waits for.
fn progress(what: &str, name: &str, wanted: i32, updated: i32, available: i32) -> Option<String> {
    if updated < wanted {
        return Some(format!("rollout of {what} {name}: {updated} of {wanted} pods updated"));
    }
    (available < updated)
        .then(|| format!("rollout of {what} {name}: {available} of {updated} pods available"))
}

fn not_observed(what: &str, name: &str) -> Option<String> {
    Some(format!("rollout of {what} {name} has not begun"))
}

fn of_deployment(deployment: &Object, set: &Object) -> Workload {
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    let status = deployment.status.clone().unwrap_or_default();
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let (updated, available) = (status.updated_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0));
    if !is_observed(&deployment.metadata, status.observed_generation) {
        // Which template is the present one is only told then.
        return Workload::Known { current: CurrentPods::None, waits_for: not_observed("deployment", name) };
    }
    let is_current = revision(&deployment.metadata) == revision(&set.metadata);
    let current = if is_current { CurrentPods::All } else { CurrentPods::None };
    let waits_for = progress("deployment", name, wanted, updated, available);
    let is_off = wanted == 0 && status.replicas.unwrap_or(0) == 0;
    let waits_for =
        if waits_for.is_some() || is_off { stuck("deployment", deployment).or(waits_for) } else { waits_for };
    // Those of earlier templates count as available, too: only without them the new ones are known to be.
    let old = status.replicas.unwrap_or(0) - updated;
    let waits_for = waits_for.or_else(|| {
        let pods = if old == 1 {
            "1 pod of an earlier template is".into()
        } else {
            format!("{old} pods of earlier templates are")
        };
        (old > 0).then(|| format!("rollout of deployment {name}: {pods} left"))
    });
    Workload::Known { current, waits_for }
}

fn alone(set: &Object) -> Workload {
    let name = set.metadata.name.as_deref().unwrap_or_default();
    let status = set.status.clone().unwrap_or_default();
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let waits_for = if is_observed(&set.metadata, status.observed_generation) {
        progress(
            "replica set",
            name,
            wanted,
            status.replicas.unwrap_or(0),
            status.available_replicas.unwrap_or(0),
        )
    } else {
        not_observed("replica set", name)
    };
    let waits_for =
        if waits_for.is_some() || wanted == 0 { stuck("replicaset", set).or(waits_for) } else { waits_for };
    Workload::Known { current: CurrentPods::All, waits_for }
}

fn stateful_set(set: &Object) -> Workload {
    let name = set.metadata.name.as_deref().unwrap_or_default();
    let status = set.status.clone().unwrap_or_default();
    let spec = set.spec.as_ref();
    let strategy = spec.and_then(|spec| spec.update_strategy.as_ref());
    let wanted = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    if !is_observed(&set.metadata, status.observed_generation) {
        return Workload::Known { current: CurrentPods::None, waits_for: not_observed("stateful set", name) };
    }
    let current = status.update_revision.clone().map_or(CurrentPods::Newest, CurrentPods::Hash);
    let ready = status.ready_replicas.unwrap_or(0);
    if wanted == 0 && status.replicas.unwrap_or(0) == 0 {
        return Workload::Known { current, waits_for: stuck("statefulset", set) };
    }
    if strategy.is_some_and(|strategy| strategy.kind.as_deref() == Some("OnDelete")) {
        // Pods are replaced when somebody deletes them, so there is nothing to wait for.
        return Workload::Known { current, waits_for: None };
    }
    // Those below the partition keep the old template on purpose.
    let partition = strategy.and_then(|strategy| strategy.rolling_update.as_ref()?.partition).unwrap_or(0);
    let to_update = (wanted - partition).max(0);
    // When all are updated the count is that of the current revision, and that of the updated ones may be absent.
    let all_current = status.current_revision == status.update_revision;
    let updated = if all_current { status.replicas } else { status.updated_replicas }.unwrap_or(0);
    let waits_for = if updated < to_update {
        progress("stateful set", name, to_update, updated, ready)
    } else {
        progress("stateful set", name, wanted, wanted, ready.min(wanted))
    };
    Workload::Known { current, waits_for }
}

fn daemon_set(set: &Object) -> Workload {
    let name = set.metadata.name.as_deref().unwrap_or_default();
    let status = set.status.clone().unwrap_or_default();
    if !is_observed(&set.metadata, status.observed_generation) {
        return Workload::Known { current: CurrentPods::None, waits_for: not_observed("daemon set", name) };
    }
    let strategy = set.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref()?.kind.as_deref());
    let wanted = status.desired_number_scheduled.unwrap_or(0);
    let updated = status.updated_number_scheduled.unwrap_or(0);
    let waits_for = match strategy {
        _ if wanted == 0 => Some(format!("daemonset {name} has no pods: no node is one for them")),
        Some("OnDelete") => None,
        _ => progress("daemon set", name, wanted, updated, status.number_available.unwrap_or(0)),
    };
    Workload::Known { current: CurrentPods::Newest, waits_for }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn deployment(generation: i64, revision: &str, status: Value) -> Object {
        from_value(json!({
            "metadata": { "name": "web", "generation": generation, "annotations": { REVISION: revision } },
            "spec": { "replicas": 3, "selector": {}, "template": {} },
            "status": status,
        }))
        .unwrap()
    }

    fn set(revision: &str) -> Object {
        from_value(json!({
            "metadata": { "name": "web-abc", "annotations": { REVISION: revision } },
            "spec": { "selector": {} },
        }))
        .unwrap()
    }

    fn told(workload: Workload) -> String {
        match workload {
            Workload::Known { current, waits_for } => {
                format!("{current:?} {}", waits_for.unwrap_or_default())
            }
            Workload::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn deployments() {
        let over = json!({ "observedGeneration": 2, "updatedReplicas": 3, "availableReplicas": 3 });
        assert_eq!(told(of_deployment(&deployment(2, "5", over.clone()), &set("5"))), "All ");
        assert_eq!(told(of_deployment(&deployment(2, "5", over.clone()), &set("4"))), "None ");
        // What was told of the last form says nothing of the present one.
        let unseen = told(of_deployment(&deployment(3, "5", over), &set("5")));
        assert_eq!(unseen, "None rollout of deployment web has not begun");
        let rolls = json!({ "observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 3 });
        let rolls = told(of_deployment(&deployment(2, "5", rolls), &set("5")));
        assert_eq!(rolls, "All rollout of deployment web: 1 of 3 pods updated");
        let starts = json!({ "observedGeneration": 2, "updatedReplicas": 3, "availableReplicas": 2 });
        let starts = told(of_deployment(&deployment(2, "5", starts), &set("5")));
        assert_eq!(starts, "All rollout of deployment web: 2 of 3 pods available");
        // Two of the three that are available may be old ones.
        let mixed = json!({
            "observedGeneration": 2, "replicas": 5, "updatedReplicas": 3, "availableReplicas": 3,
        });
        let mixed = told(of_deployment(&deployment(2, "5", mixed), &set("5")));
        assert_eq!(mixed, "All rollout of deployment web: 2 pods of earlier templates are left");
    }

    fn stateful(spec: Value, status: Value) -> String {
        let mut spec = spec;
        spec["selector"] = json!({});
        spec["template"] = json!({});
        spec["serviceName"] = json!("db");
        let set = json!({ "metadata": { "name": "db", "generation": 1 }, "spec": spec, "status": status });
        told(stateful_set(&from_value(set).unwrap()))
    }

    #[test]
    fn stateful_sets() {
        let status = |updated: i32, ready: i32, current: &str| {
            json!({
                "observedGeneration": 1, "replicas": 3, "updatedReplicas": updated, "readyReplicas": ready,
                "currentRevision": current, "updateRevision": "db-2",
            })
        };
        let spec = || json!({ "replicas": 3 });
        let hash = "Hash(\"db-2\") ";
        assert_eq!(stateful(spec(), status(3, 3, "db-2")), hash);
        let rolls = stateful(spec(), status(1, 3, "db-1"));
        assert_eq!(rolls, format!("{hash}rollout of stateful set db: 1 of 3 pods updated"));
        let starts = stateful(spec(), status(3, 2, "db-2"));
        assert_eq!(starts, format!("{hash}rollout of stateful set db: 2 of 3 pods available"));
        let partition = json!({ "replicas": 3, "updateStrategy": { "rollingUpdate": { "partition": 2 } } });
        assert_eq!(stateful(partition, status(1, 3, "db-1")), hash);
        let on_delete = json!({ "replicas": 3, "updateStrategy": { "type": "OnDelete" } });
        assert_eq!(stateful(on_delete, status(0, 3, "db-1")), hash);
    }

    #[test]
    fn daemon_sets() {
        let of = |updated: i32| {
            let set = json!({
                "metadata": { "name": "log", "generation": 1 },
                "spec": { "selector": {}, "template": {} },
                "status": {
                    "observedGeneration": 1, "currentNumberScheduled": 2, "desiredNumberScheduled": 2,
                    "numberMisscheduled": 0, "numberReady": 2, "numberAvailable": 2,
                    "updatedNumberScheduled": updated,
                },
            });
            told(daemon_set(&from_value(set).unwrap()))
        };
        assert_eq!(of(2), "Newest ");
        assert_eq!(of(1), "Newest rollout of daemon set log: 1 of 2 pods updated");
    }
}
