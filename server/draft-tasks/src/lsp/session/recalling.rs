//! How tasks ended before this server started, from the records of runs, also of those of the command line.
//!
//! Must not show how another command ended than the one that a task has now.

use std::path::PathBuf;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, Step, Subject};
use draft_tasks_executor::record::schema::{PlannedTask, RunResult};
use draft_tasks_executor::record::{Event, Records, StoredRun, left_jobs};
use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::job;
use crate::lsp::runs::results::{PastRun, TaskResult};
use crate::source::FileKind;

/// Where the records of a file are to be read.
pub(crate) struct RecordsOfFile {
    records: Records,
    file: PathBuf,
}

impl RecordsOfFile {
    /// Reads them, newest first; what cannot be read tells nothing.
    pub(crate) fn read(&self) -> Vec<StoredRun> {
        self.records.of_file(&self.file).unwrap_or_default()
    }
}

impl Session {
    /// The records to be read of a file, once at a time.
    pub(crate) fn records_to_recall(&mut self, uri: &Uri) -> Option<RecordsOfFile> {
        let document = self.documents.get(uri).filter(|document| document.kind == FileKind::Tasks)?;
        let (file, records) = (document.path.clone()?, self.records()?);
        self.recalling.insert(uri.clone()).then_some(RecordsOfFile { records, file })
    }

    /// Takes what records tell of a file: each time which Jobs may go on, and how tasks ended where nothing is known of that.
    pub(crate) fn recall(&mut self, uri: &Uri, kept: &[StoredRun]) {
        self.recalling.remove(uri);
        self.take_left_jobs(uri, left_jobs(kept));
        let is_first = self.recalled.insert(uri.clone());
        // Something may have run meanwhile.
        if !is_first
            || kept.is_empty()
            || self.runs.results.knows(uri)
            || self.runs.active.iter().any(|run| run.uri == *uri)
        {
            return;
        }
        let Some((session, document, analysis)) = self.opened(uri) else { return };
        let environment = session.environment_to_show(document);
        let lookup = |name: &str| environment.shown(name);
        for kept in kept.iter().rev() {
            let interrupted = kept.interrupted_at().filter(|_| kept.job().is_none());
            let finished = kept.result().or(interrupted.as_ref());
            let Some(result) = finished else { continue };
            let Some(subject) = Subject::from_name(&result.phase) else { continue };
            if let Some(phase) = subject.phase() {
                self.recall_tasks(uri, phase, (kept, result), &analysis.parsed, &lookup);
            }
            let run = PastRun::recalled(uri, subject, kept, result);
            run.into_iter().for_each(|run| self.runs.results.over(run));
        }
        self.publish_unless_stale(uri);
        self.refresh_lenses();
        self.refresh_result_hints();
    }

    fn recall_tasks(
        &mut self,
        uri: &Uri,
        phase: Phase,
        (kept, result): (&StoredRun, &RunResult),
        parsed: &Parsed,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) {
        let Some(Event::RunStarted { tasks: planned, .. }) = &kept.began else { return };
        let Ok(plan) = Plan::for_phase(parsed, phase, &[], lookup) else { return };
        let ran_as_now = |planned: &PlannedTask| {
            let is_same = |step: &Step| match kept.job() {
                Some(_) => job::is_same(&planned.argv, step, lookup),
                None => step.argv == planned.argv,
            };
            plan.steps.iter().find(|step| step.task == planned.name && is_same(step))
        };
        for (planned, task) in planned.iter().zip(&result.tasks) {
            let (Some(step), Some(at)) = (ran_as_now(planned), kept.at()) else { continue };
            if let Some(result) = TaskResult::recalled(&step.command, task, at, kept) {
                self.runs.results.recall(uri, phase, &step.task, result);
            }
            if phase.is_local() && kept.job().is_none() {
                self.runs.failures.recall(uri, phase.into(), (&step.task, &step.command), task);
            }
        }
    }
}
