//! What the editor says: for its window, and for each folder of its workspace.
//!
//! Must not know projects, which say something before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::settings::{Config, Layer, Mark};

/// The settings of an editor.
#[derive(Debug, Default, PartialEq)]
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
