//! The settings of projects: read around tasks files, or from the editor that has them open, which then has help there.
//!
//! Must not look for them while something is typed: only when a file is opened, saved, closed or changed on disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::Parsed;
use draft_tasks_analysis::file_names::SETTINGS_FILE;
use tower_lsp::gen_lsp_types::*;

use super::Session;
use crate::lsp::documents::document::{Analysed, Document, path_of};
use crate::lsp::effect::Effect;
use crate::lsp::protocol::to_proto;
use crate::settings::project::{MAKE_OWN, Project, ProjectFile, ProjectFiles, UnusedSettings};
use crate::settings::{Config, Layer};
use crate::source::FileKind;

/// What is known of the settings of projects.
#[derive(Debug, Default)]
pub(super) struct KnownProjects {
    /// By the directories of their files.
    files: HashMap<PathBuf, KnownProject>,
    /// The directories whose settings hold in a directory, the farthest first.
    ways: HashMap<PathBuf, Vec<PathBuf>>,
    /// By directories in which they would hold, files that are not used.
    unused: HashMap<PathBuf, UnusedSettings>,
}

/// What is known of the settings in one file.
#[derive(Debug, Default)]
struct KnownProject {
    settings: Layer,
    /// What the user was told to be wrong with them.
    told: Vec<String>,
    /// All that is wrong with them, each with its place.
    problems: Vec<String>,
}

/// Why nothing runs with the settings that hold somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongSettings {
    /// The first file with something wrong in it, or that is not used.
    pub(crate) file: PathBuf,
    /// That nothing runs, and why.
    pub(crate) message: String,
}

impl WrongSettings {
    /// What is wrong with files as they are on disk.
    pub(crate) fn of(files: &ProjectFiles) -> Option<WrongSettings> {
        let wrong = || {
            let file = files.wrong().next()?.path.clone();
            Some(WrongSettings::in_file(file, &files.problems()))
        };
        files.unused.as_ref().map(WrongSettings::unused).or_else(wrong)
    }

    /// Problems, each with its place, of which the first is in this file.
    fn in_file(file: PathBuf, problems: &[String]) -> WrongSettings {
        let wrong = problems.join("; ");
        let message = format!("nothing runs, as the project has settings that are wrong: {wrong}");
        WrongSettings { file, message }
    }

    fn unused(UnusedSettings { file, why }: &UnusedSettings) -> WrongSettings {
        WrongSettings { file: file.clone(), message: format!("nothing runs: {why}; {MAKE_OWN}") }
    }
}

impl KnownProjects {
    /// What holds in a directory, the farthest first, each with the directory of its file.
    fn of<'a>(&'a self, directory: &'a Path) -> impl Iterator<Item = (&'a Path, &'a KnownProject)> {
        let way = self.ways.get(directory).map(Vec::as_slice).unwrap_or_default();
        let own = way.is_empty().then_some(directory);
        let all = way.iter().map(PathBuf::as_path).chain(own);
        all.filter_map(|directory| Some((directory, self.files.get(directory)?)))
    }

    /// What is wrong with the settings that hold in a directory.
    pub(super) fn wrong(&self, directory: &Path) -> Option<WrongSettings> {
        if let Some(unused) = self.unused.get(directory) {
            return Some(WrongSettings::unused(unused));
        }
        let wrong = || self.of(directory).filter(|(_, known)| !known.problems.is_empty());
        let file = wrong().next()?.0.join(SETTINGS_FILE);
        let problems: Vec<String> = wrong().flat_map(|(_, known)| known.problems.clone()).collect();
        Some(WrongSettings::in_file(file, &problems))
    }

    /// What is wrong with the settings that hold in a directory, also with this text of its tasks file.
    pub(super) fn wrong_with(&self, directory: &Path, parsed: &Parsed) -> Option<WrongSettings> {
        self.wrong(directory).or_else(|| {
            let (of, known) = self.of(directory).filter(|(_, known)| known.settings.says_once()).last()?;
            let file = of.join(SETTINGS_FILE);
            let wrong = known.settings.wrong_once(parsed, of == directory);
            let problems: Vec<_> =
                wrong.into_iter().map(|problem| format!("{}: {problem}", file.display())).collect();
            (!problems.is_empty()).then(|| WrongSettings::in_file(file, &problems))
        })
    }

    /// Whether the settings of one directory hold in another.
    fn holds(&self, settings: &Path, directory: &Path) -> bool {
        self.of(directory).any(|(of, _)| of == settings)
    }
}

impl Session {
    /// What a file in a directory is to be read with.
    pub(super) fn config_of(&self, directory: Option<&Path>) -> Config {
        let known = directory.into_iter().flat_map(|directory| self.projects.of(directory));
        let project = known.map(|(_, known)| &known.settings);
        Config::of(&Vec::from_iter(project.chain([self.editor.of(directory)])))
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
        directory.is_some_and(|directory| self.projects.wrong(&directory).is_some())
    }

    /// Has the settings of a directory read where they hold, with all else that is around its documents.
    pub(super) fn look_around_in(&mut self, directory: &Path) {
        let holds = |document: &&Document| {
            document.directory().is_some_and(|of| of == directory || self.projects.holds(directory, &of))
        };
        let uris: Vec<Uri> = self.documents.values().filter(holds).map(|it| it.uri.clone()).collect();
        for uri in uris {
            self.gather_facts(&uri);
        }
    }

    /// Takes the settings that hold in a directory as they are on disk; those that are open in the editor are taken when
    /// they are analysed.
    pub(crate) fn read_projects(&mut self, directory: &Path, read: ProjectFiles) {
        self.take_unused(directory, read.unused);
        let parent = |file: &ProjectFile| file.path.parent().map(Path::to_owned);
        let way: Vec<PathBuf> = read.files.iter().filter_map(parent).collect();
        self.watch_settings(&way);
        self.projects.ways.insert(directory.to_owned(), way);
        for file in read.files {
            self.read_project(file);
        }
        self.apply_project(directory);
        self.settle();
    }

    /// Says once of a file that it is not used.
    fn take_unused(&mut self, directory: &Path, unused: Option<UnusedSettings>) {
        let Some(unused) = unused else { return drop(self.projects.unused.remove(directory)) };
        if self.projects.unused.values().all(|known| *known != unused) {
            self.show(
                MessageType::Warning,
                format!("draft-tasks: {}", WrongSettings::unused(&unused).message),
            );
        }
        self.projects.unused.insert(directory.to_owned(), unused);
    }

    fn read_project(&mut self, file: ProjectFile) {
        let Some(directory) = file.path.parent() else { return };
        if self.documents.values().any(|it| it.kind == FileKind::Settings && it.is_in(directory)) {
            return;
        }
        let problems = file.problems();
        let known = self.projects.files.get(directory);
        if known.map_or(!problems.is_empty(), |known| known.told != problems) {
            if !problems.is_empty() {
                self.show(MessageType::Warning, format!("draft-tasks: {}", problems.join("\n")));
            }
            self.publish_settings(&file);
        }
        self.take_project(directory, file.project.settings, problems.clone(), problems);
    }

    /// Shows what is wrong with settings that are not open, where it is.
    fn publish_settings(&self, file: &ProjectFile) {
        let Ok(url) = url::Url::from_file_path(&file.path) else { return };
        let uri = Uri::from(url.to_string());
        let mut document = Document::new(uri.clone(), FileKind::Settings, 0, file.text.as_str());
        let analysed = document.analysed();
        let context = self.context(&document, &analysed);
        let diagnostics = file.project.problems.iter().map(|it| to_proto::problem(context, it)).collect();
        self.effect(Effect::Publish { uri, version: None, diagnostics });
    }

    fn take_project(&mut self, directory: &Path, settings: Layer, told: Vec<String>, problems: Vec<String>) {
        let is_wrong = !problems.is_empty();
        let before =
            self.projects.files.insert(directory.to_owned(), KnownProject { settings, told, problems });
        if is_wrong != before.is_some_and(|before| !before.problems.is_empty()) {
            self.refresh_lenses();
        }
        self.apply_project(directory);
    }

    /// Has tasks files read with the settings of a directory where they hold.
    fn apply_project(&mut self, settings: &Path) {
        let is_meant = |document: &&Document| document.kind != FileKind::Settings;
        let meant = self.documents.values().filter(is_meant);
        let placed: Vec<(Uri, PathBuf)> =
            meant.filter_map(|document| Some((document.uri.clone(), document.directory()?))).collect();
        for (uri, directory) in placed {
            if directory != settings && !self.projects.holds(settings, &directory) {
                continue;
            }
            let config = self.config_of(Some(&directory));
            if self.documents.get_mut(&uri).is_some_and(|document| document.read_with(&config)) {
                self.stale.insert(uri);
            }
        }
    }

    /// Has files of settings outside of the workspace watched, which its own patterns do not name.
    fn watch_settings(&self, directories: &[PathBuf]) {
        if !self.flags.watches_files || !self.flags.relative_patterns {
            return;
        }
        let workspace: Vec<PathBuf> = self.folders.iter().filter_map(path_of).collect();
        let is_outside = |directory: &&PathBuf| !workspace.iter().any(|folder| directory.starts_with(folder));
        let is_new = |directory: &&PathBuf| !self.projects.files.contains_key(*directory);
        let above = directories.split_last().map_or(&[][..], |(_, above)| above);
        for directory in above.iter().filter(is_outside).filter(is_new) {
            self.effect(Effect::WatchSettings { file: directory.join(SETTINGS_FILE) });
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
        let mut project = Project::of_tree(&analysed.parsed.tree, &analysed.parsed.text);
        if let Some(tasks) = session.tasks_beside(document) {
            project.check_tasks(&tasks, true);
        }
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

    /// Has open settings looked at again whose tasks file has changed: they name its tasks.
    pub(super) fn stale_settings(&mut self) {
        let changed: Vec<PathBuf> =
            self.stale.iter().filter_map(|uri| self.documents.get(uri)?.directory()).collect();
        let is_meant = |document: &&Document| {
            document.kind == FileKind::Settings && changed.iter().any(|directory| document.is_in(directory))
        };
        self.stale.extend(self.documents.values().filter(is_meant).map(|it| it.uri.clone()));
    }

    /// The text of the tasks file beside a document, if it is open.
    fn tasks_beside(&self, document: &Document) -> Option<Arc<str>> {
        let directory = document.directory()?;
        let mut tasks =
            self.documents.values().filter(|it| it.kind == FileKind::Tasks && it.is_in(&directory));
        tasks.next().map(|tasks| tasks.text.whole())
    }

    /// A document with settings, its syntax, and what conversions need; `None` for all others.
    pub(crate) fn opened_settings(&mut self, uri: &Uri) -> Option<(&Session, &Document, Arc<Analysed>)> {
        let document = self.documents.get_mut(uri).filter(|document| document.kind == FileKind::Settings)?;
        let analysed = document.analysed();
        let session: &Session = self;
        Some((session, session.documents.get(uri)?, analysed))
    }
}
