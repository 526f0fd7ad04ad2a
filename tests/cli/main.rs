//! The command line as a user has it: the real binary, its output and its exit codes.
//!
//! Must not look inside of the program: what it writes and what it leaves behind is all there is.
#![cfg(unix)]

mod absent;
mod arguments;
mod asked;
mod check;
mod check_formats;
mod chosen;
mod claims;
mod completions;
mod configured;
mod create;
mod crossing;
mod doctor;
mod draft_toml;
mod explain;
mod export;
mod export_chart;
mod export_manifests;
mod finding;
mod fix;
mod fmt;
mod foreign;
mod helm;
mod journeys;
mod kubeconfig;
mod lifecycle;
mod list;
mod man;
mod named;
mod pages;
#[path = "../lsp/processes.rs"]
mod processes;

mod records;
mod removed;
mod rerun;
mod run;
mod run_formats;
mod run_options;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[path = "../lsp/shim.rs"]
mod shim;
mod terminal;
mod told;
mod tool;
mod tree;
mod unanswered;
mod vectors;
