//! What stands around a tasks file on disk, looked at for one request.
//!
//! Must not look at more than its limits allow, open anything but regular files, or keep what it saw.

use std::collections::HashMap;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use draft_tasks_analysis::TextRange;
use draft_tasks_analysis::links::Target;
use draft_tasks_analysis::project_files::{self, Named, OfferedName, ProjectFile};
use draft_tasks_executor::file;

use crate::world::facts::is_executable;

/// How many files one request looks for.
const MOST_LOOKS: usize = 512;

/// How many entries of a directory are listed.
const MOST_ENTRIES: usize = 2000;

/// Larger files are not read.
const LARGEST: u64 = 1 << 20;

/// A look around a directory.
pub(crate) struct Nearby {
    directory: PathBuf,
    looks: usize,
    /// What was found where; a file of commands is read once.
    located: HashMap<Target, Option<FileLocation>>,
    named: HashMap<PathBuf, Option<Rc<Commands>>>,
}

/// A file, and a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLocation {
    pub(crate) path: PathBuf,
    /// The text of the file with the range of the name in it; without, the whole file is meant.
    pub(crate) name: Option<(Rc<Commands>, TextRange)>,
}

/// A file that names commands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Commands {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) named: Vec<Named>,
}

/// An entry of a directory.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) is_directory: bool,
    pub(crate) is_executable: bool,
}

impl Nearby {
    /// Around the directory of a tasks file.
    pub(crate) fn new(directory: PathBuf) -> Nearby {
        Nearby { directory, looks: 0, located: HashMap::new(), named: HashMap::new() }
    }

    /// Where a target is, if it exists.
    pub(crate) fn locate(&mut self, target: &Target) -> Option<FileLocation> {
        if let Some(known) = self.located.get(target) {
            return known.clone();
        }
        let found = match target {
            Target::Path { path, inside } => self.file(path, *inside),
            Target::Offered(OfferedName { file, name }) => {
                self.offered(file).and_then(|commands| place(&commands, name))
            }
        };
        self.located.insert(target.clone(), found.clone());
        found
    }

    fn file(&mut self, path: &str, inside: Option<&'static str>) -> Option<FileLocation> {
        let path = self.directory.join(path);
        let kind = self.look(&path)?;
        if kind.is_file() {
            return Some(FileLocation { path, name: None });
        }
        let path = path.join(inside?);
        self.look(&path)?.is_file().then_some(FileLocation { path, name: None })
    }

    /// What a path is, links followed; nothing when enough was looked for.
    fn look(&mut self, path: &Path) -> Option<FileType> {
        self.looks += 1;
        if self.looks > MOST_LOOKS { None } else { fs::metadata(path).ok().map(|found| found.file_type()) }
    }

    /// Whether nothing stands at a path yet.
    pub(crate) fn is_free(&self, path: &str) -> bool {
        fs::symlink_metadata(self.directory.join(path))
            .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    /// What the file that a command would read offers to it.
    pub(crate) fn offered(&mut self, file: &ProjectFile) -> Option<Rc<Commands>> {
        let paths: Vec<PathBuf> = file.paths().iter().map(|path| self.directory.join(path)).collect();
        let path = paths.into_iter().find(|path| self.look(path).is_some_and(|kind| kind.is_file()))?;
        match file {
            ProjectFile::Makefile(_) => self.commands(path, project_files::make_targets),
            ProjectFile::Package(_) => self.commands(path, project_files::npm_scripts),
        }
    }

    fn commands(&mut self, path: PathBuf, read: fn(&str) -> Vec<Named>) -> Option<Rc<Commands>> {
        if let Some(known) = self.named.get(&path) {
            return known.clone();
        }
        let text = self.text(&path);
        let commands = text.map(|text| Rc::new(Commands { path: path.clone(), named: read(&text), text }));
        self.named.insert(path, commands.clone());
        commands
    }

    fn text(&mut self, path: &Path) -> Option<String> {
        self.look(path)?;
        file::text(path, LARGEST).ok()
    }

    /// What is in a directory, in the order of names.
    pub(crate) fn entries(&mut self, directory: &str) -> Vec<Entry> {
        let Ok(entries) = fs::read_dir(self.directory.join(directory)) else { return Vec::new() };
        let entries = entries.take(MOST_ENTRIES).filter_map(|entry| {
            let entry = entry.ok()?;
            let found = fs::metadata(entry.path()).ok()?;
            let is_directory = found.is_dir();
            let is_executable = found.is_file() && is_executable(&entry.path(), &found);
            Some(Entry { name: entry.file_name().into_string().ok()?, is_directory, is_executable })
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries
    }
}

/// Where a file names a command.
fn place(commands: &Rc<Commands>, name: &str) -> Option<FileLocation> {
    let found = commands.named.iter().find(|found| found.name == name)?;
    Some(FileLocation { path: commands.path.clone(), name: Some((commands.clone(), found.range)) })
}
