use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::SharedSession;
use crate::lsp::documents::look::blocking;
use crate::lsp::session::{Created, refusal};

/// Creates a tasks file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Create {
    /// The folder that gets the file, or the file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The draft pack whose tasks file is copied, if it has one; without it the file has the phases with comments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<String>,
    /// Whether the file is the example of the specification (DEP-8).
    #[serde(default)]
    pub(crate) example: bool,
}

impl ServerCommand for Create {
    const NAME: &'static str = "draft-tasks.create";
    const DOCUMENTATION: &'static str = "Creates a tasks file where there is none and answers `{ \"uri\": … }` at once. The file \
        comes as an edit of the workspace (`workspace/applyEdit`), so the client must be able to \
        create files in edits. A file that exists is not overwritten, and in a workspace that is not \
        trusted nothing is created.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Create .draft-tasks.toml…", needs: Needs::Folder });

    type Answer = Created;

    async fn execute(self, session: &SharedSession) -> Result<Created, Error> {
        let creation = session.with(|session| session.creation(self))?;
        let created = blocking(move || creation.read()).await?.map_err(refusal)?;
        Ok(session.with(|session| session.create(created)))
    }
}
