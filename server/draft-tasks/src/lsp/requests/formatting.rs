//! `textDocument/formatting`.

use draft_tasks_analysis::format;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn formatting(&mut self, uri: &Uri) -> Option<Vec<TextEdit>> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        let edits = format::format(&analysis.parsed)?;
        Some(edits.iter().map(|edit| to_proto::text_edit(context, edit)).collect())
    }
}
