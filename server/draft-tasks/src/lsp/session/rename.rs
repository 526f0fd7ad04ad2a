//! Names and where they stand: renaming a task, where else a name is, and tasks of all open files.
//!
//! Must not change anything: a rename is an edit that the client makes.

use draft_tasks_analysis::rename;
use draft_tasks_analysis::symbols;
use tower_lsp::gen_lsp_types::*;
use tower_lsp::jsonrpc;

use super::Session;
use super::running::refusal;
use crate::lsp::protocol::position;
use crate::lsp::protocol::to_proto;

/// No user looks through more symbols than this.
const MOST_SYMBOLS: usize = 1000;

impl Session {
    pub(crate) fn prepare_rename(&mut self, at: TextDocumentPositionParams) -> Option<PrepareRenameResult> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let found = rename::renameable(&analysis, offset)?;
        let range = session.context(document, &analysis).range(found.range);
        let placeholder = PrepareRenamePlaceholder { range, placeholder: found.name };
        Some(PrepareRenameResult::PrepareRenamePlaceholder(placeholder))
    }

    pub(crate) fn rename(&mut self, params: RenameParams) -> jsonrpc::Result<Option<WorkspaceEdit>> {
        let at = params.text_document_position_params;
        let Some((session, document, analysis)) = self.opened(&at.text_document.uri) else { return Ok(None) };
        let offset = position::offset(&document.text, at.position, session.encoding);
        let edits = rename::rename(&analysis, offset, &params.new_name).map_err(refusal)?;
        Ok(Some(to_proto::workspace_edit(session.context(document, &analysis), &edits)))
    }

    pub(crate) fn document_highlight(
        &mut self,
        at: TextDocumentPositionParams,
    ) -> Option<Vec<DocumentHighlight>> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let context = session.context(document, &analysis);
        let found = rename::occurrences(&analysis, offset).into_iter();
        Some(found.map(|range| DocumentHighlight { range: context.range(range), kind: None }).collect())
    }

    /// The phases and tasks of all open files whose names fit.
    pub(crate) fn workspace_symbol(&mut self, query: &str) -> Vec<SymbolInformation> {
        let mut uris: Vec<Uri> = self.documents.keys().cloned().collect();
        uris.sort_by(|a, b| a.0.cmp(&b.0));
        let mut found = Vec::new();
        for uri in uris {
            let Some((session, document, analysis)) = self.opened(&uri) else { continue };
            let mut outline = symbols::symbols(&analysis);
            outline.retain_mut(|section| {
                section.children.retain(|task| symbols::matches(&task.name, query));
                !section.children.is_empty() || symbols::matches(&section.name, query)
            });
            let context = session.context(document, &analysis);
            let symbols = to_proto::flat_symbols(context, outline).into_iter();
            // A section is there for its tasks, and only found by its own name.
            found.extend(
                symbols.filter(|symbol| symbols::matches(&symbol.base_symbol_information.name, query)),
            );
            if found.len() >= MOST_SYMBOLS {
                found.truncate(MOST_SYMBOLS);
                break;
            }
        }
        found
    }
}
