//! The phases of an application's life that a tasks file hooks into.
//!
//! Must not know how a phase is written in a file or how its tasks are run.

/// A table of the tasks file: when its tasks run.
///
/// Source: DEP-8, and `pkg/tasks/tasks.go` of Draft for the exact keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before `draft up` builds and deploys, on the developer's machine.
    PreUp,
    /// After `draft up`, inside every ready pod of the application.
    PostDeploy,
    /// After `post-deploy`, on the developer's machine; only builds of Draft's master branch know it.
    PostUp,
    /// After the application was deleted from the cluster, on the developer's machine.
    Cleanup,
}

/// What early documents called `cleanup`. The code's key was `cleanup` from the start (Draft v0.14.0,
/// `pkg/tasks/tasks.go`).
pub const POST_DELETE: &str = "post-delete";

impl Phase {
    /// All phases in the order of an application's life.
    pub const ALL: [Phase; 4] = [Phase::PreUp, Phase::PostDeploy, Phase::PostUp, Phase::Cleanup];

    /// The phases of DEP-8, which every release of Draft runs.
    pub const DEP_8: [Phase; 3] = [Phase::PreUp, Phase::PostDeploy, Phase::Cleanup];

    /// The table's name as it stands in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::PreUp => "pre-up",
            Phase::PostDeploy => "post-deploy",
            Phase::PostUp => "post-up",
            Phase::Cleanup => "cleanup",
        }
    }

    /// The phase of exactly this name.
    pub fn from_name(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// The phase whose name differs from this one at most in the case of letters, as Draft's reader matches it.
    pub fn from_name_in_any_case(name: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name().eq_ignore_ascii_case(name))
    }

    /// Whether the tasks run as processes on the developer's machine rather than inside pods.
    pub const fn is_local(self) -> bool {
        !matches!(self, Phase::PostDeploy)
    }

    /// When the phase runs, as the end of a sentence that begins with "runs".
    pub const fn when(self) -> &'static str {
        match self {
            Phase::PreUp => "before the application is built and deployed",
            Phase::PostDeploy => "inside every ready pod after the application was deployed",
            Phase::PostUp => "after the application was deployed and `post-deploy` is done",
            Phase::Cleanup => "after the application was deleted from the cluster",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
