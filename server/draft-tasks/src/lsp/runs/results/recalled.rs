//! How tasks ended and what ran before this server started, by records.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use draft_tasks_executor::record::schema::{self, FailureEntry, PodEntry, PodResult, RunResult};
use draft_tasks_executor::record::{RecordState, StoredRun};
use draft_tasks_executor::{OutcomeName, Pod, PodChoice, PodCounts, RunSummary};
use tower_lsp::gen_lsp_types::Uri;

use super::{INTERRUPTED, PastEnd, PastRun, PastTask, TaskResult};
use crate::again::earlier::{self, EarlierRun};
use crate::again::{Ending, SeenRun};
use crate::reach::Reach;
use crate::settings::audience::Audience;

/// A record that was read, of a run that does not go on but perhaps as a Job.
pub(crate) struct RecalledRun {
    pub(crate) kept: StoredRun,
    seen: SeenRun,
    /// Of a run in pods or as a Job.
    pub(crate) earlier: Option<EarlierRun>,
    /// How it ended; of one whose program was killed as far as it came.
    pub(crate) result: Option<RunResult>,
}

impl RecalledRun {
    /// Reads on; nothing where the run goes on, or it may be of anything.
    pub(crate) fn of(kept: &StoredRun) -> Option<RecalledRun> {
        let seen = earlier::seen(kept, false).filter(|seen| seen.ending != Ending::NotYet)?;
        Some(RecalledRun {
            seen,
            earlier: kept.cluster().and_then(|_| EarlierRun::read(kept)),
            result: kept.result().cloned().or_else(|| kept.interrupted_at()),
            kept: kept.clone(),
        })
    }
}

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
    /// A run that was over before this server started, or may go on as a Job, by its record.
    pub(crate) fn recalled(uri: &Uri, record: &RecalledRun) -> Option<PastRun> {
        let RecalledRun { kept, seen, earlier, result } = record;
        let is_untold = seen.ending == Ending::Untold;
        let end = result.as_ref().and_then(|result| PastEnd::recalled(kept, result));
        if end.is_none() && !is_untold {
            return None;
        }
        let reach = kept.cluster().map(|cluster| Reach {
            cluster: cluster.clone(),
            choice: PodChoice::Present(Vec::new()),
            once: earlier.as_ref().map(EarlierRun::once).unwrap_or_default(),
        });
        let tasks = result.iter().flat_map(|result| &result.tasks);
        Some(PastRun {
            uri: uri.clone(),
            seen: told_in_editors(seen),
            chosen: tasks.clone().map(|task| task.name.clone()).collect(),
            tasks: tasks.map(PastTask::recalled).collect(),
            untold: is_untold.then(|| why_untold(kept)),
            unknown_pods: kept.application().and_then(|_| why_unknown(earlier.as_ref())),
            is_end_unseen: kept.job().is_some() && !kept.has_seen_job_end(),
            reach,
            pods: earlier.iter().flat_map(|earlier| &earlier.pods).map(pod).collect(),
            record: Some(kept.folder.clone()),
            end,
        })
    }
}

impl PastEnd {
    fn recalled(kept: &StoredRun, result: &RunResult) -> Option<PastEnd> {
        let count = |outcome| result.tasks.iter().filter(|task| task.outcome == outcome).count();
        let summary = RunSummary {
            pods: counts_of_pods(result).filter(|_| kept.job().is_none()),
            passed: count(OutcomeName::Passed),
            failed: count(OutcomeName::Failed),
            stopped: count(OutcomeName::Stopped),
            skipped: count(OutcomeName::Skipped),
            blocked: result.problem.is_some(),
            job_left: result.job_left,
            duration: seconds(result.seconds),
        };
        Some(PastEnd { summary, at: kept.at()? + seconds(result.seconds) })
    }
}

fn told_in_editors(seen: &SeenRun) -> SeenRun {
    let ending = match &seen.ending {
        Ending::Failed(Some(why)) => Ending::Failed(Some(Audience::Editor.words(why))),
        other => other.clone(),
    };
    SeenRun { ending, ..seen.clone() }
}

fn why_untold(kept: &StoredRun) -> String {
    match &kept.state {
        RecordState::Unreadable(why) => format!("cannot be read ({why})"),
        _ => "is incomplete and does not tell what it ran".to_owned(),
    }
}

/// Why the pods of a run do not tell where it runs again.
fn why_unknown(earlier: Option<&EarlierRun>) -> Option<&'static str> {
    let pods = earlier.map_or(&[][..], |earlier| &earlier.pods);
    if pods.is_empty() {
        return Some("tells of no pod");
    }
    pods.iter().any(|pod| pod.uid.is_empty()).then_some("does not tell the identities of its pods")
}

fn pod(entry: &PodEntry) -> Pod {
    let PodEntry { name, container, build, image, uid, tasks } = entry.clone();
    Pod { name, container, build, image, uid, tasks }
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
