//! The terminal, lent to a task that asks and answers on it itself, and taken back as it was.
//!
//! Must not know runs.

use std::io::{self, IsTerminal};

/// The state of the terminal before it was lent; dropping it takes the terminal back, however the task ended.
pub(super) struct Loan {
    #[cfg(unix)]
    modes: rustix::termios::Termios,
}

impl Loan {
    /// Lends the terminal.
    ///
    /// # Errors
    ///
    /// Where there is none on all three standard streams, for people.
    pub(super) fn begin() -> Result<Loan, String> {
        let none =
            "--tty lends the terminal, and there is none: standard input, output and errors have to be one";
        if !(io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()) {
            return Err(none.into());
        }
        #[cfg(unix)]
        return match rustix::termios::tcgetattr(io::stdin()) {
            Ok(modes) => Ok(Loan { modes }),
            Err(error) => Err(format!("the terminal cannot be lent: {error}")),
        };
        #[cfg(not(unix))]
        return Ok(Loan {});
    }
}

#[cfg(unix)]
impl Drop for Loan {
    fn drop(&mut self) {
        use nix::sys::signal::{SigSet, Signal};
        use rustix::process::getpgrp;
        use rustix::termios::{OptionalActions, tcgetpgrp, tcsetattr, tcsetpgrp};
        // A task with jobs of its own, such as a shell, may have been killed while one of them had the terminal. Only who
        // does not heed this signal can take it back.
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGTTOU);
        let blocked = signals.thread_block();
        // What fails here has nobody to be told on: the terminal is gone.
        if tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp()) {
            let _ = tcsetpgrp(io::stdin(), getpgrp());
        }
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.modes);
        if blocked.is_ok() {
            let _ = signals.thread_unblock();
        }
    }
}
