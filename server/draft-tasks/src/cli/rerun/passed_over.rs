//! Why what ran last does not run again, in the words of the command line.

use draft_tasks_executor::record::{Event, RecordState, StoredRun};

use crate::again::{Ending, Hindrance, SeenRun};
use crate::lifecycle::Part;

/// Why nothing runs again, and what does.
pub(super) fn describe(Hindrance(run): &Hindrance) -> String {
    match Part::with(run.subject) {
        Some(part) => describe_step(run, part),
        None => describe_idle(run),
    }
}

fn describe_step(run: &SeenRun, part: Part) -> String {
    let how = match run.ending {
        Ending::Stopped => "what was stopped last is",
        Ending::Interrupted => "what was interrupted last is",
        Ending::Untold => "what ran last, and whose record cannot be read, is",
        Ending::Failed(_) | Ending::Passed | Ending::NotYet => "what failed last is",
    };
    format!(
        "run {}: {how} the step `{}` of `draft-tasks {}`, which does not run again alone: give that command again",
        run.id,
        run.subject,
        part.name()
    )
}

fn describe_idle(run: &SeenRun) -> String {
    let SeenRun { id, subject: phase, whole, ending, .. } = run;
    let whole = whole.as_ref().map(|whole| format!(" of `draft-tasks {whole}`")).unwrap_or_default();
    let what = match ending {
        Ending::Interrupted => format!("`{phase}`{whole} was interrupted before a task ran"),
        Ending::Stopped => format!("`{phase}`{whole} was stopped before a task ran"),
        Ending::Failed(Some(why)) => {
            format!("in `{phase}`{whole}, which is what failed last, no task ran: {why}")
        }
        _ => format!("in `{phase}`{whole}, which is what failed last, no task ran"),
    };
    format!("run {id}: {what}\n  `draft-tasks run {phase}` runs it, `draft-tasks rerun RUN` an earlier run")
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
