//! The tasks file that a command is about, with what is read for it.
//!
//! Must not be read where the session is locked: a disk may hang.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use draft_tasks_analysis::Analysis;
use draft_tasks_analysis::file_names::TASKS_FILE;
use draft_tasks_analysis::plan::PlanError;
use tower_lsp::gen_lsp_types::Uri;
use tower_lsp::jsonrpc::Error;

use super::{Session, WrongSettings};
use crate::lsp::documents::document::{self, Analysed, Document};
use crate::lsp::documents::look::off_thread;
use crate::lsp::documents::surroundings;
use crate::lsp::protocol::ext::Remedy;
use crate::lsp::protocol::to_proto::{refusal, refusal_with};
use crate::lsp::session::SharedSession;
use crate::plan_refusal::PlanRefusal;
use crate::settings::audience::Audience;
use crate::settings::project::ProjectFiles;
use crate::settings::run::RunSettings;
use crate::settings::{Config, Layer};
use crate::source::{self, FileKind};
use crate::world::application::ApplicationLookup;
use crate::world::environment::Environment;

/// What is to be run or shown, and where its text comes from.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) analysis: Arc<Analysed>,
    /// The tasks file.
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
    wrong_settings: Option<WrongSettings>,
    pub(crate) directory: PathBuf,
    /// Whether the text differs from the file on disk.
    pub(crate) unsaved: bool,
    /// The environment of its tasks, or why they have none.
    pub(crate) environment: Result<Environment, String>,
    /// The environment for looking at commands.
    pub(crate) shown: Environment,
    /// The folder of what is kept for the user; no variable of a file has a say in it, so that all programs have the same.
    pub(crate) state: Option<PathBuf>,
}

impl Source {
    /// Whether the project's settings are all understood: a limit that is not must not be no limit.
    ///
    /// # Errors
    ///
    /// What is wrong in them.
    pub(crate) fn has_right_settings(&self) -> Result<(), Error> {
        let Some(WrongSettings { file, message }) = &self.wrong_settings else { return Ok(()) };
        Err(refusal_with(message.clone(), &Remedy::look_at(file, 0)))
    }

    /// Why there is no plan, in the words of its diagnostics where these know, with the place of what is wrong.
    pub(crate) fn refuse(&self, error: &PlanError) -> Error {
        let PlanRefusal { range, message, .. } = PlanRefusal::of(error, &self.analysis);
        let Some(range) = range else { return refusal(message) };
        let (line, _) = self.analysis.lines().line_of(range.start().into());
        refusal_with(message, &Remedy::look_at(&self.path, line))
    }

    /// The application, as settings and `draft.toml` say.
    pub(crate) fn application<'a>(&'a self, environment: &'a Environment) -> ApplicationLookup<'a> {
        ApplicationLookup::by(&self.config, &self.directory, environment, Audience::Editor)
    }
}

/// What is known of a tasks file before anything is read.
struct SourceRequest {
    uri: Uri,
    opened: Option<Opened>,
    editor: Layer,
    environment: Environment,
    run: RunSettings,
}

/// The text that the editor has.
struct Opened {
    kind: FileKind,
    path: Option<PathBuf>,
    analysis: Arc<Analysed>,
    config: Config,
    wrong_settings: Option<WrongSettings>,
}

/// The text that would run now: the editor's, or the file's where the editor has it not open.
///
/// # Errors
///
/// Why nothing of it can run.
pub(crate) async fn source(session: &SharedSession, uri: &Uri) -> Result<Source, Error> {
    read_settings(session, uri).await?;
    let wanted = session.with(|session| session.wanted(uri));
    off_thread(move || wanted.read()).await?
}

/// Reads the settings that hold for an open file as they are on disk now: not every client tells that they have changed.
async fn read_settings(session: &SharedSession, uri: &Uri) -> Result<(), Error> {
    let directory = session.with(|session| session.documents.get(uri).and_then(Document::directory));
    let Some(directory) = directory else { return Ok(()) };
    let of = directory.clone();
    let read = off_thread(move || ProjectFiles::load(&of)).await?;
    session.with(|session| session.read_projects(&directory, read));
    Ok(())
}

/// The URI by which the editor has a file open, whichever spelling of it comes from a user's own settings or scripts, and
/// whichever links lead to it: texts, runs and results are known by it.
///
/// # Errors
///
/// When a defect broke it off.
pub(crate) async fn uri_as_opened(session: &SharedSession, uri: Uri) -> Result<Uri, Error> {
    let Some(path) = document::path_of(&uri) else { return Ok(uri) };
    let opened = session.with(|session| session.opened_files());
    let is_named = |file: &&OpenedFile| file.uri == uri;
    let is_spelled = |file: &&OpenedFile| file.path == path;
    if let Some(file) = opened.iter().find(is_named).or_else(|| opened.iter().find(is_spelled)) {
        return Ok(file.uri.clone());
    }
    if opened.is_empty() {
        return Ok(uri);
    }
    // Where links lead only a disk knows.
    off_thread(move || {
        let wanted = source::canonical(&path);
        let same = opened.into_iter().find(|file| source::canonical(&file.path) == wanted);
        same.map_or(uri, |file| file.uri)
    })
    .await
}

/// A file that the editor has open.
struct OpenedFile {
    uri: Uri,
    path: PathBuf,
}

impl Session {
    fn opened_files(&self) -> Vec<OpenedFile> {
        let file = |document: &Document| {
            Some(OpenedFile { uri: document.uri.clone(), path: document.path.clone()? })
        };
        self.documents.values().filter_map(file).collect()
    }

    fn wanted(&mut self, uri: &Uri) -> SourceRequest {
        let projects = &self.projects;
        let opened = self.documents.get_mut(uri).map(|document| {
            let analysis = document.analysed();
            let directory = document.directory();
            Opened {
                kind: document.kind,
                path: document.path.clone(),
                wrong_settings: directory.and_then(|it| projects.wrong_with(&it, &analysis.parsed)),
                analysis,
                config: document.config.clone(),
            }
        });
        let directory = document::path_of(uri).and_then(|path| path.parent().map(Path::to_owned));
        let (editor, environment) = (self.editor.of(directory.as_deref()).clone(), self.environment.clone());
        SourceRequest { uri: uri.clone(), opened, editor, environment, run: self.config_at(uri).run }
    }
}

impl SourceRequest {
    fn read(self) -> Result<Source, Error> {
        let Some(opened) = &self.opened else { return self.read_text() };
        let on_disk = opened.path.as_ref().and_then(|path| source::read(path).ok());
        let unsaved = on_disk.as_deref() != Some(&*opened.analysis.parsed.text);
        let Opened { kind, path, analysis, config, wrong_settings } = opened;
        let source = self.source(Some(*kind), path.clone(), analysis.clone(), config.clone(), unsaved)?;
        Ok(Source { wrong_settings: wrong_settings.clone(), ..source })
    }

    fn read_text(&self) -> Result<Source, Error> {
        let path = document::path_of(&self.uri)
            .ok_or_else(|| refusal(format!("`{}` is neither open nor a file", self.uri.0)))?;
        let kind = FileKind::of_path(&path);
        let text = source::read(&path).map_err(|error| refusal(error.to_string()))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let project = ProjectFiles::load(directory).checked(directory);
        let config = Config::of(&[&project.settings(), &self.editor]);
        let analysed = Arc::new(Analysed::new(Analysis::new(text, config.options())));
        let source = self.source(kind, Some(path), analysed, config, false)?;
        Ok(Source { wrong_settings: WrongSettings::of(&project), ..source })
    }

    fn source(
        &self,
        kind: Option<FileKind>,
        path: Option<PathBuf>,
        analysis: Arc<Analysed>,
        config: Config,
        unsaved: bool,
    ) -> Result<Source, Error> {
        match kind {
            Some(FileKind::Tasks) => {}
            // Whether it is a pack's may not be known yet.
            Some(FileKind::Pack) => {
                let message = format!("only tasks of a `{TASKS_FILE}` run; a pack's tasks are a template");
                return Err(refusal(message));
            }
            Some(FileKind::Settings) | None => {
                return Err(refusal(format!("only tasks of a `{TASKS_FILE}` run")));
            }
        }
        let path = path.filter(|path| path.parent().is_some());
        let path = path.ok_or_else(|| refusal("tasks run in the directory of their file: save it first"))?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let hiding = |environment: Environment| {
            let application = ApplicationLookup::by(&config, &directory, &environment, Audience::Editor);
            application.telling().hiding(&analysis)
        };
        let environment = self.environment.with(&self.run, &directory).map(hiding);
        let without_files = || hiding(surroundings::without_files(&self.environment, &self.run));
        let shown = environment.clone().unwrap_or_else(|_| without_files());
        let (wrong_settings, state) = (None, self.environment.state());
        Ok(Source { analysis, path, config, wrong_settings, directory, unsaved, environment, shown, state })
    }
}
