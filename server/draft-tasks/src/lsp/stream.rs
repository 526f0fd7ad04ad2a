//! Standard input and output without the buffers that the standard library puts in front of them.
//!
//! Must not be used by anything but the transport.

#[cfg(unix)]
pub(super) use unix::{input, output, write_at_once};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::Result;
    use std::os::fd::{AsFd, BorrowedFd};

    pub(crate) fn input() -> Result<File> {
        widened(std::io::stdin().as_fd())
    }

    pub(crate) fn output() -> Result<File> {
        widened(std::io::stdout().as_fd())
    }

    /// A stream of which a pipe holds as much as the system allows everybody: of a long message the two sides would
    /// otherwise take turns at every 64 KiB.
    fn widened(stream: BorrowedFd<'_>) -> Result<File> {
        #[cfg(target_os = "linux")]
        // Others than pipes have no such size, and then nothing changes.
        let _ = rustix::pipe::fcntl_setpipe_size(stream, 1 << 20);
        Ok(stream.try_clone_to_owned()?.into())
    }

    /// Writes what a pipe or socket takes without waiting; tells how much. Others take nothing so.
    #[cfg(target_os = "linux")]
    pub(crate) fn write_at_once(bytes: &[u8]) -> usize {
        use rustix::io::{ReadWriteFlags, pwritev2};
        // No offset, as the system has it.
        const WHERE_IT_IS: u64 = u64::MAX;
        let bytes = [std::io::IoSlice::new(bytes)];
        pwritev2(std::io::stdout(), &bytes, WHERE_IT_IS, ReadWriteFlags::NOWAIT).unwrap_or_default()
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn write_at_once(_: &[u8]) -> usize {
        0
    }
}

#[cfg(not(unix))]
pub(super) fn input() -> std::io::Result<std::io::Stdin> {
    Ok(std::io::stdin())
}

#[cfg(not(unix))]
pub(super) fn output() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}

#[cfg(not(unix))]
pub(super) fn write_at_once(_: &[u8]) -> usize {
    0
}
