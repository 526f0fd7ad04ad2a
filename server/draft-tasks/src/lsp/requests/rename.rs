//! `textDocument/rename` and `textDocument/prepareRename`.
//!
//! Must not change anything: a rename is an edit that the client makes.

use draft_tasks_analysis::rename;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc;

use crate::lsp::protocol::to_proto::refusal;
use crate::lsp::protocol::{position, to_proto};
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn prepare_rename(&mut self, at: TextDocumentPositionParams) -> Option<PrepareRenameResult> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let found = rename::renameable(&analysis.parsed, offset)?;
        let range = session.context(document, &analysis).range(found.range);
        let placeholder = PrepareRenamePlaceholder { range, placeholder: found.name };
        Some(PrepareRenameResult::PrepareRenamePlaceholder(placeholder))
    }

    pub(crate) fn rename(&mut self, params: RenameParams) -> jsonrpc::Result<Option<WorkspaceEdit>> {
        let at = params.text_document_position_params;
        let Some((session, document, analysis)) = self.opened(&at.text_document.uri) else { return Ok(None) };
        let offset = position::offset(&document.text, at.position, session.encoding);
        let edits = rename::rename(&analysis.parsed, offset, &params.new_name).map_err(refusal)?;
        Ok(Some(to_proto::workspace_edit(session.context(document, &analysis), &edits)))
    }
}
