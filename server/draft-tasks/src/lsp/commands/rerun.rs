//! What ran last, run again as it stands in the file now.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::RunSummary;
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::again::{Ending, Hindrance};
use crate::lifecycle::{Part, place_in};
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::results::PastRun;
use crate::lsp::session::{ChosenTask, Session, SharedSession, Started, Wish, run};
use crate::settings::audience::Audience;

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
        let mut active = self.runs.active.iter().rev();
        if let Some(run) = active.find(|run| matches(&run.id, &run.uri) && is_phase(run.subject)) {
            // It may be over before the file is read.
            return wish(&PastRun::of(run, None, RunSummary::default(), self.clock.now()));
        }
        let results = &self.runs.results;
        if let Some(id) = &wanted.run {
            let named = results.last_run(|run| matches(&run.seen.id, &run.uri) && is_phase(run.seen.subject));
            return named.map_or_else(|| Err(refusal(format!("there is no run `{id}` of a phase"))), wish);
        }
        let last = self.last_again(wanted.uri.as_ref(), None)?;
        last.map_or_else(|| Err(refusal("nothing has run yet")), wish)
    }

    /// The last run that runs again, of a file or of all; where a phase is given, of its runs.
    ///
    /// # Errors
    ///
    /// What came after it and hides it, or goes on and may yet.
    pub(super) fn last_again(
        &self,
        uri: Option<&Uri>,
        phase: Option<Phase>,
    ) -> Result<Option<&PastRun>, Error> {
        let last = self.runs.results.last_again(uri, phase).map_err(|hindrance| hindered(&hindrance))?;
        if let Some((run, phase)) = last.and_then(|run| Some((run, run.seen.subject.phase()?))) {
            self.check_beside(&run.uri, phase.into())?;
        }
        Ok(last)
    }
}

/// Why nothing runs again, and what does.
fn hindered(Hindrance(run): &Hindrance) -> Error {
    let how = match run.ending {
        Ending::Stopped => "was stopped",
        Ending::Interrupted => "was interrupted",
        Ending::Untold => "ended, nobody knows how,",
        Ending::Failed(_) | Ending::Passed | Ending::NotYet => "failed",
    };
    let subject = run.subject;
    let Some(part) = Part::with(subject) else {
        let whole = run.whole.as_ref().map(|whole| format!(" of {whole}")).unwrap_or_default();
        let why = match &run.ending {
            Ending::Failed(Some(why)) => format!(" ({why})"),
            _ => String::new(),
        };
        return refusal(format!("{subject}{whole} {how} before a task ran: run {subject}{why}"));
    };
    let command = match part {
        Part::Up => Audience::Editor.deploying(),
        Part::Delete => Audience::Editor.deleting(),
    };
    let (part, place) = (part.name(), place_in(subject));
    refusal(format!("{part} {how} {place}, which does not run again alone: use {command}"))
}

fn wish(run: &PastRun) -> Result<Wish, Error> {
    let (uri, phase) = (run.uri.clone(), run.seen.subject.name().to_owned());
    run.obstacle().map_or(Ok(()), |why| Err(refusal(why)))?;
    let chosen = run.chosen.iter().map(|task| ChosenTask { task: task.clone(), command: None });
    Ok(Wish { uri, phase, chosen: chosen.collect(), pods: run.wanted_pods() })
}
