//! Owns both streams of the protocol and drives the service: one call after another in order of arrival, never stalled
//! by a slow client.
//!
//! Must not know what a message means, beyond what JSON-RPC says of it.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{SinkExt, poll};
use serde_json::Value;
use tokio::sync::mpsc;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::{ClientSocket, ExitedError, Loopback};
use tower_service::Service;

use crate::lsp::wire::frame::FrameError;
use crate::lsp::wire::incoming::Incoming;
use crate::lsp::wire::input::Input;
use crate::lsp::wire::output::Output;
use crate::lsp::wire::stream;

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

/// Whoever owns the documents and the runs.
pub(crate) trait Listener {
    /// Whether edits wait to be analysed.
    fn is_dirty(&self) -> bool;
    /// Whether somebody waits who does not type: a document was opened.
    fn is_opened(&self) -> bool;
    /// Called when no more input is waiting.
    fn settle(&self);
    /// Called when the client has closed the input: what is still to be read of it starts nothing.
    fn client_left(&self);
}

type Answer = Option<Response>;

/// How long a client that has closed the input is still answered.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// How long the last messages may take to be written to a client that has not asked for the end.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Edits that come this soon after an analysis are a burst, and are analysed when it is over.
const BURST: Duration = Duration::from_millis(2);

/// A burst is over when nothing came for this long.
const BURST_OVER: Duration = Duration::from_millis(2);

/// Whoever types without a pause sees diagnostics at least this often.
const LONGEST_BURST: Duration = Duration::from_millis(50);

/// The end, and until when what was said is to be written.
pub(crate) struct Served {
    pub(crate) end: End,
    pub(crate) output: Output,
    pub(crate) until: Instant,
}

struct Transport<'l, S, L> {
    service: S,
    listener: &'l L,
    /// Calls that wait for something, in no order; handlers seldom do.
    waiting: FuturesUnordered<BoxFuture<'static, Answer>>,
    requests: <ClientSocket as Loopback>::RequestStream,
    responses: <ClientSocket as Loopback>::ResponseSink,
    output: Output,
    /// Requests that the client has not answered.
    asked: HashSet<Id>,
    /// When it is over with a client that has closed the input.
    deadline: Option<Instant>,
}

/// Serves until the client or the system ends it; gives back the output for the last messages to be written.
pub(crate) async fn serve<S>(
    service: S,
    socket: ClientSocket,
    mut input: Input,
    output: Output,
    listener: &impl Listener,
    ends: mpsc::UnboundedReceiver<End>,
) -> Served
where
    S: Service<Request, Response = Answer, Error = ExitedError>,
    S::Future: Send + 'static,
{
    let (requests, responses) = Loopback::split(socket);
    let (waiting, asked) = (FuturesUnordered::new(), HashSet::new());
    let mut transport =
        Transport { service, listener, waiting, requests, responses, output, asked, deadline: None };
    let end = transport.serve(&mut input, ends).await;
    // What the session said last is still to be written.
    while let Some(Some(request)) = transport.requests.next().now_or_never() {
        transport.output.outgoing().send(&request);
    }
    let until = match end {
        End::Exit | End::InputClosed => transport.deadline.unwrap_or_else(|| Instant::now() + AFTERWARDS),
        _ => Instant::now() + LAST_WORDS,
    };
    Served { end, output: transport.output, until }
}

/// When edits are analysed: at once when the input is quiet, and once for all of a burst.
#[derive(Default)]
struct Pace {
    settled: Option<Instant>,
    dirty_since: Option<Instant>,
    settle_at: Option<Instant>,
}

impl Pace {
    fn after_input(&mut self, listener: &impl Listener, input: &Input) {
        if !listener.is_dirty() {
            (self.dirty_since, self.settle_at) = (None, None);
            return;
        }
        let now = Instant::now();
        let dirty_since = *self.dirty_since.get_or_insert(now);
        let soon = self.settled.is_some_and(|settled| now.duration_since(settled) < BURST);
        let in_burst = soon && !listener.is_opened();
        if !in_burst && input.is_quiet() {
            self.settle(listener);
        } else {
            self.settle_at = Some((now + BURST_OVER).min(dirty_since + LONGEST_BURST));
        }
    }

    fn settle(&mut self, listener: &impl Listener) {
        listener.settle();
        *self = Pace { settled: Some(Instant::now()), dirty_since: None, settle_at: None };
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

impl<S, L> Transport<'_, S, L>
where
    S: Service<Request, Response = Answer, Error = ExitedError>,
    S::Future: Send + 'static,
    L: Listener,
{
    async fn serve(&mut self, input: &mut Input, mut ends: mpsc::UnboundedReceiver<End>) -> End {
        let mut pace = Pace::default();
        let mut is_open = true;
        while is_open || !self.waiting.is_empty() {
            tokio::select! {
                // A client that is dead is not answered, however much of it is still to be read.
                biased;
                Some(end) = ends.recv() => return end,
                () = self.output.closed() => return End::OutputClosed,
                () = sleep_until(self.deadline) => return End::InputClosed,
                () = sleep_until(pace.settle_at), if !input.has_next() => pace.settle(self.listener),
                Some(answer) = self.waiting.next(), if !self.waiting.is_empty() => self.answer(answer),
                Some(request) = self.requests.next() => self.ask(request).await,
                message = input.next(), if is_open => {
                    is_open = message.is_some();
                    if !is_open || stream::is_closed() {
                        self.leave().await;
                    }
                    if let Some(message) = message && let Err(end) = self.take(message).await {
                        return end;
                    }
                    pace.after_input(self.listener, input);
                    // The effects of a message are performed before the next one is taken.
                    tokio::task::yield_now().await;
                }
            }
        }
        End::InputClosed
    }

    /// The client has closed the input: what it was asked counts as refused.
    async fn leave(&mut self) {
        if self.deadline.is_some() {
            return;
        }
        self.deadline = Some(Instant::now() + AFTERWARDS);
        self.listener.client_left();
        for id in std::mem::take(&mut self.asked) {
            self.refuse_for_client(id).await;
        }
    }

    async fn ask(&mut self, request: Request) {
        let id = request.id().cloned();
        match id {
            Some(id) if self.deadline.is_some() => return self.refuse_for_client(id).await,
            Some(id) => drop(self.asked.insert(id)),
            None => {}
        }
        self.output.outgoing().send(&request);
    }

    async fn refuse_for_client(&mut self, id: Id) {
        let message = "the client has closed the connection".into();
        let error = Error { code: ErrorCode::RequestCancelled, message, data: None };
        let _ = self.responses.send(Response::from_error(id, error)).await;
    }

    async fn take(&mut self, message: Result<Vec<u8>, FrameError>) -> Result<(), End> {
        match message {
            Ok(body) => self.read(&body).await,
            Err(error) => {
                self.refuse(ErrorCode::ParseError, error.0);
                Ok(())
            }
        }
    }

    async fn read(&mut self, body: &[u8]) -> Result<(), End> {
        let incoming = match Incoming::read(body) {
            // A list would do for the fields of a structure, in their order.
            Ok(_) if !body.trim_ascii_start().starts_with(b"{") => {
                self.refuse(ErrorCode::InvalidRequest, "a message is an object".into());
                return Ok(());
            }
            Ok(incoming) => incoming,
            Err(error) => {
                let code = if error.is_data() { ErrorCode::InvalidRequest } else { ErrorCode::ParseError };
                self.refuse(code, error.to_string());
                return Ok(());
            }
        };
        match (incoming.method, incoming.id) {
            (Some(method), id) => return self.call(method, id, incoming.params).await,
            (None, Some(id)) if incoming.result.is_some() || incoming.error.is_some() => {
                let body = incoming.error.map_or(Ok(incoming.result.unwrap_or_default()), Err);
                if self.asked.remove(&id) {
                    let _ = self.responses.send(Response::from_parts(id, body)).await;
                }
            }
            _ => self.refuse(ErrorCode::InvalidRequest, "neither a request nor a response".into()),
        }
        Ok(())
    }

    /// Polls the call once before the next message is looked at: what handlers do before they first wait happens in
    /// the order of arrival.
    async fn call(&mut self, method: String, id: Option<Id>, params: Option<Value>) -> Result<(), End> {
        if method == "exit" {
            return Err(End::Exit);
        }
        // Some clients send `{}` where the protocol has no parameters.
        let params = if method == "shutdown" { None } else { params };
        let mut request = Request::build(method);
        if let Some(params) = params {
            request = request.params(params);
        }
        if let Some(id) = &id {
            request = request.id(id.clone());
        }
        let mut call = guard(self.service.call(request.finish()), id);
        match poll!(&mut call) {
            Poll::Ready(answer) => self.answer(answer),
            Poll::Pending => self.waiting.push(call),
        }
        Ok(())
    }

    fn answer(&self, answer: Answer) {
        if let Some(response) = answer {
            self.output.outgoing().send(&response);
        }
    }

    fn refuse(&self, code: ErrorCode, message: String) {
        tracing::warn!(message, "refused a message");
        self.output
            .outgoing()
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
