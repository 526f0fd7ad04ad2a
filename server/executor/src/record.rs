//! Keeps runs as folders: their events as lines of JSON, what each task wrote as plain text, and the result.
//!
//! Must not fail a run: what cannot be kept is told, and the run goes on. Must never delete or overwrite the record of
//! a run that goes on, also when several programs keep records in the same place.
#![warn(missing_docs)]

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

pub use self::header::RunHeader;
pub use self::jobs::{LeftJob, left_jobs};
pub use self::left::{InterruptedRun, RUN_VARIABLE};
pub use self::list::{RecordState, StoredRun, is_last};
use self::log::{LONGEST_LOG, TaskLog};
pub use self::schema::Event;
use self::schema::{PodResult, RunResult};
use crate::report::Place;
use crate::request::RunRequest;
use crate::{file, private};

mod header;
mod incomplete;
mod jobs;
mod left;
mod list;
mod log;
mod removal;
pub mod schema;

/// The events, one a line.
pub const EVENTS: &str = "events.jsonl";

/// How the run ended; it is there when the run is over.
pub const RESULT: &str = "result.json";

/// Locked as long as the run goes on.
const LOCK: &str = "lock";

/// The lock before it is held.
const UNLOCKED: &str = "lock.part";

/// The most bytes that are kept of what the tasks of a run wrote, unless it is set.
pub const MOST: u64 = 32 << 20;

/// How large a result is at most for which there is room even when the disk is full.
const RESERVED: usize = 64 << 10;

/// The result while it is not written, and the room for it.
const UNWRITTEN: &str = "result.part";

/// How long a folder without a lock counts as one that is just being made, which takes no time worth telling.
const BEING_MADE: Duration = Duration::from_secs(60);

/// Where records are kept, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The folder of all records.
    pub directory: PathBuf,
    /// How many are kept of a tasks file when another one of it begins.
    pub keep: usize,
    /// How many bytes are kept of what the tasks of a run wrote.
    pub most: u64,
}

/// A time as names of records begin with it: "20261122T184501.123Z".
fn stamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string().replace(['-', ':'], "")
}

/// A name for a record that no other run of this process has, in the order of time.
pub fn next_id(phase: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let time = stamp(SystemTime::now());
    format!("{time}-{phase}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Records {
    /// Those of a folder, to be read.
    pub fn at(directory: PathBuf) -> Records {
        Records { directory, keep: usize::MAX, most: MOST }
    }

    /// Makes the folder of a run that is about to start, and removes the oldest records beyond those that are kept.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn begin(&self, request: &RunRequest, file: &Path) -> io::Result<Recorder> {
        private::create_all(&self.directory)?;
        let project = list::project(file);
        let (id, folder) = self.create(request.plan.subject.name(), &project)?;
        let begun = self.begin_in(&folder, request, file, id);
        if begun.is_err() {
            // What has neither a result nor events would be called interrupted.
            let _ = std::fs::remove_dir_all(&folder);
        }
        let begun = begun?;
        self.prune(&project, request.pinned.as_ref().map_or(&[], |pinned| &pinned.folders));
        Ok(begun)
    }

    fn begin_in(&self, folder: &Path, request: &RunRequest, file: &Path, id: String) -> io::Result<Recorder> {
        let lock = File::create_new(folder.join(UNLOCKED))?;
        // Where nothing can be locked, records that have no result are never removed.
        let _ = lock.try_lock();
        // Who looks at the lock must find it held.
        std::fs::rename(folder.join(UNLOCKED), folder.join(LOCK))?;
        let events = OpenOptions::new().append(true).create_new(true).open(folder.join(EVENTS))?;
        File::create_new(folder.join(UNWRITTEN))?.write_all(&[b' '; RESERVED])?;
        Ok(Recorder {
            about: RunHeader::of(request, id, file),
            folder: folder.to_owned(),
            _lock: lock,
            events: Some(events),
            logs: HashMap::new(),
            room: self.most,
            pods: Vec::new(),
            result: None,
            trouble: false,
        })
    }

    /// A folder that was not there, behind all others: a program that began at the same moment may have the same number.
    fn create(&self, phase: &str, project: &str) -> io::Result<(String, PathBuf)> {
        loop {
            let number =
                list::names(&self.directory)?.last().map_or(0, |name| list::number(name)).saturating_add(1);
            let (time, process) = (stamp(SystemTime::now()), std::process::id());
            let id = format!("{time}-{phase}-{process}-{number}-{project}");
            let folder = self.directory.join(&id);
            match private::create_new(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                done => return done.map(|()| (id, folder)),
            }
        }
    }
}

enum Lock {
    /// The run goes on, or nobody can tell.
    Held,
    /// The run is over.
    Free,
}

/// Looks as one of many: two that look at once must not take each other for the run.
fn lock_of(folder: &Path) -> io::Result<Lock> {
    let file = match file::open_regular(&folder.join(LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let changed = std::fs::metadata(folder)?.modified()?;
            let old = changed.elapsed().is_ok_and(|age| age > BEING_MADE);
            return Ok(if old { Lock::Free } else { Lock::Held });
        }
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Lock::Free),
        Err(TryLockError::WouldBlock) => Ok(Lock::Held),
        // A result is the last that is written.
        Err(TryLockError::Error(_)) if folder.join(RESULT).exists() => Ok(Lock::Free),
        Err(TryLockError::Error(_)) => Ok(Lock::Held),
    }
}

/// Waits until nobody holds the lock of a record.
fn wait_for(folder: &Path) -> io::Result<()> {
    let lock = file::open_regular(&folder.join(LOCK))?;
    while let Err(error) = lock.lock_shared() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    lock.unlock()
}

/// Writes the record of one run, each event and each line of output at once: a crash leaves everything up to it.
#[derive(Debug)]
pub struct Recorder {
    about: RunHeader,
    folder: PathBuf,
    _lock: File,
    /// Nothing after trouble.
    events: Option<File>,
    /// What the tasks that run have written.
    logs: HashMap<Place, TaskLog>,
    /// How many bytes are left for other logs.
    room: u64,
    pods: Vec<String>,
    result: Option<RunResult>,
    trouble: bool,
}

impl Recorder {
    /// The record's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The record's name.
    pub fn id(&self) -> &str {
        &self.about.id
    }

    /// What makes the events of the run those that are recorded.
    pub fn about(&self) -> &RunHeader {
        &self.about
    }

    /// Writes an event. The first time that something cannot be written it says so, for people; from then on only the
    /// result is tried.
    pub fn take(&mut self, told: &Event) -> Option<String> {
        self.keep_result(told);
        let mut written = if self.trouble { Ok(()) } else { self.write(told) };
        if let Event::RunFinished { .. } = told {
            let result = self.write_result();
            written = written.and(if self.trouble { Ok(()) } else { result });
        }
        let error = written.err()?;
        (self.trouble, self.events) = (true, None);
        self.logs.clear();
        if let Some(result) = &mut self.result {
            result.complete = false;
        }
        Some(format!("the record {} is not complete: {error}", self.folder.display()))
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        if let (Some(events), false) = (&mut self.events, matches!(event, Event::Output { .. })) {
            let mut line = serde_json::to_vec(event)?;
            line.push(b'\n');
            // In one piece, so that only the last line of a crash can be broken.
            events.write_all(&line)?;
        }
        match event {
            Event::PodsFound { pods, .. } => self.pods = pods.iter().map(|pod| pod.name.clone()).collect(),
            Event::TaskStarted { task, pod, .. } => {
                let place = Place { task: *task, pod: *pod };
                let log = self.begin_log(place)?;
                self.room -= log.most();
                self.logs.insert(place, log);
            }
            Event::Output { task, pod, pieces, .. } => {
                if let Some(log) = self.logs.get_mut(&Place { task: *task, pod: *pod }) {
                    pieces.iter().try_for_each(|piece| log.push(piece))?;
                }
            }
            Event::TaskFinished { task, pod, .. } => {
                if let Some(log) = self.logs.remove(&Place { task: *task, pod: *pod }) {
                    self.room += log.most();
                    self.room = self.room.saturating_sub(log.finish()?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin_log(&mut self, Place { task, pod }: Place) -> io::Result<TaskLog> {
        // Half of what is left, divided by those that run at once: something is left for each that follows.
        let most = LONGEST_LOG.min(self.room / (2 * self.pods.len().max(1) as u64));
        let pod = pod.and_then(|pod| self.pods.get(pod));
        let told = self.result.as_mut().and_then(|result| result.tasks.get_mut(task));
        let name = log_name(task, told.as_ref().map_or("", |task| &task.name), pod.map(String::as_str));
        let log = TaskLog::create(self.folder.join(&name), most)?;
        match (told, pod) {
            (Some(told), Some(pod)) => {
                let seen = PodResult { log: Some(name), ..PodResult::of(pod.clone()) };
                told.pods.push(seen);
            }
            (Some(told), None) => told.log = Some(name),
            (None, _) => {}
        }
        Ok(log)
    }

    fn keep_result(&mut self, event: &Event) {
        if let Some(begun) = RunResult::begun(event) {
            self.result = Some(RunResult { complete: !self.trouble, ..begun });
        } else if let Some(result) = &mut self.result {
            result.take(event, &self.pods);
        }
    }

    /// Written apart and then given its name, so that a result is there as a whole or not at all; into room that is there
    /// also when the disk is full.
    fn write_result(&self) -> io::Result<()> {
        let Some(result) = &self.result else { return Ok(()) };
        let part = self.folder.join(UNWRITTEN);
        let mut file = OpenOptions::new().write(true).open(&part)?;
        let mut text = serde_json::to_vec_pretty(result)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.set_len(text.len() as u64)?;
        std::fs::rename(part, self.folder.join(RESULT))
    }
}

/// The file in a record's folder in which what a task wrote stands as plain text, once the task was started; of a task
/// inside of pods, for each of them.
pub fn log_name(task: usize, name: &str, pod: Option<&str>) -> String {
    const LONGEST: usize = 150;
    let pod =
        pod.map(|pod| format!(".{}", &pod[pod.ceil_char_boundary(pod.len().saturating_sub(LONGEST))..]));
    format!("{:02}-{}{}.log", task + 1, slug(name), pod.unwrap_or_default())
}

/// A name as a part of a file's: what every system takes.
fn slug(name: &str) -> String {
    const LONGEST: usize = 40;
    let kept = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let slug: String = name.chars().map(kept).take(LONGEST).collect();
    let words: Vec<_> = slug.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "task".into() } else { words.join("-") }
}

/// The text of a file of a record, up to a size that no honest one reaches.
fn read_bounded(path: &Path, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file::open_regular(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        assert_eq!(slug("Migrate the DB (äll)"), "migrate-the-db-ll");
        assert_eq!(slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug("…"), "task");
        assert!(slug(&"x".repeat(500)).len() < 50);
    }

    #[test]
    fn names_of_records_are_in_the_order_of_time_and_never_the_same() {
        let (one, other) = (next_id("pre-up"), next_id("pre-up"));
        assert_ne!(one, other);
        assert!(one[..20] <= other[..20], "{one} {other}");
    }
}
