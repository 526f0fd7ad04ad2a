//! Quick fixes in the files around a tasks file, and the texts of those that are open in the editor.
//!
//! Must not write, and must not make edits for a text that is not the present one: where a file is open the editor's text
//! counts, else that on disk, read when somebody asks.

use std::ffi::OsStr;
use std::path::Path;

use draft_tasks_analysis::around::{self, FileFix, Found};
use draft_tasks_analysis::diagnostic::Diagnostic;
use draft_tasks_analysis::edit;
use draft_tasks_analysis::file_names::{CHARTS, DOCKERIGNORE, DRAFT_TOML};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::documents::document::{self, Analysed, Document};
use crate::lsp::documents::text::Text;
use crate::lsp::protocol::to_proto::{self, Other};
use crate::world::facts;

/// A file around a tasks file that the client has open.
#[derive(Debug)]
pub(super) struct Open {
    uri: Uri,
    version: i32,
    text: Text,
}

/// Whether a file is one that fixes change: one of [`AROUND`](crate::lsp::protocol::ext::AROUND).
fn is_around(path: &Path) -> bool {
    let name = |path: &Path, levels: usize| {
        path.ancestors().nth(levels).and_then(Path::file_name).map(OsStr::to_owned)
    };
    let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    let in_chart =
        name(path, 1).is_some_and(|it| it == "templates") && name(path, 3).is_some_and(|it| it == CHARTS);
    name(path, 0).is_some_and(|it| it == DRAFT_TOML || it == DOCKERIGNORE) || (is_yaml && in_chart)
}

impl Session {
    /// Keeps the text of a file around a tasks file; all others are not ours.
    pub(super) fn open_around(&mut self, document: TextDocumentItem) {
        if let Some(path) = document::path_of(&document.uri).filter(|path| is_around(path)) {
            let (uri, version, text) = (document.uri, document.version, Text::new(document.text));
            self.around.insert(path, Open { uri, version, text });
        }
    }

    pub(super) fn change_around(&mut self, params: DidChangeTextDocumentParams) {
        let id = params.text_document;
        if let Some(open) = self.around.values_mut().find(|open| open.uri == id.text_document_identifier.uri)
        {
            open.version = id.version;
            document::apply(&mut open.text, params.content_changes, self.encoding);
        }
    }

    pub(super) fn close_around(&mut self, uri: &Uri) {
        self.around.retain(|_, open| open.uri != *uri);
    }

    /// A file around tasks files was saved: what they find by it may have changed.
    pub(super) fn save_around(&mut self, uri: &Uri) {
        if self.around.values().any(|open| open.uri == *uri) {
            self.gather_all_facts();
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_fixes_change() {
        for path in
            ["/a/draft.toml", "/.dockerignore", "/a/charts/b/templates/c.yaml", "/charts/b/templates/c.yml"]
        {
            assert!(is_around(Path::new(path)), "{path}");
        }
        for path in [
            "/a/Cargo.toml",
            "/a/charts/b/values.yaml",
            "/a/b/templates/c.yaml",
            "/charts/b/templates/c.tpl",
            "/",
        ] {
            assert!(!is_around(Path::new(path)), "{path}");
        }
    }
}
