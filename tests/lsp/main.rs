//! The language server as an editor has it: the real binary over its standard streams.
//!
//! Must not look inside of the server: what it says and what it leaves behind is all there is.
#![cfg(unix)]

mod again;
mod around;
mod claims;
mod client;
mod completion;
mod configured;
mod creating;
mod crossing;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod dead_disk;
mod decoration;
#[cfg(debug_assertions)]
mod defects;
mod definition;
mod diagnostics;
mod doctor;
mod draft_toml;
mod edits;
mod ends;
mod exporting;
mod facts;
mod features;
mod folders;
mod hostile;
mod initialize;
mod interrupted;
mod lenses;
mod logs;
mod messages;
mod processes;
mod project;
mod refusals;
mod rename;
mod rules;
mod run_settings;
mod runs;
mod settings;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod shim;
mod slow_disks;
mod spellings;
mod stops;
mod survey;
mod text;
mod typing;
mod views;
mod wire;
