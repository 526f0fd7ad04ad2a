//! Folders for the user alone: what tasks write, and what reaches a cluster, is nobody else's business.
//!
//! Must not use a folder whose content another user can replace.

use std::io;
use std::path::Path;

/// Makes a folder for the user alone, with those above it; one that is there already is no error.
///
/// # Errors
///
/// When it cannot be made, or another user can replace what is in it or in the folder above it.
pub fn create_all(folder: &Path) -> io::Result<()> {
    for folder in folder.parent().into_iter().chain([folder]) {
        builder().recursive(true).create(folder)?;
        check(folder)?;
    }
    Ok(())
}

/// Makes a folder for the user alone that is not there yet.
///
/// # Errors
///
/// When it cannot be made.
pub fn create_new(folder: &Path) -> io::Result<()> {
    builder().create(folder)
}

fn builder() -> std::fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there is no mode"))]
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

#[cfg(unix)]
fn check(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    const OTHERS_WRITE: u32 = 0o002;
    /// Only the owner of a file can replace it, as in `/tmp`.
    const STICKY: u32 = 0o1000;
    let (meta, user) = (std::fs::metadata(folder)?, rustix::process::geteuid().as_raw());
    // Inside of a user namespace root may have another number.
    let is_of_system =
        || meta.uid() == 0 || std::fs::metadata("/").is_ok_and(|root| root.uid() == meta.uid());
    let why = if meta.uid() != user && !is_of_system() {
        "belongs to another user"
    } else if meta.mode() & (OTHERS_WRITE | STICKY) == OTHERS_WRITE {
        "can be written by other users"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("not used, as {} {why}", folder.display())))
}

#[cfg(not(unix))]
fn check(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn set_mode(folder: &Path, mode: u32) {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_others_can_write_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let (state, runs) = (dir.path().join("state"), dir.path().join("state/runs"));
        create_all(&runs).unwrap();
        assert_eq!(std::fs::metadata(&state).unwrap().mode() & 0o777, 0o700);
        set_mode(&state, 0o1777);
        create_all(&runs).unwrap();
        for folder in [&runs, &state] {
            set_mode(folder, 0o777);
            let error = create_all(&runs).unwrap_err().to_string();
            assert_eq!(error, format!("not used, as {} can be written by other users", folder.display()));
            set_mode(folder, 0o700);
        }
    }

    #[test]
    fn a_folder_of_another_user_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let owned = std::os::unix::fs::chown(dir.path(), Some(1234), None);
        // Only root can give something away.
        let expected =
            owned.is_ok().then(|| format!("not used, as {} belongs to another user", dir.path().display()));
        assert_eq!(create_all(&dir.path().join("runs")).err().map(|error| error.to_string()), expected);
    }
}
