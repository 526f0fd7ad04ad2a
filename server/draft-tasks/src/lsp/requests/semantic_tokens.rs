//! `textDocument/semanticTokens/full` and `/range`.

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::tokens;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::{position, to_proto};
use crate::lsp::session::Session;

impl Session {
    /// The tokens of a range, or of all.
    pub(crate) fn semantic_tokens(&mut self, uri: &Uri, range: Option<Range>) -> Option<SemanticTokens> {
        let (session, document, analysis) = self.opened(uri)?;
        let within = match range {
            Some(range) => position::text_range(&document.text, range, session.encoding),
            None => TextRange::up_to((analysis.parsed.text.len() as u32).into()),
        };
        let found = if session.flags.multiline_tokens {
            tokens::whole(&analysis.parsed, within)
        } else {
            tokens::tokens(&analysis.parsed, within)
        };
        let data = to_proto::semantic_tokens(session.context(document, &analysis), &found);
        Some(SemanticTokens { result_id: None, data })
    }
}
