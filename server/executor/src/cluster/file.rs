//! Reads kubeconfigs and the files that they name.
//!
//! Must not wait for ever, nor take more memory than such files need: a path may be that of a pipe or a device.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::file;

/// More than any kubeconfig has, in bytes, and more than any certificate, key or token.
const MOST_OF_KUBECONFIG: u64 = 16 << 20;
const MOST_OF_NAMED: u64 = 1 << 20;

/// How long a kubeconfig may take that a program writes into a pipe. It may ask for a passphrase.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it is awaited that a program opens the pipe to write into it: that of `<(…)` of a shell has by then.
const OPENED: Duration = Duration::from_secs(2);

/// A kubeconfig. It may be a pipe, as `<(…)` of a shell is; that one is read once, as it is empty then.
pub(crate) fn kubeconfig(path: &Path) -> io::Result<Vec<u8>> {
    static READ: Mutex<BTreeMap<PathBuf, Vec<u8>>> = Mutex::new(BTreeMap::new());
    // Others may be written again.
    if ["/dev/fd", "/proc/self/fd"].iter().all(|inherited| !path.starts_with(inherited)) {
        return awaited(path, LIMIT);
    }
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = read.get(path) {
        return Ok(known.clone());
    }
    let bytes = awaited(path, LIMIT)?;
    read.insert(path.to_owned(), bytes.clone());
    Ok(bytes)
}

fn awaited(path: &Path, limit: Duration) -> io::Result<Vec<u8>> {
    let (file, now) = (file::open(path)?, Instant::now());
    let opened = Some(now + OPENED.min(limit));
    file::whole(Awaited { file, until: now + limit, opened }, MOST_OF_KUBECONFIG)
}

/// A file that a kubeconfig names, which is no pipe and no device.
pub(crate) fn named(path: &Path) -> io::Result<Vec<u8>> {
    file::regular(path, MOST_OF_NAMED)
}

/// A file whose bytes may be some time in coming.
struct Awaited {
    file: File,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only Unix has pipes among the files"))]
    until: Instant,
    /// Until when somebody has to have opened it to write; nothing when it is known that somebody has.
    opened: Option<Instant>,
}

impl Read for Awaited {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        self.wait()?;
        self.opened = None;
        self.file.read(into)
    }
}

impl Awaited {
    /// Until there are bytes, or nobody can write any more.
    #[cfg(unix)]
    fn wait(&self) -> io::Result<()> {
        if let Some(opened) = self.opened
            && !self.is_readable(opened)?
            && !self.is_written()
        {
            return Err(io::Error::other("it is a pipe into which nobody writes"));
        }
        if self.is_readable(self.until)? {
            return Ok(());
        }
        Err(io::Error::other("it was not written to its end in time"))
    }

    /// Whether somebody has the pipe open to write: to read it would block then, and else it is at its end.
    #[cfg(unix)]
    fn is_written(&self) -> bool {
        // Nothing is taken away: there are no bytes.
        matches!((&self.file).read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    #[cfg(unix)]
    fn is_readable(&self, until: Instant) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return Ok(ready > 0),
                // Each child that ends sends one, and who heeds the others has a thread of its own.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn pipe(folder: &Path) -> PathBuf {
        let path = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    fn why(read: io::Result<Vec<u8>>) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn a_kubeconfig_may_be_a_pipe() {
        let dir = tempfile::tempdir().unwrap();
        let path = pipe(dir.path());
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&path, "current-context: x\n").unwrap());
            assert_eq!(kubeconfig(&path).unwrap(), b"current-context: x\n");
        });
        assert_eq!(kubeconfig(Path::new("/dev/null")).unwrap(), b"");
    }

    #[test]
    fn a_pipe_of_a_shell_is_read_once() {
        use std::os::fd::AsRawFd;
        let (read, write) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut &write, b"current-context: y\n").unwrap();
        drop(write);
        let path = PathBuf::from(format!("/dev/fd/{}", read.as_raw_fd()));
        for _ in 0..2 {
            assert_eq!(kubeconfig(&path).unwrap(), b"current-context: y\n");
        }
    }

    #[test]
    fn nothing_is_waited_for_without_end_nor_read_without_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = pipe(dir.path());
        assert_eq!(why(awaited(&path, Duration::ZERO)), "it is a pipe into which nobody writes");
        let writer = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert_eq!(why(awaited(&path, Duration::ZERO)), "it was not written to its end in time");
        drop(writer);
        assert_eq!(why(kubeconfig(Path::new("/dev/zero"))), "it is larger than 16 MiB");
        assert_eq!(why(named(&path)), "it is not a regular file but a pipe");
        assert_eq!(why(named(Path::new("/dev/zero"))), "it is not a regular file but a device");
        let large = dir.path().join("large");
        std::fs::write(&large, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert_eq!(why(named(&large)), "it is larger than 1 MiB");
        std::fs::write(&large, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(named(&large).unwrap().len(), 1 << 20);
    }
}
