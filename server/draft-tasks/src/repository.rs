//! The folders between one and the root of its Git repository: where files may be that hold for it, too.
//!
//! Must not lead out of the repository, nor to what another user owns, unless this user has named its folder: who owns it
//! could say what this user runs.

use std::path::{Path, PathBuf};

use crate::source;

/// What Git has in the root of a repository: a folder, or a file that names one.
const GIT: &str = ".git";

/// The way up from a folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ascent {
    /// The folders above it that can be looked in, nearest first.
    pub(crate) folders: Vec<PathBuf>,
    /// Those beyond them up to the root, which must not be looked in.
    pub(crate) beyond: Vec<PathBuf>,
    /// The root of the repository, if it is in one.
    pub(crate) root: Option<PathBuf>,
    /// What of the repository belongs to another user, so that the way ends before it.
    pub(crate) foreign: Option<PathBuf>,
}

impl Ascent {
    /// The way from a folder, links resolved.
    pub(crate) fn from(folder: &Path) -> Ascent {
        Ascent::by(folder, &is_own)
    }

    fn by(folder: &Path, is_own: &dyn Fn(&Path) -> bool) -> Ascent {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let here = source::canonical(here);
        let is_root = |folder: &&Path| folder.join(GIT).symlink_metadata().is_ok();
        let Some(root) = here.ancestors().find(is_root) else { return Ascent::default() };
        let above: Vec<&Path> = here.ancestors().skip(1).take_while(|it| it.starts_with(root)).collect();
        let git = root.join(GIT);
        // Who owns the root owns all that Git has of it.
        let mut on_the_way =
            [root, &git].into_iter().chain(above.iter().copied()).filter(|_| !above.is_empty());
        let foreign = on_the_way.find(|it| !is_own(it));
        let is_all_foreign = foreign.is_some_and(|foreign| foreign == root || foreign == git);
        let is_usable = |it: &&Path| !is_all_foreign && Some(*it) != foreign;
        let usable = above.iter().take_while(|it| is_usable(it)).count();
        let mut folders: Vec<PathBuf> = above.iter().map(|it| it.to_path_buf()).collect();
        let beyond = folders.split_off(usable);
        Ascent { folders, beyond, foreign: foreign.map(Path::to_owned), root: Some(root.to_owned()) }
    }
}

/// The variable in which a user names folders that are to count as the user's own, as those of a PATH: a job in a container
/// may have a checkout that another user made.
pub(crate) const SAFE: &str = "DRAFT_TASKS_SAFE_DIRECTORIES";

/// That a folder which the user has named is not used, in brackets; nothing where all are.
pub(crate) fn not_absolute() -> String {
    let named = std::env::var_os(SAFE).unwrap_or_default();
    let is_relative = |folder: &PathBuf| !folder.as_os_str().is_empty() && !folder.is_absolute();
    let relative = std::env::split_paths(&named).find(is_relative);
    let said = |folder: PathBuf| {
        format!(" (`{}` in {SAFE} is not used, as it is not an absolute path)", folder.display())
    };
    relative.map(said).unwrap_or_default()
}

/// Whether what is at a path belongs to the user who runs the program, or lies in a folder that this user has named; of a link
/// it, what it leads to, and the folder in which that could be replaced.
pub(crate) fn is_own(path: &Path) -> bool {
    let named = std::env::var_os(SAFE).unwrap_or_default();
    let folders = std::env::split_paths(&named).filter(|folder| folder.is_absolute());
    let folders: Vec<PathBuf> = folders.map(|folder| source::canonical(&folder)).collect();
    is_own_or_in(path, &folders)
}

#[cfg(unix)]
fn is_own_or_in(path: &Path, folders: &[PathBuf]) -> bool {
    let itself = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => source::canonical(folder).join(name),
        _ => source::canonical(path),
    };
    let real = source::canonical(path);
    let behind_link = real.parent().filter(|_| path.is_symlink()).map(Path::to_owned);
    // A link to nothing belongs to nobody.
    path.exists() && [itself, real].iter().chain(&behind_link).all(|it| is_users(it) || is_in(it, folders))
}

/// Whether there is something that belongs to the user.
#[cfg(unix)]
fn is_users(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    path.symlink_metadata().is_ok_and(|found| found.uid() == user)
}

/// Elsewhere the owner of a file is not known: what is below the user's own folder is taken for the user's.
#[cfg(not(unix))]
fn is_own_or_in(path: &Path, folders: &[PathBuf]) -> bool {
    let home = std::env::home_dir().map(|home| source::canonical(&home));
    let real = source::canonical(path);
    home.is_some_and(|home| real.starts_with(home)) || is_in(&real, folders)
}

fn is_in(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with folders in it, and its real path.
    fn repository(folders: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = source::canonical(dir.path()).join("repository");
        std::fs::create_dir_all(root.join(folders)).unwrap();
        std::fs::create_dir(root.join(GIT)).unwrap();
        (dir, root)
    }

    #[test]
    fn the_way_ends_at_the_root_of_the_repository() {
        let (_dir, root) = repository("a/b");
        let found = Ascent::from(&root.join("a/b"));
        let folders = vec![root.join("a"), root.clone()];
        assert_eq!(found, Ascent { folders, root: Some(root.clone()), ..Ascent::default() });
        assert_eq!(Ascent::from(&root), Ascent { root: Some(root.clone()), ..Ascent::default() });
        std::fs::write(root.join("a/.git"), "gitdir: ../.git/modules/a").unwrap();
        assert_eq!(Ascent::from(&root.join("a/b")).folders, [root.join("a")], "a submodule");
    }

    #[test]
    fn without_a_repository_nothing_is_above() {
        let (_dir, root) = repository("a/b");
        std::fs::remove_dir(root.join(GIT)).unwrap();
        assert_eq!(Ascent::from(&root.join("a/b")), Ascent::default());
        assert_eq!(Ascent::from(&root.join("none")), Ascent::default());
    }

    #[test]
    fn the_way_ends_before_what_belongs_to_another_user() {
        let (_dir, root) = repository("a/b/c");
        let found = |foreign: &Path| {
            let found = Ascent::by(&root.join("a/b/c"), &|path| path != foreign);
            assert_eq!(found.foreign.as_deref(), Some(foreign));
            found.folders
        };
        assert_eq!(found(&root.join("a")), [root.join("a/b")]);
        for all in [&root, &root.join(GIT)] {
            assert!(found(all).is_empty(), "{}", all.display());
        }
        assert_eq!(Ascent::by(&root, &|_| false).foreign, None, "nothing is above the root");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_own_if_it_and_what_it_leads_to_are() {
        let (_dir, root) = repository("a");
        assert!(is_own(&root));
        let link = root.join("link");
        std::os::unix::fs::symlink("nothing", &link).unwrap();
        assert!(!is_own(&link) && !is_own(&root.join("none")));
        std::fs::write(root.join("nothing"), "").unwrap();
        assert!(is_own(&link));
    }

    #[cfg(unix)]
    #[test]
    fn what_lies_in_a_folder_that_the_user_has_named_is_own() {
        let (dir, root) = repository("a");
        // Of the system's superuser, or of nobody.
        let theirs = Path::new("/proc/1/cmdline");
        let is_foreign = !is_own_or_in(theirs, &[]);
        assert!(!is_foreign || is_own_or_in(theirs, &[PathBuf::from("/proc/1")]));
        let link = root.join("a/link");
        std::os::unix::fs::symlink(theirs, &link).unwrap();
        assert!(!is_foreign || !is_own_or_in(&link, &[source::canonical(dir.path())]), "it leads out of it");
        assert!(!is_own_or_in(&root.join("none"), std::slice::from_ref(&root)), "nothing is there");
    }
}
