//! A tasks file as Draft's own reader takes it: TOML 0.4 with that reader's liberties, and what Draft finds in it.
//!
//! Must not be needed while a text is typed: only what speaks of Draft itself reads a file in this way.

use text_size::TextSize;

use crate::command::DraftVersion;
use crate::phase::Phase;

mod decode;
mod document;
mod reader;
mod scalar;

pub(crate) use decode::folds_to;

/// What a version of Draft finds in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftFile {
    /// The phases with a table, in the order of an application's life.
    pub phases: Vec<DraftPhase>,
    /// What Draft silently skips, in the order of the file.
    pub ignored: Vec<Ignored>,
}

/// The tasks of a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftPhase {
    /// Which one it is.
    pub phase: Phase,
    /// In the order of the file; Draft's own order is random.
    pub tasks: Vec<DraftTask>,
}

/// A task and its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftTask {
    /// The description.
    pub name: String,
    /// The command; where there are [`rivals`](DraftTask::rivals), the last one of the file.
    pub command: String,
    /// Other commands of the same description, under another spelling of the phase: Draft takes a random one.
    pub rivals: Vec<String>,
}

/// Something at the top of a file that means nothing to Draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The key.
    pub name: String,
    /// Where it first stands.
    pub offset: TextSize,
    /// Why it is ignored.
    pub reason: IgnoredReason,
}

/// Why Draft ignores something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredReason {
    /// A table that is no phase.
    UnknownTable,
    /// A phase that only later versions know.
    LaterPhase(Phase),
    /// A phase that is not a table; what it is, with its article.
    NotTable(Phase, &'static str),
    /// A key that is neither a table nor a phase.
    Stray,
}

/// What keeps Draft from reading a file: `draft up` ends before it builds anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftError {
    /// Where the reader gives up.
    pub offset: TextSize,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
}

/// Reads a text as a version of Draft does.
///
/// # Errors
///
/// With the first thing that Draft stops at; that includes what crashes it.
pub fn read(text: &str, version: DraftVersion) -> Result<DraftFile, DraftError> {
    decode::decode(&reader::read(text)?, version)
}

/// Whether Draft's reader takes a text for TOML, whatever is in it.
///
/// # Errors
///
/// With the first thing that it stops at.
pub fn check(text: &str) -> Result<(), DraftError> {
    reader::read(text).map(|_| ())
}

impl DraftError {
    fn new(offset: usize, message: impl Into<String>) -> DraftError {
        DraftError { offset: TextSize::new(offset as u32), message: message.into() }
    }
}
