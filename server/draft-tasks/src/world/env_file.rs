//! Files of variables: what is read of them.
//!
//! Must not change the program's own environment, and must not show a value in an error.

use std::fs::File;
use std::io;
use std::path::Path;

use draft_tasks_executor::file;

use crate::settings::env_file::EnvFile;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzed;
mod grammar;

pub(crate) use self::grammar::is_name;

/// What follows the `$` may be a part of a secret.
const UNSET: &str = "a `$` there names a variable that is not set, and nothing takes its place; write the value in single \
                     quotes to keep it";

/// More than this is no file of variables.
const LARGEST: u64 = 1 << 20;

/// What a file says.
#[derive(Debug)]
pub(crate) struct FileVariables {
    /// In the order of the file.
    pub(crate) variables: Vec<FileVariable>,
    /// What the user may not have meant, each with its place.
    pub(crate) warnings: Vec<String>,
}

/// A variable of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileVariable {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What cannot be read a second time where variables were read: it names standard input, or a pipe of the shell.
pub(crate) fn passing(path: &Path) -> Option<&'static str> {
    let is_pipe = ["/dev/fd", "/proc/self/fd", "/dev/stdin"].iter().any(|folder| path.starts_with(folder));
    if path.as_os_str() == "-" { Some("standard input") } else { is_pipe.then_some("a pipe") }
}

impl EnvFile {
    /// Reads the file. Within a value `$NAME` means an earlier one of the file, else what
    /// `outside` says.
    ///
    /// # Errors
    ///
    /// What is wrong, with the path and, where it is about a line, its number.
    pub(crate) fn read(
        &self,
        directory: &Path,
        outside: &dyn Fn(&str) -> Option<String>,
    ) -> Result<FileVariables, String> {
        let (shown, bytes) = if self.is_standard_input() {
            (
                "standard input".to_owned(),
                file::whole(io::stdin().lock(), LARGEST).map_err(|cause| cause.to_string()),
            )
        } else {
            let path = directory.join(&self.path);
            (path.display().to_string(), self.bytes(&path))
        };
        let text = bytes.and_then(crate::source::decode).map_err(|problem| format!("{shown}: {problem}"))?;
        let meaning = grammar::parse(&text, outside)
            .map_err(|wrong| format!("{shown}:{}: {}", wrong.line, wrong.problem))?;
        let warning = |line: &usize| format!("{shown}:{line}: {UNSET}");
        let warnings = meaning.lines_with_unset.iter().map(warning).collect();
        Ok(FileVariables { variables: meaning.variables, warnings })
    }

    fn is_standard_input(&self) -> bool {
        self.may_wait && self.path.as_os_str() == "-"
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>, String> {
        let metadata = std::fs::metadata(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => cause.to_string(),
        })?;
        if metadata.is_dir() {
            return Err("is a directory".into());
        }
        let bytes = if self.may_wait {
            File::open(path).and_then(|opened| file::whole(opened, LARGEST))
        } else {
            file::regular(path, LARGEST)
        };
        bytes.map_err(|cause| cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path, may_wait: bool) -> Result<Vec<FileVariable>, String> {
        let read = EnvFile { path: path.to_owned(), may_wait }.read(Path::new("/"), &|_| None)?;
        Ok(read.variables)
    }

    #[test]
    fn what_can_be_read_once() {
        let of = |path: &str| passing(Path::new(path));
        assert_eq!([of("-"), of("/dev/fd/63")], [Some("standard input"), Some("a pipe")]);
        assert_eq!([of("/dev/fdx"), of("/srv/-")], [None, None]);
    }

    #[test]
    fn files_that_are_none() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(&dir.path().join("none"), true).unwrap_err().ends_with("none: there is no such file"));
        assert!(read(dir.path(), true).unwrap_err().ends_with("is a directory"));
        std::fs::write(dir.path().join("bad"), "A=1\n=2\n").unwrap();
        assert!(read(&dir.path().join("bad"), true).unwrap_err().contains("bad:2: expected"));
        std::fs::write(dir.path().join("large"), "#".repeat(1 + (1 << 20))).unwrap();
        assert!(read(&dir.path().join("large"), true).unwrap_err().ends_with(": it is larger than 1 MiB"));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_by_who_may_wait() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(read(&path, false).unwrap_err().ends_with(": it is not a regular file but a pipe"));
        let writer = std::thread::spawn({
            let path = path.clone();
            move || std::fs::write(path, "A=1").unwrap()
        });
        let expected = FileVariable { name: "A".into(), value: "1".into() };
        assert_eq!(read(&path, true).unwrap(), [expected]);
        writer.join().unwrap();
    }
}
