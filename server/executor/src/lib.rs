//! Runs a plan of tasks and tells what happens as events; the language server and the command line are its readers.
//!
//! Must not know the language server protocol, print, or read the tasks file.
#![warn(missing_docs)]

mod describe;
pub mod event;
mod format;
mod local;
pub mod mask;
pub mod output;
pub mod pods;
pub mod record;
mod report;
pub mod run;
pub mod search;
#[cfg_attr(not(target_os = "linux"), path = "tree/portable.rs")]
#[cfg_attr(target_os = "linux", path = "tree/linux.rs")]
mod tree;

pub use describe::{describe_duration, describe_left_running, describe_lines};
pub use event::{
    Failure, LeftProcess, Outcome, Pod, PodCounts, Problem, RunEvent, RunSummary, StartError, Stream,
};
pub use run::{Limits, OnFailure, Pinned, RunHandle, RunRequest, RunStopper, start};
pub use tree::adopt_orphans;
