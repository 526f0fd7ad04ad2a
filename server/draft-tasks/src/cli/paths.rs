//! The tasks files that a user names on the command line, and their texts.
//!
//! Must not write.

use draft_tasks_analysis::file_names::{PACK_FILE, SETTINGS_FILE, TASKS_FILE};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::source::{self, FileKind, ReadError};

/// Tasks files to work on.
#[derive(Clone, Debug, Args)]
pub(super) struct Paths {
    /// Tasks files, or directories that have one
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
}

/// A tasks file that was read.
pub(super) struct Loaded {
    /// The file as it is shown: relative where the user was relative.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Paths {
    /// Reads all files; one that cannot be read does not keep the others from it.
    pub(super) fn load(&self) -> impl Iterator<Item = Result<Loaded, ReadError>> {
        self.paths.iter().map(|path| load(path))
    }
}

/// Reads the tasks file that a path means.
///
/// # Errors
///
/// When there is none, or it cannot be read.
pub(super) fn load(path: &Path) -> Result<Loaded, ReadError> {
    let path = tasks_file(path)?;
    let text = source::read(&path)?;
    Ok(Loaded { path, text })
}

/// The tasks file of the present directory, if it has one.
pub(super) fn here() -> Option<PathBuf> {
    tasks_file(Path::new(".")).ok()
}

/// Whether there is something to read where a path leads; what cannot be looked at may be there.
pub(super) fn is_there(path: &Path) -> bool {
    let is_missing =
        |path: &Path| path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if path.is_dir() { tasks_file(path).is_ok() } else { !is_missing(path) }
}

/// A file as people read it: relative where it is below the present directory.
pub(super) fn shown(file: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or_else(|| file.to_owned())
}

fn tasks_file(path: &Path) -> Result<PathBuf, ReadError> {
    if path.file_name().is_some_and(|name| name == SETTINGS_FILE) {
        let problem = format!("has settings and no tasks; they are read with the {} beside it", TASKS_FILE);
        return Err(ReadError { path: path.to_owned(), problem });
    }
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let relative = |name: &str| if path == Path::new(".") { PathBuf::from(name) } else { path.join(name) };
    let candidates = [relative(TASKS_FILE), relative(PACK_FILE)];
    // What cannot be looked at is there until reading it says what is wrong.
    let is_there = |path: &PathBuf| match path.symlink_metadata() {
        Err(error) => error.kind() != io::ErrorKind::NotFound,
        Ok(_) => true,
    };
    let is_tasks_file = |path: &PathBuf| is_there(path) && FileKind::of_path(path).is_some();
    candidates.into_iter().find(is_tasks_file).ok_or_else(|| ReadError {
        path: path.to_owned(),
        problem: format!("there is no {} in this directory", TASKS_FILE),
    })
}
