//! How tasks ended before this server started, from the records of runs, also of those of the command line.
//!
//! Must not show how another command ended than the one that a task has now.

use std::path::PathBuf;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::plan::{Plan, Step, Subject};
use draft_tasks_executor::record::schema::PlannedTask;
use draft_tasks_executor::record::{Event, LeftJob, Records, StoredRun, left_jobs};
use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::again::earlier::EarlierRun;
use crate::job;
use crate::lsp::runs::results::{PastRun, RecalledRun, TaskResult};
use crate::reach::EarlierPods;
use crate::source::FileKind;

/// Where the records of a file are to be read.
pub(crate) struct RecallRequest {
    records: Records,
    file: PathBuf,
    is_first: bool,
}

/// What records tell of a file.
pub(crate) struct Recollection {
    left: Vec<LeftJob>,
    /// The runs, the first time that they are read, newest first.
    runs: Vec<RecalledRun>,
}

impl RecallRequest {
    /// Reads them; a folder that cannot be read tells nothing.
    pub(crate) fn read(&self) -> Recollection {
        let kept = self.records.of_file(&self.file).unwrap_or_default();
        let runs = kept.iter().filter(|_| self.is_first).filter_map(RecalledRun::of);
        Recollection { runs: runs.collect(), left: left_jobs(&kept) }
    }
}

impl Session {
    /// The records to be read of a file, once at a time.
    pub(crate) fn records_to_recall(&mut self, uri: &Uri) -> Option<RecallRequest> {
        let document = self.documents.get(uri).filter(|document| document.kind == FileKind::Tasks)?;
        let (file, records) = (document.path.clone()?, self.records()?);
        let is_first = !self.recalled.contains(uri);
        self.recalling.insert(uri.clone()).then_some(RecallRequest { records, file, is_first })
    }

    /// Takes what records tell of a file: each time which Jobs may go on, and how tasks ended where nothing is known of that.
    pub(crate) fn recall(&mut self, uri: &Uri, read: Recollection) {
        self.recalling.remove(uri);
        self.take_left_jobs(uri, read.left);
        let is_first = self.recalled.insert(uri.clone());
        // Something may have run meanwhile.
        if !is_first
            || read.runs.is_empty()
            || self.runs.results.knows(uri)
            || self.runs.active.iter().any(|run| run.uri == *uri)
        {
            return;
        }
        let Some((session, document, analysis)) = self.opened(uri) else { return };
        let environment = session.environment_to_show(document);
        let lookup = |name: &str| environment.shown(name);
        for record in read.runs.iter().rev() {
            self.recall_tasks(uri, record, &analysis.parsed, &lookup);
            PastRun::recalled(uri, record).into_iter().for_each(|run| self.runs.results.over(run));
        }
        self.publish_unless_stale(uri);
        self.refresh_lenses();
        self.refresh_result_hints();
    }

    fn recall_tasks(
        &mut self,
        uri: &Uri,
        record: &RecalledRun,
        parsed: &Parsed,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) {
        let RecalledRun { kept, result: Some(result), earlier, .. } = record else { return };
        // What of a Job nobody saw end is not interrupted.
        let is_job = kept.job().is_some();
        if is_job && kept.result().is_none() {
            return;
        }
        let phase = Subject::from_name(&result.phase).and_then(Subject::phase);
        let (Some(Event::RunStarted { tasks: planned, .. }), Some(phase)) = (&kept.began, phase) else {
            return;
        };
        let Ok(plan) = Plan::for_phase(parsed, phase, &[], lookup) else { return };
        let ran_as_now = |planned: &PlannedTask| {
            let is_same = |step: &Step| {
                if is_job { job::is_same(&planned.argv, step, lookup) } else { step.argv == planned.argv }
            };
            plan.steps.iter().find(|step| step.task == planned.name && is_same(step))
        };
        for (index, (planned, task)) in planned.iter().zip(&result.tasks).enumerate() {
            let (Some(step), Some(at)) = (ran_as_now(planned), kept.at()) else { continue };
            if let Some(result) = TaskResult::recalled(&step.command, task, at, kept) {
                self.runs.results.recall(uri, phase, &step.task, result);
            }
            let Some(left) = left_in(kept, earlier.as_ref(), index) else { continue };
            self.runs.failures.recall(uri, phase.into(), (&step.task, &step.command), (task, left));
        }
    }
}

/// Where a task has not passed: on this machine in no pod, as a Job in that of another one. Nothing where that is not known.
fn left_in(kept: &StoredRun, earlier: Option<&EarlierRun>, task: usize) -> Option<Option<EarlierPods>> {
    if kept.cluster().is_none() {
        return Some(None);
    }
    let earlier = earlier.filter(|earlier| !earlier.is_end_unseen)?;
    Some(earlier.with_place(earlier.left(task)))
}
