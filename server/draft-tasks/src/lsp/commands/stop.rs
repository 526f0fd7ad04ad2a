//! Runs, stopped.

use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::runs::Run;
use crate::lsp::session::{Session, SharedSession};

/// Stops runs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stop {
    /// Only this run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// Only the runs of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
    /// Only runs of this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    /// Only runs in which the task of this description runs now; the tasks after it are skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
}

impl ServerCommand for Stop {
    const NAME: &'static str = "draft-tasks.stop";
    const DOCUMENTATION: &'static str = "Stops runs, all of them without an argument, and answers `{ \"stopped\": how many }`. What a run has started has \
        5 s to end; a run that is stopped again is killed at once.";
    const STARTS: bool = false;
    const LISTED: Option<Listed> = Some(Listed { title: "Stop…", needs: Needs::Run });

    type Answer = Stopped;

    async fn execute(self, session: &SharedSession) -> Result<Stopped, Error> {
        Ok(session.with(|session| session.stop(&self)))
    }
}

/// The answer of the command that stops runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stopped {
    /// How many runs are asked to end.
    pub(crate) stopped: usize,
}

impl Session {
    fn stop(&mut self, stop: &Stop) -> Stopped {
        let named = stop.run.as_ref().map(|run| self.run_in_place_of(run));
        let wanted = |run: &&Run| {
            named.as_ref().is_none_or(|id| run.id == *id)
                && stop.uri.as_ref().is_none_or(|uri| run.uri == *uri)
                && stop.phase.as_ref().is_none_or(|phase| phase.eq_ignore_ascii_case(run.subject.name()))
                && stop.task.as_ref().is_none_or(|task| run.current_task() == Some(task))
        };
        let runs: Vec<String> = self.runs.active.iter().filter(wanted).map(|run| run.id.clone()).collect();
        runs.iter().for_each(|run| self.stop_run(run));
        Stopped { stopped: runs.len() }
    }
}
