//! One task, run.
//!
//! Must not run another command than the one that the user saw.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::{ChosenTask, SharedSession, Started, Wish, run};
use crate::reach::WantedPods;

/// Runs one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunTask {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// The task's description.
    pub(crate) task: String,
    /// The command that the user saw: when the file has another one by now, nothing runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

impl ServerCommand for RunTask {
    const NAME: &'static str = "draft-tasks.runTask";
    const DOCUMENTATION: &'static str = "Runs one task and answers `{ \"run\": … }` at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Task…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let RunTask { uri, phase, task, command, pods } = self;
        run(
            session,
            Wish { uri, phase, chosen: vec![ChosenTask { task, command }], pods: WantedPods::Present(pods) },
        )
        .await
    }
}
