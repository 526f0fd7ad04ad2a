//! Runs a plan of tasks and tells what happens as events; the language server and the command line are its readers.
//!
//! Must not know the language server protocol, print, or read the tasks file.
#![warn(missing_docs)]

pub mod event;
pub mod run;

pub use event::{Failure, Outcome, RunEvent, RunSummary, StartError, Stream};
pub use run::{OnFailure, RunHandle, RunRequest, start};
