//! What a `.draft-tasks.toml` means: text in, plain data out.
//!
//! Must not do input or output, look at the environment, await, or know the language server protocol;
//! facts about the world come in as values.

#[macro_use]
mod list;

mod analysis;
pub mod around;
pub mod calls;
pub mod command;
pub mod completion;
pub mod diagnostic;
pub mod draft_toml;
pub mod edit;
pub mod explain;
pub mod facts;
pub mod file_names;
pub mod fix_all;
pub mod folding;
pub mod format;
pub mod hints;
pub mod hover;
pub mod lens;
pub mod level;
pub mod links;
pub mod markdown;
mod options;
mod parsed;
pub mod phase;
pub mod plan;
pub mod printable;
pub mod problem;
pub mod program;
pub mod project;
pub mod project_files;
pub mod refactor;
pub mod rename;
mod rules;
pub mod secret;
pub mod selection;
pub mod suppression;
pub mod symbols;
pub mod syntax;
pub mod task_file;
pub mod task_variable;
pub mod tokens;
pub mod words;

pub use analysis::Analysis;
pub use facts::Facts;
pub use options::Options;
pub use parsed::Parsed;
pub use rules::literal_secrets_in;
pub use text_size::{TextRange, TextSize};
