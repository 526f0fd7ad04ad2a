//! The Jobs that may go on, as records tell it.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, ServerCommand};
use crate::lsp::session::{JobAtHand, SharedSession, jobs_at_hand};

/// Asks which Jobs may go on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListJobs {
    /// Only those of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

/// The answer to `draft-tasks.jobs`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct JobList {
    /// The Jobs, newest first.
    pub(crate) jobs: Vec<ListedJob>,
}

/// A Job that may go on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedJob {
    /// Its name.
    pub(crate) job: String,
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uri: Option<Uri>,
    /// The phase's name.
    pub(crate) phase: String,
    /// Where it is and since when, for people.
    pub(crate) description: String,
}

impl ServerCommand for ListJobs {
    const NAME: &'static str = "draft-tasks.jobs";
    const DOCUMENTATION: &'static str = "Answers the Jobs of Kubernetes that runs on this machine have made or taken up, and of which no record says that they \
        are over, but for those that this server follows. Nothing is contacted.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = None;

    type Answer = JobList;

    async fn execute(self, session: &SharedSession) -> Result<JobList, Error> {
        let found = jobs_at_hand(session).await?;
        let is_meant = |job: &JobAtHand| self.uri.is_none() || job.uri == self.uri;
        let listed = found.into_iter().filter(is_meant).map(|job| ListedJob {
            phase: job.phase().to_owned(),
            description: session.with(|session| session.describe_job(&job.left)),
            job: job.left.name,
            uri: job.uri,
        });
        Ok(JobList { jobs: listed.collect() })
    }
}
