//! What is known of the world around a tasks file, as plain values that somebody else gathered.
//!
//! Must not look at the world itself; what is not known is `None` or not there, and then the rules are silent.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::sync::Arc;

use crate::program::ProgramFact;
use crate::project::{DraftToml, Template};
use crate::project_files::{NameFact, OfferedName};

/// The names of variables, shared by all who know them.
pub type Names = Arc<HashSet<String>>;

/// Whether two names mean one variable: on Windows in any case of their letters.
pub fn is_same_variable(one: impl AsRef<OsStr>, other: impl AsRef<OsStr>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

/// What is known of the world around a tasks file; `None` where it is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The names of the variables that tasks get.
    pub variables: Option<Names>,
    /// What is known of programs, by their names; of others nothing is.
    pub programs: HashMap<String, ProgramFact>,
    /// What paths lead to, as they are written in commands, relative to the directory of the tasks file; only those
    /// of [`FactsWanted`] are of interest.
    pub paths: HashMap<String, PathFact>,
    /// Whether targets of Makefiles and scripts of npm that commands name are there; of others nothing is known.
    pub offered: HashMap<OfferedName, NameFact>,
    /// The `draft.toml` beside the tasks file.
    pub draft_toml: Option<DraftToml>,
    /// The environment of `draft.toml` that Draft would take.
    pub environment: Option<String>,
    /// The templates of that environment's chart.
    pub chart_templates: Option<Vec<Template>>,
    /// The Dockerfile of that environment.
    pub dockerfile: Option<String>,
    /// The `.dockerignore`; empty when there is none.
    pub dockerignore: Option<String>,
}

/// What the rules want to know of the world for the commands of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsWanted {
    /// Names of programs: are they on the PATH?
    pub programs: BTreeSet<String>,
    /// Paths relative to the directory of the tasks file: what do they lead to?
    pub paths: BTreeSet<String>,
    /// Targets of Makefiles and scripts of npm: are they there?
    pub offered: BTreeSet<OfferedName>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFact {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Whether it may be run as a program.
        executable: bool,
    },
}

impl FactsWanted {
    /// Whether everything is known that is wanted.
    pub fn are_in(&self, facts: &Facts) -> bool {
        self.programs.iter().all(|name| facts.programs.contains_key(name))
            && self.paths.iter().all(|path| facts.paths.contains_key(path))
            && self.offered.iter().all(|name| facts.offered.contains_key(name))
    }
}

impl Facts {
    /// Whether it is known that there is no variable of this name.
    pub fn lacks_variable(&self, name: &str) -> bool {
        let is_there = |variables: &Names| {
            variables.contains(name)
                || cfg!(windows) && variables.iter().any(|variable| is_same_variable(variable, name))
        };
        self.variables.as_ref().is_some_and(|variables| !is_there(variables))
    }

    /// The settings of the environment that Draft would take.
    pub fn environment(&self) -> Option<&crate::project::Environment> {
        self.draft_toml.as_ref()?.environments.get(self.environment.as_ref()?)
    }
}
