//! In which pods of which cluster tasks would run.
//!
//! Must not contact the cluster.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::documents::look::off_thread;
use crate::lsp::session::{SharedSession, TargetFound, source};

/// Asks in which pods tasks would run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AskTarget {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
}

impl ServerCommand for AskTarget {
    const NAME: &'static str = "draft-tasks.target";
    const DOCUMENTATION: &'static str = "Answers in which pods of which cluster tasks of `post-deploy` would run, from `draft.toml`, \
        settings and the kubeconfig: `{ \"environment\": …, \"environments\": those of draft.toml, \
        \"contexts\": those of the kubeconfig, \"namespaces\": those that both name, \
        \"application\": …, \"selector\": …, \"context\": …, \"server\": …, \"namespace\": …, \
        \"problem\": … }`; what is not known is left out. Nothing is contacted.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = None;

    type Answer = TargetFound;

    async fn execute(self, session: &SharedSession) -> Result<TargetFound, Error> {
        let source = source(session, &self.uri).await?;
        off_thread(move || TargetFound::of(&source)).await
    }
}
