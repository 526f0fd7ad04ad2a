//! The settings of projects: read beside tasks files, or from the editor that has them open, which then has help there.
//!
//! Must not look for them while something is typed: only when a file is opened, saved, closed or changed on disk.

use std::path::Path;
use std::sync::Arc;

use draft_tasks_analysis::file_names::SETTINGS_FILE;
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::documents::document::{Analysed, Document, path_of};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto;
use crate::settings::project::Project;
use crate::settings::{Config, Layer};
use crate::source::FileKind;

/// What is known of the settings of a directory.
#[derive(Debug, Default)]
pub(super) struct KnownProject {
    settings: Layer,
    /// What the user was told to be wrong with them.
    told: Vec<String>,
    /// All that is wrong with them, each with its place.
    pub(super) problems: Vec<String>,
}

impl Session {
    /// What a file in a directory is to be read with.
    pub(super) fn config_of(&self, directory: Option<&Path>) -> Config {
        let known = directory.and_then(|directory| self.projects.get(directory));
        let project = known.map(|known| &known.settings);
        Config::of(&Vec::from_iter(project.into_iter().chain([self.editor.of(directory)])))
    }

    /// What a file is read with, whether it is open or not.
    pub(super) fn config_at(&self, uri: &Uri) -> Config {
        match self.documents.get(uri) {
            Some(document) => document.config.clone(),
            None => self.config_of(path_of(uri).as_deref().and_then(Path::parent)),
        }
    }

    /// Whether nothing of a file runs, as its project has settings that are wrong.
    pub(crate) fn has_wrong_settings(&self, uri: &Uri) -> bool {
        let directory = self.documents.get(uri).and_then(Document::directory);
        let known = directory.and_then(|directory| self.projects.get(&directory));
        known.is_some_and(|known| !known.problems.is_empty())
    }

    /// Has the settings of a directory read, with all else that is around its documents.
    pub(super) fn look_around_in(&mut self, directory: &Path) {
        let in_directory = self.documents.values().filter(|it| it.is_in(directory));
        let uris: Vec<Uri> = in_directory.map(|document| document.uri.clone()).collect();
        for uri in uris {
            self.gather_facts(&uri);
        }
    }

    /// Takes the settings of a directory as they are on disk; those that are open in the editor are taken when they are
    /// analysed.
    pub(crate) fn read_project(&mut self, directory: &Path, settings: Layer, problems: Vec<String>) {
        if self.documents.values().any(|it| it.kind == FileKind::Settings && it.is_in(directory)) {
            return;
        }
        if self.projects.get(directory).is_none_or(|known| known.told != problems) && !problems.is_empty() {
            self.show(MessageType::Warning, format!("draft-tasks: {}", problems.join("\n")));
        }
        self.take_project(directory, settings, problems.clone(), problems);
        self.settle();
    }

    fn take_project(&mut self, directory: &Path, settings: Layer, told: Vec<String>, problems: Vec<String>) {
        self.projects.insert(directory.to_owned(), KnownProject { settings, told, problems });
        let config = self.config_of(Some(directory));
        for (uri, document) in &mut self.documents {
            if document.kind != FileKind::Settings && document.is_in(directory) && document.read_with(&config)
            {
                self.stale.insert(uri.clone());
            }
        }
    }

    /// A file was saved: its directory's settings may have been written by something that nobody watches.
    pub(crate) fn did_save(&mut self, uri: &Uri) {
        match self.documents.get(uri).and_then(Document::directory) {
            Some(directory) => self.look_around_in(&directory),
            None => drop(self.gather_facts(uri)),
        }
        self.save_around(uri);
        if !self.flags.watches_files {
            self.survey();
        }
    }

    /// Files have changed on disk.
    pub(crate) fn did_change_watched_files(&mut self) {
        self.gather_all_facts();
        self.survey();
    }

    /// Asks for the facts about the world around all documents.
    pub(super) fn gather_all_facts(&mut self) {
        let uris: Vec<Uri> = self.documents.keys().cloned().collect();
        for uri in &uris {
            self.gather_facts(uri);
        }
        self.target_changed();
    }

    /// Publishes what is wrong with settings that are open, and reads their tasks files with them.
    pub(super) fn settle_settings(&mut self, uri: &Uri) {
        let Some((session, document, analysed)) = self.opened_settings(uri) else { return };
        let project = Project::of_tree(&analysed.parsed.tree, &analysed.parsed.text);
        let context = session.context(document, &analysed);
        let diagnostics = project.problems.iter().map(|it| to_proto::problem(context, it)).collect();
        let (version, directory) = (Some(document.version), document.directory());
        let path = document.path.clone().unwrap_or_else(|| SETTINGS_FILE.into());
        let problems = project.describe(&path, &analysed.parsed.text);
        session.effect(Effect::Publish { uri: uri.clone(), version, diagnostics });
        if let Some(directory) = directory {
            self.take_project(&directory, project.settings, Vec::new(), problems);
        }
    }

    /// A document with settings, its syntax, and what conversions need; `None` for all others.
    pub(crate) fn opened_settings(&mut self, uri: &Uri) -> Option<(&Session, &Document, Arc<Analysed>)> {
        let document = self.documents.get_mut(uri).filter(|document| document.kind == FileKind::Settings)?;
        let analysed = document.analysed();
        let session: &Session = self;
        Some((session, session.documents.get(uri)?, analysed))
    }
}
