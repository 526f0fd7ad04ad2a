//! What the user chose about the meaning of the file.
//!
//! Must not know where it is chosen.

use crate::command::{DraftVersion, Semantics};
use crate::level::Levels;
use crate::phase::Phase;

/// What the user chose about the meaning of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How commands become argument vectors.
    pub semantics: Semantics,
    /// The Draft that messages speak of.
    pub draft_version: DraftVersion,
    /// The levels of codes.
    pub levels: Levels,
}

impl Options {
    /// Whether the tasks of a phase run at all: who asks for exactly what a Draft does gets nothing of what it ignores.
    pub fn runs(&self, phase: Phase) -> bool {
        self.semantics == Semantics::Standard || self.draft_version.knows(phase)
    }
}
