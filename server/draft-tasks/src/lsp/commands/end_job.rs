//! A Job that goes on, ended.
//!
//! Must not end one that nobody named.

use draft_tasks_executor::cluster::said_if_slow;
use draft_tasks_executor::job::delete;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::{SharedSession, job_at_hand};

/// Ends a Job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EndJob {
    /// The Job's name.
    pub(crate) job: String,
    /// The tasks file, of a Job that no run on this machine has made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

/// The answer of the command that ends a Job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct JobEnded {
    /// Its name.
    pub(crate) job: String,
}

impl ServerCommand for EndJob {
    const NAME: &'static str = "draft-tasks.endJob";
    const DOCUMENTATION: &'static str = "Deletes a Job of Kubernetes that draft-tasks has made, and has its pod end, as `runs stop` of the command line does; answers \
        `{ \"job\": … }` when the cluster has agreed. Where a run of this server has made it, that run is stopped.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "End a Job…", needs: Needs::TasksFile });

    type Answer = JobEnded;

    async fn execute(self, session: &SharedSession) -> Result<JobEnded, Error> {
        session.with(|session| session.may_start())?;
        if session.with(|session| session.stop_maker(&self.job)) {
            return Ok(JobEnded { job: self.job });
        }
        let meant = job_at_hand(session, self.job, self.uri).await?;
        let job = meant.find(session).await?;
        let deleting = delete(&meant.target, meant.environment.variables(), &job);
        let say = async |said| session.with(|session| session.log(said));
        let deleted = said_if_slow(&meant.target, deleting, say).await;
        deleted.map_err(|problem| meant.refuse(&problem))?;
        meant.keep_end_if_over(session).await?;
        let said = format!("Job {} is deleted, and its pod is asked to end", meant.name);
        session.with(|session| session.show(MessageType::Info, said));
        Ok(JobEnded { job: meant.name })
    }
}
