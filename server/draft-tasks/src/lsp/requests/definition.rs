//! `textDocument/definition`: where the names in commands lead, scripts, files, targets of a Makefile, scripts of npm.
//!
//! Must not change anything, and must not lead to what does not exist.

use std::path::PathBuf;

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::links;
use tower_lsp::gen_lsp_types::*;

use crate::lines::LineIndex;
use crate::lsp::documents::document::Document;
use crate::lsp::documents::look::Reply;
use crate::lsp::documents::nearby::{FileLocation, Nearby};
use crate::lsp::protocol::position::{self, Encoding};
use crate::lsp::session::Session;
use crate::source::FileKind;

impl Session {
    pub(crate) fn definition(
        &mut self,
        at: &TextDocumentPositionParams,
    ) -> Reply<Option<DefinitionResponse>> {
        self.link_at(at).unwrap_or(Reply::Known(None))
    }

    fn link_at(&mut self, at: &TextDocumentPositionParams) -> Option<Reply<Option<DefinitionResponse>>> {
        let (session, document, analysis) = self.opened(&at.text_document.uri)?;
        let offset = position::offset(&document.text, at.position, session.encoding);
        let links = links::links(&analysis.parsed, TextRange::empty(offset));
        let link = links.into_iter().find(|link| link.range.contains_inclusive(offset))?;
        let (directory, encoding) = (directory(document)?, session.encoding);
        let look = move || {
            let place = Nearby::new(directory).locate(&link.target)?;
            let (uri, range) = located(&place, encoding)?;
            Some(DefinitionResponse::Definition(Definition::Location(Location { uri, range })))
        };
        Some(Reply::Look(document.turns.links.clone(), Box::new(look)))
    }
}

/// The directory of a document; a template will stand among other files than it does now.
pub(super) fn directory(document: &Document) -> Option<PathBuf> {
    document.directory().filter(|_| document.kind == FileKind::Tasks)
}

/// A place as the protocol has it.
pub(super) fn located(place: &FileLocation, encoding: Encoding) -> Option<(Uri, Range)> {
    let uri = Uri::from(url::Url::from_file_path(&place.path).ok()?.to_string());
    let Some((commands, name)) = &place.name else { return Some((uri, Range::default())) };
    let lines = LineIndex::new(&commands.text);
    let at = |offset| position::position(&commands.text, &lines, offset, encoding);
    Some((uri, Range { start: at(name.start()), end: at(name.end()) }))
}
