//! Finds the file of a program in a given environment, as the system would, but can tell why it is not there.
//!
//! Must not start anything, and must not look at the environment of this process.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use draft_tasks_analysis::facts::is_same_variable;

use crate::event::StartError;

/// The absolute path of the file that `program` means: a name with a slash is relative to `directory`, any other
/// is sought in the PATH of `environment`, whose relative entries are relative to `directory` too.
///
/// # Errors
///
/// [`StartError::NotFound`] with the searched directories, or [`StartError::NotExecutable`] when the only file of
/// that name may not be executed.
pub fn find(
    program: &str,
    directory: &Path,
    environment: &[(OsString, OsString)],
) -> Result<PathBuf, StartError> {
    // Where the current directory cannot be told, a relative path is still the best there is.
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    if program.contains(std::path::is_separator) {
        return find_file(program, &directory.join(program), environment);
    }
    let searched = path_directories(&directory, environment);
    find_in(program, searched, environment)
}

/// The value of a variable; of several of the same name the last one counts, as it does for a new process.
pub fn variable<'a>(environment: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    environment.iter().rev().find(|(key, _)| is_same_variable(key, name)).map(|(_, value)| value.as_os_str())
}

/// The directories of PATH in order; an empty entry means the current directory.
fn path_directories(directory: &Path, environment: &[(OsString, OsString)]) -> Vec<PathBuf> {
    let path = variable(environment, "PATH").unwrap_or_default();
    if path.is_empty() {
        return Vec::new();
    }
    std::env::split_paths(path)
        .map(|entry| if entry.as_os_str().is_empty() { directory.into() } else { directory.join(entry) })
        .collect()
}

fn find_file(
    program: &str,
    path: &Path,
    environment: &[(OsString, OsString)],
) -> Result<PathBuf, StartError> {
    for candidate in spellings(path, environment) {
        let problem = match std::fs::metadata(&candidate) {
            Ok(metadata) if metadata.is_dir() => Some("it is a directory"),
            // Nobody must open it to look: a pipe would wait for its other end.
            Ok(metadata) if !metadata.is_file() => Some("it is not a regular file"),
            Ok(_) => permission_problem(&candidate),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Some("permission denied"),
            Err(_) => continue,
        };
        return match problem {
            Some(problem) => Err(not_executable(candidate, problem)),
            None => Ok(candidate),
        };
    }
    if cfg!(windows) && path.is_file() {
        return Err(not_executable(path.to_owned(), NO_ENDING));
    }
    Err(StartError::NotFound { program: program.into(), searched: None })
}

/// Why Windows does not run a file that is there.
const NO_ENDING: &str = "Windows runs only files with an ending of PATHEXT: put the interpreter in front of a script, \
                         such as `sh` or `python`";

fn find_in(
    program: &str,
    searched: Vec<PathBuf>,
    environment: &[(OsString, OsString)],
) -> Result<PathBuf, StartError> {
    let mut refused = None;
    for candidate in searched.iter().flat_map(|directory| spellings(&directory.join(program), environment)) {
        // A directory of that name in PATH means nothing to anybody.
        if !candidate.is_file() {
            continue;
        }
        match permission_problem(&candidate) {
            None => return Ok(candidate),
            // A later directory may have one that may be executed.
            Some(problem) => refused = refused.or(Some((candidate, problem))),
        }
    }
    match refused {
        Some((path, problem)) => Err(not_executable(path, problem)),
        None => Err(StartError::NotFound { program: program.into(), searched: Some(searched) }),
    }
}

fn not_executable(path: PathBuf, reason: &str) -> StartError {
    StartError::NotExecutable { path, reason: reason.into() }
}

/// The files that a name may mean.
#[cfg(not(windows))]
fn spellings(path: &Path, _environment: &[(OsString, OsString)]) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

/// The files that a name may mean: with each ending of PATHEXT, unless it has one of them already.
#[cfg(windows)]
fn spellings(path: &Path, environment: &[(OsString, OsString)]) -> Vec<PathBuf> {
    let endings = variable(environment, "PATHEXT");
    if is_program_name(path, endings) {
        return vec![path.to_owned()];
    }
    let with = |ending: &str| {
        let mut spelled = path.as_os_str().to_owned();
        spelled.push(ending);
        PathBuf::from(spelled)
    };
    split_endings(endings).map(with).collect()
}

/// Whether Windows takes a file for a program: by its ending, which is one of PATHEXT.
pub fn is_program_name(path: &Path, endings: Option<&OsStr>) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    split_endings(endings).any(|it| it[1..].eq_ignore_ascii_case(ending))
}

fn split_endings(endings: Option<&OsStr>) -> impl Iterator<Item = &str> {
    let endings = endings.and_then(OsStr::to_str).unwrap_or(".COM;.EXE;.BAT;.CMD");
    endings.split(';').filter(|ending| ending.starts_with('.'))
}

#[cfg(unix)]
fn permission_problem(path: &Path) -> Option<&'static str> {
    match rustix::fs::access(path, rustix::fs::Access::EXEC_OK) {
        Err(rustix::io::Errno::ACCESS) => Some("permission denied"),
        // Whatever else is wrong, the system tells when it is started.
        _ => None,
    }
}

#[cfg(not(unix))]
fn permission_problem(_path: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn environment(path: &str) -> Vec<(OsString, OsString)> {
        vec![("PATH".into(), "/nowhere".into()), ("PATH".into(), path.into())]
    }

    fn write(path: &Path, mode: u32) {
        std::fs::write(path, "").unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn windows_knows_programs_by_their_ending() {
        let is_program = |name: &str| is_program_name(Path::new(name), Some(OsStr::new(".EXE;.Cmd;;")));
        assert!(is_program("C:/tools/kubectl.exe") && is_program("helm.CMD"));
        assert!(!is_program("python3.11") && !is_program("build.sh") && !is_program("make"));
        assert!(is_program_name(Path::new("build.bat"), None));
    }

    #[test]
    fn searches_the_given_path_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let root = std::path::absolute(directory.path()).unwrap();
        for name in ["a", "b"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        std::fs::create_dir(root.join("a/dir")).unwrap();
        write(&root.join("a/plain"), 0o644);
        write(&root.join("b/plain"), 0o755);
        write(&root.join("b/tool"), 0o755);
        write(&root.join("a/locked"), 0o600);
        write(&root.join("here"), 0o755);

        let path = environment("a:b");
        assert_eq!(find("tool", &root, &path), Ok(root.join("b/tool")));
        assert_eq!(find("plain", &root, &path), Ok(root.join("b/plain")));
        let refused = find("locked", &root, &path);
        let reason = "permission denied".to_owned();
        assert_eq!(refused, Err(StartError::NotExecutable { path: root.join("a/locked"), reason }));
        let searched = vec![root.join("a"), root.join("b")];
        for program in ["dir", "here"] {
            let missing = StartError::NotFound { program: program.into(), searched: Some(searched.clone()) };
            assert_eq!(find(program, &root, &path), Err(missing));
        }
        assert_eq!(find("here", &root, &environment("a:")), Ok(root.join("here")));
    }

    #[test]
    fn a_name_with_a_slash_is_relative_to_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let root = std::path::absolute(directory.path()).unwrap();
        write(&root.join("script"), 0o755);
        assert_eq!(find("./script", &root, &environment("/bin")), Ok(root.join("script")));
        let missing = StartError::NotFound { program: "./other".into(), searched: None };
        assert_eq!(find("./other", &root, &environment("/bin")), Err(missing));
        let reason = "it is a directory".to_owned();
        let directory = StartError::NotExecutable { path: root.clone(), reason };
        assert_eq!(find("./", &root, &environment("/bin")), Err(directory));
    }

    #[test]
    fn without_a_path_nothing_is_found() {
        let missing = StartError::NotFound { program: "sh".into(), searched: Some(vec![]) };
        assert_eq!(find("sh", Path::new("/"), &[]), Err(missing.clone()));
        assert_eq!(find("sh", Path::new("/"), &environment("")), Err(missing));
    }
}
