//! `textDocument/documentLink`.
//!
//! Must not lead to what does not exist.

use draft_tasks_analysis::links;
use draft_tasks_analysis::{TextRange, TextSize};
use tower_lsp::gen_lsp_types::*;

use super::definition::{located, nearby};
use crate::lsp::session::Session;

impl Session {
    /// Links to what exists; only for files, since a client opens them as such.
    pub(crate) fn document_link(&mut self, uri: &Uri) -> Option<Vec<DocumentLink>> {
        let (session, document, analysis) = self.opened(uri)?;
        let mut nearby = nearby(document)?;
        let context = session.context(document, &analysis);
        let links = links::links(&analysis, TextRange::up_to(TextSize::of(&*analysis.text)));
        let found = links.into_iter().filter_map(|link| {
            let place = nearby.locate(&link.target)?;
            let (uri, range) = located(&place, session.encoding)?;
            let target = match place.name {
                // Editors read the line from the fragment.
                Some(_) => Uri::from(format!("{}#L{}", uri.0, range.start.line + 1)),
                None => uri,
            };
            Some(DocumentLink {
                range: context.range(link.range),
                target: Some(target),
                tooltip: None,
                data: None,
            })
        });
        Some(found.collect())
    }
}
