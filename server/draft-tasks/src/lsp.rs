//! The language server: starts it, and ends it with nothing left running.
//!
//! Must not know the tasks file: the session does.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tower_lsp::{ClientSocket, LspService};

use self::backend::Backend;
use self::effect::Effect;
use self::outbox::Outbox;
use self::protocol::ext;
use self::session::SharedSession;
use self::wire::input::Input;
use self::wire::output::Output;
use self::wire::transport::{End, Served};
use self::wire::{stream, transport};
use crate::world::environment::Environment;

mod backend;
pub(crate) mod commands;
mod confirm;
mod documents;
mod effect;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;
mod outbox;
pub(crate) mod protocol;
mod requests;
mod runs;
mod session;
mod wire;

/// Serves a client on standard input and output until one of the two sides ends it.
///
/// The exit code is 0 after `shutdown`, else 1, as the protocol has it.
///
/// # Errors
///
/// When the system refuses what the server needs to start.
pub(crate) fn serve() -> std::io::Result<ExitCode> {
    // The client is served by the main thread; tasks and their output have the other one.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (effects, wanted) = mpsc::unbounded_channel();
    let session = SharedSession::new(effects, Environment::of_process());
    let end = runtime.block_on(run(session.clone(), wanted))?;
    tracing::info!(?end, "ends");
    // Threads that still read or write belong to streams that nobody is at the other end of.
    runtime.shutdown_background();
    Ok(if session.is_shut_down() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(session: SharedSession, effects: mpsc::UnboundedReceiver<Effect>) -> std::io::Result<End> {
    draft_tasks_executor::adopt_orphans()?;
    let (service, socket) = service(&session);
    let client = service.inner().client.clone();
    let output = Output::start(stream::output()?)?;
    let outgoing = output.outgoing().clone();
    let backlog = outgoing.backlog().clone();
    let (ends, ended) = mpsc::unbounded_channel();
    let input = Input::start(stream::input()?)?;
    let (stop, stopped) = oneshot::channel();
    watch_signals(ends.clone())?;
    let performing = Outbox::serve(client, outgoing, session.clone(), ends.clone(), effects, stopped);
    let performing = async {
        if AssertUnwindSafe(performing).catch_unwind().await.is_err() {
            let _ = ends.send(End::Defect);
        }
    };
    let serving = async {
        let serving = transport::serve(service, socket, input, output, &session, ended);
        let served = AssertUnwindSafe(serving).catch_unwind().await;
        // From here on every way to end is the same: what runs is stopped, and what was said is written.
        backlog.abandon();
        let _ = stop.send(session::GRACE_AT_END);
        served
    };
    // On one thread: what a message causes is answered without waking another.
    let (served, ()) = tokio::join!(serving, performing);
    let Ok(Served { end, output, until }) = served else { return Ok(End::Defect) };
    output.finish(until);
    Ok(end)
}

fn service(session: &SharedSession) -> (LspService<Backend>, ClientSocket) {
    let session = session.clone();
    let service = LspService::build(|client| Backend { client, session })
        .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
        .custom_method(ext::DID_CHANGE_TRUST, Backend::did_change_trust)
        .custom_method(ext::RUNNABLES, Backend::runnables);
    #[cfg(debug_assertions)]
    let service = service
        .custom_method(ext::TEST_PANIC, Backend::panic)
        .custom_method(ext::TEST_PANIC_OUTSIDE, Backend::panic_outside);
    service.finish()
}

/// The signals that end a server do so in the same way as its client.
#[cfg(unix)]
fn watch_signals(ends: mpsc::UnboundedSender<End>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
            _ = quit.recv() => {}
        }
        let _ = ends.send(End::Signal);
    });
    Ok(())
}

#[cfg(not(unix))]
fn watch_signals(ends: mpsc::UnboundedSender<End>) -> std::io::Result<()> {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = ends.send(End::Signal);
        }
    });
    Ok(())
}
