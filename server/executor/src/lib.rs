//! Runs a plan of tasks and tells what happens as events; the language server and the command line are its readers.
//!
//! Must not know the language server protocol, print, or read the tasks file.

mod base64;
pub mod cluster;
mod describe;
mod escape;
pub mod event;
pub mod file;
mod format;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
pub mod halt;
pub mod job;
mod local;
pub mod mask;
pub mod output;
pub mod pods;
pub mod private;
mod problems;
pub mod public_value;
pub mod record;
mod report;
mod request;
pub mod run;
pub mod search;
pub mod stop;
mod stop_signal;
#[cfg_attr(any(not(target_os = "linux"), portable_tree), path = "tree/portable.rs")]
#[cfg_attr(all(target_os = "linux", not(portable_tree)), path = "tree/linux.rs")]
mod tree;

pub use describe::{UNFOLLOWED, describe_duration, describe_left_running, describe_lines};
pub use event::{
    Failure, FileProblem, LeftProcess, Outcome, OutcomeName, OutputPiece, Pod, PodCounts, Problem, RunEvent,
    RunSummary, StartError, Stream, WaitTime,
};
pub use request::{
    Application, EarlierPod, JobRequest, JobSource, Limits, ListedVariables, OnFailure, PHASE_LABEL, Pinned,
    PodChoice, PodsBefore, PodsRequest, RUN_LABEL, RunLimit, RunRequest,
};
pub use run::{TaskGate, start};
pub use stop::RunHandle;
pub use stop_signal::StopSignal;
pub use tree::adopt_orphans;
