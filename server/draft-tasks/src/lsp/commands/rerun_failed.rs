use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::session::{Started, run_source, source};

/// Runs the tasks that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RerunFailed {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name; without it the phase in which a task failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
}

impl ServerCommand for RerunFailed {
    const NAME: &'static str = "draft-tasks.rerunFailed";
    const DOCUMENTATION: &'static str = "Runs the tasks that failed when they last ran and whose commands are still the ones that \
        failed, and those that did not run because of it; in pods each task only where it has not passed; answers `{ \"run\": … }` at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Failed Tasks Again", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let source = source(session, &self.uri).await?;
        let wish = session.with(|session| session.wish_of_failed(&self, &source))?;
        run_source(session, source, wish).await
    }
}
