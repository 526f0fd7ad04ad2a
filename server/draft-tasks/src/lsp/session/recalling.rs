//! How tasks ended before this server started, from the records of runs, also of those of the command line.
//!
//! Must not show how another command ended than the one that a task has now.

use std::path::PathBuf;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Plan;
use draft_tasks_executor::record::schema::{PlannedTask, RunResult};
use draft_tasks_executor::record::{Event, RecordState, Records, StoredRun};
use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::lsp::runs::results::{PastRun, TaskResult};
use crate::source::FileKind;

/// Where the records of a file are to be read.
pub(crate) struct RecordsOfFile {
    records: Records,
    file: PathBuf,
}

impl RecordsOfFile {
    /// Reads them, oldest first; what cannot be read tells nothing.
    pub(crate) fn read(&self) -> Vec<StoredRun> {
        let mut kept = self.records.of_file(&self.file).unwrap_or_default();
        kept.reverse();
        kept
    }
}

impl Session {
    /// The records to be read of a file of which nothing is known, once.
    pub(crate) fn records_to_recall(&mut self, uri: &Uri) -> Option<RecordsOfFile> {
        let document = self.documents.get(uri).filter(|document| document.kind == FileKind::Tasks)?;
        let (file, records) = (document.path.clone()?, self.records()?);
        let is_first = self.recalled.insert(uri.clone());
        (is_first && !self.runs.results.knows(uri)).then_some(RecordsOfFile { records, file })
    }

    /// Takes what records tell of a file.
    pub(crate) fn recall(&mut self, uri: &Uri, kept: &[StoredRun]) {
        // Something may have run meanwhile.
        if kept.is_empty()
            || self.runs.results.knows(uri)
            || self.runs.active.iter().any(|run| run.uri == *uri)
        {
            return;
        }
        let Some((session, document, analysis)) = self.opened(uri) else { return };
        let environment = session.environment_to_show(document);
        let lookup = |name: &str| environment.shown(name);
        for kept in kept {
            let RecordState::Finished(result) = &kept.state else { continue };
            let Some(phase) = Phase::from_name(&result.phase) else { continue };
            self.recall_tasks(uri, phase, (kept, result), &analysis.parsed, &lookup);
            // Of a run inside of pods it is not known in which of them it could run again.
            let run = PastRun::recalled(uri, phase, kept, result).filter(|_| phase.is_local());
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
            plan.steps.iter().find(|step| step.task == planned.name && step.argv == planned.argv)
        };
        for (planned, task) in planned.iter().zip(&result.tasks) {
            let (Some(step), Some(at)) = (ran_as_now(planned), kept.at()) else { continue };
            if let Some(result) = TaskResult::recalled(&step.command, task, at) {
                self.runs.results.recall(uri, phase, &step.task, result);
            }
            if phase.is_local() {
                self.runs.failures.recall(uri, phase.into(), (&step.task, &step.command), task);
            }
        }
    }
}
