//! `textDocument/documentHighlight`.

use draft_tasks_analysis::rename;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::position;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn document_highlight(
        &mut self,
        at: TextDocumentPositionParams,
    ) -> Option<Vec<DocumentHighlight>> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let context = session.context(document, &analysis);
        let found = rename::occurrences(&analysis.parsed, offset).into_iter();
        Some(found.map(|range| DocumentHighlight { range: context.range(range), kind: None }).collect())
    }
}
