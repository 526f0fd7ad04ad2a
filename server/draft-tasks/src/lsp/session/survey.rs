//! What is found in the tasks files of the workspace that are not open.
//!
//! Must not publish it of a file that is open, nor read anything where the session is locked.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use super::editor_settings::EditorSettings;
use crate::lsp::documents::document::{Document, path_of};
use crate::lsp::documents::surroundings;
use crate::lsp::effect::Effect;
use crate::settings::Config;
use crate::settings::audience::Audience;
use crate::settings::project::ProjectFiles;
use crate::source::{self, FileKind};
use crate::tree::Tree;
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;
use crate::world::facts;

/// At most so many files are read.
const FILES: usize = 256;

/// What is to be read, as plain values.
pub(crate) struct Survey {
    folders: Vec<PathBuf>,
    editor: EditorSettings,
    /// The environment of the server.
    environment: Environment,
}

/// The tasks files as they are on disk.
#[derive(Debug, Default)]
pub(crate) struct Surveyed {
    pub(super) files: HashMap<Uri, Document>,
    /// Whether there are more, or may be.
    is_cut: bool,
}

impl Survey {
    /// Reads it, which may take for ever; a file that cannot be read is left out.
    pub(crate) fn read(&self) -> Surveyed {
        let trees: Vec<Tree> = self.folders.iter().map(|folder| Tree::of_workspace(folder)).collect();
        // One folder may lie in another.
        let files = trees.iter().flat_map(|tree| &tree.files);
        let found: BTreeSet<&PathBuf> = files.map(|file| &file.path).collect();
        let is_cut = found.len() > FILES || trees.iter().any(|tree| tree.is_cut);
        let files = found.into_iter().take(FILES).filter_map(|path| self.document(path));
        Surveyed { files: files.map(|file| (file.uri.clone(), file)).collect(), is_cut }
    }

    /// A file as it would be judged if it were opened.
    fn document(&self, path: &Path) -> Option<Document> {
        let directory = path.parent()?;
        let uri = Uri::from(url::Url::from_file_path(path).ok()?.to_string());
        let mut document = Document::new(uri, FileKind::Tasks, 0, source::read(path).ok()?);
        let project = ProjectFiles::load(directory).settings();
        document.read_with(&Config::of(&[&project, self.editor.of(Some(directory))]));
        let environment = surroundings::to_show(&self.environment, &document.config.run, directory);
        let application = ApplicationLookup::by(&document.config, directory, &environment, Audience::Editor);
        let environment = application.telling();
        let facts = facts::gather(Some(directory), &environment, &document.wanted());
        document.take_facts(facts);
        document.analysed();
        Some(document)
    }
}

impl Session {
    /// Has the tasks files of the workspace read.
    pub(super) fn survey(&mut self) {
        let is_needed = !self.folders.is_empty() || !self.surveyed.files.is_empty();
        if is_needed && self.surveying.begin() {
            self.effect(Effect::Survey);
        }
    }

    /// What is to be read: nothing in a workspace that is not trusted.
    pub(crate) fn survey_to_read(&self) -> Survey {
        let is_wanted = |folder: &PathBuf| {
            self.trusted && Config::of(&[self.editor.of(Some(folder))]).workspace_diagnostics
        };
        Survey {
            folders: self.folders.iter().filter_map(path_of).filter(is_wanted).collect(),
            editor: self.editor.clone(),
            environment: self.environment(),
        }
    }

    /// Takes what was read, and publishes what it changes.
    pub(crate) fn take_survey(&mut self, surveyed: Surveyed) {
        let again = self.surveying.end();
        if surveyed.is_cut && !self.surveyed.is_cut {
            self.log(format!(
                "the workspace has too much to be looked at: findings are shown of {FILES} tasks files at most, and of all that are open"
            ));
        }
        let mut before = std::mem::replace(&mut self.surveyed, surveyed).files;
        let mut changed: Vec<Uri> = Vec::new();
        for (uri, file) in &mut self.surveyed.files {
            let is_same = match before.remove(uri) {
                Some(mut before) => is_same(&mut before, file),
                None => file.analysed().diagnostics.is_empty(),
            };
            changed.extend((!is_same).then(|| uri.clone()));
        }
        changed.extend(before.into_keys());
        for uri in changed.into_iter().filter(|uri| !self.is_open(uri)).collect::<Vec<_>>() {
            self.publish_closed(uri);
        }
        if again {
            self.survey();
        }
    }

    /// A defect broke off the look at the workspace: the next one is not to wait for it.
    pub(crate) fn survey_broke_off(&mut self) {
        self.surveying.end();
    }

    /// The files of which something is published: those that are open, and those of the workspace that are not.
    pub(super) fn published(&self) -> Vec<Uri> {
        let closed = self.surveyed.files.keys().filter(|uri| !self.is_open(uri));
        self.documents.keys().chain(closed).cloned().collect()
    }

    /// A file of the workspace by its path, if it is known.
    pub(super) fn surveyed_at(&self, path: Option<&Path>) -> Option<Uri> {
        let mut files = self.surveyed.files.iter();
        files.find(|(_, file)| path.is_some() && file.path.as_deref() == path).map(|(uri, _)| uri.clone())
    }

    /// Publishes what is known of a file that is not open.
    pub(super) fn publish_closed(&mut self, uri: Uri) {
        if self.surveyed.files.contains_key(&uri) {
            return self.publish(&uri);
        }
        let path = path_of(&uri);
        let shown = self.config_of(path.as_deref().and_then(Path::parent)).run.diagnostics.0;
        let diagnostics = path.iter().flat_map(|path| self.problems_of(path, shown)).collect();
        self.effect(Effect::Publish { uri, version: None, diagnostics });
    }

    /// Whether a file is open, however its URI is spelled.
    fn is_open(&self, uri: &Uri) -> bool {
        let path = path_of(uri);
        self.documents.contains_key(uri)
            || path.is_some() && self.documents.values().any(|document| document.path == path)
    }
}

/// Whether the same is found in a file as before, at the same places.
fn is_same(before: &mut Document, file: &mut Document) -> bool {
    let (one, other) = (before.analysed(), file.analysed());
    before.config == file.config
        && one.diagnostics == other.diagnostics
        && one.parsed.text == other.parsed.text
}
