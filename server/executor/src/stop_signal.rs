//! By which signal processes are asked to end.

/// How processes on this machine are asked to end. In pods it is always the signal TERM; on Windows nothing can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// As the key Ctrl-C of a terminal does, which many programs clean up after: INT.
    Interrupt,
    /// As the system does: TERM.
    Terminate,
}
