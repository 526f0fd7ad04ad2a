//! `textDocument/references`: where a task, a variable, a script or a target is named in the file.

use draft_tasks_analysis::{links, rename};
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::position;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn references(&mut self, at: TextDocumentPositionParams) -> Option<Vec<Location>> {
        let uri = at.text_document.uri;
        let (session, document, analysis) = self.opened(&uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let context = session.context(document, &analysis);
        let mut found = rename::occurrences(&analysis.parsed, offset);
        if found.is_empty() {
            found = links::same_target(&analysis.parsed, offset);
        }
        let location = |range| Location { uri: uri.clone(), range: context.range(range) };
        Some(found.into_iter().map(location).collect())
    }
}
