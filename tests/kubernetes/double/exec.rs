//! Execs: which container, which subprotocol, and the script that plays the part of the process.
//!
//! Must not run anything.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, coding::CloseCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::http::{self, Body, Broken};
use super::script::{Answer, Call, End, Exec, Release, Step};
use super::{Server, State, status};

const V4: &str = "v4.channel.k8s.io";
const V5: &str = "v5.channel.k8s.io";

/// The most that a frame carries beside its channel.
const FRAME: usize = 32 * 1024;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;

type Socket = WebSocketStream<TokioIo<Upgraded>>;
type Sink = futures::stream::SplitSink<Socket, Message>;
type Stream = futures::stream::SplitStream<Socket>;

/// Answers the request for an exec, and plays the script in a task of its own.
pub(super) async fn answer(
    server: Arc<Server>,
    call: &Call,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let (exec, running) = match requested(&server.state(), call) {
        Ok(found) => found,
        Err(refusal) => return Ok(http::failure(&refusal)),
    };
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).cloned() else {
        return Ok(http::failure(&status::bad_request("Upgrade request required".to_owned())));
    };
    let release = server.state().release;
    let Some(protocol) = protocol(release, &request) else {
        // The real one answers so and gives no reason.
        return Ok(http::text(StatusCode::FORBIDDEN, "text/plain", ""));
    };
    if !["stdin", "stdout", "stderr"].iter().any(|stream| call.is_set(stream)) {
        let message = "you must specify at least 1 of stdin, stdout, stderr";
        return Ok(http::text(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", message));
    }
    let not_running = format!("container not found (\"{}\")", exec.container);
    if !running && protocol == V4 {
        let code = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(http::text(code, "text/plain; charset=utf-8", not_running));
    }
    let exec = Exec { protocol, ..exec };
    let answer = server.state().take_answer(&exec);
    let steps = match answer {
        _ if !running => vec![Step::Status(status::internal_error(&not_running))],
        Answer::Run(steps) => steps,
        Answer::Late(gate, steps) => {
            gate.opened().await;
            steps
        }
        Answer::Refuse(refusal) => return http::refuse(refusal).await,
    };

    let index = server.see(|seen| {
        seen.execs.push(exec);
        seen.at_once += 1;
        seen.most_at_once = seen.most_at_once.max(seen.at_once);
        seen.execs.len() - 1
    });
    let upgrade = hyper::upgrade::on(&mut request);
    server.clone().spawn(async move {
        // Also when the task is aborted, the exec has ended.
        let going_on = GoingOn { server, index, end: End::Left };
        if let Ok(upgraded) = upgrade.await {
            let config = Some(WebSocketConfig::default());
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, config).await;
            play(going_on, steps, socket).await;
        }
    });
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .header(SEC_WEBSOCKET_PROTOCOL, protocol);
    Ok(response.body(Body::default()).expect("an answer"))
}

/// Counts an exec as one that goes on.
struct GoingOn {
    server: Arc<Server>,
    index: usize,
    end: End,
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        self.server.see(|seen| {
            seen.at_once -= 1;
            seen.execs[self.index].end = Some(self.end);
        });
    }
}

/// The pod and container that are meant, and whether the container runs; else why there is none.
fn requested(state: &State, call: &Call) -> Result<(Exec, bool), Value> {
    let name = call.name.clone().unwrap_or_default();
    let subject = http::subject(call);
    let Some(pod) = state.world.get("pods", &call.namespace, &name) else { return Err(subject.not_found()) };
    let named = |list: &str| pod["spec"][list].as_array().cloned().unwrap_or_default();
    let (own, more) = (named("containers"), [named("initContainers"), named("ephemeralContainers")].concat());
    let name_of = |container: &Value| container["name"].as_str().map(str::to_owned);
    let names: Vec<String> = own.iter().filter_map(name_of).collect();
    let all: Vec<String> = own.iter().chain(&more).filter_map(name_of).collect();
    let container = match (call.parameter("container"), names.as_slice()) {
        (Some(wanted), _) if all.iter().any(|name| name == wanted) => wanted.to_owned(),
        (Some(wanted), _) => {
            return Err(status::bad_request(format!("container {wanted} is not valid for pod {name}")));
        }
        (None, [only]) => only.clone(),
        (None, _) => {
            let choices = names.join(" ");
            let message =
                format!("a container name must be specified for pod {name}, choose one of: [{choices}]");
            return Err(status::bad_request(message));
        }
    };
    if pod["spec"]["nodeName"].as_str().is_none() {
        return Err(status::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut statuses = lists.into_iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let status = statuses.find(|status| status["name"] == *container);
    let running = status.is_some_and(|status| status["state"]["running"].is_object());
    let words = call.query.iter().filter(|(key, _)| key == "command").map(|(_, word)| word.clone());
    let exec = Exec {
        namespace: call.namespace.clone(),
        pod: name,
        container,
        argv: words.collect(),
        protocol: V4,
        has_stdin: call.is_set("stdin"),
        tty: call.is_set("tty"),
        stdin: Vec::new(),
        end: None,
    };
    Ok((exec, running))
}

/// The subprotocol that a release agrees on, in whatever order the client names those that it has.
fn protocol(release: Release, request: &Request<Incoming>) -> Option<&'static str> {
    let offered = request.headers().get(SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let offers = |wanted: &str| offered.split(',').any(|offer| offer.trim() == wanted);
    match release {
        Release::New | Release::Newest if offers(V5) => Some(V5),
        _ if offers(V4) => Some(V4),
        _ => None,
    }
}

impl State {
    fn take_answer(&mut self, exec: &Exec) -> Answer {
        let Some((when, answer)) = self.rules.iter_mut().rev().find(|(when, _)| when.fits(exec)) else {
            return Answer::Run(Vec::new());
        };
        if let Some(times) = &mut when.times {
            *times -= 1;
        }
        answer.clone()
    }
}

/// How long the client may take to leave when all is said.
const LINGERS: Duration = Duration::from_secs(5);

/// Plays the script until it ends or the client leaves.
async fn play(mut going_on: GoingOn, steps: Vec<Step>, socket: Socket) {
    let broken = matches!(steps.last(), Some(Step::Cut));
    let (mut sink, mut stream) = socket.split();
    tokio::select! {
        played = perform(steps, &mut sink) => if played.is_some() { going_on.end = End::Done },
        () = listen(&going_on.server, going_on.index, &mut stream) => {}
    }
    if broken || going_on.end == End::Left {
        return;
    }
    // The process has ended, but the connection not yet: it is closed in order.
    let (server, index) = (going_on.server.clone(), going_on.index);
    drop(going_on);
    let _ = tokio::time::timeout(LINGERS, listen(&server, index, &mut stream)).await;
    if let Ok(mut socket) = sink.reunite(stream) {
        let _ = socket.get_mut().shutdown().await;
    }
}

/// Reads what the client says, until it leaves.
async fn listen(server: &Server, index: usize, stream: &mut Stream) {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Binary(bytes) if bytes.first() == Some(&STDIN) => {
                server.see(|seen| seen.execs[index].stdin.extend_from_slice(&bytes[1..]));
            }
            Message::Close(_) => return,
            _ => {}
        }
    }
}

/// Takes the steps one after another; `None` when the client does not take what is sent.
async fn perform(steps: Vec<Step>, sink: &mut Sink) -> Option<()> {
    // The first frame of a real server is an empty one.
    send(sink, STDOUT, &[]).await?;
    for step in steps {
        match step {
            Step::Stdout(bytes) => send_all(sink, STDOUT, &bytes).await?,
            Step::Stderr(bytes) => send_all(sink, STDERR, &bytes).await?,
            Step::Pause(time) => tokio::time::sleep(time).await,
            Step::Until(gate) => gate.opened().await,
            Step::Exit(code) => return finish(sink, &status::exit(code)).await,
            Step::Status(status) => return finish(sink, &status).await,
            Step::Close => return close(sink).await,
            Step::Cut => return Some(()),
            Step::Stall => std::future::pending().await,
        }
    }
    finish(sink, &status::exit(0)).await
}

async fn send_all(sink: &mut Sink, channel: u8, bytes: &Bytes) -> Option<()> {
    for piece in bytes.chunks(FRAME) {
        send(sink, channel, piece).await?;
    }
    Some(())
}

async fn send(sink: &mut Sink, channel: u8, bytes: &[u8]) -> Option<()> {
    let frame = [&[channel], bytes].concat();
    sink.send(Message::binary(frame)).await.ok()
}

async fn finish(sink: &mut Sink, status: &Value) -> Option<()> {
    send(sink, STATUS, status.to_string().as_bytes()).await?;
    close(sink).await
}

async fn close(sink: &mut Sink) -> Option<()> {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    sink.send(Message::Close(Some(frame))).await.ok()
}
