//! `textDocument/documentSymbol`.

use draft_tasks_analysis::symbols;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn document_symbol(&mut self, uri: &Uri) -> Option<DocumentSymbolResponse> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        let outline = symbols::symbols(&analysis.parsed);
        Some(if session.flags.symbol_tree {
            DocumentSymbolResponse::DocumentSymbolList(
                outline.into_iter().map(|symbol| to_proto::document_symbol(context, symbol)).collect(),
            )
        } else {
            DocumentSymbolResponse::SymbolInformationList(to_proto::flat_symbols(context, outline))
        })
    }
}
