//! The state of the language server: documents, settings and runs; the protocol's messages come in, effects go out.
//!
//! Must not await, lock or send anything: every method returns at once, and the outbox performs the effects.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use draft_tasks_analysis::diagnostic::DiagnosticCode;
use draft_tasks_executor::cluster::KubeconfigSource;
use tower_lsp::gen_lsp_types::*;

use self::editor_settings::EditorSettings;
use self::survey::Surveyed;
use super::effect::{Effect, Effects};
use super::runs::{self, Runs};
use crate::clock::Clock;
use crate::interrupted::Notice;
use crate::lsp::documents::document::{self, Document, Looking};
use crate::lsp::documents::look::Turn;
use crate::lsp::protocol::capabilities;
use crate::lsp::protocol::client_flags::ClientFlags;
use crate::lsp::protocol::ext;
use crate::lsp::protocol::pages::Pages;
use crate::lsp::protocol::position::Encoding;
use crate::lsp::protocol::to_proto;
use crate::settings::Config;
use crate::settings::audience::Audience;
use crate::settings::run::RunDiagnostics;
use crate::source::{self, FileKind};
use crate::world::environment::Environment;
use crate::world::programs::KnownPrograms;

mod around;
mod clearing;
mod doctor;
mod drafts;
mod editor_settings;
mod jobs;
mod lifecycle;
mod logs;
mod looking;
mod project;
mod reading;
mod recalling;
mod refused;
mod renaming;
mod reported;
mod run_events;
mod running;
mod shared;
mod survey;
mod target;
mod view;

pub(crate) use around::TextsAround;
pub(crate) use doctor::Examined;
pub(crate) use jobs::{JobAtHand, job_at_hand, jobs_at_hand, take_up};
pub(crate) use lifecycle::{Live, live};
pub(crate) use project::WrongSettings;
pub(crate) use reading::{Source, source, uri_as_opened};
pub(crate) use running::{ChosenTask, GRACE_AT_END, Started, Wish, run, run_source};
pub(crate) use shared::SharedSession;
pub(crate) use target::TargetFound;
pub(crate) use view::DocumentView;

/// Everything that the server knows.
pub(crate) struct Session {
    effects: Effects,
    pub(super) environment: Environment,
    pub(super) flags: ClientFlags,
    pub(super) encoding: Encoding,
    editor: EditorSettings,
    /// The folders of the workspace.
    folders: Vec<Uri>,
    projects: project::KnownProjects,
    /// Whether anything may run.
    pub(super) trusted: bool,
    /// Whether the client has closed the server's input.
    client_left: bool,
    /// Parts of applications' lives that go on.
    walks: Vec<lifecycle::Walk>,
    /// Whether it was told that phases cannot be claimed.
    claim_trouble_told: bool,
    /// Whether it was told that no records can be kept.
    no_records_told: bool,
    /// The clusters that are not local and that the user wants runs to reach: context, server and namespace.
    confirmed: HashSet<(Option<String>, String, String)>,
    pub(super) documents: HashMap<Uri, Document>,
    /// Tasks files of the workspace, open or not, as they are on disk.
    surveyed: Surveyed,
    surveying: Looking,
    drafts: drafts::KnownDrafts,
    /// Files around tasks files that are open, by their paths.
    around: HashMap<PathBuf, around::Open>,
    /// Documents whose diagnostics are not yet those of their text.
    stale: HashSet<Uri>,
    /// Whether one of them was opened just now.
    opened: bool,
    /// Documents that were opened and whose facts have not come yet.
    awaiting: HashSet<Uri>,
    /// Documents of which only a look at the disk tells that they are a pack's, and what they are if not.
    unsure: HashMap<Uri, Option<FileKind>>,
    pub(super) runs: Runs,
    /// Files whose results were taken from records.
    recalled: HashSet<Uri>,
    /// Files whose records are being read.
    recalling: HashSet<Uri>,
    pub(super) programs: KnownPrograms,
    pub(super) pages: Arc<Pages>,
    /// Of questions about logs.
    pub(super) logs_turn: Turn,
    pub(super) clock: Clock,
}

impl Session {
    pub(crate) fn new(effects: Effects, environment: Environment) -> Session {
        Session {
            effects,
            environment,
            flags: ClientFlags::default(),
            encoding: Encoding::default(),
            editor: EditorSettings::default(),
            folders: Vec::new(),
            projects: project::KnownProjects::default(),
            trusted: true,
            client_left: false,
            walks: Vec::new(),
            claim_trouble_told: false,
            no_records_told: false,
            confirmed: HashSet::new(),
            documents: HashMap::new(),
            surveyed: Surveyed::default(),
            surveying: Looking::default(),
            drafts: HashMap::new(),
            around: HashMap::new(),
            stale: HashSet::new(),
            opened: false,
            awaiting: HashSet::new(),
            unsure: HashMap::new(),
            runs: Runs::default(),
            recalled: HashSet::new(),
            recalling: HashSet::new(),
            programs: KnownPrograms::default(),
            pages: Arc::default(),
            logs_turn: Turn::default(),
            clock: Clock::of_system(),
        }
    }

    #[cfg(debug_assertions)]
    pub(crate) fn panic_outside(&self) {
        self.effect(Effect::Panic);
    }

    pub(super) fn effect(&self, effect: Effect) {
        // The outbox is only gone when the server ends, and then nothing matters any more.
        let _ = self.effects.send(effect);
    }

    /// The notification that a user reads at once; for what they asked for and for what they have to do.
    pub(super) fn show(&self, kind: MessageType, message: impl Into<String>) {
        self.effect(Effect::Show { kind, message: message.into() });
    }

    pub(crate) fn log(&self, message: impl Into<String>) {
        self.effect(Effect::Log { kind: MessageType::Info, message: message.into() });
    }

    pub(crate) fn initialize(&mut self, params: InitializeParams, commands: &[&str]) -> InitializeResult {
        let negotiated = capabilities::negotiate(&params.capabilities, commands);
        self.flags = negotiated.flags;
        self.encoding = negotiated.encoding;
        if let Some(directory) = self.environment.state().filter(|_| self.flags.explains) {
            self.pages = Pages::in_directory(&directory).into();
            self.effect(Effect::KeepPages { directory });
        }
        self.trusted = capabilities::trusted(params.initialization_options.as_ref());
        self.folders = capabilities::folders(params.workspace_folders_initialize_params.workspace_folders);
        if let Some(process) = params.process_id {
            self.effect(Effect::WatchClient { process });
        }
        InitializeResult {
            capabilities: negotiated.server,
            server_info: Some(ServerInfo {
                name: env!("CARGO_PKG_NAME").into(),
                version: Some(env!("CARGO_PKG_VERSION").into()),
            }),
        }
    }

    /// The explanations could not be written: diagnostics have no link to them.
    pub(crate) fn forget_pages(&mut self) {
        self.pages = Arc::default();
        for uri in self.published() {
            self.publish_unless_stale(&uri);
        }
    }

    pub(crate) fn initialized(&mut self) {
        if let Some(records) = self.environment.records() {
            self.effect(Effect::LookForInterrupted { records });
        }
        if self.flags.registers_settings {
            self.effect(Effect::RegisterForSettings);
        }
        self.ask_for_settings();
        if self.flags.watches_files {
            let kubeconfigs = KubeconfigSource::places(self.environment.variables());
            let elsewhere = if self.flags.relative_patterns { kubeconfigs } else { Vec::new() };
            self.effect(Effect::WatchFiles { elsewhere });
        }
        if self.flags.registers_documents {
            self.effect(Effect::FollowFilesAround);
        }
    }

    /// A run of a server or command line that was killed.
    pub(crate) fn was_interrupted(&self, notice: Notice) {
        if let Some(job) = notice.job {
            let way = Audience::Editor.words(&draft_tasks_executor::job::again(&job));
            self.show(MessageType::Info, format!("{}: {way}", notice.message))
        } else if notice.is_running {
            self.show(MessageType::Warning, notice.message)
        } else {
            self.log(notice.message)
        }
    }

    /// The environment of the server.
    pub(crate) fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Tells the user of an edit that the client did not apply.
    pub(crate) fn edit_failed(&self, label: &str, problem: &str) {
        self.show(MessageType::Error, format!("{label}: {problem}"));
    }

    pub(crate) fn did_open(&mut self, document: TextDocumentItem) {
        let Some(kind) = kind(&document.uri, &document.language_id) else {
            return self.open_around(document);
        };
        if document.text.len() > source::LARGEST {
            return self.tell_too_large(&document.uri);
        }
        if kind == FileKind::Pack {
            self.unsure.insert(document.uri.clone(), kind_by_language(&document.language_id));
        }
        let path = document::path_of(&document.uri);
        if let Some(spelled) = self.surveyed_at(path.as_deref()).filter(|it| *it != document.uri) {
            self.effect(Effect::Publish { uri: spelled, version: None, diagnostics: Vec::new() });
        }
        self.stale.insert(document.uri.clone());
        self.opened = true;
        let mut opened = Document::new(document.uri.clone(), kind, document.version, document.text);
        opened.config = self.config_of(opened.directory().as_deref());
        self.documents.insert(document.uri.clone(), opened);
        if self.gather_facts(&document.uri) {
            // What is found comes with what is known of the world, rather than in two steps.
            self.awaiting.insert(document.uri);
        }
    }

    pub(crate) fn did_change(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.text_document_identifier.uri.clone();
        let Some(document) = self.documents.get_mut(&uri) else { return self.change_around(params) };
        document.change(params.text_document.version, params.content_changes, self.encoding);
        if document.text.size() > source::LARGEST {
            self.tell_too_large(&uri);
            return self.did_close(uri);
        }
        self.stale.insert(uri);
    }

    fn tell_too_large(&self, uri: &Uri) {
        let name = document::name_of(uri);
        self.show(MessageType::Warning, format!("{name} is too large to be looked at"));
    }

    pub(crate) fn did_close(&mut self, uri: Uri) {
        if let Some(closed) = self.documents.remove(&uri) {
            self.stale.remove(&uri);
            self.awaiting.remove(&uri);
            self.unsure.remove(&uri);
            self.publish_closed(uri.clone());
            if let Some(surveyed) = self.surveyed_at(closed.path.as_deref()) {
                if surveyed != uri {
                    self.publish_closed(surveyed);
                }
                self.survey();
            }
            let Some(directory) = closed.directory() else { return };
            if closed.kind == FileKind::Settings {
                self.look_around_in(&directory);
            } else if !self.documents.values().any(|it| it.kind == FileKind::Tasks && it.is_in(&directory)) {
                self.forget_draft(&directory);
            }
        } else {
            self.close_around(&uri);
        }
    }

    /// Whether edits wait to be analysed.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Whether a document was opened since the last time that everything was analysed.
    pub(crate) fn is_opened(&self) -> bool {
        self.opened
    }

    /// Analyses and publishes what has changed.
    pub(crate) fn settle(&mut self) {
        self.opened = false;
        self.stale_settings();
        let is_settings =
            |uri: &&Uri| self.documents.get(*uri).is_some_and(|it| it.kind == FileKind::Settings);
        let settings: Vec<Uri> = self.stale.iter().filter(is_settings).cloned().collect();
        // First what tasks files are read with: it makes more of them stale.
        for uri in settings {
            self.stale.remove(&uri);
            self.settle_settings(&uri);
        }
        for uri in std::mem::take(&mut self.stale) {
            if self.awaiting.contains(&uri) {
                continue;
            }
            self.publish(&uri);
            self.await_pause(uri);
        }
    }

    /// The client has closed the input: what runs is stopped, and nothing starts any more.
    pub(crate) fn client_left(&mut self) {
        self.client_left = true;
        // A Job goes on without the server.
        for run in self.runs.active.iter().filter(|run| run.job().is_none()) {
            self.effect(Effect::StopRun { run: run.id.clone(), grace: GRACE_AT_END });
        }
    }

    /// Goes on after a defect: nothing that was derived from a text is trusted any more.
    pub(crate) fn recover(&mut self) {
        self.discard_analyses();
    }

    fn apply_configs(&mut self) {
        let configs: Vec<(Uri, Config)> = self
            .documents
            .iter()
            .map(|(uri, document)| (uri.clone(), self.config_of(document.directory().as_deref())))
            .collect();
        for (uri, config) in configs {
            if self.documents.get_mut(&uri).is_some_and(|document| document.read_with(&config)) {
                self.stale.insert(uri);
            }
        }
    }

    fn discard_analyses(&mut self) {
        for (uri, document) in &mut self.documents {
            document.forget_analysis();
            self.stale.insert(uri.clone());
        }
    }

    /// Publishes again what a run has changed, unless an edit waits that will do so anyway.
    fn publish_unless_stale(&mut self, uri: &Uri) {
        if !self.stale.contains(uri) {
            self.publish(uri);
        }
    }

    /// Merges the layers, what the analysis found and which tasks failed, and publishes them.
    fn publish(&mut self, uri: &Uri) {
        let is_open = self.documents.contains_key(uri);
        let document = self.documents.get_mut(uri).or_else(|| self.surveyed.files.get_mut(uri));
        let Some(document) = document.filter(|_| !self.unsure.contains_key(uri)) else { return };
        self.stale.remove(uri);
        let (analysis, syntax_errors) = (document.analysed(), document.config.syntax_errors);
        let of_runs = document.config.run.diagnostics.0;
        let (version, path) = (is_open.then_some(document.version), document.path.clone());
        let context = self.context_of(uri, &analysis);
        let found = analysis.diagnostics.iter();
        let shown = found.filter(|it| syntax_errors || it.code != DiagnosticCode::Syntax);
        let mut diagnostics: Vec<_> = shown.map(|it| to_proto::diagnostic(context, it)).collect();
        if of_runs != RunDiagnostics::Off {
            diagnostics.extend(self.runs.failures.diagnostics(context, &analysis.parsed));
        }
        if of_runs == RunDiagnostics::All {
            diagnostics.extend(runs::passed(&self.runs.results, context, &analysis.parsed));
        }
        let mut edited = self.runs.problems.forget_edited(uri, &analysis.parsed);
        edited.retain(|file| Some(file) != path.as_ref());
        diagnostics.extend(path.into_iter().flat_map(|path| self.problems_of(&path, of_runs)));
        self.effect(Effect::Publish { uri: uri.clone(), version, diagnostics });
        self.publish_problems(edited);
    }
}

/// What a document is to this server; files of other names only where their editor says that they are tasks files.
fn kind(uri: &Uri, language: &LanguageKind) -> Option<FileKind> {
    let by_name = FileKind::of_name(&document::name_of(uri));
    // Beside a document that is no file stands nothing.
    let by_name = by_name.filter(|kind| *kind != FileKind::Pack || document::path_of(uri).is_some());
    by_name.or_else(|| kind_by_language(language))
}

fn kind_by_language(language: &LanguageKind) -> Option<FileKind> {
    let is_ours = matches!(language, LanguageKind::Custom(language) if *language == ext::LANGUAGE);
    is_ours.then_some(FileKind::Tasks)
}

#[cfg(test)]
mod tests;
