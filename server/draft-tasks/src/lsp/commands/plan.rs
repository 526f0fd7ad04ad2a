use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::session::{PlanShown, source};

/// Shows what a phase would run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowPlan {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name.
    pub(crate) phase: String,
    /// Whether the server shows it as a message, too; it does when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<bool>,
}

impl ServerCommand for ShowPlan {
    const NAME: &'static str = "draft-tasks.plan";
    const DOCUMENTATION: &'static str = "Shows what a phase would run, secrets masked, and answers it: `{ \"phase\": …, \
        \"directory\": …, \"tasks\": [{ \"task\": …, \"command\": …, \"argv\": […] }], \"markdown\": \
        … }`. Nothing runs.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Show Plan…", needs: Needs::TasksFile });

    type Answer = PlanShown;

    async fn execute(self, session: &SharedSession) -> Result<PlanShown, Error> {
        let source = source(session, &self.uri).await?;
        session.with(|session| session.plan(&self, &source))
    }
}
