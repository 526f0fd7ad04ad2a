//! A phase, offered to be exported.

use draft_tasks_analysis::TextRange;
use tower_lsp::gen_lsp_types::*;

use crate::export::ExportTarget;
use crate::lsp::commands::ExportPhase;
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::ext;
use crate::lsp::requests::run_command::command;
use crate::lsp::session::Session;

impl Session {
    /// On the header of a phase with tasks, where the client makes files.
    pub(super) fn export_action(
        &self,
        document: &Document,
        analysis: &Analysed,
        range: TextRange,
    ) -> Option<CodeActionResponse> {
        let file = &analysis.parsed.file;
        let section = file.section_at(range.start())?;
        let phase = section.phase?;
        if !self.flags.makes_files() || section.tasks.is_empty() || file.task_at(range.start()).is_some() {
            return None;
        }
        let argument = ExportPhase {
            uri: document.uri.clone(),
            phase: phase.name().into(),
            target: ExportTarget::Sh,
            image: None,
            env_from: Vec::new(),
        };
        Some(self.command_action(ext::EXPORT_KIND, command(format!("Export {phase} as script"), &argument)))
    }
}
