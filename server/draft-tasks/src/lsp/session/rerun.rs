//! What ran before, run again or forgotten.
//!
//! Must not run a failed task whose command has changed since: nobody saw the new one fail.

use std::collections::HashSet;
use std::path::PathBuf;

use draft_tasks_analysis::plan::{self, Subject};
use draft_tasks_executor::RunSummary;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc::Error;

use super::Session;
use super::reading::Source;
use super::running::{Chosen, Wish, refusal};
use crate::again::{self, EarlierPods, WantedPods};
use crate::interrupted::Notice;
use crate::lsp::commands::{Clear, Rerun, RerunFailed};
use crate::lsp::documents::document::path_of;
use crate::lsp::runs::results::PastRun;
use crate::lsp::runs::{Runs, Unfinished};

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
            let chosen = run.chosen.iter().map(|task| Chosen { task: task.clone(), command: None });
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

    /// The tasks that failed when they last ran and those that did not run because of it; in pods each where it has not
    /// passed.
    pub(crate) fn wish_of_failed(&self, wanted: &RerunFailed, source: &Source) -> Result<Wish, Error> {
        let uri = &wanted.uri;
        let phase = match &wanted.phase {
            Some(name) => {
                Some(plan::phase_named(&source.analysis, name).map_err(|error| refusal(error.describe()))?)
            }
            None => self.runs.failures.last_phase(uri).and_then(Subject::phase),
        };
        let Some(phase) = phase.filter(|phase| self.runs.failures.any(uri, *phase)) else {
            return Err(refusal("no task failed when it last ran"));
        };
        let mut failed = self.runs.failures.unfinished(uri, phase, &source.analysis);
        // What did not run waits for what failed.
        if !failed.iter().any(|it| it.failed) {
            return Err(refusal(
                "the tasks that failed have changed since then; run them to run the new ones",
            ));
        }
        failed.retain(Unfinished::can_run_again);
        if failed.is_empty() {
            return Err(refusal(again::all_gone(phase.name())));
        }
        let pods = pods_of(&failed)?;
        let chosen = failed.into_iter().map(|it| Chosen { task: it.task, command: Some(it.command) });
        Ok(Wish { uri: uri.clone(), phase: phase.name().into(), chosen: chosen.collect(), pods })
    }

    /// A run of a server or command line that was killed.
    pub(crate) fn was_interrupted(&self, notice: Notice) {
        if notice.is_running {
            self.show(MessageType::Warning, notice.message)
        } else {
            self.log(notice.message)
        }
    }

    /// Forgets how the tasks of a file ended, or all.
    pub(crate) fn clear(&mut self, wanted: &Clear) {
        let uri = wanted.uri.as_ref();
        self.runs.results.clear(uri);
        self.runs.failures.clear(uri);
        let reported = self.runs.problems.clear(uri);
        self.publish_problems(reported);
        let open = self.documents.keys().filter(|open| uri.is_none_or(|uri| uri == *open));
        for uri in open.cloned().collect::<Vec<_>>() {
            self.publish_unless_stale(&uri);
        }
        self.refresh_lenses();
        self.refresh_result_hints();
    }

    /// Forgets what ran in folders that the client has closed.
    pub(crate) fn did_change_folders(&mut self, removed: &[WorkspaceFolder]) {
        let folders: Vec<PathBuf> = removed.iter().filter_map(|folder| path_of(&folder.uri)).collect();
        let Runs { failures, results, problems, .. } = &self.runs;
        let known = failures.tasks_files().chain(results.tasks_files()).chain(problems.tasks_files());
        let is_closed = |uri: &&Uri| {
            path_of(uri).is_some_and(|file| folders.iter().any(|folder| file.starts_with(folder)))
        };
        let closed: HashSet<Uri> = known.filter(is_closed).cloned().collect();
        for uri in closed {
            self.clear(&Clear { uri: Some(uri) });
        }
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
    let of_tasks = tasks.iter().filter_map(|it| Some((it.task.clone(), it.left.as_ref()?.pods.clone())));
    Ok(WantedPods::Earlier(EarlierPods { cluster, pods: again::by_pod(of_tasks) }))
}
