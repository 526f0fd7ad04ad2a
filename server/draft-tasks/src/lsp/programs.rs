//! The programs that the PATH has, read when somebody asks and again when one of its directories changes.
//!
//! Must not start anything.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use super::nearby::is_executable;

/// More directories of a PATH are not read.
const MOST_DIRECTORIES: usize = 100;

/// A PATH on slow disks is read as far as this time allows.
const LONGEST: Duration = Duration::from_millis(300);

/// The programs by name, and the state of the PATH when they were read.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    read_from: Vec<(PathBuf, Option<SystemTime>)>,
    listing: Listing,
}

/// What the session and those who gather facts have in common.
pub(crate) type SharedPrograms = Arc<Mutex<Programs>>;

/// The names of programs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    pub(crate) names: Arc<HashSet<String>>,
    /// Whether they are all that the PATH has.
    pub(crate) complete: bool,
}

impl Programs {
    /// What the directories of a PATH have.
    pub(crate) fn list(&mut self, path: &OsStr) -> Listing {
        let all: Vec<PathBuf> = std::env::split_paths(path).collect();
        let directories = all.iter().filter(|it| it.is_absolute()).take(MOST_DIRECTORIES);
        let now: Vec<_> = directories
            .map(|directory| {
                let changed = fs::metadata(directory).and_then(|found| found.modified()).ok();
                (directory.clone(), changed)
            })
            .collect();
        if now != self.read_from {
            self.listing = read(&now);
            self.read_from = now;
        }
        let complete = self.listing.complete && self.read_from.len() == all.len();
        Listing { complete, ..self.listing.clone() }
    }
}

fn read(directories: &[(PathBuf, Option<SystemTime>)]) -> Listing {
    let deadline = Instant::now() + LONGEST;
    let present = directories.iter().filter(|(_, changed)| changed.is_some());
    let mut names = HashSet::new();
    for entry in present.filter_map(|(directory, _)| fs::read_dir(directory).ok()).flatten().flatten() {
        if Instant::now() > deadline {
            return Listing { names: names.into(), complete: false };
        }
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_program = |found: fs::Metadata| found.is_file() && is_executable(&found);
        if !names.contains(&name) && fs::metadata(entry.path()).is_ok_and(is_program) {
            names.extend(without_extension(&name));
            names.insert(name);
        }
    }
    Listing { names: names.into(), complete: true }
}

/// What a program is called by where the system adds the extension.
fn without_extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    let added = ["exe", "cmd", "bat", "com"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    (cfg!(windows) && added).then(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn program(directory: &std::path::Path, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        let path = directory.join(name);
        fs::write(&path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn programs_are_read_again_when_a_directory_changes() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = format!("/none:{}:relative:", directory.path().display());
        program(directory.path(), "b", 0o755);
        program(directory.path(), "text", 0o644);
        fs::create_dir(directory.path().join("folder")).unwrap();
        let mut programs = Programs::default();
        let names = |programs: &mut Programs| {
            let mut names: Vec<_> = programs.list(path.as_ref()).names.iter().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&mut programs), ["b"]);
        let mut list = |path: &str| programs.list(path.as_ref());
        assert!(Arc::ptr_eq(&list(&path).names, &list(&path).names), "read once");
        assert!(!list(&path).complete, "what a relative path means depends on the directory");
        assert!(list(&format!("/none:{}", directory.path().display())).complete);
        program(directory.path(), "a", 0o755);
        let later = SystemTime::now() + Duration::from_secs(9);
        fs::File::open(directory.path()).unwrap().set_modified(later).unwrap();
        assert_eq!(names(&mut programs), ["a", "b"]);
    }
}
