//! `draft-tasks check --fix`: applies the fixes that need no decision.
//!
//! Must not write a file in which nothing was fixed, or what a link leads to that nobody named.

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_analysis::fix_all::fix_all;

use super::paths::Loaded;
use super::{replace, several};

/// What was fixed in a file.
pub(super) struct Fixed {
    /// What was found, and what was done about it.
    pub(super) done: Vec<(DiagnosticCode, String)>,
    /// The file as it is now.
    pub(super) analysis: Analysis,
}

/// Whether what can be fixed was.
pub(super) enum FixOutcome {
    /// There was nothing to fix.
    Nothing,
    Fixed(Box<Fixed>),
    /// It was met as a link, and is as it was.
    Kept,
}

/// Fixes a file, and tells what is left in it.
///
/// # Errors
///
/// When it cannot be written; then it is as it was.
pub(super) fn fix(file: &Loaded, analysis: &Analysis) -> Result<FixOutcome, String> {
    let outcome = preview(file, analysis);
    if let FixOutcome::Fixed(fixed) = &outcome {
        replace::replace(file, &fixed.analysis.parsed.text)?;
    }
    Ok(outcome)
}

/// What [`fix`] would do; writes nothing.
pub(super) fn preview(file: &Loaded, analysis: &Analysis) -> FixOutcome {
    let Some(fixed) = fix_all(analysis) else { return FixOutcome::Nothing };
    if file.is_link {
        several::tell_link(&file.path);
        return FixOutcome::Kept;
    }
    let done = fixed.fixed.into_iter().map(|(found, title)| (found.code, title)).collect();
    FixOutcome::Fixed(Box::new(Fixed { done, analysis: fixed.analysis }))
}
