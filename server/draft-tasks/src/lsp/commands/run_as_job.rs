//! A phase, run as a Job of Kubernetes.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::run_tasks::SeenTask;
use super::{Listed, Needs, ServerCommand};
use crate::lsp::session::{ChosenTask, SharedSession, Started, Wish, run};
use crate::reach::WantedPods;

/// Runs the tasks of a phase as one Job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RunAsJob {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name: `post-deploy` or `post-up`.
    pub(crate) phase: String,
    /// Only these tasks: the description of each, and the command that the user saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<SeenTask>,
}

impl ServerCommand for RunAsJob {
    const NAME: &'static str = "draft-tasks.runAsJob";
    const DOCUMENTATION: &'static str = "Runs the tasks of a phase as one Job of Kubernetes made after the application's workload, as the command line \
        does, and answers `{ \"run\": … }` at once. The Job goes on where the server ends; stopping the run ends the Job.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Phase as a Job…", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let RunAsJob { uri, phase, tasks } = self;
        let chosen =
            tasks.into_iter().map(|SeenTask { task, command }| ChosenTask { task, command }).collect();
        run(session, Wish { uri, phase, chosen, pods: WantedPods::OfJob(None) }).await
    }
}
