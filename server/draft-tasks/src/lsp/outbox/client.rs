//! What the client is asked for: documents to show, views to refresh, settings, edits, notifications.
//!
//! Must not hold up the next effect: each question waits for its answer in a task of its own.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::{SETTINGS_FILE, TASKS_FILE};
use serde_json::json;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types::*;

use super::{Outbox, Outgoing, Report};
use crate::lsp::commands;
use crate::lsp::effect::{Offer, OfferedStep};
use crate::lsp::protocol::ext;
use crate::lsp::protocol::to_proto::shown;

/// The files whose changes matter to tasks files.
const WATCHED: [&str; 3] =
    ["**/{draft.toml,Dockerfile,.dockerignore,.gitignore}", "**/charts/**/templates/*", "**/*.sh"];

/// What the client shows, and asks for again when it is told to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum View {
    Lenses,
    Hints,
    /// A document that the server gives.
    Content(Uri),
}

impl Outbox {
    pub(super) fn show_document(&self, uri: Uri, path: PathBuf) {
        tokio::spawn(shown_document(self.client.clone(), self.outgoing.clone(), uri, path));
    }

    /// A client that does not ask is told what it is about.
    pub(super) fn offer(&self, message: String, offers: Vec<Offer>) {
        let (client, outgoing, session) = (self.client.clone(), self.outgoing.clone(), self.session.clone());
        tokio::spawn(async move {
            let (kind, message) = (MessageType::Error, shown(&message));
            let titles = offers.iter().map(|offer| offer.title.clone());
            let actions = titles.map(|title| MessageActionItem { title, properties: Default::default() });
            let Ok(chosen) =
                client.show_message_request(kind, message.clone(), Some(actions.collect())).await
            else {
                return outgoing.notify::<ShowMessageNotification>(&ShowMessageParams { kind, message });
            };
            let chosen = chosen.and_then(|chosen| offers.into_iter().find(|it| it.title == chosen.title));
            match chosen.map(|offer| offer.step) {
                Some(OfferedStep::Show(Location { uri, range })) => {
                    let (take_focus, selection) = (Some(true), Some(range));
                    let params = ShowDocumentParams { uri, external: None, take_focus, selection };
                    drop(client.show_document(params).await);
                }
                Some(OfferedStep::Execute(Command { command, arguments, .. })) => {
                    let params = ExecuteCommandParams { command, arguments, ..Default::default() };
                    drop(commands::execute(&session, params).await);
                }
                None => {}
            }
        });
    }

    /// Asks once at a time: a client that does not answer is not asked for the same again.
    pub(super) fn refresh(&mut self, view: View) {
        if let Some(is_wanted_again) = self.refreshing.get_mut(&view) {
            *is_wanted_again = true;
            return;
        }
        self.refreshing.insert(view.clone(), false);
        let (client, reports) = (self.client.clone(), self.reports.clone());
        tokio::spawn(async move {
            let answered = match &view {
                View::Lenses => client.code_lens_refresh().await,
                View::Hints => client.inlay_hint_refresh().await,
                View::Content(uri) => client.text_document_content_refresh(uri.clone()).await,
            };
            if let Err(error) = answered {
                tracing::info!(%error, ?view, "the client does not refresh it");
            }
            let _ = reports.send(Report::Refreshed(view));
        });
    }

    /// The client has answered.
    pub(super) fn refreshed(&mut self, view: View) {
        if self.refreshing.remove(&view) == Some(true) {
            self.refresh(view);
        }
    }

    pub(super) fn ask_for_settings(&self, folders: Vec<Uri>) {
        let (client, session) = (self.client.clone(), self.session.clone());
        let scopes = [None].into_iter().chain(folders.iter().cloned().map(Some));
        let item = |scope_uri| ConfigurationItem { scope_uri, section: Some(ext::SETTINGS.into()) };
        let items = scopes.map(item).collect();
        tokio::spawn(async move {
            match client.configuration(items).await {
                Ok(answers) => session.with(|session| session.take_settings(&folders, &answers)),
                Err(error) => tracing::warn!(%error, "the client does not tell its settings"),
            }
        });
    }

    /// Only the client's refusal is worth a word: what it did the user sees.
    pub(super) fn apply_edit(&self, label: String, edit: WorkspaceEdit, shows: Option<PathBuf>) {
        let (client, outgoing, session) = (self.client.clone(), self.outgoing.clone(), self.session.clone());
        tokio::spawn(async move {
            let params = ApplyWorkspaceEditParams { edit, label: Some(label.clone()), metadata: None };
            let problem = match client.send_request::<ApplyWorkspaceEditRequest>(params).await {
                Ok(answer) if answer.applied => None,
                Ok(answer) => Some(answer.failure_reason.unwrap_or_else(|| "the editor refused".into())),
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem {
                return session.with(|session| session.edit_failed(&label, &problem));
            }
            let uri = shows.as_ref().and_then(|path| url::Url::from_file_path(path).ok());
            if let Some((uri, path)) = uri.zip(shows) {
                shown_document(client, outgoing, Uri(uri.into()), path).await;
            }
        });
    }

    pub(super) fn register_for_settings(&self) {
        self.register("workspace/didChangeConfiguration", json!({ "section": ext::SETTINGS }));
    }

    pub(super) fn watch_files(&self, elsewhere: &[PathBuf]) {
        let own = format!("**/{{{TASKS_FILE},{SETTINGS_FILE}}}");
        let patterns = WATCHED.into_iter().chain([own.as_str()]);
        let watchers = patterns.map(|pattern| json!({ "globPattern": pattern }));
        let watchers: Vec<_> = watchers.chain(elsewhere.iter().filter_map(|file| watcher(file))).collect();
        self.register("workspace/didChangeWatchedFiles", json!({ "watchers": watchers }));
    }

    pub(super) fn watch_settings(&self, file: &Path) {
        let Some(watcher) = watcher(file) else { return };
        let method = "workspace/didChangeWatchedFiles";
        self.register_as(format!("{method} {}", file.display()), method, json!({ "watchers": [watcher] }));
    }

    /// Asks the client to send a notification.
    pub(super) fn follow_files_around(&self) {
        let filter = |pattern| json!({ "scheme": "file", "pattern": pattern });
        let selector: Vec<_> = ext::AROUND.into_iter().map(filter).collect();
        self.register("textDocument/didOpen", json!({ "documentSelector": selector }));
        let incremental = TextDocumentSyncKind::Incremental;
        self.register(
            "textDocument/didChange",
            json!({ "documentSelector": selector, "syncKind": incremental }),
        );
        self.register("textDocument/didClose", json!({ "documentSelector": selector }));
    }

    fn register(&self, method: &'static str, options: serde_json::Value) {
        self.register_as(method.into(), method, options);
    }

    fn register_as(&self, id: String, method: &'static str, options: serde_json::Value) {
        let client = self.client.clone();
        tokio::spawn(async move {
            let registration = Registration { id, method: method.into(), register_options: Some(options) };
            if let Err(error) = client.register_capability(vec![registration]).await {
                tracing::warn!(%error, method, "the client does not tell what changes");
            }
        });
    }
}

/// Where the client does not open it, the user is told where it is.
async fn shown_document(client: Client, outgoing: Outgoing, uri: Uri, path: PathBuf) {
    let params = ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: None };
    if !client.show_document(params).await.unwrap_or(false) {
        let params = ShowMessageParams { kind: MessageType::Info, message: path.display().to_string() };
        outgoing.notify::<ShowMessageNotification>(&params);
    }
}

/// The pattern of a file outside of the workspace; one whose name is a pattern itself is not watched.
fn watcher(file: &Path) -> Option<serde_json::Value> {
    let folder = url::Url::from_file_path(file.parent()?).ok()?;
    let name = file.file_name()?.to_str().filter(|name| !name.contains(['*', '?', '{', '}', '[', ']']))?;
    Some(json!({ "globPattern": { "baseUri": folder.as_str(), "pattern": name } }))
}
