//! What the session wants to happen outside of it: plain values, so that tests can look at them.
//!
//! Must not do anything: the outbox does.

use std::path::PathBuf;
use std::time::Duration;

use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::record::Records;
use draft_tasks_executor::{PodsRequest, RunRequest};
use tower_lsp::gen_lsp_types::{Command, Diagnostic, Location, MessageType, Uri, WorkspaceEdit};

use crate::lsp::protocol::ext::{OutputParams, RunParams};
use crate::safety::{Crossing, Foreign, Guard};

/// Something to be done, in the order in which the session asked for it.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Replace the diagnostics of a document.
    Publish { uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic> },
    /// Write a line to the client's log.
    Log { kind: MessageType, message: String },
    /// Show a message to the user.
    Show { kind: MessageType, message: String },
    /// Tell the user why something was refused, and do what they choose.
    Offer { message: String, offers: Vec<Offer> },
    /// Tell a client that shows output itself what a task wrote.
    Output(OutputParams),
    /// Tell a client that shows output itself what happened to a run.
    Run(RunParams),
    /// Tell such a client that the application, or the cluster it is in, may be another one now.
    TargetChanged,
    /// Tell such a client that others of the Jobs that nobody follows may go on.
    JobsChanged,
    /// Have the client open a document, which has the text of a file of this machine.
    ShowDocument { uri: Uri, path: PathBuf },
    /// Have the client refresh the text of a document.
    RefreshContent { uri: Uri },
    /// Show the progress of a run.
    Progress { token: String, value: ProgressValue },
    /// Have the client refresh lenses.
    RefreshLenses,
    /// Have the client refresh inlay hints.
    RefreshHints,
    /// Look at the world around a document, for what its commands name.
    GatherFacts { uri: Uri, directory: Option<PathBuf> },
    /// Look for the tasks files of the workspace, and what is to be found in them.
    Survey,
    /// Tell when a document has had this version for a while.
    AwaitPause { uri: Uri, version: i32 },
    /// Ask the client to change the workspace, and then to show a file.
    ApplyEdit { label: String, edit: WorkspaceEdit, shows: Option<PathBuf> },
    /// Write the explanations of diagnostics into a directory.
    KeepPages { directory: PathBuf },
    /// Ask the client for the settings of the window and of folders.
    AskForSettings { folders: Vec<Uri> },
    /// Ask the client to tell when settings change.
    RegisterForSettings,
    /// Ask the client to tell when the settings of projects change on disk, or these files elsewhere, which need not be
    /// there yet.
    WatchFiles { elsewhere: Vec<PathBuf> },
    /// Ask the client to tell when this file of settings changes on disk, which is outside of the workspace.
    WatchSettings { file: PathBuf },
    /// Ask the client to tell the texts of open files around tasks files.
    FollowFilesAround,
    /// Look for runs that were interrupted, in the folder of records.
    LookForInterrupted { records: PathBuf },
    /// Start a run after the user was asked what has to be asked, and record it where records are kept.
    StartRun {
        run: String,
        request: Box<RunRequest>,
        file: PathBuf,
        records: Option<Records>,
        questions: Questions,
    },
    /// End a run; what is left after the grace period is killed.
    StopRun { run: String, grace: Duration },
    /// Break, to show what a defect outside of a handler does.
    #[cfg(debug_assertions)]
    Panic,
    /// End the server when this process is gone.
    WatchClient { process: i32 },
}

/// What helps after a refusal.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// What the user chooses.
    pub(crate) title: String,
    pub(crate) step: OfferedStep,
}

/// What is done when it is chosen.
#[derive(Clone, Debug)]
pub(crate) enum OfferedStep {
    /// Have the client show a place.
    Show(Location),
    /// Execute a command of this server.
    Execute(Command),
}

impl Effect {
    /// The run that starts with it.
    pub(crate) fn starts(&self) -> Option<String> {
        match self {
            Effect::StartRun { run, .. } => Some(run.clone()),
            _ => None,
        }
    }
}

/// What is to be asked before a run starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Questions {
    /// Whether to reach these clusters, which are not local.
    pub(crate) foreign: Vec<Foreign>,
    /// What was known of the clusters when this was asked: no task may reach another one.
    pub(crate) crossing: Option<Box<Crossing>>,
    /// Whether to clean up or delete, by the pods that there are.
    pub(crate) guard: Option<Box<Guard>>,
    /// Which pods of this application there are before it is deployed: not a question to the user, but one whose answer
    /// the run has to wait for.
    pub(crate) before: Option<Box<PodsRequest>>,
    /// Whether the cluster and the namespace of these pods are there: what is missing is said, and nothing is asked.
    pub(crate) ground: Option<Box<PodsRequest>>,
    /// What runs after this run if the answers are yes.
    pub(crate) after: Vec<Plan>,
}

impl Questions {
    pub(crate) fn is_empty(&self) -> bool {
        self.foreign.is_empty() && self.guard.is_none() && self.before.is_none() && self.ground.is_none()
    }
}

/// A step of work-done progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgressValue {
    Begin { title: String, message: String },
    Report { message: String, percentage: u32 },
    End { message: String },
}

/// Where the session puts its effects.
pub(crate) type Effects = tokio::sync::mpsc::UnboundedSender<Effect>;
