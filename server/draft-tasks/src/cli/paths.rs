//! The tasks file that a user means on the command line, named or not, and its text.
//!
//! Must not write, and must not take a file from a folder above without naming it.

use draft_tasks_analysis::file_names::{PACK_FILE, SETTINGS_FILE, TASKS_FILE};
use draft_tasks_analysis::printable::printable;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::terminal;
use crate::repository::{self, Ascent, SAFE};
use crate::source::{self, FileKind, ReadError};
use crate::tree::Tree;

/// The tasks file of a command that takes one.
#[derive(Clone, Debug, Args)]
pub(super) struct FileOption {
    /// The tasks file, or the directory that has it; without it, the one of this directory or else the nearest above it, up
    /// to the root of the Git repository
    #[arg(long, value_name = "PATH")]
    pub(super) file: Option<PathBuf>,
}

/// Which tasks file is meant.
#[derive(Clone, Debug)]
pub(super) struct TasksFile {
    /// As it is shown: relative where the user was relative.
    pub(super) path: PathBuf,
    /// Whether it was found in a folder above, and nobody named it.
    pub(super) is_above: bool,
}

/// A tasks file that was read.
pub(super) struct Loaded {
    /// The file as it is shown: relative where the user was relative.
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Whether it is no file, but came from standard input.
    pub(super) is_stdin: bool,
    /// Whether it is a link that was met below a folder, and nobody named it: what it leads to is not changed.
    pub(super) is_link: bool,
}

impl FileOption {
    /// The tasks file that is meant.
    ///
    /// # Errors
    ///
    /// As [`find`].
    pub(super) fn find(&self) -> Result<TasksFile, ReadError> {
        find(self.file.as_deref())
    }
}

impl TasksFile {
    /// A file that something else than a search names.
    pub(super) fn named(path: PathBuf) -> TasksFile {
        TasksFile { path, is_above: false }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub(super) fn load(self) -> Result<Loaded, ReadError> {
        let text = source::read(&self.path)?;
        Ok(Loaded { path: self.path, text, is_stdin: false, is_link: false })
    }
}

/// The tasks file of a path, or else of the present directory or the nearest above it: each command that is about a tasks
/// file asks here. One from above is named on standard error.
///
/// # Errors
///
/// When there is none.
pub(super) fn find(path: Option<&Path>) -> Result<TasksFile, ReadError> {
    match (find_any(path)?, path) {
        (Some(found), _) => Ok(found),
        (None, None) => Err(nowhere(&Ascent::from(Path::new(".")))),
        (None, Some(path)) if path.is_dir() => {
            let problem = format!("there is no {TASKS_FILE} in this directory");
            Err(ReadError { path: path.to_owned(), problem })
        }
        // Reading it says what is missing.
        (None, Some(path)) => Ok(TasksFile::named(path.to_owned())),
    }
}

/// The tasks file; nothing where it is known that there is none.
///
/// # Errors
///
/// When one may be there, and is not for this user or this command.
pub(super) fn find_any(path: Option<&Path>) -> Result<Option<TasksFile>, ReadError> {
    let Some(path) = path else {
        let found = search()?;
        found.iter().filter(|found| found.is_above).for_each(|found| {
            terminal::remark(format_args!("using {}", found.path.display()));
        });
        return Ok(found);
    };
    if path.file_name().is_some_and(|name| name == SETTINGS_FILE) {
        let problem = format!(
            "has settings and no tasks; they are read with the {TASKS_FILE} of its directory and those below"
        );
        return Err(ReadError { path: path.to_owned(), problem });
    }
    if !path.is_dir() {
        return Ok(source::is_there(path).then(|| TasksFile::named(path.to_owned())));
    }
    let folder = if path == Path::new(".") { Path::new("") } else { path };
    Ok(tasks_file_in(folder).map(TasksFile::named))
}

/// The tasks file for who needs none: a folder may lack one, but a folder that is not there is misspelt.
///
/// # Errors
///
/// As [`find_any`], and where no folder may have it.
pub(super) fn find_if_present(path: Option<&Path>) -> Result<Option<TasksFile>, ReadError> {
    let found = find_any(path)?;
    let Some(path) = path.filter(|_| found.is_none()) else { return Ok(found) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() || FileKind::of_path(path).is_some() && folder.is_dir() {
        return Ok(None);
    }
    let problem = "there is no such file or directory; --if-present is for a folder that has no tasks file";
    Err(ReadError { path: path.to_owned(), problem: problem.to_owned() })
}

/// The file that would be found, for who does nothing with it and says nothing.
pub(super) fn find_silently(path: Option<&Path>) -> Option<PathBuf> {
    match path {
        Some(path) => find_any(Some(path)).ok().flatten().map(|found| found.path),
        None => search().ok().flatten().map(|found| found.path),
    }
}

/// Looks in the present directory, and in those above it.
fn search() -> Result<Option<TasksFile>, ReadError> {
    if let Some(path) = tasks_file_in(Path::new("")) {
        return Ok(Some(TasksFile::named(path)));
    }
    let ascent = Ascent::from(Path::new("."));
    let mut up = (1..=ascent.folders.len()).map(|steps| PathBuf::from_iter(vec![".."; steps]));
    let path = match up.find_map(|folder| tasks_file_in(&folder)) {
        Some(path) => path,
        // What cannot be looked in may have one.
        None if ascent.foreign.is_some() => return Err(nowhere(&ascent)),
        None => return Ok(None),
    };
    if !repository::is_own(&path) {
        let problem = format!(
            "belongs to another user, so it is not used from a folder below; to use it, name it, or its folder in the \
             variable {SAFE}{}",
            repository::not_absolute()
        );
        return Err(ReadError { path, problem });
    }
    Ok(Some(TasksFile { path, is_above: true }))
}

/// That there is no tasks file, where was looked, and what to do.
fn nowhere(ascent: &Ascent) -> ReadError {
    if let Err(error) = std::env::current_dir() {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => "this directory was removed: change to one that is there".to_owned(),
            _ => format!("this directory is not known: {error}"),
        };
        return ReadError { path: ".".into(), problem };
    }
    let path = source::canonical(Path::new("."));
    let looked = match (&ascent.root, &ascent.foreign) {
        (None, _) => "in this directory, which is in no Git repository, so that no folder above is looked in"
            .to_owned(),
        (Some(_), Some(foreign)) => format!(
            "in this directory{}; what is above is not looked in, as {} belongs to another user; to look in it, name its \
             folder in the variable {SAFE}{}",
            if ascent.folders.is_empty() { "" } else { ", or in those above it of this user" },
            foreign.display(),
            repository::not_absolute()
        ),
        (Some(root), None) if *root == path => "in this directory, the root of its Git repository".to_owned(),
        (Some(root), None) => {
            format!("in this directory, or above it up to the root of its Git repository, {}", root.display())
        }
    };
    let advice = "`draft-tasks create` makes one here; to use another one, name it by --file PATH or its directory by -C DIR";
    let elsewhere = if ascent.root.is_some() { below() } else { above(&path) }.unwrap_or_default();
    ReadError { path, problem: format!("there is no {TASKS_FILE} {looked}\n  {advice}{elsewhere}") }
}

/// The nearest folder above that has one, on a line of its own.
fn above(here: &Path) -> Option<String> {
    let folder = here.ancestors().skip(1).find(|folder| tasks_file_in(folder).is_some())?;
    Some(format!("\n  a folder above that has one: {}", printable(&folder.to_string_lossy())))
}

/// The folders below that have one, on a line of its own.
fn below() -> Option<String> {
    /// More would hide what else is said.
    const MOST: usize = 5;
    let tree = Tree::of_workspace(Path::new("."));
    let folders = tree.files.iter().filter_map(|file| file.path.parent());
    let mut shown: Vec<String> = folders.map(|folder| printable(&folder.to_string_lossy())).collect();
    let others = shown.len().saturating_sub(MOST);
    shown.truncate(MOST);
    if others > 0 {
        shown.push(format!("and {others} more"));
    }
    (!shown.is_empty()).then(|| format!("\n  folders below that have one: {}", shown.join(", ")))
}

fn tasks_file_in(folder: &Path) -> Option<PathBuf> {
    let candidates = [folder.join(TASKS_FILE), folder.join(PACK_FILE)];
    let is_tasks_file = |path: &PathBuf| source::is_there(path) && FileKind::of_path(path).is_some();
    candidates.into_iter().find(is_tasks_file)
}
