//! Tasks files on disk: which files are ones, and their text.
//!
//! Must not write.

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use draft_tasks_analysis::file_names::{CHARTS, PACK_FILE, SETTINGS_FILE, TASKS_FILE};
use draft_tasks_executor::file;
use draft_tasks_executor::record::StoredRun;

/// Files beyond this size, in bytes, are refused: nobody writes such a file, and every command answers within seconds.
pub(crate) const LARGEST: usize = 16 << 20;

/// What a file is to this tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// An application's tasks file.
    Tasks,
    /// The tasks file of a draft pack: a template that is not run.
    Pack,
    /// The settings of a project, which have no tasks.
    Settings,
}

impl FileKind {
    /// What the file of a path is, if it is anything: a pack is known by its `charts` folder.
    pub(crate) fn of_path(path: &Path) -> Option<FileKind> {
        let kind = FileKind::of_name(path.file_name()?.to_str()?)?;
        (kind != FileKind::Pack || path.parent()?.join(CHARTS).is_dir()).then_some(kind)
    }

    /// What a file of this name is, or may be: that of a pack is one only beside a folder `charts`.
    pub(crate) fn of_name(name: &str) -> Option<FileKind> {
        match name {
            TASKS_FILE => Some(FileKind::Tasks),
            SETTINGS_FILE => Some(FileKind::Settings),
            PACK_FILE => Some(FileKind::Pack),
            _ => None,
        }
    }
}

/// Why a file has no text, with its path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReadError {
    pub(crate) path: PathBuf,
    pub(crate) problem: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

/// Where a file is, whichever way led to it, or would be, where it is not there; the path itself where the system does not
/// tell.
pub(crate) fn canonical(file: &Path) -> PathBuf {
    let Ok(whole) = std::path::absolute(file) else { return file.to_owned() };
    let known = whole.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match known {
        Some((above, known)) if above != whole => {
            whole.strip_prefix(above).map_or_else(|_| whole.clone(), |rest| known.join(rest))
        }
        Some((_, known)) => known,
        None => whole,
    }
}

/// Where a tasks file is for those who run its tasks, whichever way led to it: in the folder in which they run. Where it is
/// a link into another one, its text may be that of several applications.
pub(crate) fn place(file: &Path) -> PathBuf {
    let (whole, real) = (std::path::absolute(file), canonical(file));
    let Ok((Some(folder), Some(name))) = whole.as_ref().map(|whole| (whole.parent(), whole.file_name()))
    else {
        return real;
    };
    let folder = canonical(folder);
    if real.parent() == Some(&folder) { real } else { folder.join(name) }
}

/// A path from the root, without ways up in it: behind a link they lead elsewhere than they look.
///
/// # Errors
///
/// When the system does not tell.
pub(crate) fn absolute(path: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let goes_up = absolute.components().any(|part| part == Component::ParentDir);
    match (absolute.parent(), absolute.file_name()) {
        (Some(folder), Some(name)) if goes_up => Ok(canonical(folder).join(name)),
        _ => Ok(absolute),
    }
}

/// A file as people read it: relative to the present directory where that is shorter.
pub(crate) fn shown(file: &Path) -> PathBuf {
    let Ok(here) = std::env::current_dir() else { return file.to_owned() };
    let mut above = here.ancestors().enumerate();
    let relative = above.find_map(|(steps, folder)| {
        let below = file.strip_prefix(folder).ok()?;
        Some(PathBuf::from_iter(vec![".."; steps]).join(below))
    });
    relative.filter(|it| it.as_os_str().len() < file.as_os_str().len()).unwrap_or_else(|| file.to_owned())
}

/// What cannot be looked at is there until reading it says what is wrong.
pub(crate) fn is_there(path: &Path) -> bool {
    !path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether two paths lead to one file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    one == other || canonical(one) == canonical(other)
}

/// Whether a run that was recorded was of a tasks file, and in its folder.
pub(crate) fn is_of(run: &StoredRun, file: &Path) -> bool {
    let Some(of) = run.file() else { return run.is_named_after(file) };
    // Of a path that is not Unicode the record has what it looks like; its name stands for the path itself.
    match of.to_str().filter(|of| of.contains(char::REPLACEMENT_CHARACTER)) {
        Some(of) => place(file).to_string_lossy() == of && run.may_be_of(file),
        None => place(of) == place(file),
    }
}

/// The text of a file.
///
/// # Errors
///
/// When it cannot be read, is no regular file, too large or not UTF-8; then with line and column of the first wrong byte.
pub(crate) fn read(path: &Path) -> Result<String, ReadError> {
    read_some(path, LARGEST as u64)?.ok_or_else(|| {
        let problem = if path.is_symlink() { "is a link to nothing" } else { "there is no such file" };
        ReadError { path: path.to_owned(), problem: problem.into() }
    })
}

/// The text of a file that need not be there, of at most so many bytes.
///
/// # Errors
///
/// As [`read`].
pub(crate) fn read_some(path: &Path, most: u64) -> Result<Option<String>, ReadError> {
    let error = |problem: String| ReadError { path: path.to_owned(), problem };
    match file::regular(path, most) {
        Ok(bytes) => decode(bytes).map(Some).map_err(error),
        Err(cause) => match cause.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::IsADirectory => Err(error("is a directory".into())),
            io::ErrorKind::PermissionDenied => Err(error("may not be read (permission denied)".into())),
            _ => Err(error(cause.to_string())),
        },
    }
}

/// The text of bytes that were read.
///
/// # Errors
///
/// When they are not UTF-8.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    file::decode(bytes).map_err(|what| format!("is {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_known_by_its_charts() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(FileKind::of_path(&dir.path().join(TASKS_FILE)), Some(FileKind::Tasks));
        assert_eq!(FileKind::of_path(&dir.path().join(PACK_FILE)), None);
        std::fs::create_dir(dir.path().join("charts")).unwrap();
        assert_eq!(FileKind::of_path(&dir.path().join(PACK_FILE)), Some(FileKind::Pack));
        assert_eq!(FileKind::of_path(&dir.path().join("Cargo.toml")), None);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let missing = read(&dir.path().join("none")).unwrap_err().to_string();
        assert!(missing.ends_with("none: there is no such file"), "{missing}");
        assert!(read(dir.path()).unwrap_err().to_string().ends_with("is a directory"));
    }
}
