//! Connections and requests: who asks for what, whether it may, and what the answer is.
//!
//! Must not know how a watch or an exec goes on once it has begun.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::script::{Call, Refusal};
use super::status::{self, Subject};
use super::world::{self, Scope};
use super::{Server, State, USER, exec, logs, tls, watches};

/// An answer's body. An error in it breaks the connection.
pub(super) type Body = BoxBody<Bytes, Broken>;

/// The connection is to break.
#[derive(Debug)]
pub(super) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the double breaks the connection")
    }
}

impl std::error::Error for Broken {}

/// Accepts connections until it is aborted.
pub(super) async fn accept(listener: TcpListener, acceptor: TlsAcceptor, server: Arc<Server>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        server.spawn(serve(stream, acceptor.clone(), server.clone()));
    }
}

/// Serves one connection. How it ends is the client's affair.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor, server: Arc<Server>) {
    stream.set_nodelay(true).expect("a connection");
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| answer(server.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.with_upgrades().await;
}

pub(super) fn text(code: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed();
    let response = Response::builder().status(code).header(CONTENT_TYPE, content_type);
    response.body(body).expect("an answer")
}

fn json(code: StatusCode, body: &Value) -> Response<Body> {
    text(code, "application/json", body.to_string())
}

/// A `Status` as the answer, with the code that it names.
pub(super) fn failure(status: &Value) -> Response<Body> {
    let code =
        status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a status with a code");
    json(StatusCode::from_u16(code).expect("a code"), status)
}

pub(super) async fn refuse(refusal: Refusal) -> Result<Response<Body>, Broken> {
    match refusal {
        Refusal::Http(code, body) if body.starts_with('{') => Ok(text(code, "application/json", body)),
        Refusal::Http(code, body) => Ok(text(code, "text/plain; charset=utf-8", body)),
        Refusal::Silence => std::future::pending().await,
        Refusal::Hangup => Err(Broken),
    }
}

/// As an issuer of tokens, at the double's own address, which takes the client's name in the body alone.
async fn issue(request: Request<Incoming>) -> Result<Response<Body>, Broken> {
    if request.method() == Method::GET {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let endpoint = json!({ "token_endpoint": format!("https://{host}/issuer/token") });
        return Ok(json(StatusCode::OK, &endpoint));
    }
    let body = request.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
    let given: BTreeMap<_, _> = url::form_urlencoded::parse(&body).into_owned().collect();
    let is = |key: &str, value: &str| given.get(key).is_some_and(|it| it == value);
    if !is("client_id", "draft & tasks") || !is("client_secret", "") {
        return Ok(json(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" })));
    }
    if !is("grant_type", "refresh_token") || !is("refresh_token", tls::REFRESH_TOKEN) {
        return Ok(json(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant" })));
    }
    Ok(json(
        StatusCode::OK,
        &json!({ "access_token": "none", "token_type": "bearer", "id_token": tls::TOKEN }),
    ))
}

async fn answer(server: Arc<Server>, request: Request<Incoming>) -> Result<Response<Body>, Broken> {
    if request.uri().path().starts_with("/issuer/") {
        return issue(request).await;
    }
    let authorized = request.headers().get(AUTHORIZATION);
    if authorized.is_none_or(|value| value.as_bytes() != format!("Bearer {}", tls::TOKEN).as_bytes()) {
        return Ok(failure(&status::unauthorized()));
    }
    if request.uri().path() == "/version" {
        let minor = match server.state().release {
            super::Release::Old => "20",
            super::Release::New => "34",
            super::Release::Newest => "36",
        };
        let version = json!({ "major": "1", "minor": minor, "gitVersion": format!("v1.{minor}.0") });
        return Ok(json(StatusCode::OK, &version));
    }
    let Some(call) = call(&request) else { return Ok(failure(&status::no_such_resource())) };
    server.see(|seen| seen.calls.push(call.clone()));

    let refusal = server.state().take_fault(&call);
    if let Some(refusal) = refusal {
        return refuse(refusal).await;
    }
    if call.resource == "selfsubjectaccessreviews" {
        let body = request.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
        return Ok(review(&server.state(), &body));
    }
    if !server.state().permits(call.verb, &call.resource) {
        return Ok(failure(&subject(&call).forbidden(USER)));
    }
    if call.resource == "pods/exec" && !server.state().creates_execs() {
        return Ok(text(StatusCode::FORBIDDEN, "text/plain", ""));
    }
    if call.resource == "pods/exec" {
        return exec::answer(server, &call, request).await;
    }
    if call.resource == "pods/log" {
        return Ok(logs::answer(server, &call));
    }
    if call.verb == "create" && world::kind(&call.resource, &call.api_version).is_some() {
        let body = request.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
        return Ok(create(&server, &call, &body));
    }
    if world::kind(&call.resource, &call.api_version).is_none() {
        return Ok(failure(&status::no_such_resource()));
    }
    Ok(match call.verb {
        "watch" => watches::open(server, &call),
        "list" => json(StatusCode::OK, &list(&server.state(), &call)),
        "get" => get(&server.state(), &call),
        "delete" => delete(&server, &call),
        _ => failure(&status::no_such_resource()),
    })
}

impl State {
    fn take_fault(&mut self, call: &Call) -> Option<Refusal> {
        let fault = self.faults.iter_mut().rev().find(|fault| fault.fits(call))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.refusal.clone())
    }

    fn creates_execs(&self) -> bool {
        self.release != super::Release::Newest || self.permits("create", "pods/exec")
    }

    fn permits(&self, verb: &str, resource: &str) -> bool {
        let is = |pattern: &str, word: &str| pattern == "*" || pattern == word;
        !self.denied.iter().any(|(denied, what)| is(denied, verb) && is(what, resource))
    }
}

/// What a request asks for, if its path has the form of a resource's.
fn call(request: &Request<Incoming>) -> Option<Call> {
    let query = request.uri().query().unwrap_or_default();
    let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut path = request.uri().path().trim_matches('/').split('/').peekable();
    let api_version = match path.next()? {
        "api" => path.next()?.to_owned(),
        "apis" => format!("{}/{}", path.next()?, path.next()?),
        _ => return None,
    };
    let mut rest: Vec<&str> = path.collect();
    let namespace = match *rest.as_slice() {
        ["namespaces", namespace, _, ..] => {
            rest.drain(..2);
            namespace.to_owned()
        }
        _ => String::new(),
    };
    let (resource, name) = match *rest.as_slice() {
        [resource] => (resource.to_owned(), None),
        [resource, name] => (resource.to_owned(), Some(name.to_owned())),
        [resource, name, subresource] => (format!("{resource}/{subresource}"), Some(name.to_owned())),
        _ => return None,
    };
    let mut call = Call { verb: "get", api_version, resource, namespace, name, query };
    call.verb = match (request.method(), &call.name) {
        (&Method::GET, None) if call.is_set("watch") => "watch",
        (&Method::GET, None) => "list",
        (&Method::GET, Some(_)) => "get",
        (&Method::POST, _) => "create",
        (&Method::DELETE, Some(_)) => "delete",
        _ => return None,
    };
    Some(call)
}

/// The words in which messages tell what a request was about.
pub(super) fn subject(call: &Call) -> Subject<'_> {
    Subject {
        verb: call.verb,
        group: call.api_version.split_once('/').map_or("", |(group, _)| group),
        resource: &call.resource,
        namespace: &call.namespace,
        name: call.name.as_deref(),
    }
}

pub(super) fn scope(call: &Call) -> Scope {
    Scope {
        resource: call.resource.clone(),
        namespace: call.namespace.clone(),
        labels: call.parameter("labelSelector").unwrap_or_default().to_owned(),
        fields: call.parameter("fieldSelector").unwrap_or_default().to_owned(),
    }
}

fn get(state: &State, call: &Call) -> Response<Body> {
    match state.world.get(&call.resource, &call.namespace, call.name.as_deref().unwrap_or_default()) {
        Some(object) => json(StatusCode::OK, object),
        None => failure(&subject(call).not_found()),
    }
}

/// Adds an object; what a controller would do about it, the test does.
fn create(server: &Server, call: &Call, body: &[u8]) -> Response<Body> {
    let Ok(mut object) = serde_json::from_slice::<Value>(body) else {
        return failure(&status::bad_request("the object is not JSON".to_owned()));
    };
    object["metadata"]["namespace"] = json!(call.namespace);
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if server.state().world.get(&call.resource, &call.namespace, &name).is_some() {
        return failure(&subject(call).already_exists(&name));
    }
    server.alter(|world| world.put(object.clone()));
    json(StatusCode::CREATED, &object)
}

/// Removes an object; what belongs to it, the test does.
fn delete(server: &Server, call: &Call) -> Response<Body> {
    let name = call.name.as_deref().unwrap_or_default();
    let Some(object) = server.state().world.get(&call.resource, &call.namespace, name).cloned() else {
        return failure(&subject(call).not_found());
    };
    server.alter(|world| world.remove(&call.resource, &call.namespace, name));
    json(StatusCode::OK, &object)
}

/// A list, in pages where the client wants that. A page's token is the number of objects before it.
fn list(state: &State, call: &Call) -> Value {
    let number = |name| call.parameter(name).and_then(|value| value.parse::<usize>().ok());
    let before = number("continue").unwrap_or_default();
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let all = state.world.list(&scope(call));
    let page = all.iter().skip(before).take(limit).cloned().map(|mut object| {
        let fields = object.as_object_mut().expect("an object");
        fields.remove("kind");
        fields.remove("apiVersion");
        object
    });
    let items: Vec<Value> = page.collect();
    let mut metadata = json!({ "resourceVersion": state.world.version.to_string() });
    let after = before + items.len();
    if after < all.len() {
        metadata["continue"] = json!(after.to_string());
        metadata["remainingItemCount"] = json!(all.len() - after);
    }
    let kind = world::kind(&call.resource, &call.api_version).unwrap_or_default();
    json!({ "kind": format!("{kind}List"), "apiVersion": call.api_version, "metadata": metadata, "items": items })
}

/// Answers a SelfSubjectAccessReview.
fn review(state: &State, body: &[u8]) -> Response<Body> {
    let Ok(mut review) = serde_json::from_slice::<Value>(body) else {
        return failure(&status::bad_request("the review is not JSON".to_owned()));
    };
    let attributes = &review["spec"]["resourceAttributes"];
    let word = |name: &str| attributes[name].as_str().filter(|word| !word.is_empty());
    let resource = word("resource").unwrap_or("*");
    let resource = word("subresource").map_or(resource.to_owned(), |sub| format!("{resource}/{sub}"));
    let allowed = state.permits(word("verb").unwrap_or("*"), &resource);
    review["status"] = json!({ "allowed": allowed });
    json(StatusCode::CREATED, &review)
}
