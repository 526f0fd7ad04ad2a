//! Some tasks of a phase, run in the order of the file.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::session::{ChosenTask, SharedSession, Started, Wish, run};
use crate::reach::WantedPods;

/// Runs some tasks of a phase as one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunTasks {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// The tasks: the description of each, and the command that the user saw.
    pub(crate) tasks: Vec<SeenTask>,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

/// A task as a user saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SeenTask {
    /// The task's description.
    pub(crate) task: String,
    /// The command that the user saw: when the file has another one by now, nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
}

impl ServerCommand for RunTasks {
    const NAME: &'static str = "draft-tasks.runTasks";
    const DOCUMENTATION: &'static str = "Runs some tasks of a phase, in the order of the file, and answers `{ \"run\": … }` at once. \
        When the phase is already running, that run is answered.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = None;

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let RunTasks { uri, phase, tasks, pods } = self;
        if tasks.is_empty() {
            return Err(Error::invalid_params("no task is named"));
        }
        let chosen =
            tasks.into_iter().map(|SeenTask { task, command }| ChosenTask { task, command }).collect();
        run(session, Wish { uri, phase, chosen, pods: WantedPods::Present(pods) }).await
    }
}
