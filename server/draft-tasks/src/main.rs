//! `draft-tasks`: language server, task runner and command line for `.draft-tasks.toml`.
//!
//! Must not hold logic: it dispatches.

use std::process::ExitCode;

mod again;
mod claim;
mod cli;
mod clock;
mod doctor;
mod export;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
#[cfg(test)]
mod generated;
mod interrupted;
mod job;
mod lifecycle;
mod lines;
mod lsp;
mod plan_refusal;
mod reach;
mod repository;
mod safety;
mod settings;
mod source;
mod tree;
mod world;

fn main() -> ExitCode {
    cli::main()
}
