//! What the terminal and the system ask of the program while it runs tasks.
//!
//! Must not do anything about it, but end a program that does not answer.

use std::io;
#[cfg(unix)]
use std::io::{IsTerminal, Write};
#[cfg(unix)]
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use draft_tasks_executor::halt;
use draft_tasks_executor::stop::KILL_LIMIT;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

#[cfg(unix)]
use super::terminal;
use super::{STOPPED, loan};

/// How long after the end of a stop the program itself may take.
#[cfg(unix)]
const UNANSWERED: Duration = Duration::from_secs(2);

/// Heeds signals for a program that is going to run tasks: until it does, one ends it at once, with a word.
pub(super) fn begin() {
    // Where the system refuses, they do what they do to any program.
    #[cfg(unix)]
    let _ = WATCHER.begin();
}

/// What runs from now on has so much time to end.
pub(super) fn grant(grace: Duration) {
    #[cfg(unix)]
    {
        WATCHER.state().grace = grace;
    }
    #[cfg(not(unix))]
    let _ = grace;
}

/// What was asked, in the order in which it came.
pub(super) struct Signals {
    received: mpsc::UnboundedReceiver<Request>,
    /// The first request to end.
    first: Option<Request>,
}

/// What the program is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// To end, with Ctrl-C.
    Interrupt,
    /// To end, with Ctrl-\ or, on Windows, Ctrl-Break.
    Quit,
    /// To end, by the signal for it.
    Terminate,
    /// To end, as its terminal is gone.
    HangUp,
    /// To halt, with Ctrl-Z.
    Halt,
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

    /// Until the program is asked something, again each time.
    pub(super) async fn asked(&mut self) -> Request {
        // Without a sender nobody can ask any more.
        let Some(request) = self.received.recv().await else { return std::future::pending().await };
        if request != Request::Halt {
            self.first.get_or_insert(request);
        }
        request
    }

    /// Until the program is asked to end, where nothing runs but itself: it halts when it is asked to.
    pub(super) async fn asked_to_end(&mut self) {
        while self.asked().await == Request::Halt {
            halt();
        }
    }

    /// The exit code of what was stopped.
    pub(super) fn exit_code(&self) -> u8 {
        exit_code(self.first)
    }
}

/// 128 and the number of the signal, as in shells.
fn exit_code(first: Option<Request>) -> u8 {
    match first {
        Some(Request::HangUp) => 129,
        Some(Request::Quit) => 131,
        Some(Request::Terminate) => 143,
        Some(Request::Interrupt | Request::Halt) | None => STOPPED,
    }
}

/// Whether the program can halt: where nobody could let it go on again it does not, like all other programs.
pub(super) fn can_halt() -> bool {
    halt::can_go_on()
}

/// Halts the program with all that its tasks have started on this machine, until it is told to go on. It is to be called
/// by the thread that serves the runs: nothing of them may go on before their time does.
pub(super) fn halt() {
    #[cfg(unix)]
    if can_halt() {
        let halted = halt::halt();
        halt_here();
        drop(halted);
    }
}

/// Halts the program while a task has the terminal, which the key has told as well: how it halts is its own affair.
pub(super) fn halt_alone() {
    #[cfg(unix)]
    if can_halt() {
        let still = halt::stand_still();
        halt_here();
        drop(still);
    }
}

/// Halts the whole program before this returns: a signal to this thread halts all of them, and this one at once. One to
/// the program may reach another thread first.
#[cfg(unix)]
fn halt_here() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
}

/// The processes that this program has started, as far as they halt.
pub(super) struct Children {
    #[cfg(unix)]
    changes: tokio::signal::unix::Signal,
}

impl Children {
    /// To be called inside of a runtime.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub(super) fn watch() -> io::Result<Children> {
        Ok(Children {
            #[cfg(unix)]
            changes: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?,
        })
    }

    /// Until one of them has halted.
    #[cfg(unix)]
    pub(super) async fn halted(&mut self) {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        // Only looked at: whoever waits for its end is told of it all the same.
        let look = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while self.changes.recv().await.is_some() {
            if waitid(WaitId::All, look).is_ok_and(|found| found.is_some()) {
                return;
            }
        }
        std::future::pending().await
    }

    #[cfg(not(unix))]
    pub(super) async fn halted(&mut self) {
        std::future::pending().await
    }
}

/// When what was asked to end must have ended; nothing while it was not asked.
#[derive(Debug, Default)]
pub(super) struct Overdue(Option<Instant>);

impl Overdue {
    pub(super) fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    /// It is asked to end, now or again; gives the time that is left for that, of which what waits for it allows a little
    /// more.
    pub(super) fn ask(&mut self, grace: Duration, more: Duration) -> Duration {
        let grace = if self.is_asked() { Duration::ZERO } else { grace };
        self.0 = Some(halt::now() + grace + KILL_LIMIT + more);
        grace
    }

    pub(super) async fn reached(&self) {
        match self.0 {
            Some(overdue) => halt::until(overdue).await,
            None => std::future::pending().await,
        }
    }
}

/// Gives a message for each signal that asks the program to end.
#[cfg(unix)]
fn watch() -> io::Result<mpsc::UnboundedReceiver<Request>> {
    let (sender, received) = mpsc::unbounded_channel();
    WATCHER.begin()?;
    WATCHER.state().served = Some(sender);
    Ok(received)
}

/// Heeds signals, and ends the program where it does not end in time. It has a thread of its own: whoever waits for a disk
/// that does not answer keeps all else from going on.
#[cfg(unix)]
struct Watcher(Mutex<WatcherState>);

#[cfg(unix)]
static WATCHER: Watcher =
    Watcher(Mutex::new(WatcherState { has_begun: false, grace: Duration::ZERO, served: None }));

#[cfg(unix)]
struct WatcherState {
    has_begun: bool,
    /// How long what runs has to end.
    grace: Duration,
    /// Who runs tasks, and is told.
    served: Option<mpsc::UnboundedSender<Request>>,
}

#[cfg(unix)]
impl Watcher {
    fn state(&self) -> MutexGuard<'_, WatcherState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.has_begun {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = {
            let _inside = runtime.enter();
            AskedSignals::new()?
        };
        let heed = move || runtime.block_on(heed(asked));
        std::thread::Builder::new().name("signals".into()).spawn(heed)?;
        state.has_begun = true;
        Ok(())
    }
}

/// The signals of the system.
#[cfg(unix)]
struct AskedSignals {
    interrupts: Heeded,
    terminations: Heeded,
    hangups: Heeded,
    quits: Heeded,
    halts: Heeded,
}

/// A signal; nothing of one that whoever started the program has it ignore, as `nohup` does.
#[cfg(unix)]
struct Heeded(Option<Signal>);

#[cfg(unix)]
impl Heeded {
    fn new(kind: SignalKind, ignored: u64) -> io::Result<Heeded> {
        let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
        Ok(Heeded(if is_ignored { None } else { Some(signal(kind)?) }))
    }

    async fn recv(&mut self) -> Option<()> {
        match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => std::future::pending().await,
        }
    }
}

/// The signals that the program ignores, each a bit as in `/proc/PID/status`; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let told = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    told.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(unix)]
impl AskedSignals {
    fn new() -> io::Result<AskedSignals> {
        let ignored = ignored();
        let heeded = |kind| Heeded::new(kind, ignored);
        Ok(AskedSignals {
            interrupts: heeded(SignalKind::interrupt())?,
            terminations: heeded(SignalKind::terminate())?,
            hangups: heeded(SignalKind::hangup())?,
            quits: heeded(SignalKind::quit())?,
            halts: heeded(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
        })
    }

    async fn next(&mut self) -> Request {
        tokio::select! {
            Some(()) = self.interrupts.recv() => Request::Interrupt,
            Some(()) = self.terminations.recv() => Request::Terminate,
            Some(()) = self.hangups.recv() => Request::HangUp,
            Some(()) = self.quits.recv() => Request::Quit,
            Some(()) = self.halts.recv() => Request::Halt,
        }
    }
}

#[cfg(unix)]
async fn heed(mut asked: AskedSignals) {
    let mut overdue = Overdue::default();
    let mut first = None;
    loop {
        let request = tokio::select! {
            request = asked.next() => request,
            () = overdue.reached() => {
                // The keys were for the task, which has begun since.
                if first.is_none() && loan::is_with_task() {
                    overdue = Overdue::default();
                    continue;
                }
                end_at_once(first, UNORDERLY)
            }
        };
        let Some(served) = WATCHER.state().served.clone() else {
            match request {
                Request::Halt => halt_alone(),
                _ => end_at_once(Some(request), "stopped; no task has run"),
            }
            continue;
        };
        if loan::is_lent() && matches!(request, Request::Interrupt | Request::Quit) {
            // Who does not come to the task, or to an end after it, can be ended all the same.
            if !loan::is_with_task() {
                overdue.ask(WATCHER.state().grace, UNANSWERED);
            }
            continue;
        }
        if request != Request::Halt {
            first.get_or_insert(request);
            overdue.ask(WATCHER.state().grace, UNANSWERED);
        }
        // Who has returned already may still wait for something.
        let _ = served.send(request);
    }
}

/// What is said where a program does not come to its end.
#[cfg(unix)]
const UNORDERLY: &str = "ended without an orderly stop, as a disk or something else does not answer; what was started may still run";

/// Ends the program, whatever its other threads wait for.
#[cfg(unix)]
fn end_at_once(first: Option<Request>, said: &'static str) -> ! {
    let (told, heard) = std::sync::mpsc::channel();
    // Standard error may not be read either.
    let tell = std::thread::Builder::new().spawn(move || {
        loan::take_back();
        if matches!(first, Some(Request::Interrupt | Request::Quit)) && io::stderr().is_terminal() {
            // The terminal shows the key where the line ended.
            let _ = writeln!(io::stderr());
        }
        terminal::error(format_args!("{said}"));
        let _ = told.send(());
    });
    if tell.is_ok() {
        let _ = heard.recv_timeout(Duration::from_secs(1));
    }
    std::process::exit(exit_code(first).into())
}

#[cfg(windows)]
fn watch() -> io::Result<mpsc::UnboundedReceiver<Request>> {
    let (sender, received) = mpsc::unbounded_channel();
    let mut asked = ConsoleEvents::new()?;
    tokio::spawn(async move {
        while let Some(request) = asked.next().await {
            let is_key = matches!(request, Request::Interrupt | Request::Quit);
            if !(is_key && loan::is_lent()) && sender.send(request).is_err() {
                return;
            }
        }
    });
    Ok(received)
}

/// What the console tells its programs. When it closes, and when the user logs off, the system ends them seconds later.
#[cfg(windows)]
struct ConsoleEvents {
    interrupts: tokio::signal::windows::CtrlC,
    breaks: tokio::signal::windows::CtrlBreak,
    closings: tokio::signal::windows::CtrlClose,
    logoffs: tokio::signal::windows::CtrlLogoff,
    shutdowns: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl ConsoleEvents {
    fn new() -> io::Result<ConsoleEvents> {
        use tokio::signal::windows;
        Ok(ConsoleEvents {
            interrupts: windows::ctrl_c()?,
            breaks: windows::ctrl_break()?,
            closings: windows::ctrl_close()?,
            logoffs: windows::ctrl_logoff()?,
            shutdowns: windows::ctrl_shutdown()?,
        })
    }

    async fn next(&mut self) -> Option<Request> {
        let (heard, request) = tokio::select! {
            heard = self.interrupts.recv() => (heard, Request::Interrupt),
            heard = self.breaks.recv() => (heard, Request::Quit),
            heard = self.closings.recv() => (heard, Request::HangUp),
            heard = self.logoffs.recv() => (heard, Request::HangUp),
            heard = self.shutdowns.recv() => (heard, Request::Terminate),
        };
        heard.map(|()| request)
    }
}
