//! What a Job's pod takes of the application's workload: the template of its pods, in the place of one container.
//!
//! Must not take a volume that another pod or its node may hold for itself.

use std::collections::BTreeMap;

use kube::Resource;
use serde_json::{Value, json};

use super::manifest::{OF_VOLUMES, PodBasis, literal_of};
use super::{LIMIT, read};
use crate::cluster::Connection;
use crate::cluster::object::{Object, ObjectKind, PodObject};
use crate::event::Problem;
use crate::pods::selection::{Owner, PodState, owners};
use crate::pods::wait::container;
use crate::pods::watching::list;
use crate::pods::workload::Workloads;
use crate::request::PodsRequest;

/// Volumes with one of these can be in several pods at once.
const SHARED_MODES: [&str; 2] = ["ReadWriteMany", "ReadOnlyMany"];

/// Kinds of volumes that one node has at a time. Source: the access modes in
/// <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes>; of `portworxVolume` and `flexVolume` they
/// depend on what is behind them.
const OF_ONE_NODE: [&str; 13] = [
    "awsElasticBlockStore",
    "azureDisk",
    "cinder",
    "fc",
    "flexVolume",
    "gcePersistentDisk",
    "iscsi",
    "photonPersistentDisk",
    "portworxVolume",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Those of them that several nodes can have as long as all of them only read.
const READ_BY_SEVERAL: [&str; 6] = ["fc", "flexVolume", "gcePersistentDisk", "iscsi", "rbd", "scaleIO"];

/// What helps where a Job cannot have what the application's pods have.
const IN_PODS: &str = "run the tasks in the application's pods, without --as job";

/// What was found.
pub(super) struct FoundBasis {
    pub(super) basis: PodBasis,
    /// "deployment web".
    of: String,
    container: String,
    /// The other containers of its pods.
    left_out: Vec<String>,
}

impl FoundBasis {
    /// Which containers of the workload's pods the Job's has not; in lower case without a full stop.
    pub(super) fn describe_left_out(&self) -> Option<String> {
        let FoundBasis { of, container, left_out, .. } = self;
        let names: Vec<_> = left_out.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        (!left_out.is_empty())
            .then(|| format!("the Job is made after container `{container}` of {of}, without its {names}"))
    }

    /// That its image is another one than before; in lower case without a full stop.
    pub(super) fn describe_new_image(&self, earlier: Option<&str>) -> Option<String> {
        let FoundBasis { of, container, basis, .. } = self;
        let (earlier, now) = (earlier?, basis.image()?);
        (now != earlier).then(|| {
            format!("the image of container `{container}` of {of} has changed since: {now}, it was {earlier}")
        })
    }
}

/// The template of the application's only workload, for tasks in the place of its container.
///
/// # Errors
///
/// When there is no workload or are several, they may not be read, the container is missing, or has a volume that a Job
/// cannot have.
pub(super) async fn of_workload(
    connection: &Connection,
    wanted: &PodsRequest,
) -> Result<FoundBasis, Problem> {
    let (owner, object) = only_workload(connection, wanted).await?;
    let of = format!("{} {}", owner.kind.to_lowercase(), owner.name);
    let mut template = object["spec"]["template"].clone();
    template["metadata"]["name"] = owner.name.clone().into();
    let unreadable = || Problem::new(format!("the template of {of} cannot be read"));
    let pod: PodObject = serde_json::from_value(template.clone()).map_err(|_| unreadable())?;
    let state = PodState::of(&pod).ok_or_else(unreadable)?;
    let container = container(&state, wanted.container.as_deref())?;
    let mut basis = PodBasis::of_template(&template, &container).ok_or_else(unreadable)?;
    settle_variables(&mut basis, (&of, &container), &template)?;
    check_volumes(connection, &of, &basis).await?;
    let own = pod.spec.into_iter().flat_map(|spec| {
        spec.containers.into_iter().chain(spec.init_containers).flatten().collect::<Vec<_>>()
    });
    let left_out = own.map(|it| it.name).filter(|name| *name != container).collect();
    Ok(FoundBasis { basis, of, container, left_out })
}

async fn only_workload(connection: &Connection, wanted: &PodsRequest) -> Result<(Owner, Value), Problem> {
    let pods = connection.pods().await?;
    let seen = list::<PodState>(connection, &pods, &wanted.application, LIMIT).await?;
    let seen: Vec<PodState> = seen.into_values().collect();
    let owners = if seen.iter().all(|pod| pod.over) {
        let workloads = Workloads::new(connection.client().await?, &connection.target().namespace);
        workloads.without_pods(&wanted.application.selector).await
    } else {
        owners(&seen)
    };
    let mut found = BTreeMap::new();
    for owner in owners {
        found.extend(workload(connection, owner).await?);
    }
    let names: Vec<_> =
        found.keys().map(|it: &Owner| format!("{} {}", it.kind.to_lowercase(), it.name)).collect();
    let selector = &wanted.application.selector;
    match (found.pop_first(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(Problem::new(format!(
            "label {selector} has several workloads, and a Job is made after one: {}",
            names.join(", ")
        ))
        .help("choose one by the labels of its pods: --selector")),
        (None, _) => {
            connection.check_namespace(false).await?;
            Err(Problem::new(format!(
                "no Deployment, StatefulSet or DaemonSet has pods with label {selector}, so it is not known what the \
                 Job's pod is like"
            ))
            .help("deploy the application first, or name an image by --image"))
        }
    }
}

/// The workload that an owner of pods belongs to; nothing of kinds that are not known.
async fn workload(connection: &Connection, owner: Owner) -> Result<Option<(Owner, Value)>, Problem> {
    let kinds = [ObjectKind::REPLICA_SET, ObjectKind::STATEFUL_SET, ObjectKind::DAEMON_SET];
    let Some(kind) = kinds.into_iter().find(|kind| kind.kind() == owner.kind) else { return Ok(None) };
    let Some(object) = read(connection, kind, &owner.name).await? else { return Ok(None) };
    let parents = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    let is_deployment = |parent: &&Value| parent["controller"] == true && parent["kind"] == "Deployment";
    let Some(name) = parents.filter(is_deployment).find_map(|parent| parent["name"].as_str()) else {
        return Ok(Some((owner, object)));
    };
    let deployment = read(connection, ObjectKind::DEPLOYMENT, name).await?;
    let kind = Object::kind(&ObjectKind::DEPLOYMENT).into_owned();
    Ok(deployment.map(|deployment| (Owner { kind, name: name.to_owned() }, deployment)))
}

/// Gives variables that a container has of its pod's labels, annotations and containers the value that they have in the
/// workload's pods: the Job's pod has others.
///
/// # Errors
///
/// When that is not known.
fn settle_variables(
    basis: &mut PodBasis,
    (of, container): (&str, &str),
    template: &Value,
) -> Result<(), Problem> {
    let Some(Value::Array(variables)) = basis.container.get_mut("env") else { return Ok(()) };
    for variable in variables {
        let name = variable["name"].clone();
        let refused = |why: &str| {
            let name = name.as_str().unwrap_or_default();
            Problem::new(format!("a Job cannot have variable `{name}` of {of}: {why}")).help(IN_PODS)
        };
        let path = variable["valueFrom"]["fieldRef"]["fieldPath"].as_str().unwrap_or_default();
        if let Some((field, key)) = own_field(path) {
            let value = template["metadata"][field][key].as_str().ok_or_else(|| {
                let what = field.trim_end_matches('s');
                refused(&format!("it is {what} `{key}` of its pods, which is not in the template of these"))
            })?;
            *variable = json!({ "name": name, "value": literal_of(value) });
        } else if let Some(Value::Object(source)) = variable.pointer_mut("/valueFrom/resourceFieldRef")
            && let Some(named) = source.remove("containerName")
            && named != container
        {
            let named = named.as_str().unwrap_or_default();
            return Err(refused(&format!("it is of container `{named}`, which the Job's pod has not")));
        }
    }
    Ok(())
}

/// The labels or annotations of a pod, and the key of one of them, that the path of a field names.
fn own_field(path: &str) -> Option<(&'static str, &str)> {
    let keyed = |field: &'static str| {
        let key = path.strip_prefix("metadata.")?.strip_prefix(field)?;
        Some((field, key.strip_prefix("['")?.strip_suffix("']")?))
    };
    ["labels", "annotations"].into_iter().find_map(keyed)
}

/// What a volume has that tells of its own pod, and of the Job's pod would tell something else.
fn own_fields(volume: &Value) -> Option<String> {
    let items = |of: &Value| of["downwardAPI"]["items"].as_array().cloned().unwrap_or_default();
    let sources = volume["projected"]["sources"].as_array().into_iter().flatten();
    sources.flat_map(items).chain(items(volume)).find_map(|item| {
        let path = item["fieldRef"]["fieldPath"].as_str().unwrap_or_default();
        let container = item["resourceFieldRef"]["containerName"].as_str();
        let is_own = path.starts_with("metadata.labels") || path.starts_with("metadata.annotations");
        let of_container = container.map(|name| format!("what container `{name}` may use"));
        is_own.then(|| format!("`{path}`")).or(of_container)
    })
}

async fn check_volumes(connection: &Connection, of: &str, basis: &PodBasis) -> Result<(), Problem> {
    let items = |field: Option<&Value>| field.and_then(Value::as_array).cloned().unwrap_or_default();
    let volumes = items(basis.pod.get("volumes"));
    let refused = |name: &Value, why: &str| {
        let name = name.as_str().unwrap_or_default();
        Problem::new(format!("a Job cannot have volume `{name}` of {of}: {why}")).help(IN_PODS)
    };
    for mount in OF_VOLUMES.iter().flat_map(|field| items(basis.container.get(*field))) {
        if !volumes.iter().any(|volume| volume["name"] == mount["name"]) {
            return Err(refused(&mount["name"], "each of its pods has one of its own"));
        }
    }
    for volume in &volumes {
        if let Some(kind) = of_one_node(volume) {
            let why = format!("it is of the kind {kind}, which one node has at a time");
            return Err(refused(&volume["name"], &why));
        }
        if let Some(what) = own_fields(volume) {
            let why = format!("it tells {what} of its pod, and the Job's pod has others");
            return Err(refused(&volume["name"], &why));
        }
        let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() else { continue };
        let found = read(connection, ObjectKind::PERSISTENT_VOLUME_CLAIM, claim).await;
        let found = found.map_err(|problem| {
            let said = format!("it is not known whether several pods can have it: {}", problem.message);
            problem.help.into_iter().fold(refused(&volume["name"], &said), Problem::help)
        })?;
        let Some(found) = found else {
            return Err(refused(&volume["name"], &format!("there is no claim `{claim}`")));
        };
        let modes = items(found["spec"].get("accessModes"));
        if !modes.iter().filter_map(Value::as_str).any(|mode| SHARED_MODES.contains(&mode)) {
            let modes: Vec<_> = modes.iter().filter_map(Value::as_str).collect();
            let why = format!("its claim `{claim}` is {}, for one node or pod at a time", modes.join(", "));
            return Err(refused(&volume["name"], &why));
        }
    }
    Ok(())
}

/// The kind of a volume that one node has at a time.
fn of_one_node(volume: &Value) -> Option<&'static str> {
    let is_shared = |kind: &str| READ_BY_SEVERAL.contains(&kind) && volume[kind]["readOnly"] == true;
    OF_ONE_NODE.into_iter().find(|kind| !volume[*kind].is_null() && !is_shared(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables of a Job made after a container `app` with these, in pods with a label `app` and an annotation `note`.
    fn settled(variables: Value) -> Result<Value, String> {
        let container = json!({ "name": "app", "env": variables });
        let metadata = json!({ "labels": { "app": "web" }, "annotations": { "a.b/note": "$(X) $1" } });
        let template = json!({ "metadata": metadata, "spec": { "containers": [container] } });
        let mut basis = PodBasis::of_template(&template, "app").unwrap();
        settle_variables(&mut basis, ("deployment web", "app"), &template).map_err(|it| it.message)?;
        Ok(basis.container["env"].clone())
    }

    fn field(path: &str) -> Value {
        json!([{ "name": "A", "valueFrom": { "fieldRef": { "fieldPath": path } } }])
    }

    #[test]
    fn a_variable_of_the_pods_labels_and_annotations_has_the_value_of_the_applications_pods() {
        let value = |text: &str| Ok(json!([{ "name": "A", "value": text }]));
        assert_eq!(settled(field("metadata.labels['app']")), value("web"));
        assert_eq!(settled(field("metadata.annotations['a.b/note']")), value("$$(X) $$1"));
        for own in ["metadata.name", "status.podIP", "spec.nodeName"] {
            assert_eq!(settled(field(own)), Ok(field(own)), "each pod has its own");
        }
        let said = "a Job cannot have variable `A` of deployment web: it is label `pod-template-hash` of its pods, \
             which is not in the template of these";
        assert_eq!(settled(field("metadata.labels['pod-template-hash']")), Err(said.into()));
    }

    #[test]
    fn a_variable_of_what_another_container_may_use_is_refused() {
        let of = |container: Option<&str>| {
            let mut source = json!({ "resource": "limits.cpu" });
            container.into_iter().for_each(|name| source["containerName"] = json!(name));
            json!([{ "name": "A", "valueFrom": { "resourceFieldRef": source } }])
        };
        assert_eq!(settled(of(Some("app"))), Ok(of(None)), "those of the Job have other names");
        let said = "a Job cannot have variable `A` of deployment web: it is of container `proxy`, which the Job's pod has not";
        assert_eq!(settled(of(Some("proxy"))), Err(said.into()));
    }

    #[test]
    fn a_volume_that_tells_of_its_pods_labels_is_found() {
        let item =
            |source: Value| json!({ "downwardAPI": { "items": [{ "path": "p", "fieldRef": source }] } });
        let labels = item(json!({ "fieldPath": "metadata.labels" }));
        assert_eq!(own_fields(&labels).as_deref(), Some("`metadata.labels`"));
        assert_eq!(own_fields(&json!({ "projected": { "sources": [{}, labels] } })), own_fields(&labels));
        assert_eq!(own_fields(&item(json!({ "fieldPath": "metadata.name" }))), None);
        let used =
            json!({ "downwardAPI": { "items": [{ "resourceFieldRef": { "containerName": "app" } }] } });
        assert_eq!(own_fields(&used).as_deref(), Some("what container `app` may use"));
    }

    #[test]
    fn a_disk_of_one_node_is_none_of_a_job_unless_all_only_read() {
        let of = |kind: &str, fields: Value| of_one_node(&json!({ "name": "v", kind: fields }));
        for kind in OF_ONE_NODE {
            assert_eq!(of(kind, json!({})), Some(kind));
            assert_eq!(of(kind, json!({ "readOnly": true })).is_none(), READ_BY_SEVERAL.contains(&kind));
        }
        for kind in
            ["emptyDir", "configMap", "nfs", "azureFile", "cephfs", "hostPath", "persistentVolumeClaim"]
        {
            assert_eq!(of(kind, json!({})), None, "{kind}");
        }
    }
}
