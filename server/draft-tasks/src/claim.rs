//! Which phases of a tasks file a program runs, so that no other one runs them meanwhile: locks in the state folder, which
//! the system gives back however their program ends.
//!
//! Must not keep anything from running because nothing can be locked.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use draft_tasks_executor::private;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::lifecycle::Activity;
use crate::source;

/// How much of a lock file is read, in bytes: a claim takes a tenth of it.
const LARGEST: u64 = 4096;

/// Phases that nobody else runs until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Claim {
    locks: Vec<File>,
    /// Why others are not kept from running them.
    pub(crate) trouble: Option<String>,
}

/// What somebody else runs.
#[derive(Debug)]
pub(crate) struct Rival {
    lock: File,
    wanted: Activity,
    /// Nothing where it has not told yet.
    told: Option<Told>,
    /// The phase that it runs in any case.
    phase: &'static str,
}

/// What a lock tells of who holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    name: String,
    process: u32,
    /// Seconds since 1970.
    since: u64,
}

impl Claim {
    /// Claims the phases of something that is to run tasks of a file; `state` is the folder of what is kept for the user.
    ///
    /// # Errors
    ///
    /// Who runs one of them.
    pub(crate) fn take(wanted: Activity, state: Option<&Path>, file: &Path) -> Result<Claim, Rival> {
        let unlocked = |why: String| {
            let trouble = format!("it is not known whether another program runs tasks of this file: {why}");
            Ok(Claim { locks: Vec::new(), trouble: Some(trouble) })
        };
        let Some(state) = state else {
            return unlocked("there is no folder for locks; set DRAFT_TASKS_STATE_DIR".into());
        };
        let locks = state.join("locks");
        if let Err(error) = private::create_all(&locks) {
            return unlocked(format!("{}: {error}", locks.display()));
        }
        let folder = folder(&locks, file);
        let mut claim = Claim::default();
        for phase in wanted.phases() {
            let file = match open(&folder, phase.name()) {
                Ok(file) => file,
                Err(error) => return unlocked(format!("{}: {error}", folder.display())),
            };
            match file.try_lock() {
                Ok(()) => claim.locks.push(file),
                Err(TryLockError::WouldBlock) => return Err(Rival::of(file, wanted, phase.name())),
                Err(TryLockError::Error(error)) => {
                    return unlocked(format!("{}: {error}", folder.display()));
                }
            }
        }
        claim.tell(wanted);
        Ok(claim)
    }

    /// Whether there is anything to give back.
    pub(crate) fn holds_any(&self) -> bool {
        !self.locks.is_empty()
    }

    /// What others say of it; that it cannot be written keeps nobody from anything.
    fn tell(&mut self, wanted: Activity) {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let told = Told { name: wanted.name().into(), process: std::process::id(), since: since.as_secs() };
        let told = serde_json::to_vec(&told).unwrap_or_default();
        for lock in &mut self.locks {
            let _ = lock.set_len(0).and_then(|()| lock.write_all(&told));
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Whoever comes next must not be taken for this one.
        self.locks.iter().for_each(|lock| drop(lock.set_len(0)));
    }
}

impl Rival {
    fn of(lock: File, wanted: Activity, phase: &'static str) -> Rival {
        let mut text = Vec::new();
        let read = (&lock).take(LARGEST).read_to_end(&mut text);
        let told = read.ok().and_then(|_| serde_json::from_slice(&text).ok());
        Rival { lock, wanted, told, phase }
    }

    /// "post-deploy is already running for this file (started at 18:45, process 4711): wait for its end or stop it".
    pub(crate) fn describe(&self, clock: Clock) -> String {
        let name = self.told.as_ref().map_or(self.phase, |told| &told.name);
        self.wanted.refusal(name, &self.whereabouts(clock))
    }

    /// "post-deploy is already running for this file (started at 18:45, process 4711)", without what to do.
    pub(crate) fn obstacle(&self, clock: Clock) -> String {
        let name = self.told.as_ref().map_or(self.phase, |told| &told.name);
        self.wanted.obstacle(name, &self.whereabouts(clock))
    }

    fn whereabouts(&self, clock: Clock) -> String {
        let Some(Told { process, since, .. }) = &self.told else { return " for this file".to_owned() };
        let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(*since));
        let started = since.map(|since| format!("started {}, ", clock.describe(since))).unwrap_or_default();
        format!(" for this file ({started}process {process})")
    }

    /// The process that runs it, where that is known.
    pub(crate) fn process(&self) -> Option<u32> {
        self.told.as_ref().map(|told| told.process)
    }

    /// Waits until it is over.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub(crate) fn end(&self) -> io::Result<()> {
        while let Err(error) = self.lock.lock() {
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        self.lock.unlock()
    }
}

/// The folder of a file's locks, whichever way led to the file.
fn folder(locks: &Path, file: &Path) -> PathBuf {
    let file = source::place(file);
    let parts = file.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_owned()),
        Component::Prefix(drive) => {
            Some(drive.as_os_str().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "_").into())
        }
        _ => None,
    });
    locks.join(parts.collect::<PathBuf>())
}

fn open(folder: &Path, name: &str) -> io::Result<File> {
    private::create_all(folder)?;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(name))
}

#[cfg(test)]
mod tests {
    use draft_tasks_analysis::phase::Phase;

    use super::*;
    use crate::lifecycle::Part;

    /// A claim of a file in a folder, or who keeps from it.
    fn take(wanted: impl Into<Activity>, state: &Path) -> Result<Claim, String> {
        let clock = Clock {
            now: || SystemTime::UNIX_EPOCH,
            local: |_| chrono::DateTime::<chrono::Utc>::UNIX_EPOCH.naive_utc(),
        };
        let claim = Claim::take(wanted.into(), Some(state), Path::new("/app/.draft-tasks.toml"));
        claim.map_err(|rival| rival.describe(clock))
    }

    #[test]
    fn a_phase_is_claimed_once_until_its_claim_is_dropped() {
        let state = tempfile::tempdir().unwrap();
        let first = take(Phase::PostDeploy, state.path()).unwrap();
        let process = std::process::id();
        let more = format!("running for this file (started at 00:00, process {process})");
        let said = format!("post-deploy is already {more}: wait for its end or stop it");
        assert_eq!(take(Phase::PostDeploy, state.path()).unwrap_err(), said);
        let said = format!("post-deploy is {more}: wait for its end or stop it before up");
        assert_eq!(take(Part::Up, state.path()).unwrap_err(), said);
        assert_eq!(take(Phase::PreUp, state.path()).unwrap().trouble, None, "up gave back what it had");
        drop(first);
        let up = take(Part::Up, state.path()).unwrap();
        assert_eq!(up.trouble, None);
        assert!(take(Phase::Cleanup, state.path()).unwrap_err().starts_with("up is running for this file"));
        drop(up);
        let _cleanup = take(Phase::Cleanup, state.path()).unwrap();
        for other in [Phase::PreUp, Phase::PostDeploy, Phase::PostUp] {
            let said = format!("cleanup is {more}: wait for its end or stop it before {other}");
            assert_eq!(take(other, state.path()).unwrap_err(), said);
        }
    }

    #[test]
    fn what_cannot_be_locked_is_said_and_runs() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("locks"), "").unwrap();
        let claim = take(Phase::PreUp, state.path()).unwrap();
        let trouble = claim.trouble.clone().expect("a word");
        assert!(trouble.starts_with("it is not known whether another program runs tasks of this file"));
        assert!(take(Phase::PreUp, state.path()).is_ok());
    }

    #[test]
    #[cfg(unix)]
    fn a_file_is_the_same_whichever_way_led_to_it() {
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join("file");
        std::fs::write(&file, "").unwrap();
        let link = state.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let _first = Claim::take(Phase::PreUp.into(), Some(state.path()), &file).unwrap();
        assert!(Claim::take(Phase::PreUp.into(), Some(state.path()), &link).is_err());
        assert!(Claim::take(Phase::PreUp.into(), Some(state.path()), &state.path().join("other")).is_ok());
    }
}
