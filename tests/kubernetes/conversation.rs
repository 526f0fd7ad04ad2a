//! What a cluster answers to a client that is plain kube-rs, as text: the same questions to the double and to a real one.
//!
//! Must not know which of the two it talks to, nor judge what it hears.

use std::fmt::Write as _;
use std::pin::pin;

use futures::TryStreamExt;
use http_body_util::BodyExt;
use hyper::Request;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{AttachParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, Error, ResourceExt};
use tokio::io::AsyncReadExt;

/// The commands that are run in the pod `one`; a double has to play them.
pub(crate) const COMMANDS: &[&[&str]] = &[
    &["sh", "-c", "echo out; echo err >&2"],
    &["sh", "-c", "exit 1"],
    &["sh", "-c", "exit 42"],
    &["sh", "-c", "kill -KILL $$"],
    &["no-such-program"],
];

/// Someone to talk to. Its namespace holds these pods, and nothing else:
/// `one` with the container `app`, `two` with `app` and `proxy`, `waiting` whose image is missing, `homeless` that no
/// node takes. All have the label `same=yes`, and `one` and `two` are ready.
pub(crate) struct Partner {
    pub(crate) client: Client,
    pub(crate) namespace: String,
}

/// What may be asked by somebody with all permissions.
pub(crate) async fn questions(partner: &Partner) -> String {
    let Partner { client, namespace } = partner;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let elsewhere: Api<Pod> = Api::namespaced(client.clone(), "draft-tasks-no-such-namespace");
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let mut said = String::new();
    let mut note = |question: &str, answer: String| {
        writeln!(said, "{question}: {}", answer.replace(namespace.as_str(), "NAMESPACE")).expect("a text");
    };

    note(
        "list, no such namespace",
        names(elsewhere.list(&ListParams::default()).await.map(|list| list.items)),
    );
    note(
        "list by label",
        names(pods.list(&ListParams::default().labels("same=yes")).await.map(|list| list.items)),
    );
    note(
        "list by set",
        names(pods.list(&ListParams::default().labels("same in (no,yes),!x")).await.map(|l| l.items)),
    );
    note(
        "list by field",
        names(pods.list(&ListParams::default().fields("metadata.name=one")).await.map(|l| l.items)),
    );
    note("list in pages", pages(&pods).await);
    note("get", names(pods.get("one").await.map(|pod| vec![pod])));
    note("get, no such pod", names(pods.get("none").await.map(|pod| vec![pod])));
    note("get, no such deployment", failure(deployments.get("none").await));
    note("get, no such namespace", failure(namespaces.get("draft-tasks-no-such-namespace").await));
    for verb in ["list", "watch"] {
        note(&format!("may {verb} pods"), may(client, namespace, verb, "").await);
    }
    note("watch", watch(&pods).await);
    for command in COMMANDS {
        note(&format!("exec {command:?}"), exec(&pods, "one", Some("app"), command).await);
    }
    let echo = COMMANDS[0];
    note("exec, the only container", exec(&pods, "one", None, echo).await);
    note("exec, no such container", exec(&pods, "one", Some("none"), echo).await);
    note("exec, one of two containers", exec(&pods, "two", None, echo).await);
    note("exec, no such pod", exec(&pods, "none", None, echo).await);
    note("exec, a pod without a node", exec(&pods, "homeless", None, echo).await);
    note("exec, a container that does not run", exec(&pods, "waiting", None, echo).await);
    note("exec, no upgrade", ask_without_upgrade(partner).await);
    said
}

/// What is heard by somebody who may get and list pods, but not watch them, exec in them or look at deployments.
pub(crate) async fn restricted(partner: &Partner, user: &str) -> String {
    let Partner { client, namespace } = partner;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let mut said = String::new();
    let mut note = |question: &str, answer: String| {
        let answer = answer.replace(user, "USER").replace(namespace.as_str(), "NAMESPACE");
        writeln!(said, "{question}: {answer}").expect("a text");
    };
    note("list pods", names(pods.list(&ListParams::default()).await.map(|list| list.items)));
    note("watch pods", failure(pods.watch(&WatchParams::default(), "0").await));
    note("list deployments", failure(deployments.list(&ListParams::default()).await));
    note("get a deployment", failure(deployments.get("web").await));
    note("exec", exec(&pods, "one", None, COMMANDS[0]).await);
    for (verb, subresource) in [("list", ""), ("watch", ""), ("get", "exec"), ("create", "exec")] {
        note(&format!("may {verb} pods/{subresource}"), may(client, namespace, verb, subresource).await);
    }
    said
}

/// A watch from a version that is no longer kept.
pub(crate) async fn expired(partner: &Partner) -> String {
    let pods: Api<Pod> = Api::namespaced(partner.client.clone(), &partner.namespace);
    let mut events = match pods.watch(&WatchParams::default().timeout(30), "1").await {
        Ok(events) => Box::pin(events),
        Err(error) => return describe(&error),
    };
    let mut said = String::new();
    loop {
        match events.try_next().await {
            Ok(Some(WatchEvent::Error(status))) => {
                let (message, _) = status.message.split_once(':').unwrap_or((&status.message, ""));
                writeln!(said, "event ERROR {} {} {message}", status.code, status.reason).expect("a text");
            }
            Ok(Some(event)) => writeln!(said, "event {}", event_name(&event)).expect("a text"),
            Ok(None) => return said + "end",
            Err(error) => return said + &describe(&error),
        }
    }
}

fn names(pods: Result<Vec<Pod>, Error>) -> String {
    match pods {
        Ok(pods) => format!("{:?}", pods.iter().map(|pod| pod.name_any()).collect::<Vec<_>>()),
        Err(error) => describe(&error),
    }
}

fn failure<T>(result: Result<T, Error>) -> String {
    result.map_or_else(|error| describe(&error), |_| "done".to_owned())
}

fn describe(error: &Error) -> String {
    match error {
        Error::Api(status) => format!("{} {} {:?}", status.code, status.reason, status.message),
        other => format!("{other:?}"),
    }
}

async fn pages(pods: &Api<Pod>) -> String {
    let mut parameters = ListParams::default().limit(3);
    let mut said = String::new();
    loop {
        let page = match pods.list(&parameters).await {
            Ok(page) => page,
            Err(error) => return describe(&error),
        };
        let names: Vec<_> = page.items.iter().map(ResourceExt::name_any).collect();
        write!(said, "{names:?} and {:?} more; ", page.metadata.remaining_item_count).expect("a text");
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return said + "end",
        }
    }
}

async fn may(client: &Client, namespace: &str, verb: &str, subresource: &str) -> String {
    let mut review = SelfSubjectAccessReview::default();
    review.spec.resource_attributes = Some(ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        verb: Some(verb.to_owned()),
        resource: Some("pods".to_owned()),
        subresource: Some(subresource.to_owned()),
        ..Default::default()
    });
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    match reviews.create(&PostParams::default(), &review).await {
        Ok(review) => review.status.map_or("no status".to_owned(), |status| status.allowed.to_string()),
        Err(error) => describe(&error),
    }
}

fn event_name(event: &WatchEvent<Pod>) -> String {
    match event {
        WatchEvent::Added(pod) => format!("ADDED {}", pod.name_any()),
        WatchEvent::Modified(pod) => format!("MODIFIED {}", pod.name_any()),
        WatchEvent::Deleted(pod) => format!("DELETED {}", pod.name_any()),
        WatchEvent::Bookmark(_) => "BOOKMARK".to_owned(),
        WatchEvent::Error(status) => format!("ERROR {}", status.code),
    }
}

/// A watch from the beginning, until its time is over.
async fn watch(pods: &Api<Pod>) -> String {
    let parameters = WatchParams::default().labels("same=yes").timeout(1);
    let mut events = match pods.watch(&parameters, "0").await {
        Ok(events) => pin!(events),
        Err(error) => return describe(&error),
    };
    let mut heard = Vec::new();
    loop {
        match events.try_next().await {
            Ok(Some(WatchEvent::Bookmark(_))) => {}
            Ok(Some(event)) => heard.push(event_name(&event)),
            Ok(None) => break,
            Err(error) => heard.push(describe(&error)),
        }
    }
    // The order of what is there already is not promised.
    heard.sort();
    format!("{heard:?}, end")
}

async fn exec(pods: &Api<Pod>, pod: &str, container: Option<&str>, command: &[&str]) -> String {
    let parameters = AttachParams { container: container.map(str::to_owned), ..AttachParams::default() };
    let mut process = match pods.exec(pod, command.iter().copied(), &parameters).await {
        Ok(process) => process,
        Err(error) => return format!("refused: {}", describe(&error)),
    };
    let status = process.take_status().expect("not taken yet");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let (mut out, mut err) = (process.stdout().expect("a stream"), process.stderr().expect("a stream"));
    let (out, err) = futures::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr));
    out.and(err).expect("UTF-8");
    let status = status.await.map_or("no status".to_owned(), |status| end(&status));
    format!("{stdout:?} {stderr:?} {status}")
}

/// The parts of a status that do not differ between releases and runtimes.
fn end(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    let codes: Vec<_> = causes
        .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .map(|cause| cause.message.as_deref().unwrap_or_default())
        .collect();
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    format!("{} {} {:?} {codes:?}", word(&status.status), word(&status.reason), status.code)
}

/// Asks for an exec without an upgrade of the connection.
async fn ask_without_upgrade(partner: &Partner) -> String {
    let path = format!("/api/v1/namespaces/{}/pods/one/exec?command=true&stdout=true", partner.namespace);
    let request = Request::get(path).body(kube::client::Body::empty()).expect("a request");
    match partner.client.send(request).await {
        Ok(response) => {
            let code = response.status();
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            format!("{code} {}", sorted(&String::from_utf8_lossy(&body)))
        }
        Err(error) => describe(&error),
    }
}

/// A JSON object with its fields in order; any other text as it is.
fn sorted(body: &str) -> String {
    serde_json::from_str::<serde_json::Value>(body).map_or(body.to_owned(), |value| value.to_string())
}
