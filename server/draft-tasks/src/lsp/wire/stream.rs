//! Standard input and output without the buffers that the standard library puts in front of them.
//!
//! Must not be used by anything but the transport.

#[cfg(unix)]
pub(in crate::lsp) use unix::{input, is_closed, output};

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{Result, stdin, stdout};
    use std::os::fd::AsFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    /// On Linux a socket says by a flag of its own that its other end is only half open.
    #[cfg(target_os = "linux")]
    const CLOSED: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::RDHUP);

    #[cfg(not(target_os = "linux"))]
    const CLOSED: PollFlags = PollFlags::HUP.union(PollFlags::ERR);

    pub(crate) fn input() -> Result<File> {
        Ok(stdin().as_fd().try_clone_to_owned()?.into())
    }

    pub(crate) fn output() -> Result<File> {
        Ok(stdout().as_fd().try_clone_to_owned()?.into())
    }

    /// Whether the client has closed the input, however much of it is still to be read.
    pub(crate) fn is_closed() -> bool {
        let input = stdin();
        let mut polled = [PollFd::new(&input, CLOSED)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().intersects(CLOSED)
    }
}

#[cfg(not(unix))]
pub(in crate::lsp) fn input() -> std::io::Result<std::io::Stdin> {
    Ok(std::io::stdin())
}

#[cfg(not(unix))]
pub(in crate::lsp) fn output() -> std::io::Result<std::io::Stdout> {
    Ok(std::io::stdout())
}

/// It is known when all was read.
#[cfg(not(unix))]
pub(in crate::lsp) fn is_closed() -> bool {
    false
}
