//! The terminal, lent to a task that asks and answers on it itself, and taken back as it was.
//!
//! Must not know runs.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How the terminal was before it was lent, until it is taken back. A program has one.
static BEFORE: Mutex<Option<Modes>> = Mutex::new(None);

/// Whether there is a loan.
static LENT: AtomicBool = AtomicBool::new(false);

/// Whether the task that has the terminal lives, as far as it was told.
static TASK_LIVES: AtomicBool = AtomicBool::new(false);

struct Modes {
    #[cfg(unix)]
    modes: rustix::termios::Termios,
}

/// Takes the terminal back when it is dropped, unless it was taken back before.
pub(super) struct Loan(());

impl Loan {
    /// Lends the terminal.
    ///
    /// # Errors
    ///
    /// As [`check`].
    pub(super) fn begin() -> Result<Loan, String> {
        check()?;
        #[cfg(unix)]
        let modes = rustix::termios::tcgetattr(io::stdin())
            .map_err(|error| format!("the terminal cannot be lent: {error}"))?;
        let before = Modes {
            #[cfg(unix)]
            modes,
        };
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        LENT.store(true, Ordering::Release);
        Ok(Loan(()))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        take_back();
        LENT.store(false, Ordering::Release);
    }
}

/// Whether the terminal can be lent.
///
/// # Errors
///
/// Where there is none on all three standard streams, or another program has it; for people.
pub(super) fn check() -> Result<(), String> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()) {
        let none =
            "--tty lends the terminal, and there is none: standard input, output and errors have to be one";
        return Err(none.into());
    }
    if super::terminal::is_in_background(io::stdin()) {
        return Err(
            "--tty lends the terminal, and it is not given to what runs in the background: run it in the foreground"
                .into(),
        );
    }
    Ok(())
}

/// Whether the keys that end and halt are for a task, which they reach without us: from before it lives, since nobody
/// could tell for whom they were, until its end was told.
pub(super) fn is_lent() -> bool {
    LENT.load(Ordering::Acquire)
}

/// The task that has the terminal lives.
pub(super) fn begin_task() {
    TASK_LIVES.store(true, Ordering::Release);
}

/// Whether the task that has the terminal lives.
#[cfg(unix)]
pub(super) fn is_with_task() -> bool {
    TASK_LIVES.load(Ordering::Acquire)
}

/// Takes the terminal back if it was lent, however the task has ended. Whoever comes second does nothing.
pub(super) fn take_back() {
    TASK_LIVES.store(false, Ordering::Release);
    // Unlocked before the terminal is touched.
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    #[cfg(unix)]
    if let Some(Modes { modes }) = before {
        restore(&modes);
    }
    #[cfg(not(unix))]
    let _ = before;
}

#[cfg(unix)]
fn restore(modes: &rustix::termios::Termios) {
    use nix::sys::signal::{SigSet, Signal};
    use rustix::process::{getpgid, getpgrp, getppid};
    use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetpgrp, tcsetattr, tcsetpgrp};
    let is_of_shell = |group| getpgid(getppid()).is_ok_and(|parent| parent == group);
    let other = tcgetpgrp(io::stdin()).ok().filter(|group| *group != getpgrp());
    // It has put this program into the background, and uses the terminal itself.
    if other.is_some_and(is_of_shell) {
        return;
    }
    // A task with jobs of its own, such as a shell, may have been killed while one of them had the terminal. Only who
    // does not heed this signal can take it back.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTTOU);
    let blocked = signals.thread_block();
    // What fails here has nobody to be told on: the terminal is gone.
    if other.is_some() {
        let _ = tcsetpgrp(io::stdin(), getpgrp());
    }
    // At once: a terminal that is stopped would make it wait.
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, modes);
    // What was typed for the task must not be taken by the shell as a command.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    if blocked.is_ok() {
        let _ = signals.thread_unblock();
    }
}
