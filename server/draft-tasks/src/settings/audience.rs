//! What settings are called where a message is read: options on the command line, settings in an editor.
//!
//! Must not be asked by what is kept of a run: both read that.

/// Who reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    CommandLine,
    Editor,
}

impl Audience {
    /// What names the application's pods.
    pub(crate) const fn selector(self) -> &'static str {
        match self {
            Audience::CommandLine => "--selector, or `kubernetes.selector` in .draft-tasks.config.toml",
            Audience::Editor => "draftTasks.kubernetes.selector",
        }
    }

    /// What names the container of the pods.
    pub(crate) const fn container(self) -> &'static str {
        match self {
            Audience::CommandLine => "--container, or `kubernetes.container` in .draft-tasks.config.toml",
            Audience::Editor => "draftTasks.kubernetes.container",
        }
    }

    /// What names the namespace of the pods.
    pub(crate) const fn namespace(self) -> &'static str {
        match self {
            Audience::CommandLine => "--namespace",
            Audience::Editor => "draftTasks.kubernetes.namespace",
        }
    }

    /// How another application than that of earlier runs is chosen.
    pub(crate) const fn application(self) -> &'static str {
        match self {
            Audience::CommandLine => {
                "name the application by --selector, with --namespace and --context where these differ"
            }
            Audience::Editor => {
                "name the application by draftTasks.kubernetes.selector, with namespace and context where these differ"
            }
        }
    }

    /// What names the environment of `draft.toml`.
    pub(crate) const fn environment(self) -> &'static str {
        match self {
            Audience::CommandLine => "--environment or DRAFT_ENV",
            Audience::Editor => "draftTasks.environment or DRAFT_ENV",
        }
    }
}
