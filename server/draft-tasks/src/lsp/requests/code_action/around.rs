//! Quick fixes in the files around a tasks file.
//!
//! Must not write, and must not make edits for a text that is not the present one: where a file is open the editor's text
//! counts, else that on disk, read when somebody asks.

use std::path::Path;

use draft_tasks_analysis::around::{self, FileFix, Found};
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::documents::document::{Analysed, Document};
use crate::lsp::protocol::to_proto::{self, Other};
use crate::lsp::session::Session;
use crate::world::facts;

impl Session {
    /// The change of another file that fixes a finding.
    pub(super) fn fix_around(
        &self,
        document: &Document,
        analysis: &Analysed,
        found: &Diagnostic,
    ) -> Option<CodeActionResponse> {
        let directory = document.directory()?;
        let fix = around::fix(analysis, found, &|path| self.text_around(&directory.join(path)))?;
        let edit = self.edit_around(&directory.join(&fix.path), &fix)?;
        Some(CodeActionResponse::CodeAction(CodeAction {
            title: fix.title,
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![to_proto::diagnostic(self.context(document, analysis), found)]),
            edit: Some(edit),
            ..Default::default()
        }))
    }

    fn edit_around(&self, path: &Path, fix: &FileFix) -> Option<WorkspaceEdit> {
        let uri = || Some(Uri::from(url::Url::from_file_path(path).ok()?.to_string()));
        let Some(before) = &fix.before else {
            // As everywhere nothing is created in what is not trusted.
            let creates = self.flags.creates_files && self.trusted;
            let text = edit::apply("", &fix.edits);
            return creates.then(|| Some(to_proto::file_edit(&uri()?, &text)))?;
        };
        let (uri, version) = match self.around.get(path) {
            Some(open) => (open.uri.clone(), Some(open.version)),
            None => (uri()?, None),
        };
        let other = Other { uri, version, text: before, encoding: self.encoding };
        Some(to_proto::edit_of_another(other, &fix.edits, self.flags))
    }

    /// What is at a path: what the editor has there, else what the disk has.
    fn text_around(&self, path: &Path) -> Option<Found> {
        match self.around.get(path) {
            Some(open) => Some(Found::Text(open.text.whole())),
            None => facts::find(path),
        }
    }
}
