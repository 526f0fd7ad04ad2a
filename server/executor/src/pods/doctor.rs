//! Looks at a cluster link by link: whether it answers, what it permits, and which pods of the application it has.
//!
//! Must not wait for anything but the cluster's answers, change anything, or say what is to be done about it.

use std::ffi::OsString;
use std::time::Duration;

use kube::Client;
use kube::api::{Api, PostParams, Request};
use serde_json::json;

use super::selection::{PodState, Verdict, current, judge};
use super::wait::{container, read};
use super::watching;
use crate::cluster::Connection;
use crate::cluster::Target;
use crate::cluster::object::{Object, ObjectKind};
use crate::event::Problem;
use crate::request::Application;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(15);

/// What is asked for.
const PERMISSIONS: [Asked; 13] = [
    Asked::new("", "pods", "get", Need::Never),
    Asked::new("", "pods", "list", Need::Always),
    Asked::new("", "pods", "watch", Need::Never),
    Asked::new("", EXEC, "get", Need::Always),
    Asked::new("", EXEC, "create", Need::Since(CREATE_SINCE)),
    Asked::new("apps", "deployments", "get", Need::Never),
    Asked::new("apps", "replicasets", "get", Need::Never),
    Asked::new("apps", "statefulsets", "get", Need::Never),
    Asked::new("apps", "daemonsets", "get", Need::Never),
    Asked::new("batch", JOBS, "create", Need::Never),
    Asked::new("batch", JOBS, "get", Need::Never),
    Asked::new("batch", JOBS, "delete", Need::Never),
    Asked::new("", LOGS, "get", Need::Never),
];

/// The resource of commands in pods.
const EXEC: &str = "pods/exec";

/// The resources that only a run as a Job needs.
const JOBS: &str = "jobs";
const LOGS: &str = "pods/log";

/// Since 1.35 a command in a pod also takes the verb `create`, however it is asked for.
const CREATE_SINCE: u32 = 35;

/// A permission that is asked for.
struct Asked {
    group: &'static str,
    resource: &'static str,
    verb: &'static str,
    need: Need,
}

/// Whether tasks cannot run without it.
#[derive(Clone, Copy)]
enum Need {
    Always,
    Never,
    /// Since this minor version.
    Since(u32),
}

impl Asked {
    const fn new(group: &'static str, resource: &'static str, verb: &'static str, need: Need) -> Asked {
        Asked { group, resource, verb, need }
    }

    fn is_needed(&self, minor: u32) -> bool {
        match self.need {
            Need::Always => true,
            Need::Never => false,
            Need::Since(since) => minor >= since,
        }
    }

    fn attributes(&self, namespace: &str) -> serde_json::Value {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        let mut attributes =
            json!({ "namespace": namespace, "group": self.group, "resource": resource, "verb": self.verb });
        if !subresource.is_empty() {
            attributes["subresource"] = subresource.into();
        }
        attributes
    }
}

/// Whether the user may use a verb of commands in pods; nothing where that is not told.
pub(crate) async fn may_execute(connection: &Connection, verb: &'static str) -> Option<bool> {
    let asked = Asked::new("", EXEC, verb, Need::Always);
    let client = connection.client().await.ok()?;
    let review = review(&client, asked.attributes(&connection.target().namespace));
    let answer = tokio::time::timeout(LIMIT, review).await.ok()?.ok()?;
    answer.status?.allowed
}

/// What was found of a cluster; what lies behind something broken is not there.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The version of the server.
    pub server: Result<String, Problem>,
    /// What the user may do in the namespace.
    pub permissions: Option<Result<Vec<Permission>, Problem>>,
    /// Whether the namespace exists; nothing where that may not be asked.
    pub has_namespace: Option<bool>,
    /// The application's pods.
    pub pods: Option<Result<Vec<PodExamination>, Problem>>,
    /// What a run would wait for, by the judgement of the wait itself; in lower case without a full stop.
    pub waits_for: Option<String>,
}

/// Whether the user may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The resource, such as `pods/exec`.
    pub resource: &'static str,
    /// The verb.
    pub verb: &'static str,
    /// Whether tasks cannot run without it.
    pub is_needed: bool,
    /// Whether it is permitted.
    pub is_allowed: bool,
}

impl Permission {
    /// Whether only a run as a Job needs it.
    pub fn is_of_jobs(&self) -> bool {
        [JOBS, LOGS].contains(&self.resource)
    }
}

/// A pod that has the application's labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodExamination {
    /// Its name.
    pub name: String,
    /// What it is: one in which tasks would run, one of an earlier rollout, or one that is ending or has ended.
    pub standing: Standing,
    /// Whether it is ready.
    pub is_ready: bool,
    /// Why it is not ready.
    pub reason: String,
    /// The build that Draft's annotation names.
    pub build: Option<String>,
    /// The container in which tasks would run.
    pub container: Result<String, Problem>,
}

/// Whether tasks would run in a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They would, once it is ready.
    Current,
    /// It is of an earlier rollout or build.
    Earlier,
    /// It is being deleted, or has ended.
    Over,
}

/// Asks the cluster of a target. Without an application its pods are not looked at.
pub async fn examine(
    target: &Target,
    environment: &[(OsString, OsString)],
    application: Option<&Application>,
    wanted_container: Option<&str>,
) -> Examination {
    let mut examined = Examination {
        server: Ok(String::new()),
        permissions: None,
        has_namespace: None,
        pods: None,
        waits_for: None,
    };
    let connected = async {
        let connection = Connection::open(target, environment).await?;
        let client = connection.client().await?;
        let version = within(&connection, client.apiserver_version(), "tell its version").await?;
        Ok((connection, client, version))
    };
    let (connection, client, minor) = match connected.await {
        Ok((connection, client, version)) => {
            let minor = version.minor.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
            examined.server = Ok(version.git_version);
            (connection, client, minor)
        }
        Err(problem) => {
            examined.server = Err(problem);
            return examined;
        }
    };
    let permissions = permissions(&connection, &client, minor).await;
    let may_list = permissions
        .as_ref()
        .is_ok_and(|all| all.iter().all(|it| it.is_allowed || (it.resource, it.verb) != ("pods", "list")));
    examined.permissions = Some(permissions);
    let namespaces: Api<Object> = Api::all_with(client.clone(), &ObjectKind::NAMESPACE);
    let namespace = within(&connection, namespaces.get_opt(&target.namespace), "get the namespace").await;
    examined.has_namespace = namespace.ok().map(|namespace| namespace.is_some());
    if let Some(application) = application.filter(|_| may_list) {
        let found = pods(&connection, application, wanted_container).await;
        examined.waits_for = found.as_ref().ok().and_then(|(_, waits_for)| waits_for.clone());
        examined.pods = Some(found.map(|(pods, _)| pods));
    }
    examined
}

/// An answer of the server, if it comes in time.
async fn within<T>(
    connection: &Connection,
    question: impl Future<Output = kube::Result<T>>,
    action: &str,
) -> Result<T, Problem> {
    match tokio::time::timeout(LIMIT, question).await {
        Ok(answer) => answer.map_err(|error| connection.problem(&error, action)),
        Err(_) => Err(connection.unanswered(action, LIMIT)),
    }
}

async fn permissions(
    connection: &Connection,
    client: &Client,
    minor: u32,
) -> Result<Vec<Permission>, Problem> {
    let mut permissions = Vec::new();
    for asked in PERMISSIONS {
        let attributes = asked.attributes(&connection.target().namespace);
        let answer =
            within(connection, review(client, attributes), "tell which permissions there are").await?;
        let is_allowed = answer.status.and_then(|status| status.allowed).unwrap_or(false);
        let (resource, verb, is_needed) = (asked.resource, asked.verb, asked.is_needed(minor));
        permissions.push(Permission { resource, verb, is_needed, is_allowed });
    }
    Ok(permissions)
}

/// Asks whether the user may do something.
async fn review(client: &Client, attributes: serde_json::Value) -> kube::Result<Object> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": { "resourceAttributes": attributes },
    });
    let reviews = Request::new("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    let request = reviews.create(&PostParams::default(), review.to_string().into_bytes());
    client.request(request.map_err(kube::Error::BuildRequest)?).await
}

/// The pods, and what is awaited of them.
async fn pods(
    connection: &Connection,
    application: &Application,
    wanted_container: Option<&str>,
) -> Result<(Vec<PodExamination>, Option<String>), Problem> {
    let seen = watching::list(connection, &connection.pods().await?, application, LIMIT).await?;
    let seen: Vec<PodState> = seen.into_values().collect();
    let workloads = read(connection, &seen, application).await?.workloads;
    let present = current(&seen, &workloads);
    let found = seen.iter().map(|pod| PodExamination {
        name: pod.name.clone(),
        standing: match (pod.over, present.contains(&pod)) {
            (true, _) => Standing::Over,
            (false, true) => Standing::Current,
            (false, false) => Standing::Earlier,
        },
        is_ready: pod.ready,
        reason: pod.reason.clone(),
        build: pod.build.clone(),
        container: container(pod, wanted_container),
    });
    let waits_for = match judge(&seen, &workloads, application) {
        Verdict::Wait { message, .. } => Some(message),
        Verdict::Ready { .. } => None,
    };
    Ok((found.collect(), waits_for))
}
