//! What the session answers about an open file: a file for a method of the protocol.
//!
//! Must not change a document, a setting or a run.

pub(crate) mod code_action;
mod code_lens;
mod completion;
mod definition;
mod document_highlight;
mod document_link;
mod document_symbol;
mod folding_range;
mod formatting;
mod hover;
mod inlay_hint;
mod references;
mod rename;
mod run_command;
mod runnables;
mod selection_range;
mod semantic_tokens;
mod text_document_content;
mod workspace_symbol;
