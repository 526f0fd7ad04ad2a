//! `draft-tasks`: language server, task runner and command line for `.draft-tasks.toml`.
//!
//! Must not hold logic: it dispatches.

use std::process::ExitCode;

mod application;
mod cli;
mod config;
mod doctor;
mod env_file;
mod environment;
mod facts;
#[cfg(test)]
mod generated;
mod interrupted;
mod kubernetes_settings;
mod lifecycle;
mod lines;
mod lsp;
mod packs;
mod project;
mod public_value;
mod run_settings;
mod safety;
mod source;

fn main() -> ExitCode {
    cli::main()
}
