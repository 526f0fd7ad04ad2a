//! What the record of an earlier run tells of it: how it ended, what ran, where, and what of it has not passed.
//!
//! Must not say what runs again, nor take for passed, nor for failed, what nobody saw end.

use std::collections::HashMap;

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::record::schema::{
    ClusterEntry, FailureKind, GivenEntry, JobEntry, PlannedTask, PodEntry,
};
use draft_tasks_executor::record::{Event, RecordState, StoredRun};
use draft_tasks_executor::{EarlierPod, OutcomeName};

use super::{Ending, SeenRun};
use crate::reach::EarlierPods;

/// What a record tells of a run of a phase.
pub(crate) struct EarlierRun {
    pub(crate) id: String,
    pub(crate) phase: String,
    pub(crate) file: String,
    pub(crate) tasks: Vec<PlannedTask>,
    pub(crate) cluster: Option<ClusterEntry>,
    pub(crate) given: GivenEntry,
    pub(crate) pods: Vec<PodEntry>,
    /// The image of the tasks, where it made a Job.
    pub(crate) image: Option<String>,
    /// What became of each task that began or ended, by its index and that of its pod.
    pub(crate) ends: HashMap<(usize, Option<usize>), TaskEnd>,
    /// Whether it was a Job, and its record does not tell how that ended.
    pub(crate) is_end_unseen: bool,
    /// The tasks that had the terminal.
    pub(crate) lent: Vec<String>,
}

/// What became of a task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskEnd {
    Passed,
    /// It did not begin.
    Skipped,
    /// Its pod was deleted.
    PodGone,
    /// It failed or was stopped, or nobody saw its end.
    Unfinished,
}

impl EarlierRun {
    /// Reads a record; nothing where it is of no phase.
    pub(crate) fn read(kept: &StoredRun) -> Option<EarlierRun> {
        let Some(Event::RunStarted { id, phase, file, tasks, cluster, given, .. }) = kept.began.clone()
        else {
            return None;
        };
        let events = kept.events().ok()?;
        Phase::ALL.iter().find(|of| of.name() == phase)?;
        let lent = tasks.iter().filter(|_| given.tty).map(|task| task.name.clone()).collect();
        let mut earlier = EarlierRun {
            id,
            phase,
            file,
            tasks,
            cluster,
            given: *given,
            pods: Vec::new(),
            image: None,
            ends: HashMap::new(),
            is_end_unseen: false,
            lent,
        };
        events.for_each(|event| earlier.take(event));
        earlier.forget_pod_of_job();
        earlier.is_end_unseen = earlier.job().is_some() && !kept.has_seen_job_end();
        Some(earlier)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::PodsFound { pods, .. } => self.pods = pods,
            Event::TaskStarted { task, pod, .. } => drop(self.ends.insert((task, pod), TaskEnd::Unfinished)),
            Event::TaskFinished { task, pod, outcome, failure, .. } => {
                let is_gone = failure.is_some_and(|failure| failure.kind == FailureKind::PodGone);
                let end = match outcome {
                    OutcomeName::Passed => TaskEnd::Passed,
                    OutcomeName::Skipped => TaskEnd::Skipped,
                    _ if is_gone => TaskEnd::PodGone,
                    _ => TaskEnd::Unfinished,
                };
                self.ends.insert((task, pod), end);
            }
            _ => {}
        }
    }

    /// The Job that it was, if it was one.
    pub(crate) fn job(&self) -> Option<&JobEntry> {
        self.cluster.as_ref()?.job.as_deref()
    }

    /// A Job runs each task once, so the pod in which that was is no part of the result; its image is.
    fn forget_pod_of_job(&mut self) {
        if self.job().is_some() {
            let ends = std::mem::take(&mut self.ends);
            self.ends = ends.into_iter().map(|((task, _), end)| ((task, None), end)).collect();
            self.image = self.pods.drain(..).find_map(|pod| pod.image);
        }
    }

    /// Whether a task of it began, or may have: of a Job whose end nobody saw that is not known.
    pub(crate) fn may_have_run(&self) -> bool {
        self.is_end_unseen || self.ends.values().any(|end| *end != TaskEnd::Skipped)
    }

    /// The tasks that ran in one pod alone.
    pub(crate) fn once(&self) -> Vec<String> {
        self.tasks.iter().filter(|task| task.once).map(|task| task.name.clone()).collect()
    }

    /// The pods in which a task was to run.
    pub(crate) fn pods_of(&self, task: usize) -> Vec<EarlierPod> {
        self.pods.iter().filter(|pod| pod.tasks.contains(&task)).map(earlier_pod).collect()
    }

    /// The pods in which a task has not passed and that are not known to be gone; of one that runs once, also that one:
    /// what comes after it must not run without it.
    pub(crate) fn left(&self, task: usize) -> Vec<EarlierPod> {
        let is_once = self.tasks[task].once;
        let pods = self.pods.iter().enumerate().filter(|(index, pod)| {
            let is_over = match self.ends.get(&(task, Some(*index))) {
                Some(TaskEnd::Passed) => true,
                Some(TaskEnd::PodGone) => !is_once,
                _ => false,
            };
            pod.tasks.contains(&task) && !is_over
        });
        pods.map(|(_, pod)| earlier_pod(pod)).collect()
    }

    /// These of its pods, with where they were; nothing of a run on this machine.
    pub(crate) fn with_place(&self, pods: Vec<EarlierPod>) -> Option<EarlierPods> {
        Some(EarlierPods { cluster: self.cluster.clone()?, pods, once: self.once() })
    }
}

fn earlier_pod(pod: &PodEntry) -> EarlierPod {
    let PodEntry { name, uid, container, .. } = pod.clone();
    EarlierPod { name, uid, container, tasks: Vec::new() }
}

/// What a record tells of its run; nothing where it may be of anything. One whose end is `awaited` may still run tasks.
pub(crate) fn seen(kept: &StoredRun, awaited: bool) -> Option<SeenRun> {
    let subject = subject_of(kept)?;
    let is_phase = subject.phase().is_some();
    let is_untold = is_phase && kept.began.is_none() && kept.state != RecordState::Running;
    let earlier = if is_phase && !is_untold { Some(EarlierRun::read(kept)?) } else { None };
    let ending = match &kept.state {
        _ if is_untold => Ending::Untold,
        RecordState::Running => Ending::NotYet,
        RecordState::Interrupted => Ending::Interrupted,
        RecordState::Unreadable(_) => Ending::Untold,
        RecordState::Finished(result) => match result.outcome {
            OutcomeName::Passed => Ending::Passed,
            OutcomeName::Failed => Ending::Failed(result.problem.clone()),
            OutcomeName::Stopped | OutcomeName::Skipped => Ending::Stopped,
        },
    };
    let is_awaited = awaited && kept.state == RecordState::Running;
    Some(SeenRun {
        id: kept.id.clone(),
        subject,
        whole: kept.part_of().map(|whole| whole.name.clone()),
        ending,
        may_have_run: is_awaited || earlier.as_ref().is_none_or(EarlierRun::may_have_run),
    })
}

/// What a record is of, by its name where it does not tell.
fn subject_of(kept: &StoredRun) -> Option<Subject> {
    match kept.phase() {
        Some(name) => Subject::from_name(name),
        None => Subject::all().find(|subject| kept.id.contains(&format!("-{subject}-"))),
    }
}
