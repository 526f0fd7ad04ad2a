//! An open tasks file as requests look at it.
//!
//! Must not change anything but the analysis that is kept.

use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::client_flags::ClientFlags;
use crate::lsp::protocol::pages::Pages;
use crate::lsp::protocol::position::Encoding;
use crate::lsp::protocol::to_proto::Context;
use crate::source::FileKind;
use crate::world::environment::Environment;

/// A file with all that an answer needs which looks at a disk, while the session goes on.
pub(crate) struct DocumentView {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) analysed: Arc<Analysed>,
    /// The directory in which its tasks run.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) is_trusted: bool,
    pub(crate) may_run: bool,
    pub(crate) encoding: Encoding,
    pub(crate) flags: ClientFlags,
    pages: Arc<Pages>,
    /// That of the server.
    pub(crate) environment: Environment,
}

impl DocumentView {
    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            uri: &self.uri,
            text: &self.analysed.parsed.text,
            lines: self.analysed.lines(),
            encoding: self.encoding,
            flags: self.flags,
            pages: &self.pages,
        }
    }
}

impl Session {
    /// The document, its analysis, and what conversions need; `None` for documents that are not
    /// tasks files, or not known to be.
    pub(crate) fn opened(&mut self, uri: &Uri) -> Option<(&Session, &Document, Arc<Analysed>)> {
        if self.unsure.get(uri) == Some(&None) {
            return None;
        }
        let document = self.documents.get_mut(uri).filter(|document| document.kind != FileKind::Settings)?;
        let analysis = document.analysed();
        let session: &Session = self;
        Some((session, session.documents.get(uri)?, analysis))
    }

    pub(crate) fn view(&self, document: &Document, analysed: Arc<Analysed>) -> DocumentView {
        DocumentView {
            uri: document.uri.clone(),
            version: document.version,
            analysed,
            directory: document.directory(),
            is_trusted: self.trusted,
            may_run: self.may_run(document),
            encoding: self.encoding,
            flags: self.flags,
            pages: self.pages.clone(),
            environment: self.environment.clone(),
        }
    }

    pub(crate) fn context<'a>(&'a self, document: &'a Document, analysed: &'a Analysed) -> Context<'a> {
        self.context_of(&document.uri, analysed)
    }

    /// What conversions need of a text that may not be open.
    pub(crate) fn context_of<'a>(&'a self, uri: &'a Uri, analysed: &'a Analysed) -> Context<'a> {
        let (text, lines) = (&analysed.parsed.text, analysed.lines());
        Context { uri, text, lines, encoding: self.encoding, flags: self.flags, pages: &self.pages }
    }

    /// Whether a document can be run at all: a template or what is not trusted cannot.
    pub(crate) fn may_run(&self, document: &Document) -> bool {
        self.trusted && document.kind == FileKind::Tasks && document.path.is_some()
    }
}
