//! An open tasks file as requests look at it.
//!
//! Must not change anything but the analysis that is kept.

use std::sync::Arc;

use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::to_proto::Context;
use crate::source::FileKind;

impl Session {
    /// The document, its analysis, and what conversions need; `None` for documents that are not tasks files.
    pub(crate) fn opened(&mut self, uri: &Uri) -> Option<(&Session, &Document, Arc<Analysed>)> {
        let document = self.documents.get_mut(uri).filter(|document| document.kind != FileKind::Settings)?;
        let analysis = document.analysed();
        let session: &Session = self;
        Some((session, session.documents.get(uri)?, analysis))
    }

    pub(crate) fn context<'a>(&'a self, document: &'a Document, analysed: &'a Analysed) -> Context<'a> {
        self.context_of(&document.uri, analysed)
    }

    /// What conversions need of a text that may not be open.
    pub(crate) fn context_of<'a>(&'a self, uri: &'a Uri, analysed: &'a Analysed) -> Context<'a> {
        Context { uri, analysed, encoding: self.encoding, flags: self.flags, pages: &self.pages }
    }

    /// Whether a document can be run at all: a template or what is not trusted cannot.
    pub(crate) fn may_run(&self, document: &Document) -> bool {
        self.trusted && document.kind == FileKind::Tasks && document.path.is_some()
    }
}
