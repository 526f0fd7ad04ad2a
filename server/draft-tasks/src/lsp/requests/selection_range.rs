//! `textDocument/selectionRange`.

use draft_tasks_analysis::selection;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::{position, to_proto};
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn selection_range(&mut self, params: SelectionRangeParams) -> Option<Vec<SelectionRange>> {
        let (session, document, analysis) = self.opened(&params.text_document.uri)?;
        let context = session.context(document, &analysis);
        let ranges = params.positions.into_iter().map(|position| {
            let offset = position::offset(&document.text, position, session.encoding);
            to_proto::selection_range(context, &selection::enclosing(&analysis.parsed, offset), offset)
        });
        Some(ranges.collect())
    }
}
