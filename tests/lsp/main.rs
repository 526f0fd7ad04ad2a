//! The language server as an editor has it: the real binary over its standard streams.
//!
//! Must not look inside of the server: what it says and what it leaves behind is all there is.
#![cfg(unix)]

mod around;
mod client;
mod completion;
mod configured;
mod creating;
#[cfg(debug_assertions)]
mod defects;
mod diagnostics;
mod doctor;
mod edits;
mod elsewhere;
mod ends;
mod facts;
mod features;
mod folders;
mod initialize;
mod interrupted;
mod lenses;
mod listing;
mod logs;
mod messages;
mod names;
mod processes;
mod project;
mod rules;
mod run_settings;
mod runs;
mod settings;
mod shown;
mod slow_disks;
mod stops;
mod text;
mod wire;
