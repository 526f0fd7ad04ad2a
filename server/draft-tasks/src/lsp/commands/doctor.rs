//! What keeps tasks from the pods.

use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::doctor;
use crate::lsp::documents::look::off_thread;
use crate::lsp::protocol::ext::{DOCTOR, DOCTOR_TITLE};
use crate::lsp::session::{Examined, SharedSession, source};

/// Looks for what keeps tasks from the pods.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct AskDoctor {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// Whether the server shows it as a message, too; it does when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) show: Option<bool>,
}

impl ServerCommand for AskDoctor {
    const NAME: &'static str = DOCTOR;
    const DOCUMENTATION: &'static str = "Walks the way from the tasks file to the application's pods and answers where it breaks: `{ \
        \"ok\": …, \"markdown\": … }`. It contacts the cluster and may run a credential plugin of \
        the kubeconfig, so the answer takes a while, and there is none in a workspace that is not \
        trusted.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: DOCTOR_TITLE, needs: Needs::TasksFile });

    type Answer = Examined;

    async fn execute(self, session: &SharedSession) -> Result<Examined, Error> {
        session.with(|session| session.may_examine())?;
        let source = source(session, &self.uri).await?;
        let wanted = source.examination()?;
        // It awaits the cluster, and reads files between.
        let runtime = Handle::current();
        let told = session.clone();
        let say = move |said| told.with(|session| session.log(said));
        let links = off_thread(move || runtime.block_on(doctor::walk(&wanted, say))).await?;
        Ok(session.with(|session| session.examined(self.show.unwrap_or(true), &links)))
    }
}
