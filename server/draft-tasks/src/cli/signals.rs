//! What the terminal and the system ask of the program while it runs tasks.
//!
//! Must not do anything about it, but end a program that does not answer.

use std::io;
use std::time::Duration;

use draft_tasks_executor::stop::KILL_LIMIT;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{STOPPED, terminal};

/// How long a stopped task may take to end before it is killed.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How long after the end of a stop the program itself may take.
#[cfg(unix)]
const UNANSWERED: Duration = Duration::from_secs(2);

/// The run was stopped by the terminal's key for it, Ctrl-\: 128 and the number of the signal, as in shells.
const QUIT: u8 = 131;

/// The requests to end, in the order in which they came.
pub(super) struct Signals {
    received: mpsc::UnboundedReceiver<Request>,
    first: Option<Request>,
}

/// Who asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// A person, with Ctrl-\.
    Quit,
    /// Another signal.
    Other,
}

impl Signals {
    /// Heeds signals from now on; to be called inside of a runtime.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn watch() -> io::Result<Signals> {
        Ok(Signals { received: watch()?, first: None })
    }

    /// Until the program is asked to end, once more each time.
    pub(super) async fn asked_to_end(&mut self) {
        match self.received.recv().await {
            Some(request) => {
                self.first.get_or_insert(request);
            }
            // Nobody can ask any more.
            None => std::future::pending().await,
        }
    }

    /// The exit code of what was stopped.
    pub(super) fn exit_code(&self) -> u8 {
        exit_code(self.first)
    }
}

fn exit_code(first: Option<Request>) -> u8 {
    if first == Some(Request::Quit) { QUIT } else { STOPPED }
}

/// When what was asked to end must have ended; nothing while it was not asked.
#[derive(Debug, Default)]
pub(super) struct Overdue(Option<Instant>);

impl Overdue {
    pub(super) fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    /// It is asked to end, now or again; gives the time for that, which ends a little later where more is granted.
    pub(super) fn ask(&mut self, more: Duration) -> Duration {
        let grace = if self.is_asked() { Duration::ZERO } else { GRACE };
        self.0 = Some(Instant::now() + grace + KILL_LIMIT + more);
        grace
    }

    pub(super) async fn reached(&self) {
        match self.0 {
            Some(overdue) => tokio::time::sleep_until(overdue).await,
            None => std::future::pending().await,
        }
    }
}

/// Gives a message for each signal that asks the program to end, and ends it where it does not end in time. A thread of
/// its own heeds them: whoever waits for a disk that does not answer keeps all else from going on.
#[cfg(unix)]
fn watch() -> io::Result<mpsc::UnboundedReceiver<Request>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, received) = mpsc::unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hangups = signal(SignalKind::hangup())?;
    let mut quits = signal(SignalKind::quit())?;
    let watch = async move {
        let mut overdue = Overdue::default();
        let mut first = None;
        loop {
            let request = tokio::select! {
                Some(()) = interrupts.recv() => Request::Other,
                Some(()) = terminations.recv() => Request::Other,
                Some(()) = hangups.recv() => Request::Other,
                Some(()) = quits.recv() => Request::Quit,
                () = overdue.reached() => end_at_once(first),
            };
            first.get_or_insert(request);
            overdue.ask(UNANSWERED);
            // Who has returned already may still wait for something.
            let _ = sender.send(request);
        }
    };
    drop(inside);
    std::thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(watch))?;
    Ok(received)
}

/// Ends the program, whatever its other threads wait for.
#[cfg(unix)]
fn end_at_once(first: Option<Request>) -> ! {
    let (told, heard) = std::sync::mpsc::channel();
    // Standard error may not be read either.
    let tell = std::thread::Builder::new().spawn(move || {
        terminal::error(format_args!(
            "ended without an orderly stop, as a disk or something else does not answer; what was started may still run"
        ));
        let _ = told.send(());
    });
    if tell.is_ok() {
        let _ = heard.recv_timeout(Duration::from_secs(1));
    }
    std::process::exit(exit_code(first).into())
}

#[cfg(not(unix))]
fn watch() -> io::Result<mpsc::UnboundedReceiver<Request>> {
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && sender.send(Request::Other).is_ok() {}
    });
    Ok(received)
}
