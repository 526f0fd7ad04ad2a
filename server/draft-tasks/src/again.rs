//! Which earlier run is meant by what ran last, where that is to run again: one of a phase in which tasks ran. The command line
//! reads the runs from records, the server has them in mind.
//!
//! Must not mean an earlier run in the place of what failed: who would run something else hides it.

use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::Subject;

pub(crate) mod earlier;

/// What is known of a run.
#[derive(Clone, Debug)]
pub(crate) struct SeenRun {
    /// The name of its record.
    pub(crate) id: String,
    pub(crate) subject: Subject,
    /// The `up` or `delete` of which it was a step.
    pub(crate) whole: Option<String>,
    pub(crate) ending: Ending,
    /// Whether a task of it began, or may have.
    pub(crate) may_have_run: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It goes on.
    NotYet,
    Passed,
    /// It failed; of one in which no task could run, why.
    Failed(Option<String>),
    Stopped,
    Interrupted,
    /// Its record does not tell.
    Untold,
}

/// A run that must not be passed over, and does not run again: a step between phases, or a phase in which no task ran.
#[derive(Clone, Debug)]
pub(crate) struct Hindrance(pub(crate) SeenRun);

/// The last of runs that runs again, the newest of them first; where a phase is given, of its runs.
///
/// # Errors
///
/// What came after it, did not pass, and does not run again.
pub(crate) fn last<T>(
    runs: impl IntoIterator<Item = T>,
    phase: Option<Phase>,
    see: impl Fn(&T) -> Option<SeenRun>,
) -> Result<Option<T>, Hindrance> {
    let is_meant = |seen: &SeenRun| match phase {
        Some(phase) => seen.subject == phase.into(),
        None => seen.subject.phase().is_some(),
    };
    let (mut passed_over, mut found) = (Vec::new(), None);
    for (index, run) in runs.into_iter().enumerate() {
        let Some(seen) = see(&run) else { continue };
        if index == 0 && phase.is_none() && seen.is_unfinished_step() {
            return Err(Hindrance(seen));
        }
        if !is_meant(&seen) {
            continue;
        }
        if seen.may_have_run {
            found = Some((run, seen));
            break;
        }
        if seen.is_idle() {
            passed_over.push(seen);
        }
    }
    let behind = found.as_ref().map(|(_, seen)| seen);
    match passed_over.into_iter().find(|idle| idle.hides(behind)) {
        Some(idle) => Err(Hindrance(idle)),
        None => Ok(found.map(|(run, _)| run)),
    }
}

impl SeenRun {
    /// Whether it is a run between phases that did not pass.
    fn is_unfinished_step(&self) -> bool {
        self.subject.phase().is_none() && !matches!(self.ending, Ending::Passed | Ending::NotYet)
    }

    /// Whether it is over, did not pass, and no task of it ran.
    fn is_idle(&self) -> bool {
        matches!(self.ending, Ending::Failed(_) | Ending::Stopped | Ending::Interrupted)
    }

    /// Whether what was found behind it must not run in its place. What was to run again in pods that are gone is what ran
    /// in them, and who stopped it wants none of it; of an `up` or `delete` that was stopped something else would go on.
    fn hides(&self, found: Option<&SeenRun>) -> bool {
        let is_like = |other: &SeenRun| other.ending != Ending::Untold && other.subject == self.subject;
        let is_wanted = self.whole.is_some() || self.ending != Ending::Stopped;
        found.is_none_or(|found| is_wanted && !is_like(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, subject: impl Into<Subject>, ending: Ending, may_have_run: bool) -> SeenRun {
        SeenRun { id: id.into(), subject: subject.into(), whole: None, ending, may_have_run }
    }

    fn of_up(run: SeenRun) -> SeenRun {
        SeenRun { whole: Some("up".into()), ..run }
    }

    /// The run that is meant, or what an editor says.
    fn meant(runs: &[SeenRun], phase: Option<Phase>) -> String {
        match last(runs, phase, |run| Some((*run).clone())) {
            Ok(found) => found.map_or("none", |run| &run.id).to_owned(),
            Err(Hindrance(run)) => format!("not {}", run.id),
        }
    }

    #[test]
    fn a_step_that_did_not_pass_hides_the_phase_before_it() {
        let before = of_up(run("1", Phase::PreUp, Ending::Passed, true));
        let after = |subject, ending| meant(&[run("2", subject, ending, true), before.clone()], None);
        assert_eq!(after(Subject::Deploy, Ending::Failed(None)), "not 2");
        assert_eq!(after(Subject::PodsGone, Ending::Stopped), "not 2");
        assert_eq!(after(Subject::Deploy, Ending::Untold), "not 2");
        assert_eq!(after(Subject::Deploy, Ending::Passed), "1");
        let deploy = run("2", Subject::Deploy, Ending::Failed(None), true);
        assert_eq!(meant(&[deploy, before], Some(Phase::PreUp)), "1", "who names the phase means it");
    }

    #[test]
    fn a_phase_in_which_no_task_ran_hides_another_one() {
        let blocked = || run("2", Phase::PostDeploy, Ending::Failed(Some("no pods".into())), false);
        let pre_up = run("1", Phase::PreUp, Ending::Passed, true);
        assert_eq!(meant(&[blocked(), pre_up.clone()], None), "not 2");
        assert_eq!(meant(&[blocked()], Some(Phase::PostDeploy)), "not 2");
        let earlier = run("1", Phase::PostDeploy, Ending::Failed(None), true);
        assert_eq!(meant(&[blocked(), earlier], None), "1", "it was to run again");
        let stopped = run("2", Phase::PostDeploy, Ending::Stopped, false);
        assert_eq!(meant(&[stopped.clone(), pre_up.clone()], None), "1", "nobody wants it");
        assert_eq!(meant(&[of_up(stopped), pre_up], None), "not 2");
    }

    #[test]
    fn what_does_not_tell_how_it_ended_is_meant_and_nothing_behind_it() {
        let untold = run("2", Phase::PreUp, Ending::Untold, true);
        let pre_up = || run("1", Phase::PreUp, Ending::Passed, true);
        assert_eq!(meant(&[untold.clone(), pre_up()], None), "2");
        let blocked = run("3", Phase::PreUp, Ending::Interrupted, false);
        assert_eq!(meant(&[blocked, untold, pre_up()], None), "not 3");
        let going_on = run("2", Phase::PreUp, Ending::NotYet, false);
        assert_eq!(meant(&[going_on, pre_up()], None), "1");
        assert_eq!(meant(&[], None), "none");
    }
}
