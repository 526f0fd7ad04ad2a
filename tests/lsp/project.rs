//! A directory of its own for a test, with a tasks file in it.
//!
//! Must not know the protocol beyond URIs.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

/// An application's directory; it is removed in the end.
pub(crate) struct Project {
    directory: TempDir,
    /// The tasks file as a URI.
    pub(crate) uri: String,
    /// The text of the tasks file as it was written.
    pub(crate) text: String,
}

impl Project {
    /// A directory whose tasks file has this text.
    pub(crate) fn new(text: &str) -> Project {
        let directory = TempDir::new().expect("a directory for the test");
        let file = directory.path().join(".draft-tasks.toml");
        std::fs::write(&file, text).expect("the tasks file can be written");
        Project { uri: uri(&file), directory, text: text.to_owned() }
    }

    /// A directory with a tasks file of one phase.
    pub(crate) fn with_tasks(phase: &str, tasks: &[(&str, &str)]) -> Project {
        // A JSON string is a TOML string, and one that Draft reads whatever the command ends with.
        let lines = tasks.iter().map(|(name, command)| format!("\"{name}\" = {}\n", Value::from(*command)));
        Project::new(&format!("[{phase}]\n{}", lines.collect::<String>()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a file beside the tasks file, with the directories that it needs, and gives its URI.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("the directory can be made");
        std::fs::write(&path, text).expect("the file can be written");
        uri(&path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

/// The URI of a file.
pub(crate) fn uri(path: &Path) -> String {
    url::Url::from_file_path(path).expect("an absolute path").into()
}
