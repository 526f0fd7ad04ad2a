//! Runs that `rerun` does not run again, and what does: who would run something else in their place hides what failed.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::OutcomeName;
use draft_tasks_executor::record::schema::RunResult;
use draft_tasks_executor::record::{Event, RecordState, StoredRun};

use super::Earlier;
use crate::lifecycle::Part;

/// What to do about a run between phases that did not pass, as far as its record tells.
pub(super) fn unfinished_step(kept: &StoredRun) -> Option<String> {
    let is_failed = |result: &RunResult| result.outcome == OutcomeName::Failed;
    let how = match &kept.state {
        RecordState::Finished(result) if result.outcome == OutcomeName::Passed => return None,
        RecordState::Running => return None,
        RecordState::Finished(result) if is_failed(result) => "what failed last is",
        RecordState::Finished(_) => "what was stopped last is",
        RecordState::Interrupted => "what was interrupted last is",
        RecordState::Unreadable(_) => "what ran last, and whose record cannot be read, is",
    };
    let is = |step: Subject| match kept.phase() {
        Some(phase) => phase == step.name(),
        None => kept.id.contains(&format!("-{}-", step.name())),
    };
    let steps = [
        (Subject::Deploy, Part::Up),
        (Subject::PodsReady, Part::Up),
        (Subject::Delete, Part::Delete),
        (Subject::PodsGone, Part::Delete),
    ];
    let (step, part) = steps.into_iter().find(|(step, _)| is(*step))?;
    Some(format!(
        "run {}: {how} the step `{}` of `draft-tasks {}`, which does not run again alone: give that command again",
        kept.id,
        step.name(),
        part.name()
    ))
}

/// A run of a phase in which no task ran.
pub(super) struct IdleRun {
    id: String,
    phase: String,
    /// What it was a step of.
    whole: Option<String>,
    how: Idleness,
}

/// Why no task ran.
enum Idleness {
    /// None could.
    Blocked(Option<String>),
    Interrupted,
    Stopped,
}

/// What a record tells of such a run, if it was one and is over.
pub(super) fn idle(kept: &StoredRun, earlier: &Earlier) -> Option<IdleRun> {
    let how = match &kept.state {
        _ if earlier.may_have_run() => return None,
        RecordState::Finished(result) if result.outcome == OutcomeName::Failed => {
            Idleness::Blocked(result.problem.clone())
        }
        RecordState::Finished(result) if result.outcome != OutcomeName::Passed => Idleness::Stopped,
        RecordState::Interrupted => Idleness::Interrupted,
        RecordState::Finished(_) | RecordState::Running | RecordState::Unreadable(_) => return None,
    };
    let whole = kept.part_of().map(|whole| whole.name.clone());
    Some(IdleRun { id: kept.id.clone(), phase: earlier.phase.clone(), whole, how })
}

impl IdleRun {
    /// Whether what was found behind it must not run in its place. What was to run again in pods that are gone is what ran
    /// in them, and who stopped it wants none of it; of an `up` or `delete` that was stopped something else would go on.
    pub(super) fn hides(&self, found: Option<&StoredRun>) -> bool {
        let is_like = |other: &StoredRun| Earlier::read(other).is_some_and(|other| other.phase == self.phase);
        let is_wanted = self.whole.is_some() || !matches!(self.how, Idleness::Stopped);
        found.is_none_or(|found| is_wanted && !is_like(found))
    }

    pub(super) fn describe(&self) -> String {
        let IdleRun { id, phase, .. } = self;
        let whole = self.whole.as_ref().map(|whole| format!(" of `draft-tasks {whole}`")).unwrap_or_default();
        let what = match &self.how {
            Idleness::Blocked(why) => {
                let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                format!("in `{phase}`{whole}, which is what failed last, no task ran{why}")
            }
            Idleness::Interrupted => format!("`{phase}`{whole} was interrupted before a task ran"),
            Idleness::Stopped => format!("`{phase}`{whole} was stopped before a task ran"),
        };
        format!(
            "run {id}: {what}\n  `draft-tasks run {phase}` runs it, `draft-tasks rerun RUN` an earlier run"
        )
    }
}

/// Whether a record does not tell what ran, where that may have been tasks of a phase: what ran before it must not run in its
/// place.
pub(super) fn tells_nothing(kept: &StoredRun, phase: Option<Phase>) -> bool {
    let is_of = |of: Phase| match kept.phase() {
        Some(phase) => phase == of.name(),
        None => kept.id.contains(&format!("-{of}-")),
    };
    let may_be = phase.map_or_else(|| Phase::ALL.iter().any(|of| is_of(*of)), is_of);
    kept.began.is_none() && kept.state != RecordState::Running && may_be
}

/// Why a run of no phase does not run again, and what does.
pub(super) fn no_phase(kept: &StoredRun) -> String {
    let id = &kept.id;
    let instead = format!(
        "`draft-tasks run PHASE` runs a phase, `draft-tasks rerun RUN` an earlier run again, `draft-tasks runs rm {id}` removes \
         this one"
    );
    match (&kept.state, &kept.began) {
        (RecordState::Unreadable(why), _) => {
            format!("the record of run {id} cannot be read: {why}\n  {instead}")
        }
        (_, Some(Event::RunStarted { phase, .. })) => format!(
            "run {id} is the step `{phase}` of `draft-tasks up` or `delete`, which does not run again alone: give that command again, or the run of a phase"
        ),
        _ => format!("the record of run {id} is incomplete and does not tell what it ran\n  {instead}"),
    }
}
