//! Why tasks of a file cannot run, in the words of `check` where it knows.
//!
//! Must not say that there are no tasks where a finding says what became of them.

use draft_tasks_analysis::diagnostic::{Diagnostic, Severity};
use draft_tasks_analysis::phase::Phase;
use draft_tasks_analysis::plan::{Plan, PlanError};
use draft_tasks_analysis::printable::printable;
use draft_tasks_analysis::task_file::Section;
use draft_tasks_analysis::{Analysis, Parsed, TextRange};

use crate::settings::audience::{SHOWS_ALL, describe_run};

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlanRefusal {
    /// The offending characters, where they are known.
    pub(crate) range: Option<TextRange>,
    /// In lower case without a full stop.
    pub(crate) message: String,
    /// What to do on the command line.
    pub(crate) help: Option<String>,
}

impl PlanRefusal {
    pub(crate) fn of(error: &PlanError, analysis: &Analysis) -> PlanRefusal {
        if let Some(section) = meant(error, &analysis.parsed) {
            let written = format!("[{}]", section.name(&analysis.parsed.text));
            let message = format!("{}; `{}` is probably meant", error.describe(), printable(&written));
            return PlanRefusal {
                range: Some(section.name.range),
                message,
                help: Some(SHOWS_ALL.to_owned()),
            };
        }
        if let Some(Diagnostic { range, message, code, .. }) = behind(error, analysis) {
            return PlanRefusal {
                range: Some(*range),
                message: format!("{} [{}]", printable(message), code.name()),
                help: Some(SHOWS_ALL.to_owned()),
            };
        }
        let range = if let PlanError::Invalid { range, .. } = error { Some(*range) } else { None };
        PlanRefusal { range, message: error.describe(), help: instead(error) }
    }
}

/// The command that runs what a word very likely means: a task that was given as a phase, or a phase as a task.
fn instead(error: &PlanError) -> Option<String> {
    match error {
        PlanError::UnknownPhase { name, meant: None, tasked, .. } => {
            let lines = tasked.iter().map(|phase| format!("{} runs it", describe_run(*phase, Some(name))));
            Some(lines.collect::<Vec<_>>().join("\n  ")).filter(|lines| !lines.is_empty())
        }
        PlanError::UnknownTask { name, .. } => {
            let phase = Phase::from_name_in_any_case(name)?;
            Some(format!("one phase runs at a time: {} runs that one", describe_run(phase, None)))
        }
        _ => None,
    }
}

/// Nothing where a phase has no tasks, or the chosen Draft ignores it: then it is left out of what it would be a part of.
///
/// # Errors
///
/// When it cannot be run.
pub(crate) fn plan_if_any(
    parsed: &Parsed,
    phase: Phase,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Plan>, PlanError> {
    match Plan::for_phase(parsed, phase, &[], lookup) {
        Err(error) if has_nothing_to_run(&error) => Ok(None),
        plan => plan.map(Some),
    }
}

fn has_nothing_to_run(error: &PlanError) -> bool {
    matches!(error, PlanError::NoTasks { .. } | PlanError::Ignored { .. })
}

/// How many tasks of a phase would run; none where the file has none.
///
/// # Errors
///
/// Why they cannot.
pub(crate) fn runnable(
    analysis: &Analysis,
    phase: Phase,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<usize, PlanRefusal> {
    match Plan::for_phase(&analysis.parsed, phase, &[], lookup) {
        Ok(plan) => Ok(plan.steps.len()),
        Err(error)
            if has_nothing_to_run(&error)
                && meant(&error, &analysis.parsed).is_none()
                && behind(&error, analysis).is_none() =>
        {
            Ok(0)
        }
        Err(error) => Err(PlanRefusal::of(&error, analysis)),
    }
}

/// A table that is no phase and whose name means the one that has no tasks.
fn meant<'a>(error: &PlanError, parsed: &'a Parsed) -> Option<&'a Section> {
    let PlanError::NoTasks { phase, .. } = error else { return None };
    let mut unknown = parsed.file.sections.iter().filter(|section| section.phase.is_none());
    unknown.find(|section| parsed.phase_meant(section) == Some(*phase))
}

/// The finding that tells why there is no task.
fn behind<'a>(error: &PlanError, analysis: &'a Analysis) -> Option<&'a Diagnostic> {
    let (phase, present) = match error {
        PlanError::NoTasks { phase, present } => (Some(*phase), present),
        PlanError::UnknownPhase { present, meant: None, .. } => (None, present),
        _ => return None,
    };
    let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
    let of_phase = phase.and_then(|phase| analysis.severe_of_phase(phase, &[]).find(is_error));
    let mut all = analysis.diagnostics.iter().filter(|found| found.severity <= Severity::Warning);
    of_phase.or_else(|| present.is_empty().then(|| all.next()).flatten())
}
