//! The texts of files around tasks files that are open in the editor.
//!
//! Must not keep others.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::file_names::{CHARTS, DOCKERIGNORE, DRAFT_TOML};
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::documents::document::{self, Document};
use crate::lsp::documents::text::Text;

/// A file around a tasks file that the client has open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) uri: Uri,
    pub(super) version: i32,
    pub(super) text: Text,
}

/// The text of such a file as it was when somebody asked.
pub(crate) struct TextAround {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) text: Arc<str>,
}

/// Such texts by their paths.
pub(crate) type TextsAround = HashMap<PathBuf, TextAround>;

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
            self.around.insert(path, Open { uri: uri.clone(), version, text });
            self.draft_edited(&uri);
        }
    }

    /// The texts of the open files around a document.
    pub(crate) fn texts_around(&self, document: &Document) -> TextsAround {
        let Some(directory) = document.directory() else { return HashMap::new() };
        let near = self.around.iter().filter(|(path, _)| path.starts_with(&directory));
        let text = |Open { uri, version, text }: &Open| TextAround {
            uri: uri.clone(),
            version: *version,
            text: text.whole(),
        };
        near.map(|(path, open)| (path.clone(), text(open))).collect()
    }

    pub(super) fn change_around(&mut self, params: DidChangeTextDocumentParams) {
        let id = params.text_document;
        if let Some(open) = self.around.values_mut().find(|open| open.uri == id.text_document_identifier.uri)
        {
            open.version = id.version;
            document::apply(&mut open.text, params.content_changes, self.encoding);
            self.draft_edited(&id.text_document_identifier.uri);
        }
    }

    pub(super) fn close_around(&mut self, uri: &Uri) {
        let before = self.around.len();
        self.around.retain(|_, open| open.uri != *uri);
        if self.around.len() < before {
            // What was not saved does not count any more.
            self.gather_all_facts();
        }
    }

    /// A file around tasks files was saved: what they find by it may have changed.
    pub(super) fn save_around(&mut self, uri: &Uri) {
        if self.around.values().any(|open| open.uri == *uri) {
            self.gather_all_facts();
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
