//! What is known of the world around open documents: asked for, taken, and asked for again when typing pauses.
//!
//! Must not look at anything itself: the outbox does, and keystrokes wait for nobody.

use std::path::PathBuf;

use draft_tasks_analysis::Facts;
use tower_lsp::gen_lsp_types::Uri;

use super::Session;
use crate::lsp::documents::surroundings::{Outlook, Surroundings};
use crate::lsp::effect::Effect;
use crate::source::FileKind;

impl Session {
    /// Asks for what is around a document; tells whether it was asked for.
    pub(super) fn gather_facts(&mut self, uri: &Uri) -> bool {
        let Some(document) = self.documents.get_mut(uri).filter(|it| it.kind != FileKind::Settings) else {
            return false;
        };
        let directory = document.directory();
        if document.looking.begin() {
            self.effect(Effect::GatherFacts { uri: uri.clone(), directory });
        }
        true
    }

    /// Has the session look at what is around a document, where nobody else tells that files have changed.
    pub(crate) fn look_again(&mut self, uri: &Uri) {
        if !self.flags.watches_files {
            self.gather_facts(uri);
        }
    }

    /// The path of a document whose kind only a look at the disk tells.
    pub(crate) fn unsure_path(&self, uri: &Uri) -> Option<PathBuf> {
        self.documents.get(uri).filter(|_| self.unsure.contains_key(uri))?.path.clone()
    }

    /// Whether such a document is a pack's; if it is nothing of ours, the server forgets it.
    pub(crate) fn take_kind(&mut self, uri: &Uri, is_pack: bool) {
        let Some(otherwise) = self.unsure.remove(uri) else { return };
        match (is_pack, otherwise, self.documents.get_mut(uri)) {
            (true, ..) => {}
            (false, Some(kind), Some(document)) => document.kind = kind,
            (false, ..) => {
                self.documents.remove(uri);
                self.awaiting.remove(uri);
            }
        }
        if !self.awaiting.contains(uri) {
            self.publish(uri);
        }
    }

    /// What is to be read around a document; a pack is a template, of which there is no world yet.
    pub(crate) fn outlook(&mut self, uri: &Uri) -> Option<Outlook> {
        let environment = self.environment.clone();
        let document = self.documents.get_mut(uri)?;
        let directory = document.directory().filter(|_| document.kind == FileKind::Tasks);
        let (config, facts) = (document.config.clone(), document.wanted());
        Some(Outlook { directory, environment, run: config.run.clone(), config, facts })
    }

    /// Takes what was read around a document.
    pub(crate) fn take_surroundings(&mut self, uri: &Uri, surroundings: Surroundings, facts: Facts) {
        let Some(document) = self.documents.get_mut(uri) else { return };
        let variables = |it: &Surroundings| it.environment.as_ref().map(|it| it.variables().to_vec());
        let changes = variables(&document.surroundings) != variables(&surroundings);
        let (directory, draft) = (document.directory(), surroundings.draft.clone());
        let is_tasks = document.kind == FileKind::Tasks;
        document.surroundings = surroundings;
        if changes && !document.config.run.env_files.is_empty() {
            self.refresh_result_hints();
        }
        if let Some(directory) = directory.filter(|_| is_tasks) {
            self.take_draft(&directory, draft);
        }
        self.take_facts(uri, facts);
    }

    /// A defect broke off a look around a document: the next one is not to wait for it.
    pub(crate) fn look_broke_off(&mut self, uri: &Uri) {
        if self.documents.get_mut(uri).is_some_and(|document| document.looking.end()) {
            self.gather_facts(uri);
        }
    }

    /// Takes the facts that were asked for, and publishes what they change.
    pub(crate) fn take_facts(&mut self, uri: &Uri, facts: Facts) {
        let Some(document) = self.documents.get_mut(uri) else { return };
        let again = document.looking.end();
        let changes = document.take_facts(facts);
        if self.awaiting.remove(uri) {
            self.publish(uri);
        } else if changes {
            self.publish_unless_stale(uri);
        }
        if again {
            self.gather_facts(uri);
        }
    }

    /// The world takes its time: what is found without it is published.
    pub(crate) fn facts_are_late(&mut self, uri: &Uri) {
        if self.awaiting.remove(uri) {
            self.publish(uri);
        }
    }

    /// Has the session look at what is typed in a document when typing pauses.
    pub(super) fn await_pause(&mut self, uri: Uri) {
        let Some(document) = self.documents.get_mut(&uri).filter(|it| it.kind == FileKind::Tasks) else {
            return;
        };
        let (version, awaits) = (document.version, std::mem::replace(&mut document.awaits_pause, true));
        if !awaits {
            self.effect(Effect::AwaitPause { uri, version });
        }
    }

    /// A while ago a document had this version: if it still has, facts are asked for about what was typed.
    pub(crate) fn typing_paused(&mut self, uri: &Uri, version: i32) {
        let Some(document) = self.documents.get_mut(uri) else { return };
        document.awaits_pause = false;
        if document.version != version {
            self.await_pause(uri.clone());
        } else if !document.knows_what_it_wants() {
            self.gather_facts(uri);
        }
    }
}
