//! The application's deletion, with the phase after it.

use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lifecycle::Part;
use crate::lsp::session::{Live, SharedSession, Started, live};

/// Deletes the application.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Delete {
    #[serde(flatten)]
    wanted: Live,
}

impl ServerCommand for Delete {
    const NAME: &'static str = "draft-tasks.delete";
    const DOCUMENTATION: &'static str = "Runs the command, waits until the application's pods are gone, and runs `cleanup`, each as a \
        run of its own; answers `{ \"run\": … }` of the first at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Delete with Tasks…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        live(session, Part::Delete, self.wanted).await
    }
}
