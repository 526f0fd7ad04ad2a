//! The application's deployment, with the phases around it.

use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lifecycle::Part;
use crate::lsp::session::{Live, SharedSession, Started, live};

/// Deploys the application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Up {
    #[serde(flatten)]
    wanted: Live,
}

impl ServerCommand for Up {
    const NAME: &'static str = "draft-tasks.up";
    const DOCUMENTATION: &'static str = "Runs `pre-up`, the command, then `post-deploy` in the pods of the new rollout, and \
        `post-up`, each as a run of its own, up to the first that fails; answers `{ \"run\": … }` of \
        the first at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Deploy with Tasks…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        live(session, Part::Up, self.wanted).await
    }
}
