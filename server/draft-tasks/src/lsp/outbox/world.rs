//! What is looked up on disk, and after a pause, for the session.
//!
//! Must not hold up the next effect: a disk that does not answer has a thread of its own to wait.

use std::path::PathBuf;
use std::time::Duration;

use tower_lsp::gen_lsp_types::Uri;

use super::Outbox;
use crate::interrupted;
use crate::lsp::protocol::pages;
use crate::lsp::session::Session;
use crate::settings::project::ProjectFiles;
use crate::source::FileKind;

/// How long a document that was opened waits for the facts about the world around it.
const FACTS_ARE_LATE: Duration = Duration::from_millis(100);

/// How long nothing is typed when somebody looks at what they have typed.
const PAUSE: Duration = Duration::from_millis(400);

impl Outbox {
    /// Reads directories and files, so on a thread that may wait for them.
    pub(super) fn gather_facts(&self, uri: Uri, directory: Option<PathBuf>) {
        let (session, late, of) = (self.session.clone(), self.session.clone(), uri.clone());
        let look = tokio::task::spawn_blocking(move || {
            if let Some(path) = session.with(|session| session.unsure_path(&uri)) {
                let is_pack = FileKind::of_path(&path) == Some(FileKind::Pack);
                session.with(|session| session.take_kind(&uri, is_pack));
            }
            if let Some(directory) = &directory {
                let files = ProjectFiles::load(directory);
                session.with(|session| session.read_projects(directory, files));
            }
            let Some(outlook) = session.with(|session| session.outlook(&uri)) else { return };
            let (surroundings, facts) = outlook.read();
            session.with(|session| session.take_surroundings(&uri, surroundings, facts));
            if let Some(records) = session.with(|session| session.records_to_recall(&uri)) {
                let read = records.read();
                session.with(|session| session.recall(&uri, read));
            }
        });
        tokio::spawn(async move {
            tokio::time::sleep(FACTS_ARE_LATE).await;
            late.with(|session| session.facts_are_late(&of));
            if look.await.is_err() {
                late.with(|session| session.look_broke_off(&of));
            }
        });
    }

    /// Reads folders and files, so on a thread that may wait for them.
    pub(super) fn survey(&self) {
        let (session, after) = (self.session.clone(), self.session.clone());
        let look = tokio::task::spawn_blocking(move || {
            let surveyed = session.with(|session| session.survey_to_read()).read();
            session.with(|session| session.take_survey(surveyed));
        });
        tokio::spawn(async move {
            if look.await.is_err() {
                after.with(Session::survey_broke_off);
            }
        });
    }

    /// Has the session look at what was typed when the typing has paused: half a name is not worth a finding.
    pub(super) fn await_pause(&self, uri: Uri, version: i32) {
        let session = self.session.clone();
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            session.with(|session| session.typing_paused(&uri, version));
        });
    }

    /// Writes a file, so on a thread that may wait for it.
    pub(super) fn keep_pages(&self, directory: PathBuf) {
        let session = self.session.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = pages::keep(&directory) {
                tracing::warn!(directory = %directory.display(), %error, "the explanations cannot be written");
                session.with(Session::forget_pages);
            }
        });
    }

    /// Reads records and the system's processes, so on a thread that may wait for them.
    pub(super) fn look_for_interrupted(&self, records: PathBuf) {
        let session = self.session.clone();
        tokio::task::spawn_blocking(move || {
            for notice in interrupted::notices(records) {
                session.with(|session| session.was_interrupted(notice));
            }
        });
    }
}
