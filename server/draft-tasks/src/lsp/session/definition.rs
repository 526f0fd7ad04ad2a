//! Where the names in commands lead: scripts, files, targets of a Makefile, scripts of npm.
//!
//! Must not change anything, and must not lead to what does not exist.

use draft_tasks_analysis::links;
use draft_tasks_analysis::{TextRange, TextSize};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lines::LineIndex;
use crate::lsp::documents::document::Document;
use crate::lsp::documents::nearby::{Nearby, Place};
use crate::lsp::protocol::position::{self, Encoding};
use crate::source::FileKind;

impl Session {
    pub(crate) fn definition(&mut self, at: TextDocumentPositionParams) -> Option<DefinitionResponse> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let links = links::links(&analysis, TextRange::empty(offset));
        let link = links.into_iter().find(|link| link.range.contains_inclusive(offset))?;
        let place = nearby(document)?.locate(&link.target)?;
        let (uri, range) = located(&place, session.encoding)?;
        Some(DefinitionResponse::Definition(Definition::Location(Location { uri, range })))
    }

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

/// The surroundings of a document; a template will stand among other files than it does now.
fn nearby(document: &Document) -> Option<Nearby> {
    let directory = document.directory().filter(|_| document.kind == FileKind::Tasks)?;
    Some(Nearby::new(directory))
}

/// A place as the protocol has it.
fn located(place: &Place, encoding: Encoding) -> Option<(Uri, Range)> {
    let uri = Uri::from(url::Url::from_file_path(&place.path).ok()?.to_string());
    let Some((commands, name)) = &place.name else { return Some((uri, Range::default())) };
    let lines = LineIndex::new(&commands.text);
    let at = |offset| position::position(&commands.text, &lines, offset, encoding);
    Some((uri, Range { start: at(name.start()), end: at(name.end()) }))
}
