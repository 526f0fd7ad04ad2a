use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::documents::look::blocking;
use crate::lsp::session::{LogShown, refusal};

/// Opens what a task wrote.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ShowLog {
    /// Only of this run, as its command answered it or as `draft-tasks runs` lists it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// The task's description; without it the task that failed first, else the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

impl ServerCommand for ShowLog {
    const NAME: &'static str = "draft-tasks.showLog";
    const DOCUMENTATION: &'static str = "Opens the plain text of what a task wrote when it last ran or has written until now, where \
        the client opens documents, else says where it is; answers `{ \"log\": the file, \"uri\": \
        the document that is opened }`. Where the client has `workspace/textDocumentContent` that is \
        a virtual document, which the client is asked to refresh when the task is over.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Show Log of Last Run", needs: Needs::TasksFile });

    type Answer = LogShown;

    async fn execute(self, session: &SharedSession) -> Result<LogShown, Error> {
        let search = session.with(|session| session.log_search(self));
        let log = blocking(move || search.find()).await?.map_err(refusal)?;
        Ok(session.with(|session| session.show_log(log)))
    }
}
