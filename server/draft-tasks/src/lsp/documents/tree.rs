//! The tasks files below a folder, without those that Git ignores.
//!
//! Must not follow a link, which may lead out of the folder, and must not walk for ever.

use std::path::{Path, PathBuf};

use draft_tasks_analysis::file_names::TASKS_FILE;
use ignore::{DirEntry, WalkBuilder};

use crate::world::facts;

/// At most so many entries of folders are looked at.
const ENTRIES: usize = 100_000;

/// Below so many folders.
const DEPTH: usize = 32;

/// What was found below a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// In the order of their paths.
    pub(crate) tasks_files: Vec<PathBuf>,
    /// Whether there was more to look at than is looked at.
    pub(crate) is_cut: bool,
}

impl Tree {
    /// Looks at a folder, which may take for ever.
    pub(crate) fn below(folder: &Path) -> Tree {
        let mut walk = WalkBuilder::new(folder);
        // Names of tasks files begin with a dot. A folder need not be a repository for its `.gitignore` to count.
        walk.hidden(false).require_git(false).follow_links(false).same_file_system(true);
        walk.max_depth(Some(DEPTH)).max_filesize(Some(facts::LARGEST));
        walk.filter_entry(|entry| entry.file_name() != ".git");
        let mut entries = walk.build();
        let looked_at = entries.by_ref().take(ENTRIES).filter_map(Result::ok);
        let mut tasks_files: Vec<PathBuf> =
            looked_at.filter(is_tasks_file).map(DirEntry::into_path).collect();
        tasks_files.sort_unstable();
        Tree { tasks_files, is_cut: entries.next().is_some() }
    }
}

fn is_tasks_file(entry: &DirEntry) -> bool {
    entry.file_name() == TASKS_FILE && entry.file_type().is_some_and(|it| it.is_file())
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
        let found = Tree::below(dir.path());
        let path = |name: &str| dir.path().join(name).join(TASKS_FILE);
        let tasks_files = [".hidden", "a", "a/b"].map(path).to_vec();
        assert_eq!(found, Tree { tasks_files, is_cut: false });
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(other.path(), TASKS_FILE, "");
        std::os::unix::fs::symlink(other.path(), dir.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(other.path().join(TASKS_FILE), dir.path().join(TASKS_FILE)).unwrap();
        assert_eq!(Tree::below(dir.path()), Tree::default());
        assert_eq!(Tree::below(&dir.path().join("none")), Tree::default());
    }
}
