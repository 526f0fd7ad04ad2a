//! `draft-tasks check --fix`: applies the fixes that need no decision.
//!
//! Must not write a file in which nothing was fixed.

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_analysis::fix_all::fix_all;

use super::paths::Loaded;
use super::replace;

/// What was fixed in a file.
pub(super) struct Fixed {
    /// What was found, and what was done about it.
    pub(super) done: Vec<(DiagnosticCode, String)>,
    /// The file as it is now.
    pub(super) analysis: Analysis,
}

/// Fixes a file, and tells what is left in it; nothing when there was nothing to fix.
///
/// # Errors
///
/// When it cannot be written; then it is as it was.
pub(super) fn fix(file: &Loaded, analysis: &Analysis) -> Result<Option<Fixed>, String> {
    let Some(fixed) = fix_all(analysis) else { return Ok(None) };
    replace::replace(file, &fixed.analysis.parsed.text)?;
    let done = fixed.fixed.into_iter().map(|(found, title)| (found.code, title)).collect();
    Ok(Some(Fixed { done, analysis: fixed.analysis }))
}
