//! Runs a plan of tasks and tells what happens as events; the language server and the command line are its readers.
//!
//! Must not know the language server protocol, print, or read the tasks file.
#![warn(missing_docs)]

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
mod local;
pub mod mask;
pub mod output;
pub mod pods;
pub mod private;
mod problems;
pub mod record;
mod report;
mod request;
pub mod run;
pub mod search;
pub mod stop;
#[cfg_attr(not(target_os = "linux"), path = "tree/portable.rs")]
#[cfg_attr(target_os = "linux", path = "tree/linux.rs")]
mod tree;

pub use describe::{describe_duration, describe_left_running, describe_lines};
pub use event::{
    Failure, FileProblem, LeftProcess, Outcome, OutcomeName, OutputPiece, Pod, PodCounts, Problem, RunEvent,
    RunSummary, StartError, Stream,
};
pub use request::{
    Application, EarlierPod, Limits, OnFailure, Pinned, PodChoice, PodsBefore, PodsRequest, RunLimit,
    RunRequest,
};
pub use run::{TaskGate, start};
pub use stop::RunHandle;
pub use tree::adopt_orphans;
