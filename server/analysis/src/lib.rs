//! What a `.draft-tasks.toml` means: text in, plain data out.
//!
//! Must not do input or output, look at the environment, await, or know the language server protocol;
//! facts about the world come in as values.
#![warn(missing_docs)]

pub mod command;
pub mod format;
pub mod phase;
pub mod plan;
pub mod syntax;

pub use text_size::{TextRange, TextSize};
