use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::session::Stopped;

/// Stops runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stop {
    /// Only this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only the runs of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only runs of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// Only runs in which the task of this description runs now; the tasks after it are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

impl ServerCommand for Stop {
    const NAME: &'static str = "draft-tasks.stop";
    const DOCUMENTATION: &'static str = "Stops runs, all of them without an argument, and answers `{ \"stopped\": how many }`.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Stop…", needs: Needs::Run });

    type Answer = Stopped;

    async fn execute(self, session: &SharedSession) -> Result<Stopped, Error> {
        Ok(session.with(|session| session.stop(&self)))
    }
}
