//! A command as its words: how this tool and how Draft's releases split it, with spans back into the command.
//!
//! Must not read the environment: values of variables come in through a function.

use std::borrow::Cow;

use text_size::TextRange;

/// How a command becomes an argument vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Semantics {
    /// Words, quotes and backslashes as in a POSIX shell, `$VAR` and `${VAR}`, and nothing else of a shell.
    #[default]
    Standard,
    /// Exactly what the chosen version of Draft does: split at each space, then replace variables.
    Draft,
}

/// The Draft whose behaviour is described and, in [`Semantics::Draft`], reproduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DraftVersion {
    /// The releases before 0.16.
    V0_15,
    /// The specification; commands are split as in 0.16.
    #[default]
    Dep8,
    /// The last release, 0.16.0.
    V0_16,
    /// The head of the master branch, which was never released.
    Master,
}

/// One argument before its variables are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Literal text and variables in order; empty for an empty argument.
    pub parts: Vec<Part>,
    /// Where the word stands in the decoded command, quotes included.
    pub range: TextRange,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Characters that become the argument as they are.
    Literal(String),
    /// A variable; its value is never split again, and unset is empty.
    Variable {
        /// The name as it is looked up.
        name: String,
        /// Where it stands in the decoded command, `$` and braces included.
        range: TextRange,
    },
}

/// Why a command cannot be split; only in [`Semantics::Standard`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    /// The offending characters in the decoded command.
    pub range: TextRange,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
}

impl Word {
    /// The argument, with variables replaced by `lookup`.
    pub fn expand(&self, lookup: &dyn Fn(&str) -> Option<String>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Cow::Borrowed(text.as_str()),
                Part::Variable { name, .. } => Cow::Owned(lookup(name).unwrap_or_default()),
            })
            .collect()
    }
}
