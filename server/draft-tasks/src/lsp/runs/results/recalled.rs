//! How tasks ended and what ran before this server started, by records.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record::StoredRun;
use draft_tasks_executor::record::schema::{self, FailureEntry, PodResult, RunResult};
use draft_tasks_executor::{OutcomeName, PodChoice, PodCounts, RunSummary};
use tower_lsp::gen_lsp_types::Uri;

use super::{INTERRUPTED, PastRun, PastTask, TaskResult};
use crate::reach::Reach;
use crate::settings::audience::Audience;

impl TaskResult {
    /// How a task ended by a record, if it ran; `command` is what it has now.
    pub(crate) fn recalled(
        command: &str,
        task: &schema::TaskResult,
        at: SystemTime,
        kept: &StoredRun,
    ) -> Option<TaskResult> {
        let is_left = kept.job().is_some_and(|job| job.is_left(task.outcome, false));
        if task.outcome == OutcomeName::Skipped || is_left {
            return None;
        }
        let count = |outcome| task.pods.iter().filter(|pod| pod.outcome == outcome).count();
        let all = task.pods.len();
        let is_interrupted = task.outcome == OutcomeName::Stopped && kept.result().is_none();
        let pods = Some((count(OutcomeName::Passed), count(OutcomeName::Failed), all))
            .filter(|_| all > 0 && kept.job().is_none() && !is_interrupted);
        let failure = task.failure.as_ref().map(|failure| failure.message.clone());
        Some(TaskResult {
            command: command.to_owned(),
            outcome: task.outcome,
            failure: if is_interrupted { Some(INTERRUPTED.to_owned()) } else { failure },
            duration: seconds(task.seconds),
            at,
            last_line: None,
            pods,
        })
    }
}

impl PastRun {
    /// A run that was over before this server started, by its record.
    pub(crate) fn recalled(
        uri: &Uri,
        subject: Subject,
        kept: &StoredRun,
        result: &RunResult,
    ) -> Option<PastRun> {
        let count = |outcome| result.tasks.iter().filter(|task| task.outcome == outcome).count();
        let is_job = kept.job().is_some();
        let summary = RunSummary {
            pods: counts_of_pods(result).filter(|_| !is_job),
            passed: count(OutcomeName::Passed),
            failed: count(OutcomeName::Failed),
            stopped: count(OutcomeName::Stopped),
            skipped: count(OutcomeName::Skipped),
            blocked: result.problem.is_some(),
            job_left: result.job_left,
            duration: seconds(result.seconds),
        };
        let has_begun = result.tasks.iter().any(|task| task.outcome != OutcomeName::Skipped);
        let reach = kept.cluster().map(|cluster| Reach {
            cluster: cluster.clone(),
            choice: PodChoice::Present(Vec::new()),
            once: Vec::new(),
        });
        Some(PastRun {
            id: kept.id.clone(),
            uri: uri.clone(),
            subject,
            whole: kept.part_of().map(|whole| whole.name.clone()),
            chosen: result.tasks.iter().map(|task| task.name.clone()).collect(),
            tasks: result.tasks.iter().map(PastTask::recalled).collect(),
            may_have_run: has_begun || is_job && !kept.has_seen_job_end(),
            problem: result.problem.as_deref().map(|problem| Audience::Editor.words(problem)),
            has_unknown_pods: reach.is_some() && !is_job,
            reach,
            pods: Vec::new(),
            record: Some(kept.folder.clone()),
            summary,
            is_interrupted: kept.result().is_none(),
            at: kept.at()? + seconds(result.seconds),
        })
    }
}

/// The pods in which tasks ran; nothing where they ran in none.
fn counts_of_pods(result: &RunResult) -> Option<PodCounts> {
    let all: BTreeSet<&str> = in_each_pod(result).map(|pod| pod.pod.as_str()).collect();
    let has_passed = |name: &&&str| {
        let mut of_pod = in_each_pod(result).filter(|pod| pod.pod == **name);
        of_pod.all(|pod| pod.outcome == OutcomeName::Passed)
    };
    let counts = PodCounts { passed: all.iter().filter(has_passed).count(), all: all.len() };
    (counts.all > 0).then_some(counts)
}

fn in_each_pod(result: &RunResult) -> impl Iterator<Item = &PodResult> {
    result.tasks.iter().flat_map(|task| &task.pods)
}

impl PastTask {
    fn recalled(task: &schema::TaskResult) -> PastTask {
        let failed = task.pods.iter().find(|pod| pod.outcome == OutcomeName::Failed);
        let telling = failed.or_else(|| task.pods.iter().find(|pod| pod.outcome != OutcomeName::Skipped));
        PastTask {
            name: task.name.clone(),
            started: task.log.is_some() || telling.is_some(),
            failure: task.failure.as_ref().map(FailureEntry::describe),
            pod: telling.map(|pod| pod.pod.clone()),
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
