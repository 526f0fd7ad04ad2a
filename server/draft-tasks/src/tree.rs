//! The tasks files below a folder, without those that Git ignores.
//!
//! Must not follow a link to a folder, which may lead out of it, and must not leave out what cannot be looked at without a
//! word.

use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::{PACK_FILE, TASKS_FILE};
use ignore::{DirEntry, Walk, WalkBuilder};

use crate::source::{FileKind, ReadError};
use crate::world::facts;

/// Of a workspace, which an editor looks at unasked, at most so many entries of folders are looked at.
const ENTRIES: usize = 100_000;

/// Below so many folders.
const DEPTH: usize = 32;

/// What was found below a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// In the order of their paths.
    pub(crate) files: Vec<FoundFile>,
    /// What could not be looked at.
    pub(crate) unread: Vec<ReadError>,
    /// Whether there was more to look at than is looked at.
    pub(crate) is_cut: bool,
}

/// What has the name of a tasks file, or a pack's.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    pub(crate) kind: FoundKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FoundKind {
    /// A file itself.
    File,
    /// A link, which may lead anywhere.
    Link,
    /// A folder, a pipe, a device: it only has the name of a file.
    Other,
}

impl Tree {
    /// Looks at all that is below a folder that the user named.
    pub(crate) fn below(folder: &Path) -> Tree {
        Tree::of(&mut walker(folder).build(), usize::MAX, folder)
    }

    /// Looks for the tasks files of a workspace, as far as nobody waits for long.
    pub(crate) fn of_workspace(folder: &Path) -> Tree {
        let mut walker = walker(folder);
        walker.same_file_system(true).max_depth(Some(DEPTH)).max_filesize(Some(facts::LARGEST));
        let mut tree = Tree::of(&mut walker.build(), ENTRIES, folder);
        tree.files.retain(|file| file.kind == FoundKind::File && file.path.ends_with(TASKS_FILE));
        tree
    }

    fn of(entries: &mut Walk, most: usize, folder: &Path) -> Tree {
        let mut tree = Tree::default();
        for entry in entries.by_ref().take(most) {
            match entry {
                Ok(entry) => tree.files.extend(found(entry)),
                Err(error) => tree.unread.extend(unread(&error, folder)),
            }
        }
        tree.is_cut = entries.next().is_some();
        tree.files.sort_unstable();
        tree
    }
}

fn walker(folder: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    // Names of tasks files begin with a dot. A folder need not be a repository for its `.gitignore` to count.
    walk.hidden(false).require_git(false).follow_links(false);
    walk.filter_entry(|entry| entry.file_name() != ".git");
    walk
}

fn found(entry: DirEntry) -> Option<FoundFile> {
    let name = entry.file_name();
    let is_pack = name == PACK_FILE;
    let kind = entry.file_type().filter(|_| is_pack || name == TASKS_FILE)?;
    if is_pack && (!kind.is_file() || FileKind::of_path(entry.path()).is_none()) {
        return None;
    }
    let path = entry.into_path();
    let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    let kind = match kind {
        kind if kind.is_file() => FoundKind::File,
        kind if kind.is_symlink() => FoundKind::Link,
        _ => FoundKind::Other,
    };
    Some(FoundFile { path, kind })
}

/// What could not be looked at, unless it is gone meanwhile.
fn unread(error: &ignore::Error, folder: &Path) -> Option<ReadError> {
    let problem = match error.io_error().map(io::Error::kind) {
        Some(io::ErrorKind::NotFound) => return None,
        Some(io::ErrorKind::PermissionDenied) => "may not be read (permission denied)".to_owned(),
        _ => error.to_string(),
    };
    Some(ReadError { path: place(error).unwrap_or(folder).to_owned(), problem })
}

fn place(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.strip_prefix(".").unwrap_or(path)),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn what_git_ignores_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "a/b", "vendor", "a/built", ".git/x", ".hidden"] {
            write(dir.path(), &format!("{name}/{TASKS_FILE}"), "");
        }
        write(dir.path(), "a/tasks.toml", "");
        write(dir.path(), ".gitignore", "/vendor\n");
        write(dir.path(), "a/.gitignore", "built/\n");
        write(dir.path(), "large/.draft-tasks.toml", &"#".repeat(facts::LARGEST as usize + 1));
        write(dir.path(), "pack/tasks.toml", "");
        std::fs::create_dir(dir.path().join("pack/charts")).unwrap();
        let found = |name: &str| FoundFile { path: dir.path().join(name), kind: FoundKind::File };
        let files = [".hidden", "a", "a/b"].map(|folder| found(&format!("{folder}/{TASKS_FILE}")));
        assert_eq!(Tree::of_workspace(dir.path()).files, files);
        let more = [format!("large/{TASKS_FILE}"), "pack/tasks.toml".into()].map(|name| found(&name));
        assert_eq!(Tree::below(dir.path()).files, Vec::from_iter(files.into_iter().chain(more)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(other.path(), TASKS_FILE, "");
        std::os::unix::fs::symlink(other.path(), dir.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(other.path().join(TASKS_FILE), dir.path().join(TASKS_FILE)).unwrap();
        assert_eq!(Tree::of_workspace(dir.path()), Tree::default());
        let files = vec![FoundFile { path: dir.path().join(TASKS_FILE), kind: FoundKind::Link }];
        assert_eq!(Tree::below(dir.path()), Tree { files, ..Tree::default() });
        assert_eq!(Tree::below(&dir.path().join("none")), Tree::default());
    }
}
