//! What the editor says: for its window, and for each folder of its workspace.
//!
//! Must not know what projects say, which goes before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tower_lsp::gen_lsp_types::{MessageType, Uri};

use super::Session;
use crate::lsp::documents::document;
use crate::lsp::effect::Effect;
use crate::lsp::protocol::ext;
use crate::settings::{Config, Layer, Mark};

/// The settings of an editor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EditorSettings {
    window: Layer,
    /// Those of a folder, with what the window says wherever the folder says nothing.
    folders: BTreeMap<PathBuf, Layer>,
}

/// What a client answered for a folder; for the window where there is none.
pub(super) struct ScopedSettings<'a> {
    pub(super) folder: Option<PathBuf>,
    pub(super) settings: &'a Value,
}

impl EditorSettings {
    /// Reads answers, and tells what is wrong in them, each thing once.
    pub(super) fn read<'a>(
        answers: impl Iterator<Item = ScopedSettings<'a>>,
    ) -> (EditorSettings, BTreeSet<String>) {
        let (mut read, mut wrong) = (EditorSettings::default(), BTreeSet::new());
        for answer in answers {
            let (layer, problems) = Layer::from_json(answer.settings);
            wrong.extend(problems);
            match answer.folder {
                Some(folder) => drop(read.folders.insert(folder, layer)),
                None => read.window = layer,
            }
        }
        (read, wrong)
    }

    /// What counts in a directory: what is said for the deepest folder that it lies in.
    pub(super) fn of(&self, directory: Option<&Path>) -> &Layer {
        let mut above = directory.into_iter().flat_map(Path::ancestors);
        above.find_map(|folder| self.folders.get(folder)).unwrap_or(&self.window)
    }

    /// Whether something with a mark differs somewhere.
    pub(super) fn differs(&self, mark: Mark, other: &EditorSettings) -> bool {
        let folders = self.folders.keys().chain(other.folders.keys());
        let mut places = folders.map(|folder| Some(folder.as_path())).chain([None]);
        places.any(|place| Config::of(&[self.of(place)]).differs(mark, &Config::of(&[other.of(place)])))
    }
}

impl Session {
    /// Settings that came unasked, or the word that they have changed.
    pub(crate) fn did_change_configuration(&mut self, settings: Value) {
        if self.flags.asks_for_settings {
            self.ask_for_settings();
        } else {
            self.take_settings(&[], &[settings.get(ext::SETTINGS).cloned().unwrap_or_default()]);
        }
    }

    /// Asks for the settings of all folders, or goes on with what came unasked.
    pub(super) fn ask_for_settings(&mut self) {
        if self.flags.asks_for_settings {
            self.effect(Effect::AskForSettings { folders: self.folders.clone() });
        } else {
            self.survey();
        }
    }

    /// Takes the settings below `draftTasks`, of the window and then of folders, and says once what is wrong with them.
    pub(crate) fn take_settings(&mut self, folders: &[Uri], answers: &[Value]) {
        let folders = [None].into_iter().chain(folders.iter().map(Some));
        let answers = folders.zip(answers).filter_map(|(folder, settings)| {
            // What is no folder of this machine has no tasks file.
            let folder = folder.map(|uri| document::path_of(uri).ok_or(())).transpose().ok()?;
            Some(ScopedSettings { folder, settings })
        });
        let (editor, wrong) = EditorSettings::read(answers);
        if !wrong.is_empty() {
            let wrong = Vec::from_iter(wrong).join("; ");
            let message = format!("draft-tasks: settings below `{}`: {wrong}", ext::SETTINGS);
            self.show(MessageType::Warning, message);
        }
        if editor != self.editor {
            let differs = |mark| editor.differs(mark, &self.editor);
            let (hints, lenses, republish) =
                (differs(Mark::Hints), differs(Mark::Lenses), differs(Mark::Results));
            if hints && self.flags.refresh_hints {
                self.effect(Effect::RefreshHints);
            }
            if lenses {
                self.refresh_lenses();
            }
            if republish {
                self.stale.extend(self.documents.keys().cloned());
            }
            self.editor = editor;
            self.apply_configs();
            self.settle();
            self.gather_all_facts();
            if republish {
                self.publish_problems(self.runs.problems.paths());
            }
        }
        self.survey();
    }
}
