//! What ran last, run again as it stands in the file now.

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::RunSummary;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::results::PastRun;
use crate::lsp::session::{ChosenTask, Session, SharedSession, Started, Wish, run};

/// Runs again what ran.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rerun {
    /// What this run ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// What ran last of this tasks file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) uri: Option<Uri>,
}

impl ServerCommand for Rerun {
    const NAME: &'static str = "draft-tasks.rerun";
    const DOCUMENTATION: &'static str = "Runs again what ran last, of a file or of all, or what a run ran, as it stands in the file \
        now; in pods in those of that run, as far as they are still there; answers `{ \"run\": … }` at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Last Again", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let wish = session.with(|session| session.wish_of_last(&self))?;
        run(session, wish).await
    }
}

impl Session {
    /// What ran last, as it stands in the file now.
    pub(crate) fn wish_of_last(&self, wanted: &Rerun) -> Result<Wish, Error> {
        let matches = |id: &String, uri: &Uri| {
            wanted.run.as_ref().is_none_or(|run| run == id) && wanted.uri.as_ref().is_none_or(|of| of == uri)
        };
        // A step of `up` or `delete` that is no phase is not run alone.
        let is_phase = |subject: Subject| subject.phase().is_some();
        let wish = |run: &PastRun| {
            let (uri, phase) = (run.uri.clone(), run.subject.name().to_owned());
            let chosen = run.chosen.iter().map(|task| ChosenTask { task: task.clone(), command: None });
            Wish { uri, phase, chosen: chosen.collect(), pods: run.wanted_pods() }
        };
        let mut active = self.runs.active.iter().rev();
        if let Some(run) = active.find(|run| matches(&run.id, &run.uri) && is_phase(run.subject)) {
            // It may be over before the file is read.
            return Ok(wish(&PastRun::of(run, RunSummary::default(), self.clock.now())));
        }
        let last = |run: &PastRun| matches(&run.id, &run.uri) && is_phase(run.subject);
        let Some(run) = self.runs.results.last_run(last) else {
            return Err(refusal(match &wanted.run {
                Some(run) => format!("there is no run `{run}` of a phase"),
                None => "nothing has run yet".into(),
            }));
        };
        Ok(wish(run))
    }
}
