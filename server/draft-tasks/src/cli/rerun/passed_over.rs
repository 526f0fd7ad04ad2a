//! Runs that `rerun` does not run again, and what does: who would run something else in their place hides what failed.

use draft_tasks_analysis::plan::Subject;
use draft_tasks_executor::OutcomeName;
use draft_tasks_executor::record::{Event, StoredRun};

use super::Earlier;

/// What to do about a run between phases that failed.
pub(super) fn failed_step(kept: &StoredRun) -> Option<String> {
    let result = kept.result().filter(|result| result.outcome == OutcomeName::Failed)?;
    let is = |one: Subject, other: Subject| [one, other].iter().any(|step| step.name() == result.phase);
    let part = if is(Subject::Deploy, Subject::PodsReady) {
        "up"
    } else if is(Subject::Delete, Subject::PodsGone) {
        "delete"
    } else {
        return None;
    };
    Some(format!(
        "run {}: what failed last is the step `{}` of `draft-tasks {part}`, which does not run again alone: give that command again",
        kept.id, result.phase
    ))
}

/// A run of a phase in which no task could run.
pub(super) struct BlockedRun {
    id: String,
    phase: String,
    /// What it was a step of.
    whole: Option<String>,
    why: Option<String>,
}

/// What a record tells of such a run.
pub(super) fn blocked(kept: &StoredRun, earlier: &Earlier) -> Option<BlockedRun> {
    let result =
        kept.result().filter(|result| result.outcome == OutcomeName::Failed && !earlier.has_run())?;
    let whole = kept.part_of().map(|whole| whole.name.clone());
    Some(BlockedRun { id: kept.id.clone(), phase: earlier.phase.clone(), whole, why: result.problem.clone() })
}

impl BlockedRun {
    /// Whether another run was of the same phase.
    pub(super) fn is_like(&self, other: &StoredRun) -> bool {
        Earlier::read(other).is_some_and(|other| other.phase == self.phase)
    }

    pub(super) fn describe(&self) -> String {
        let BlockedRun { id, phase, .. } = self;
        let whole = self.whole.as_ref().map(|whole| format!(" of `draft-tasks {whole}`")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!(
            "run {id}: in `{phase}`{whole}, which is what failed last, no task ran{why}\n  `draft-tasks run {phase}` runs it, \
             `draft-tasks rerun RUN` an earlier run"
        )
    }
}

/// Why a run of no phase does not run again, and what does.
pub(super) fn no_phase(kept: &StoredRun) -> String {
    let id = &kept.id;
    match &kept.began {
        Some(Event::RunStarted { phase, .. }) => format!(
            "run {id} is the step `{phase}` of `draft-tasks up` or `delete`, which does not run again alone: give that command again, or the run of a phase"
        ),
        _ => {
            format!("the record of run {id} does not tell what it ran: `draft-tasks run PHASE` runs a phase")
        }
    }
}
