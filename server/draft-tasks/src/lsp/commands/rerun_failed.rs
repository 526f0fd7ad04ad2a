//! The tasks that have not passed, run again.
//!
//! Must not run a command that has changed since without a word.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{self, Subject};
use serde::{Deserialize, Serialize};
use tower_lsp::gen_lsp_types::{MessageType, Uri};
use tower_lsp::jsonrpc::Error;

use super::{Listed, Needs, ServerCommand};
use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::runs::failures::Unfinished;
use crate::lsp::session::{ChosenTask, Session, SharedSession, Source, Started, Wish, run_source, source};
use crate::reach::{self, EarlierPods, WantedPods};

/// Runs the tasks that failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RerunFailed {
    /// The tasks file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) uri: Uri,
    /// The phase's name; without it the phase in which a task failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
}

impl ServerCommand for RerunFailed {
    const NAME: &'static str = "draft-tasks.rerunFailed";
    const DOCUMENTATION: &'static str = "Runs the tasks that failed when they last ran, and those that did not run because of it; of commands that have changed \
        since then the new ones, which is said; in pods each task only where it has not passed; answers `{ \"run\": … }` at once.";
    const STARTS: bool = true;
    const LISTED: Option<Listed> = Some(Listed { title: "Run Failed Tasks Again", needs: Needs::TasksFile });

    type Answer = Started;

    async fn execute(self, session: &SharedSession) -> Result<Started, Error> {
        let source = source(session, &self.uri).await?;
        let wish = session.with(|session| session.wish_of_failed(&self, &source))?;
        run_source(session, source, wish).await
    }
}

impl Session {
    /// The tasks that failed when they last ran and those that did not run because of it; in pods each where it has not
    /// passed.
    fn wish_of_failed(&self, wanted: &RerunFailed, source: &Source) -> Result<Wish, Error> {
        let uri = &wanted.uri;
        let named = wanted.phase.as_deref().and_then(Phase::from_name);
        self.check_told(uri, named)?;
        let phase = match &wanted.phase {
            Some(name) => Some(
                plan::phase_named(&source.analysis.parsed, name).map_err(|error| source.refuse(&error))?,
            ),
            None => self.runs.failures.last_phase(uri).and_then(Subject::phase),
        };
        let Some(phase) = phase.filter(|phase| self.runs.failures.any(uri, *phase)) else {
            return Err(refusal("no task failed when it last ran"));
        };
        self.check_told(uri, Some(phase))?;
        let mut failed = self.runs.failures.unfinished(uri, phase, &source.analysis.parsed);
        // What did not run waits for what failed.
        if !failed.iter().any(|it| it.failed) {
            return Err(refusal("the tasks that failed are no longer in the file"));
        }
        failed.retain(Unfinished::can_run_again);
        if failed.is_empty() {
            return Err(refusal(reach::all_gone(phase.name())));
        }
        let pods = pods_of(&failed)?;
        let changed = failed.iter().filter(|it| it.is_changed).map(|it| it.task.as_str());
        if let Some(said) = reach::describe_changed(&changed.collect::<Vec<_>>()) {
            self.show(MessageType::Info, said);
        }
        let chosen = failed.into_iter().map(|it| ChosenTask { task: it.task, command: Some(it.command) });
        Ok(Wish { uri: uri.clone(), phase: phase.name().into(), chosen: chosen.collect(), pods })
    }

    /// Fails where what did not pass in the last run, of a phase where one is given, is hidden or not known.
    fn check_told(&self, uri: &Uri, phase: Option<Phase>) -> Result<(), Error> {
        let Some(last) = self.last_again(Some(uri), phase)? else { return Ok(()) };
        let unseen = self.runs.results.unseen_job(last).map(|job| {
            format!(
                "how the Job {} of {} ended was not seen, so what of it did not pass is not known: \"Attach to a Job\" tells it \
                 while the cluster has the Job, \"Run Phase as a Job\" makes another one of all tasks",
                job.name, last.seen.subject
            )
        });
        last.obstacle().or(unseen).map_or(Ok(()), |why| Err(refusal(why)))
    }
}

/// The pods in which tasks have not passed.
fn pods_of(tasks: &[Unfinished]) -> Result<WantedPods, Error> {
    let mut places = tasks.iter().filter_map(|task| Some(&task.left.as_ref()?.cluster));
    let Some(cluster) = places.next().cloned() else { return Ok(WantedPods::Present(Vec::new())) };
    if places.any(|other| *other != cluster) {
        return Err(refusal(
            "the tasks failed in pods of different places; run each of them where it failed",
        ));
    }
    if cluster.job.is_some() {
        return Ok(WantedPods::OfJob(Some(Box::new(cluster))));
    }
    let once = tasks.iter().filter_map(|it| it.left.as_ref()).flat_map(|left| left.once.clone()).collect();
    let of_tasks = tasks.iter().filter_map(|it| Some((it.task.clone(), it.left.as_ref()?.pods.clone())));
    Ok(WantedPods::Earlier(EarlierPods { cluster, pods: reach::by_pod(of_tasks), once }))
}
