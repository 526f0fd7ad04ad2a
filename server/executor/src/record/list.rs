//! Finds and reads the records that are kept.
//!
//! Must not trust them: they may be cut off, or not be records at all.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::incomplete;
use super::schema::{ClusterEntry, Event, RunResult, VERSION, WholeEntry, newer_version};
use super::{EVENTS, Lock, RESULT, Records, lock_of, log_name, read_bounded, wait_for};
use crate::cluster::local_copy;
use crate::file::open_regular;

/// No result or first line of a run is larger.
const LARGEST: u64 = 16 << 20;

/// How many letters of a record's name say which tasks file it is of.
const PROJECT: usize = 8;

/// A record that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRun {
    /// Its name.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// How the run began, a [`Event::RunStarted`]; nothing when that was not written, or cannot be read.
    pub began: Option<Event>,
    /// What became of the run.
    pub state: RecordState,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordState {
    /// It goes on.
    Running,
    /// The program that ran it ended before it did.
    Interrupted,
    /// It is over.
    Finished(Box<RunResult>),
    /// It is there, but what it says cannot be read, and why.
    Unreadable(String),
}

/// The names of all records, oldest first: in the order of their numbers, as a clock may be set back. Of those that have
/// none, one from the future was made before that, so it is older than the others.
pub(super) fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let is_record =
        |name: &String| name.as_bytes().first().is_some_and(u8::is_ascii_digit) && name.contains("Z-");
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<_> =
        folders.filter_map(|entry| entry.file_name().into_string().ok()).filter(is_record).collect();
    let now = super::stamp(SystemTime::now());
    let is_of_future = |name: &String| name.get(..now.len()).is_some_and(|time| time > now.as_str());
    names.sort_unstable_by(|one, other| {
        let by_number = number(one).cmp(&number(other));
        by_number.then_with(|| is_of_future(other).cmp(&is_of_future(one))).then_with(|| one.cmp(other))
    });
    Ok(names)
}

/// The number of a record among all of its folder, by its name; 0 for one of version 1.
pub(super) fn number(name: &str) -> u64 {
    numbered(name).map_or(0, |numbered| numbered.number)
}

/// What stands for a record's tasks file in its name; nothing in one of version 1.
pub(super) fn project_of(name: &str) -> Option<&str> {
    numbered(name).map(|numbered| numbered.project)
}

struct Numbered<'a> {
    number: u64,
    project: &'a str,
}

fn numbered(name: &str) -> Option<Numbered<'_>> {
    let mut parts = name.rsplit('-');
    let is_project = |part: &&str| part.len() == PROJECT && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let project = parts.next().filter(is_project)?;
    Some(Numbered { number: parts.next()?.parse().ok()?, project })
}

/// What the names of the records of a tasks file end with: FNV-1a of its path.
pub(super) fn project(file: &Path) -> String {
    let hash = file
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    format!("{hash:0width$x}", width = PROJECT)
}

/// Whether this stands for the newest record in place of a name.
pub fn is_last(id: &str) -> bool {
    matches!(id, "last" | "latest")
}

/// How many names tell enough of those that are meant.
const NAMED: usize = 3;

/// That a word is the beginning of several names, which are these: the newest of them.
fn ambiguous(id: &str, names: &[String]) -> String {
    let newest: Vec<&str> = names.iter().rev().take(NAMED).map(String::as_str).collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    format!(
        "{} runs have names that begin with `{id}`, so give more of it: {}{more}",
        names.len(),
        newest.join(", ")
    )
}

impl Records {
    /// The names of all records, newest first; none is opened.
    ///
    /// # Errors
    ///
    /// As [`Records::list`].
    pub fn names(&self) -> io::Result<Vec<String>> {
        Ok(names(&self.directory)?.into_iter().rev().collect())
    }

    /// All records, newest first.
    ///
    /// # Errors
    ///
    /// When the folder of records cannot be read; a missing one is no error.
    pub fn list(&self) -> io::Result<Vec<StoredRun>> {
        let names = names(&self.directory)?;
        Ok(names.into_iter().rev().filter_map(|name| self.present(name)).collect())
    }

    /// The records of a tasks file, newest first.
    ///
    /// # Errors
    ///
    /// As [`Records::list`].
    pub fn of_file(&self, file: &Path) -> io::Result<Vec<StoredRun>> {
        Ok(self.names_of(file)?.into_iter().filter_map(|name| self.present(name)).collect())
    }

    /// The names of the same records; none is opened.
    ///
    /// # Errors
    ///
    /// As [`Records::list`].
    pub fn names_of(&self, file: &Path) -> io::Result<Vec<String>> {
        let (names, end) = (names(&self.directory)?, format!("-{}", project(file)));
        Ok(names.into_iter().rev().filter(|name| name.ends_with(&end)).collect())
    }

    /// The record of this name or beginning of a name, or the newest one for `last` and `latest`.
    ///
    /// # Errors
    ///
    /// When the records cannot be read, or several names begin so.
    pub fn find(&self, id: &str) -> io::Result<Option<StoredRun>> {
        // Only what is in the list is a record: a name may hold dots and slashes.
        let mut names = names(&self.directory)?;
        let found = match id {
            _ if is_last(id) => names.pop(),
            _ if names.iter().any(|name| name == id) => Some(id.to_owned()),
            _ => {
                names.retain(|name| name.starts_with(id));
                if names.len() > 1 && !id.is_empty() {
                    return Err(io::Error::other(ambiguous(id, &names)));
                }
                names.pop().filter(|_| !id.is_empty())
            }
        };
        found.map(|name| self.kept(name)).transpose()
    }

    /// A record of the list; nothing where another program has removed it meanwhile.
    fn present(&self, id: String) -> Option<StoredRun> {
        match self.kept(id.clone()) {
            Ok(kept) => Some(kept),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                let state = RecordState::Unreadable(error.to_string());
                Some(StoredRun { folder: self.directory.join(&id), id, began: None, state })
            }
        }
    }

    pub(super) fn kept(&self, id: String) -> io::Result<StoredRun> {
        let folder = self.directory.join(&id);
        let first = match first_line(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            first => first?,
        };
        let ended = || ended(&read_bounded(&folder.join(RESULT), LARGEST).ok()?);
        let state = match of_newer(&first).or_else(ended) {
            Some(state) => state,
            None if matches!(lock_of(&folder)?, Lock::Held) => RecordState::Running,
            // It may have ended between the two looks.
            None => ended().unwrap_or(RecordState::Interrupted),
        };
        let is_known = !matches!(state, RecordState::Unreadable(_));
        let began = Event::read(&first).ok().filter(|event| matches!(event, Event::RunStarted { .. }));
        Ok(StoredRun { id, folder, began: began.filter(|_| is_known), state })
    }
}

/// What a result tells of its run; nothing where it is none.
fn ended(result: &str) -> Option<RecordState> {
    let known = || serde_json::from_str(result).ok().map(RecordState::Finished);
    of_newer(result.as_bytes()).or_else(known)
}

/// That of a record with something of a newer version.
fn of_newer(text: &[u8]) -> Option<RecordState> {
    let version = newer_version(text)?;
    Some(RecordState::Unreadable(format!(
        "a newer draft-tasks wrote it (version {version} of records, of which this one knows {VERSION}): use that one"
    )))
}

/// The copy of the kubeconfig that the tasks of a record's run got, while it is there.
pub(super) fn kubeconfig(folder: &Path) -> Option<PathBuf> {
    copy_of(&events(folder).ok()?.next()?)
}

fn copy_of(began: &Event) -> Option<PathBuf> {
    let Event::RunStarted { kubeconfig: Some(path), .. } = began else { return None };
    Some(PathBuf::from(path)).filter(|path| local_copy::is_copy(path))
}

/// Whether the tasks file of a record is certainly not there any more.
pub(super) fn is_file_gone(folder: &Path) -> bool {
    let began = events(folder).ok().and_then(|mut events| events.next());
    let Some(Event::RunStarted { file, .. }) = began else { return false };
    // Of a path that is not Unicode the record has only what it looks like.
    !file.contains(char::REPLACEMENT_CHARACTER) && Path::new(&file).try_exists().is_ok_and(|is| !is)
}

impl StoredRun {
    /// The copy of the kubeconfig that its tasks got, while it is there: they changed it, or the run did not come to its
    /// end.
    pub fn kubeconfig(&self) -> Option<PathBuf> {
        copy_of(self.began.as_ref()?)
    }

    /// The application in whose pods it was to run, and where; nothing of a run on this machine or as a Job.
    pub fn application(&self) -> Option<&ClusterEntry> {
        self.cluster().filter(|cluster| cluster.job.is_none())
    }

    /// Where its pods were to be; nothing of a run on this machine.
    pub fn cluster(&self) -> Option<&ClusterEntry> {
        let began = match &self.began {
            Some(Event::RunStarted { cluster, .. }) => cluster.as_ref(),
            _ => None,
        };
        began.or_else(|| self.result()?.cluster.as_ref())
    }

    /// Whether it has seen a pod of its application.
    pub fn has_seen_pods(&self) -> bool {
        let is_seen = |event: Event| match event {
            Event::PodsFound { pods, .. } => !pods.is_empty(),
            Event::PodsLeft { pods, .. } => pods > 0,
            _ => false,
        };
        self.events().is_ok_and(|mut events| events.any(is_seen))
    }

    /// The `up` or `delete` of which it was a step.
    pub fn part_of(&self) -> Option<&WholeEntry> {
        if let Some(Event::RunStarted { part_of, .. }) = &self.began { part_of.as_ref() } else { None }
    }

    /// The phase, or what else it was a run of.
    pub fn phase(&self) -> Option<&str> {
        match &self.began {
            Some(Event::RunStarted { phase, .. }) => Some(phase),
            _ => self.result().map(|result| result.phase.as_str()),
        }
    }

    /// The tasks file.
    pub fn file(&self) -> Option<&Path> {
        match &self.began {
            Some(Event::RunStarted { file, .. }) => Some(Path::new(file)),
            _ => self.result().map(|result| Path::new(&result.file)),
        }
    }

    /// How it ended, where that was written.
    pub fn result(&self) -> Option<&RunResult> {
        if let RecordState::Finished(result) = &self.state { Some(result) } else { None }
    }

    /// The events that were written, and of an incomplete record those that its result tells of; what cannot be read of
    /// them is left out.
    ///
    /// # Errors
    ///
    /// When there are none, or the record cannot be read.
    pub fn events(&self) -> io::Result<impl Iterator<Item = Event>> {
        if let RecordState::Unreadable(why) = &self.state {
            return Err(io::Error::other(why.clone()));
        }
        let lost = match self.result() {
            Some(result) if self.is_incomplete() => incomplete::lost(result, events(&self.folder)?),
            _ => Vec::new(),
        };
        Ok(events(&self.folder)?.chain(lost))
    }

    /// Whether something is missing of what it was to tell: it could not be written, or was damaged since. That the last line
    /// of a run is cut off which was interrupted is no damage.
    pub fn is_incomplete(&self) -> bool {
        match &self.state {
            RecordState::Running => false,
            RecordState::Interrupted | RecordState::Unreadable(_) => self.began.is_none(),
            RecordState::Finished(result) => {
                !result.complete || self.began.is_none() || !has_end(&self.folder).unwrap_or(false)
            }
        }
    }

    /// Whether its name says that it is of this tasks file.
    pub fn is_named_after(&self, file: &Path) -> bool {
        project_of(&self.id).is_some() && self.may_be_of(file)
    }

    /// Whether its name allows that it is of this tasks file.
    pub fn may_be_of(&self, file: &Path) -> bool {
        let is_of = |file: &Path| project_of(&self.id).is_none_or(|of| of == project(file));
        is_of(file) || file.canonicalize().is_ok_and(|file| is_of(&file))
    }

    /// When its run began, if that can be read.
    pub fn at(&self) -> Option<SystemTime> {
        let at = match (&self.state, &self.began) {
            (RecordState::Finished(result), _) => &result.at,
            (_, Some(Event::RunStarted { at, .. })) => at,
            _ => return None,
        };
        humantime::parse_rfc3339(at).ok()
    }

    /// Waits until its run is over.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn wait(&self) -> io::Result<()> {
        wait_for(&self.folder)
    }

    /// What a task wrote, as plain text; of a task inside of pods in one of them.
    ///
    /// # Errors
    ///
    /// When it cannot be read, as of a task that was not started.
    pub fn log(&self, task: usize, name: &str, pod: Option<&str>) -> io::Result<String> {
        read_bounded(&self.folder.join(log_name(task, name, pod)), LARGEST)
    }
}

/// Whether the last line of the events is that of the end.
fn has_end(folder: &Path) -> io::Result<bool> {
    const LONGEST: u64 = 4 << 10;
    let mut file = open_regular(&folder.join(EVENTS))?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    file.take(LONGEST).read_to_end(&mut end)?;
    let last = end.strip_suffix(b"\n").and_then(|text| text.rsplit(|byte| *byte == b'\n').next());
    Ok(last.is_some_and(|line| matches!(Event::read(line), Ok(Event::RunFinished { .. }))))
}

/// The line that tells how the run began.
fn first_line(folder: &Path) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(open_regular(&folder.join(EVENTS))?.take(LARGEST)).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn events(folder: &Path) -> io::Result<impl Iterator<Item = Event> + use<>> {
    let mut reader = BufReader::new(open_regular(&folder.join(EVENTS))?);
    let mut line = Vec::new();
    Ok(std::iter::from_fn(move || {
        loop {
            line.clear();
            match reader.by_ref().take(LARGEST).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
            if let Ok(event) = Event::read(&line) {
                return Some(event);
            }
        }
    }))
}
