//! The plan of a run: which tasks, in which order, with which arguments; what hover shows and the executor runs.
//!
//! Must not start anything or look at the world.

use crate::phase::Phase;

/// What a run will do, decided before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The phase whose tasks run.
    pub phase: Phase,
    /// The tasks in the order in which they run: the order of the file.
    pub steps: Vec<Step>,
}

/// One task of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The task's description, its key in the file, decoded.
    pub task: String,
    /// The command as it stands in the file, decoded.
    pub command: String,
    /// The argument vector: the program first, variables replaced. Never empty.
    pub argv: Vec<String>,
}
