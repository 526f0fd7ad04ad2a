//! Results that the user does not want to see any more.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::SharedSession;

/// Forgets results.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Clear {
    /// Only those of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

impl ServerCommand for Clear {
    const NAME: &'static str = "draft-tasks.clear";
    const DOCUMENTATION: &'static str =
        "Forgets the results of runs and which tasks failed, and answers `null`.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Clear Results", needs: Needs::TasksFile });

    type Answer = ();

    async fn execute(self, session: &SharedSession) -> Result<(), Error> {
        session.with(|session| session.clear(self.uri.as_ref()));
        Ok(())
    }
}
