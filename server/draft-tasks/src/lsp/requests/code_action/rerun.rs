//! Failed tasks, offered to be run again.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::phase::Phase;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::commands::RerunFailed;
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::requests::run_command::command;
use crate::lsp::runs::failures::Unfinished;
use crate::lsp::session::Session;

impl Session {
    /// Where tasks of the phase failed, they can be run alone.
    pub(super) fn rerun_failed_action(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Option<CodeActionResponse> {
        let phase = phase_at(analysis, range)?;
        let (uri, failures) = (&document.uri, &self.runs.failures);
        let unfinished = || failures.unfinished(uri, phase, &analysis.parsed);
        if self.runs.running(uri, phase).is_some()
            || !failures.any(uri, phase)
            || !unfinished().iter().any(Unfinished::can_run_again)
        {
            return None;
        }
        let argument = RerunFailed { uri: document.uri.clone(), phase: Some(phase.name().into()) };
        let title = format!("Run {phase}, failed tasks only");
        Some(self.command_action(ext::RUN_KIND, command(title, &argument)))
    }
}

/// The phase in which a place is.
pub(super) fn phase_at(analysis: &Analysed, range: TextRange) -> Option<Phase> {
    analysis.parsed.file.section_at(range.start())?.phase
}
