//! `workspace/symbol`.

use draft_tasks_analysis::symbols;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto;
use crate::lsp::session::Session;

/// No user looks through more symbols than this.
const MOST_SYMBOLS: usize = 1000;

impl Session {
    /// The phases and tasks of all open files whose names fit.
    pub(crate) fn workspace_symbol(&mut self, query: &str) -> Vec<SymbolInformation> {
        let mut uris: Vec<Uri> = self.documents.keys().cloned().collect();
        uris.sort_by(|a, b| a.0.cmp(&b.0));
        let mut found = Vec::new();
        for uri in uris {
            let Some((session, document, analysis)) = self.opened(&uri) else { continue };
            let mut outline = symbols::symbols(&analysis.parsed);
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
