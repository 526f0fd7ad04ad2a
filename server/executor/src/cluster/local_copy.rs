//! A private copy of the kubeconfig for tasks on this machine, so that they meet the cluster that the user pinned; and
//! what tasks changed in it.
//!
//! Must never delete or overwrite what a task changed, nor touch the user's own files.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::target::Target;
use crate::private;

/// The name of each copy.
const NAME: &str = "kubeconfig";

/// A copy, in a folder of its own.
#[derive(Debug)]
pub struct LocalCopy {
    path: PathBuf,
    /// What it says as long as no task changes it.
    before: Vec<u8>,
}

impl LocalCopy {
    /// Writes the target's kubeconfig, with its context as the current one and its namespace, into the first of `folders`
    /// that can be one for the user alone. A copy that is there already, since tasks of an earlier run for this folder
    /// changed it, is taken as they left it.
    ///
    /// # Errors
    ///
    /// When it can be written nowhere, or the target has no kubeconfig.
    pub fn make(target: &Target, folders: &[PathBuf]) -> io::Result<LocalCopy> {
        let none = || io::Error::other("there is no kubeconfig to copy");
        let kubeconfig = target.kubeconfig.as_ref().ok_or_else(none)?;
        let copy = kubeconfig.copy(target.context.as_deref(), &target.namespace);
        // JSON is YAML, and every client of Kubernetes reads it.
        let before = serde_json::to_vec_pretty(&copy)?;
        let mut copy = Err(io::Error::other("there is no folder for it"));
        for folder in folders {
            copy = write(folder, &before)
                .map_err(|error| io::Error::other(format!("{}: {error}", folder.display())));
            if copy.is_ok() {
                break;
            }
        }
        Ok(LocalCopy { path: copy?, before })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variable that makes tasks use it.
    pub fn variable(&self) -> (OsString, OsString) {
        ("KUBECONFIG".into(), self.path.clone().into())
    }

    /// Removes it if no task changed it; else it stays, and its path is given.
    pub fn finish(self) -> Option<PathBuf> {
        match std::fs::read(&self.path) {
            Ok(now) if now == self.before => {
                // What cannot be removed is the user's own copy of what the user can read.
                let _ = remove(&self.path);
                None
            }
            // A task removed it, which is its right.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            _ => Some(self.path),
        }
    }
}

/// Whether a file is a copy that a run made, whoever names it: nothing else is to be removed in its place.
pub(crate) fn is_copy(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    path.is_absolute()
        && path.file_name().is_some_and(|name| name == NAME)
        && folder.is_some_and(|name| name.contains("Z-kubeconfig-"))
        && is_own(path).unwrap_or(false)
}

/// Removes a copy, and its folder where nothing else is in it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    let _ = path.parent().map(std::fs::remove_dir);
    Ok(())
}

/// Writes a copy into a folder, which is made; gives where it is. Under its name it is whole: a part of one would be taken
/// for what a task left.
fn write(folder: &Path, text: &[u8]) -> io::Result<PathBuf> {
    private::create_all(folder)?;
    let path = folder.join(NAME);
    // For the user alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(path),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists && is_own(&path)? => Ok(path),
        Err(refused) => Err(refused.error),
    }
}

/// Whether a file was written by this user and can be read by nobody else.
fn is_own(path: &Path) -> io::Result<bool> {
    let file = std::fs::symlink_metadata(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let user = rustix::process::geteuid().as_raw();
        Ok(file.is_file() && is_private(file.uid(), file.mode(), user))
    }
    #[cfg(not(unix))]
    Ok(file.is_file())
}

#[cfg(unix)]
const fn is_private(owner: u32, mode: u32, user: u32) -> bool {
    owner == user && mode & 0o077 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(folder: &Path) -> Target {
        let file = folder.join("config");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: dev\nclusters: [{name: c, cluster: {server: https://127.0.0.1:1}}]\n\
            contexts: [{name: dev, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n";
        std::fs::write(&file, text).unwrap();
        Target::read(&[("KUBECONFIG".into(), file.into())], None, Some("demo")).unwrap()
    }

    #[test]
    fn a_copy_that_nothing_changed_goes_and_one_that_was_changed_stays_for_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (target, folder) = (target(dir.path()), dir.path().join("copies/copy"));
        let copy = LocalCopy::make(&target, std::slice::from_ref(&folder)).unwrap();
        let path = PathBuf::from(copy.variable().1);
        assert!(std::fs::read_to_string(&path).unwrap().contains("\"namespace\": \"demo\""));
        assert_eq!((copy.finish(), folder.exists()), (None, false));

        let copy = LocalCopy::make(&target, std::slice::from_ref(&folder)).unwrap();
        std::fs::write(&path, "changed").unwrap();
        assert_eq!(copy.finish(), Some(path.clone()));
        let copy = LocalCopy::make(&target, std::slice::from_ref(&folder)).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "changed");
        assert_eq!(copy.finish(), Some(path));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn one_that_cannot_be_written_leaves_nothing_that_a_later_run_would_take() {
        const FOLDER: &str = "DRAFT_TASKS_TEST_FOLDER";
        const NAME_OF_TEST: &str = "cluster::local_copy::tests::one_that_cannot_be_written_leaves_nothing_that_a_later_run_would_take";
        if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
            let config = folder.parent().unwrap().join("config");
            let target = Target::read(&[("KUBECONFIG".into(), config.into())], None, None).unwrap();
            LocalCopy::make(&target, &[folder]).unwrap_err();
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (target, folder) = (target(dir.path()), dir.path().join("copy"));
        // Nobody can write more than nothing into a file.
        let script = "ulimit -f 0; trap '' XFSZ; exec \"$0\" --exact \"$1\"";
        let limited = std::process::Command::new("sh")
            .args(["-c", script])
            .args([std::env::current_exe().unwrap().as_os_str(), NAME_OF_TEST.as_ref()])
            .env(FOLDER, &folder)
            .output()
            .unwrap();
        assert!(limited.status.success(), "{limited:?}");
        assert!(String::from_utf8_lossy(&limited.stdout).contains("1 passed"), "{limited:?}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(LocalCopy::make(&target, &[folder]).unwrap().finish(), None);
    }

    #[test]
    fn one_that_cannot_be_read_again_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let copy = LocalCopy::make(&target(dir.path()), &[dir.path().join("copy")]).unwrap();
        let path = copy.path().to_owned();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(copy.finish(), Some(path));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_not_taken() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (target, folder) = (target(dir.path()), dir.path().join("copies/copy"));
        let path =
            PathBuf::from(LocalCopy::make(&target, std::slice::from_ref(&folder)).unwrap().variable().1);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = || {
            let error = LocalCopy::make(&target, std::slice::from_ref(&folder)).unwrap_err().to_string();
            assert!(error.contains("File exists"), "{error}");
        };
        refused();
        let elsewhere = dir.path().join("elsewhere");
        std::fs::rename(&path, &elsewhere).unwrap();
        std::fs::set_permissions(&elsewhere, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        refused();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        refused();
    }

    #[test]
    #[cfg(unix)]
    fn only_the_users_own_file_is_private() {
        assert!(is_private(1000, 0o100_600, 1000) && is_private(1000, 0o100_400, 1000));
        for (owner, mode) in [(1001, 0o100_600), (0, 0o100_600), (1000, 0o100_640), (1000, 0o100_604)] {
            assert!(!is_private(owner, mode, 1000), "{owner} {mode:o}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn where_others_can_write_another_folder_is_taken() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let target = target(dir.path());
        let (state, other) = (dir.path().join("state"), dir.path().join("other"));
        std::fs::create_dir(&state).unwrap();
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o777)).unwrap();
        let folders = [state.join("kubeconfigs/copy"), other.clone()];
        let copy = LocalCopy::make(&target, &folders).unwrap();
        assert_eq!(copy.path, other.join("kubeconfig"));
        assert_eq!(std::fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
