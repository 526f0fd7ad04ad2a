//! The variables that tell tasks on this machine what they run for.
//!
//! Must not be read by anything of this program: what it does must not depend on what an outer run told.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use crate::facts::is_same_variable;
use crate::parsed::Parsed;
use crate::phase::Phase;
use crate::words::Words;

/// A variable of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskVariable {
    /// The context of the kubeconfig.
    Context,
    /// The namespace of the application.
    Namespace,
    /// The application.
    Application,
    /// The environment of `draft.toml`.
    Environment,
    /// The build of the application.
    Build,
    /// The phase.
    Phase,
}

/// The values of those that are known.
pub type TaskValues = BTreeMap<TaskVariable, String>;

impl TaskVariable {
    /// All of them, in the order in which they are told.
    pub const ALL: [TaskVariable; 6] = [
        TaskVariable::Context,
        TaskVariable::Namespace,
        TaskVariable::Application,
        TaskVariable::Environment,
        TaskVariable::Build,
        TaskVariable::Phase,
    ];

    /// The variable.
    pub const fn name(self) -> &'static str {
        match self {
            TaskVariable::Context => "DRAFT_TASKS_CONTEXT",
            TaskVariable::Namespace => "DRAFT_TASKS_NAMESPACE",
            TaskVariable::Application => "DRAFT_TASKS_APPLICATION",
            TaskVariable::Environment => "DRAFT_TASKS_ENVIRONMENT",
            TaskVariable::Build => "DRAFT_TASKS_BUILD",
            TaskVariable::Phase => "DRAFT_TASKS_PHASE",
        }
    }

    /// What its value is, for people.
    pub const fn meaning(self) -> &'static str {
        match self {
            TaskVariable::Context => "the context of the cluster that tasks are to reach",
            TaskVariable::Namespace => "the namespace of the application",
            TaskVariable::Application => "the name of the application",
            TaskVariable::Environment => "the environment of draft.toml",
            TaskVariable::Build => "the build of the pods, as Draft names it",
            TaskVariable::Phase => "the phase; `deploy` or `delete` in the command of `up` or `delete`",
        }
    }

    /// When it is set, in the same form.
    pub const fn known(self) -> &'static str {
        match self {
            TaskVariable::Context => "where a context is chosen, and in `up` and `delete`",
            TaskVariable::Namespace => "where draft.toml or a choice names it, and in `up` and `delete`",
            TaskVariable::Application => "where draft.toml names it",
            TaskVariable::Environment => "where draft.toml has it",
            TaskVariable::Build => "in `post-up` of `up`, where the pods have the annotation `buildID`",
            TaskVariable::Phase => "always",
        }
    }

    /// The one of this name.
    pub fn named(name: impl AsRef<OsStr>) -> Option<TaskVariable> {
        let name = name.as_ref();
        TaskVariable::ALL.into_iter().find(|variable| is_same_variable(variable.name(), name))
    }
}

impl TaskVariable {
    /// Whether a command of a file has one in it.
    pub fn is_wanted(parsed: &Parsed) -> bool {
        let has = |words: &Words| TaskVariable::ALL.iter().any(|it| words.content.contains(it.name()));
        parsed.words.iter().any(has)
    }
}

/// The values of variables for the tasks of a phase.
pub(crate) fn in_phase<'a>(
    phase: Phase,
    lookup: &'a dyn Fn(&str) -> Option<String>,
) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| match TaskVariable::named(name) {
        Some(TaskVariable::Phase) => Some(phase.name().to_owned()),
        _ => lookup(name),
    }
}

/// The values that variables have for Draft, which tells tasks nothing.
pub(crate) fn in_draft<'a>(
    lookup: &'a dyn Fn(&str) -> Option<String>,
) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| TaskVariable::named(name).map_or_else(|| lookup(name), |_| None)
}
