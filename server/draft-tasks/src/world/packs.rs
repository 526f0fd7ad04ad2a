//! Draft packs on disk: where they are, which one a name means, and the tasks file that one has.
//!
//! Must not write.

use draft_tasks_analysis::file_names::PACK_FILE;
use std::fs::{self, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::completion::PackFile;
use draft_tasks_executor::file;

use crate::source;
use crate::world::environment::Environment;

/// A draft pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pack {
    /// The repository that it is from, as it is named below Draft's folder: `github.com/Azure/draft`.
    pub(crate) repository: String,
    /// Its own name: `python`.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) directory: PathBuf,
}

/// Why a name means no pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPack {
    /// None has this name.
    Unknown,
    /// Several have it; their full names.
    Ambiguous(Vec<String>),
}

/// The tasks file of a pack as it is.
#[derive(Debug)]
pub(crate) struct PackTasks {
    pub(crate) bytes: Vec<u8>,
    pub(crate) permissions: Permissions,
}

/// A tasks file to begin with where there is no pack.
pub(crate) const SKELETON: &str = r#"# Tasks around the life of this application. A task is
#
#   description = "command"
#
# There is no shell: `draft-tasks explain` shows what each task runs, and `draft-tasks check` what is wrong.

# Before `draft-tasks up` deploys the application, on this machine:
[pre-up]
# "start the database" = "docker compose up --detach database"

# After that, inside every ready pod of the application:
[post-deploy]
# "migrate the database" = "bin/migrate --all"

# After `draft-tasks delete`, on this machine:
[cleanup]
# "stop the database" = "docker compose down"
"#;

/// The folders between Draft's own and a repository: host, owner and name, and one to spare.
const DEEPEST: usize = 4;

/// The packs of a user.
pub(crate) fn of_user(environment: &Environment) -> Vec<Pack> {
    draft_home(environment).map_or_else(Vec::new, |home| find(&home))
}

/// The folder of Draft: `DRAFT_HOME`, or `.draft` in the user's home.
pub(crate) fn draft_home(environment: &Environment) -> Option<PathBuf> {
    let set = |name| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || set(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    set("DRAFT_HOME").or_else(|| Some(home()?.join(".draft")))
}

/// All packs below a folder of Draft, by their full names; a folder that cannot be read has none.
pub(crate) fn find(draft_home: &Path) -> Vec<Pack> {
    let mut packs = Vec::new();
    let mut folders: Vec<(String, PathBuf, usize)> = below("", &draft_home.join("packs"), 1);
    while let Some((repository, folder, depth)) = folders.pop() {
        let inner = folder.join("packs");
        if inner.is_dir() {
            packs.extend(folders_of(&inner).into_iter().map(|(name, directory)| Pack {
                repository: repository.clone(),
                name,
                directory,
            }));
        } else if depth < DEEPEST {
            folders.extend(below(&repository, &folder, depth + 1));
        }
    }
    packs.sort_by_key(Pack::full_name);
    packs
}

fn below(repository: &str, folder: &Path, depth: usize) -> Vec<(String, PathBuf, usize)> {
    let full = |name: String| if repository.is_empty() { name } else { format!("{repository}/{name}") };
    folders_of(folder).into_iter().map(|(name, path)| (full(name), path, depth)).collect()
}

/// The folders in a folder. Draft links to a repository that is on this machine, so links count.
fn folders_of(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named.filter(|(name, path)| !name.starts_with('.') && path.is_dir()).collect()
}

/// The pack that a name means: its own, or with as much of its repository as makes it the only one.
///
/// # Errors
///
/// When there is none or more than one.
pub(crate) fn choose<'a>(packs: &'a [Pack], name: &str) -> Result<&'a Pack, NoPack> {
    let meant = |pack: &&Pack| {
        let full = pack.full_name();
        full == name || full.strip_suffix(name).is_some_and(|before| before.ends_with('/'))
    };
    let found: Vec<&Pack> = packs.iter().filter(meant).collect();
    match found.as_slice() {
        [] => Err(NoPack::Unknown),
        [pack] => Ok(pack),
        several => Err(NoPack::Ambiguous(several.iter().map(|pack| pack.full_name()).collect())),
    }
}

/// A tasks file beyond this size is nothing to choose from a list.
const LONGEST_OFFERED: usize = 64 << 10;

/// The tasks files of all packs, as far as they are texts of a usual size.
pub(crate) fn files(packs: &[Pack]) -> Vec<PackFile> {
    let file = |pack: &Pack| Some(PackFile { pack: pack.full_name(), text: pack.text().ok()?? });
    packs.iter().filter_map(file).collect()
}

impl Pack {
    /// The name that no other pack has.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.repository, self.name)
    }

    /// Its tasks file, if it has one.
    ///
    /// # Errors
    ///
    /// When it has one that cannot be read, has more bytes than are wanted, or is not a regular file.
    pub(crate) fn tasks(&self, most: usize) -> io::Result<Option<PackTasks>> {
        let path = self.directory.join(PACK_FILE);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        Ok(Some(PackTasks { bytes: file::regular(&path, most as u64)?, permissions: metadata.permissions() }))
    }

    /// The text of its tasks file, if it has one.
    ///
    /// # Errors
    ///
    /// When it has one that is no text of a usual size; then in a sentence.
    pub(crate) fn text(&self) -> Result<Option<String>, String> {
        let tasks = self.tasks(LONGEST_OFFERED).map_err(|error| error.to_string())?;
        tasks.map(|tasks| source::decode(tasks.bytes)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of Draft with these folders in it.
    fn home(folders: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        folders.iter().for_each(|folder| fs::create_dir_all(home.path().join(folder)).unwrap());
        home
    }

    fn names(packs: &[Pack]) -> Vec<String> {
        packs.iter().map(Pack::full_name).collect()
    }

    #[test]
    fn packs_are_found_in_repositories() {
        let home = home(&[
            "packs/github.com/Azure/draft/packs/python/charts",
            "packs/github.com/Azure/draft/packs/go",
            "packs/github.com/Azure/draft/.git/packs/x",
            "packs/local/packs/go/packs/inner",
            "packs/a/b/c/d/e/packs/too-deep",
            "plugins/x/packs/y",
        ]);
        fs::write(home.path().join("packs/local/packs/file"), "").unwrap();
        let packs = find(home.path());
        assert_eq!(names(&packs), ["github.com/Azure/draft/go", "github.com/Azure/draft/python", "local/go"]);
        assert_eq!(packs[2].directory, home.path().join("packs/local/packs/go"));
        assert!(find(&home.path().join("none")).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_not_in_circles() {
        let home = home(&["packs/host", "elsewhere/packs/rust"]);
        std::os::unix::fs::symlink(home.path().join("elsewhere"), home.path().join("packs/linked")).unwrap();
        std::os::unix::fs::symlink(home.path().join("packs/host"), home.path().join("packs/host/loop"))
            .unwrap();
        assert_eq!(names(&find(home.path())), ["linked/rust"]);
    }

    #[test]
    fn a_name_may_say_as_much_as_is_needed() {
        let pack = |repository: &str, name: &str| Pack {
            repository: repository.into(),
            name: name.into(),
            directory: PathBuf::new(),
        };
        let packs = [pack("a/x", "go"), pack("b/x", "go"), pack("b/x", "cargo")];
        assert_eq!(choose(&packs, "cargo"), Ok(&packs[2]));
        assert_eq!(choose(&packs, "b/x/go"), Ok(&packs[1]));
        assert_eq!(choose(&packs, "go"), Err(NoPack::Ambiguous(vec!["a/x/go".into(), "b/x/go".into()])));
        assert_eq!(choose(&packs, "x/go"), choose(&packs, "go"));
        for unknown in ["", "o", "x", "a/x", "/go/"] {
            assert_eq!(choose(&packs, unknown), Err(NoPack::Unknown), "{unknown:?}");
        }
    }

    #[test]
    fn files_that_are_texts_are_offered() {
        let home = home(&["packs/x/packs/binary", "packs/x/packs/good", "packs/x/packs/none"]);
        let pack = |name: &str| home.path().join("packs/x/packs").join(name).join("tasks.toml");
        fs::write(pack("binary"), b"\xff").unwrap();
        fs::write(pack("good"), "[pre-up]\n").unwrap();
        fs::write(home.path().join("packs/x/packs/none/tasks.toml"), "#".repeat(LONGEST_OFFERED + 1))
            .unwrap();
        let found = files(&find(home.path()));
        assert_eq!(found, [PackFile { pack: "x/good".into(), text: "[pre-up]\n".into() }]);
    }

    #[test]
    fn the_folder_of_draft() {
        let of = |variables: &[(&str, &str)]| draft_home(&Environment::of(variables));
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        assert_eq!(of(&[("DRAFT_HOME", "/d"), (home, "/h")]), Some("/d".into()));
        assert_eq!(of(&[("DRAFT_HOME", ""), (home, "/h")]), Some("/h/.draft".into()));
        assert_eq!(of(&[]), None);
    }
}
