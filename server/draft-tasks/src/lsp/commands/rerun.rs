use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::session::{Started, run};

/// Runs again what ran.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rerun {
    /// What this run ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// What ran last of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

impl ServerCommand for Rerun {
    const NAME: &'static str = "draft-tasks.rerun";
    const DOCUMENTATION: &'static str = "Runs again what ran last, of a file or of all, or what a run ran, as it stands in the file \
        now; in pods in those of that run, as far as they are still there; answers `{ \"run\": … }` at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Last Again", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let wish = session.with(|session| session.wish_of_last(&self))?;
        run(session, wish).await
    }
}
