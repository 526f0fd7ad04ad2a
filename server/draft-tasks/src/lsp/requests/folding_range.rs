//! `textDocument/foldingRange`.

use draft_tasks_analysis::folding;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto;
use crate::lsp::session::Session;

impl Session {
    pub(crate) fn folding_range(&mut self, uri: &Uri) -> Option<Vec<FoldingRange>> {
        let (session, document, analysis) = self.opened(uri)?;
        let context = session.context(document, &analysis);
        Some(
            folding::folds(&analysis.parsed)
                .into_iter()
                .map(|fold| to_proto::folding_range(context, fold))
                .collect(),
        )
    }
}
