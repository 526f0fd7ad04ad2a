//! Folders for the user alone: what tasks write, and what reaches a cluster, is nobody else's business.
//!
//! Must not use a folder whose content another user can replace.

use std::io;
use std::path::Path;

/// Makes a folder for the user alone, with those above it; one that is there already is no error.
///
/// # Errors
///
/// When it cannot be made, or another user can replace what is in it or in a folder above it; then nothing is made.
pub fn create_all(folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    // Those that are not there yet will be the user's own, if nobody else can make them meanwhile.
    for above in Vec::from_iter(folder.ancestors()).into_iter().rev() {
        match check(above) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            checked => checked?,
        }
    }
    builder().recursive(true).create(&folder)?;
    check(&folder)
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
    let meta = std::fs::metadata(folder)?;
    // Inside of a user namespace root may have another number.
    let system = std::fs::metadata("/").map_or(0, |root| root.uid());
    let access = Access { owner: meta.uid(), group: meta.gid(), mode: meta.mode() };
    let Some(why) = access.refusal(rustix::process::geteuid().as_raw(), system) else { return Ok(()) };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("not used, as {} {why}", folder.display())))
}

/// Who may change a folder.
#[cfg(unix)]
struct Access {
    owner: u32,
    group: u32,
    mode: u32,
}

#[cfg(unix)]
impl Access {
    /// Why a user does not use it; `system` owns the root folder.
    fn refusal(&self, user: u32, system: u32) -> Option<&'static str> {
        const GROUP_WRITES: u32 = 0o020;
        const OTHERS_WRITE: u32 = 0o002;
        /// Only the owner of a file can replace it, as in `/tmp`.
        const STICKY: u32 = 0o1000;
        let Access { owner, group, mode } = *self;
        // A user's own group has the user's number by custom.
        let writers = if group == owner { OTHERS_WRITE } else { OTHERS_WRITE | GROUP_WRITES };
        if ![user, system, 0].contains(&owner) {
            Some("belongs to another user")
        } else if mode & STICKY == 0 && mode & writers != 0 {
            Some("can be written by other users")
        } else {
            None
        }
    }
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
    fn nothing_is_made_below_a_folder_that_others_can_write() {
        let dir = tempfile::tempdir().unwrap();
        let shared = dir.path().join("shared");
        std::fs::create_dir(&shared).unwrap();
        std::os::unix::fs::symlink(&shared, dir.path().join("link")).unwrap();
        set_mode(&shared, 0o777);
        for folder in ["shared/a/state/runs", "link/a/state/runs"] {
            let error = create_all(&dir.path().join(folder)).unwrap_err().to_string();
            assert!(error.ends_with("can be written by other users"), "{error}");
            assert!(!shared.join("a").exists());
        }
        create_new(&shared.join("a")).unwrap();
        assert!(create_all(&shared.join("a/state")).is_err(), "another user can take it away");
    }

    #[test]
    fn only_the_user_and_the_system_may_be_able_to_replace_what_is_in_a_folder() {
        let refusal = |(owner, group, mode)| Access { owner, group, mode }.refusal(1000, 65534);
        for used in
            [(1000, 50, 0o755), (0, 0, 0o755), (65534, 65534, 0o755), (0, 0, 0o1777), (1000, 1000, 0o775)]
        {
            assert_eq!(refusal(used), None, "{used:?}");
        }
        assert_eq!(refusal((1001, 1001, 0o700)), Some("belongs to another user"));
        for shared in [(1000, 50, 0o775), (0, 50, 0o775), (1000, 1000, 0o777), (1000, 50, 0o722)] {
            assert_eq!(refusal(shared), Some("can be written by other users"), "{shared:?}");
        }
    }
}
