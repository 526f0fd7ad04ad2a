//! Owns both streams of the protocol and drives the service: one call after another in order of arrival, never stalled
//! by a slow client.
//!
//! Must not know what a message means, beyond what JSON-RPC says of it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{SinkExt, poll};
use serde_json::Value;
use tokio::sync::mpsc;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{ClientSocket, ExitedError, Loopback};
use tower_service::Service;

use super::frame::{Frame, FrameError};
use super::incoming;
use super::input::Input;
use super::output::Output;

/// Why the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client said `exit`.
    Exit,
    /// The client closed the server's input.
    InputClosed,
    /// The client no longer reads.
    OutputClosed,
    /// The process of the client is gone.
    ClientGone,
    /// The system asked for it.
    Signal,
    /// Something broke outside of a handler.
    Defect,
}

/// What the transport needs from whoever owns the documents.
pub(crate) trait Quiet {
    /// Whether edits wait to be analysed.
    fn is_dirty(&self) -> bool;
    /// Whether somebody waits who does not type: a document was opened.
    fn is_opened(&self) -> bool;
    /// Called when no more input is waiting.
    fn settle(&self);
}

type Answer = Option<Response>;

/// Methods with large results, and the names under which the service has them.
///
/// There the result is a string that holds JSON, which goes out as it is: the service would turn anything else into a
/// tree of JSON values first, and that takes longer than to find out and to write what is in it.
pub(crate) const WRITTEN: [(&str, &str); 3] = [
    ("textDocument/documentSymbol", "draft-tasks/written/documentSymbol"),
    ("textDocument/codeLens", "draft-tasks/written/codeLens"),
    ("textDocument/semanticTokens/full", "draft-tasks/written/semanticTokens"),
];

/// An answer, and whether its result is a string that holds JSON.
struct Answered {
    answer: Answer,
    written: bool,
}

/// Edits that come this soon after an analysis are a burst, and are analysed when it is over.
const BURST: Duration = Duration::from_millis(2);

/// A burst is over when nothing came for this long.
const BURST_OVER: Duration = Duration::from_millis(2);

/// Whoever types without a pause sees diagnostics at least this often.
const LONGEST_BURST: Duration = Duration::from_millis(50);

struct Transport<S> {
    service: S,
    /// Calls that wait for something, in no order; handlers seldom do.
    waiting: FuturesUnordered<BoxFuture<'static, Answered>>,
    responses: <ClientSocket as Loopback>::ResponseSink,
    output: Output,
}

/// Serves until the client or the system ends it; gives back the output for the last messages to be written.
pub(crate) async fn serve<S>(
    service: S,
    socket: ClientSocket,
    mut input: Input,
    output: Output,
    quiet: &impl Quiet,
    mut ends: mpsc::UnboundedReceiver<End>,
) -> (End, Output)
where
    S: Service<Request, Response = Answer, Error = ExitedError>,
    S::Future: Send + 'static,
{
    let (mut requests, responses) = Loopback::split(socket);
    let mut transport = Transport { service, waiting: FuturesUnordered::new(), responses, output };
    let mut pace = Pace::default();
    let end = loop {
        tokio::select! {
            Some(end) = ends.recv() => break end,
            _ = transport.output.closed() => break End::OutputClosed,
            message = input.next() => {
                let Some(message) = message else { break End::InputClosed };
                if let Err(end) = transport.take(message).await {
                    break end;
                }
                pace.after_input(quiet, &input);
            }
            () = sleep_until(pace.settle_at), if !input.has_next() => pace.settle(quiet),
            Some(answer) = transport.waiting.next(), if !transport.waiting.is_empty() => {
                transport.answer(answer);
            }
            Some(request) = requests.next() => transport.output.outgoing.send(&request),
        }
    };
    // What the session said last, the answer to `shutdown` among it, is still to be written.
    while let Some(Some(request)) = requests.next().now_or_never() {
        transport.output.outgoing.send(&request);
    }
    (end, transport.output)
}

/// When edits are analysed: at once when the input is quiet, and once for all of a burst.
#[derive(Default)]
struct Pace {
    settled: Option<Instant>,
    dirty_since: Option<Instant>,
    settle_at: Option<Instant>,
}

impl Pace {
    fn after_input(&mut self, quiet: &impl Quiet, input: &Input) {
        if !quiet.is_dirty() {
            (self.dirty_since, self.settle_at) = (None, None);
            return;
        }
        let now = Instant::now();
        let dirty_since = *self.dirty_since.get_or_insert(now);
        let soon = self.settled.is_some_and(|settled| now.duration_since(settled) < BURST);
        let in_burst = soon && !quiet.is_opened();
        if !in_burst && input.is_quiet() {
            self.settle(quiet);
        } else {
            self.settle_at = Some((now + BURST_OVER).min(dirty_since + LONGEST_BURST));
        }
    }

    fn settle(&mut self, quiet: &impl Quiet) {
        quiet.settle();
        *self = Pace { settled: Some(Instant::now()), dirty_since: None, settle_at: None };
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl<S> Transport<S>
where
    S: Service<Request, Response = Answer, Error = ExitedError>,
    S::Future: Send + 'static,
{
    async fn take(&mut self, message: Result<Frame, FrameError>) -> Result<(), End> {
        match message {
            Ok(frame) => self.read(frame.body()).await,
            Err(error) => {
                self.refuse(ErrorCode::ParseError, error.0);
                Ok(())
            }
        }
    }

    async fn read(&mut self, bytes: &[u8]) -> Result<(), End> {
        let incoming = match incoming::read(bytes) {
            // A list would do for the fields of a structure, in their order.
            Ok(_) if !bytes.trim_ascii_start().starts_with(b"{") => {
                self.refuse(ErrorCode::InvalidRequest, "a message is an object".into());
                return Ok(());
            }
            Ok(incoming) => incoming,
            Err(error) if error.is_data() => {
                self.refuse(ErrorCode::InvalidRequest, error.to_string());
                return Ok(());
            }
            Err(error) => {
                self.refuse(ErrorCode::ParseError, error.to_string());
                return Ok(());
            }
        };
        match (incoming.method, incoming.id) {
            (Some(method), id) => self.call(method, id, incoming.params).await,
            (None, Some(id)) if incoming.result.is_some() || incoming.error.is_some() => {
                let body = incoming.error.map_or(Ok(incoming.result.unwrap_or_default()), Err);
                let _ = self.responses.send(Response::from_parts(id, body)).await;
                Ok(())
            }
            _ => {
                self.refuse(ErrorCode::InvalidRequest, "neither a request nor a response".into());
                Ok(())
            }
        }
    }

    /// Polls the call once before the next message is looked at: what handlers do before they first wait happens in
    /// the order of arrival.
    async fn call(&mut self, method: String, id: Option<Id>, params: Option<Value>) -> Result<(), End> {
        if method == "exit" {
            return Err(End::Exit);
        }
        // Some clients send `{}` where the protocol has no parameters.
        let params = if method == "shutdown" { None } else { params };
        let written = WRITTEN.into_iter().find(|(known, _)| *known == method);
        let method = written.map_or(method, |(_, name)| name.to_owned());
        let mut request = Request::build(method);
        if let Some(params) = params {
            request = request.params(params);
        }
        if let Some(id) = &id {
            request = request.id(id.clone());
        }
        let call = guard(self.service.call(request.finish()), id);
        let written = written.is_some();
        let mut call = call.map(move |answer| Answered { answer, written }).boxed();
        match poll!(&mut call) {
            std::task::Poll::Ready(answer) => self.answer(answer),
            std::task::Poll::Pending => self.waiting.push(call),
        }
        Ok(())
    }

    fn answer(&self, answered: Answered) {
        let Answered { answer: Some(response), written } = answered else { return };
        match response.result() {
            Some(Value::String(result)) if written => {
                self.output.outgoing.send_written(response.id(), result)
            }
            _ => self.output.outgoing.send(&response),
        }
    }

    fn refuse(&self, code: ErrorCode, message: String) {
        tracing::warn!(message, "refused a message");
        self.output
            .outgoing
            .send(&Response::from_error(Id::Null, Error { code, message: message.into(), data: None }));
    }
}

/// Makes sure that a request is answered, whatever its handler does: a panic or no answer becomes an error.
fn guard<F>(call: F, id: Option<Id>) -> BoxFuture<'static, Answer>
where
    F: Future<Output = Result<Answer, ExitedError>> + Send + 'static,
{
    async move {
        let error = match AssertUnwindSafe(call).catch_unwind().await {
            Ok(Ok(Some(response))) => return Some(response),
            // The service leaves requests of unknown `$/` methods without an answer.
            Ok(Ok(None)) => Error::method_not_found(),
            Ok(Err(ExitedError { .. })) => Error::invalid_request(),
            Err(panic) => {
                let message = panic_message(&*panic);
                tracing::error!(message, "a handler panicked");
                Error {
                    code: ErrorCode::InternalError,
                    message: format!("a defect in draft-tasks: {message}").into(),
                    data: None,
                }
            }
        };
        id.map(|id| Response::from_error(id, error))
    }
    .boxed()
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown panic")
}
