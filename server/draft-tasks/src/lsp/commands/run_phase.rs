//! A phase, run.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::{SharedSession, Started, Wish, run};
use crate::reach::WantedPods;

/// Runs the tasks of a phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunPhase {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// Only in these pods, of a phase that runs inside of pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pods: Vec<String>,
}

impl ServerCommand for RunPhase {
    const NAME: &'static str = "draft-tasks.runPhase";
    const DOCUMENTATION: &'static str = "Runs the tasks of a phase and answers `{ \"run\": … }` at once. When the phase is already \
        running, that run is answered; when another program runs it, the error says which.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Phase…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let RunPhase { uri, phase, pods } = self;
        run(session, Wish { uri, phase, chosen: Vec::new(), pods: WantedPods::Present(pods) }).await
    }
}
