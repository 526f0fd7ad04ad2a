//! The programs that the PATH has, read when somebody asks and again when one of its directories changes.
//!
//! Must not start anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::world::facts::is_executable;

/// More directories of a PATH are not read.
const MOST_DIRECTORIES: usize = 100;

/// A PATH on slow disks is read as far as this time allows.
const LONGEST: Duration = Duration::from_millis(300);

/// The programs that were read last, for whoever asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownPrograms(Arc<Mutex<Programs>>);

impl KnownPrograms {
    /// The names of the programs, in order.
    pub(crate) fn names(&self, path: &str) -> Arc<BTreeSet<String>> {
        // What a defect left behind is read again when a directory changes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).names(path)
    }
}

/// The programs by name, and the state of the PATH when they were read.
#[derive(Debug, Default)]
struct Programs {
    read_from: Vec<(PathBuf, Option<SystemTime>)>,
    names: Arc<BTreeSet<String>>,
}

impl Programs {
    fn names(&mut self, path: &str) -> Arc<BTreeSet<String>> {
        let directories = std::env::split_paths(path).filter(|it| it.is_absolute()).take(MOST_DIRECTORIES);
        let now: Vec<_> = directories
            .map(|directory| {
                let changed = fs::metadata(&directory).and_then(|found| found.modified()).ok();
                (directory, changed)
            })
            .collect();
        if now != self.read_from {
            self.names = Arc::new(read(&now));
            self.read_from = now;
        }
        self.names.clone()
    }
}

fn read(directories: &[(PathBuf, Option<SystemTime>)]) -> BTreeSet<String> {
    let deadline = Instant::now() + LONGEST;
    let present = directories.iter().filter(|(_, changed)| changed.is_some());
    let entries = present.filter_map(|(directory, _)| fs::read_dir(directory).ok()).flatten();
    let programs = entries.take_while(|_| Instant::now() < deadline).filter_map(|entry| {
        let entry = entry.ok()?;
        let found = fs::metadata(entry.path()).ok()?;
        // On Windows a program is called without its ending.
        let name = if cfg!(windows) { entry.path().file_stem()?.to_owned() } else { entry.file_name() };
        (found.is_file() && is_executable(&entry.path(), &found)).then(|| name.into_string().ok())?
    });
    programs.collect()
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
        let programs = KnownPrograms::default();
        assert_eq!(programs.names(&path).iter().collect::<Vec<_>>(), ["b"]);
        assert!(Arc::ptr_eq(&programs.names(&path), &programs.names(&path)), "read once");
        program(directory.path(), "a", 0o755);
        let later = SystemTime::now() + Duration::from_secs(9);
        fs::File::open(directory.path()).unwrap().set_modified(later).unwrap();
        assert_eq!(programs.names(&path).iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
