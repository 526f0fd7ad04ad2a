//! Quick fixes in the files around a tasks file.
//!
//! Must not write, and must not make edits for a text that is not the present one: where a file is open the editor's text
//! counts, else that on disk, read when somebody asks.

use std::path::Path;

use draft_tasks_analysis::around::{self, FileFix, Found};
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use tower_lsp::gen_lsp_types::*;

use crate::lsp::protocol::to_proto::{self, Other};
use crate::lsp::session::{DocumentView, TextsAround};
use crate::world::facts;

impl DocumentView {
    /// The change of another file that fixes a finding.
    pub(super) fn fix_around(&self, found: &Diagnostic, texts: &TextsAround) -> Option<CodeActionResponse> {
        let directory = self.directory.as_ref()?;
        // What the editor has there, else what the disk has.
        let text = |path: &str| match texts.get(&directory.join(path)) {
            Some(open) => Some(Found::Text(open.text.clone())),
            None => facts::find(&directory.join(path)),
        };
        let fix = around::fix(&self.analysed.parsed, found, &text)?;
        let edit = self.edit_around(&directory.join(&fix.path), &fix, texts)?;
        Some(CodeActionResponse::CodeAction(CodeAction {
            title: to_proto::shown(&fix.title),
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![to_proto::diagnostic(self.context(), found)]),
            edit: Some(edit),
            ..Default::default()
        }))
    }

    fn edit_around(&self, path: &Path, fix: &FileFix, texts: &TextsAround) -> Option<WorkspaceEdit> {
        let uri = || Some(Uri::from(url::Url::from_file_path(path).ok()?.to_string()));
        let Some(before) = &fix.before else {
            // As everywhere nothing is created in what is not trusted.
            let creates = self.flags.creates_files && self.is_trusted;
            let text = edit::apply("", &fix.edits);
            return creates.then(|| Some(to_proto::file_edit(&uri()?, &text)))?;
        };
        let (uri, version) = match texts.get(path) {
            Some(open) => (open.uri.clone(), Some(open.version)),
            None => (uri()?, None),
        };
        let other = Other { uri, version, text: before, encoding: self.encoding };
        Some(to_proto::edit_of_another(other, &fix.edits, self.flags))
    }
}
