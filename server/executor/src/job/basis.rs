//! What a Job's pod takes of the application's workload: the template of its pods, in the place of one container.
//!
//! Must not take a volume that another pod or its node may hold for itself.

use std::collections::BTreeMap;

use kube::Resource;
use serde_json::Value;

use super::manifest::{OF_VOLUMES, PodBasis};
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
    let basis = PodBasis::of_template(&template, &container).ok_or_else(unreadable)?;
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

async fn check_volumes(connection: &Connection, of: &str, basis: &PodBasis) -> Result<(), Problem> {
    let items = |field: Option<&Value>| field.and_then(Value::as_array).cloned().unwrap_or_default();
    let volumes = items(basis.pod.get("volumes"));
    let refused = |name: &Value, why: &str| {
        let name = name.as_str().unwrap_or_default();
        Problem::new(format!("a Job cannot have volume `{name}` of {of}: {why}"))
            .help("run the tasks in the application's pods, without --as job")
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
    use serde_json::json;

    use super::*;

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
