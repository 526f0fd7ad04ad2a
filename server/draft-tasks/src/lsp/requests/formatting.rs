//! `textDocument/formatting` and `textDocument/rangeFormatting`.

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

    /// Only what stands on the lines of a range.
    pub(crate) fn range_formatting(&mut self, uri: &Uri, range: Range) -> Option<Vec<TextEdit>> {
        let mut edits = self.formatting(uri)?;
        // A selection of whole lines ends before the first letter of the next one.
        let ends_before = range.end.character == 0 && range.end.line > range.start.line;
        let last = if ends_before { range.end.line - 1 } else { range.end.line };
        edits.retain(|edit| range.start.line <= edit.range.start.line && edit.range.end.line <= last);
        Some(edits)
    }
}
