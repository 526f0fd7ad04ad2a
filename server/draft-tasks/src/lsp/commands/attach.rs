//! A Job that goes on, taken up.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::{SharedSession, Started, job_at_hand, take_up};

/// Takes up a Job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Attach {
    /// The Job's name.
    pub(crate) job: String,
    /// The tasks file, of a Job that no run on this machine has made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

impl ServerCommand for Attach {
    const NAME: &'static str = "draft-tasks.attach";
    const DOCUMENTATION: &'static str = "Takes up a Job of Kubernetes that draft-tasks has made, as `runs attach` of the command line does: what it has written, and how \
        it ends, as a run of its tasks file; answers `{ \"run\": … }` once the cluster has told what the Job runs. Where this server \
        follows the Job already, that run is answered. Stopping the run leaves the Job.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Attach to a Job…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        session.with(|session| session.may_start())?;
        if let Some(started) = session.with(|session| session.follows(&self.job)) {
            return Ok(started);
        }
        let meant = job_at_hand(session, self.job, self.uri).await?;
        let job = meant.find(session).await?;
        take_up(session, meant, job).await
    }
}
