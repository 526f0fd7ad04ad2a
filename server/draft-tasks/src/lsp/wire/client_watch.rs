//! Notices that the client's process is gone, without looking again and again.
//!
//! Must not end the server because of a process that it cannot watch.

use std::time::Duration;

use tokio::sync::mpsc;
use waitpid_any::WaitHandle;

use crate::lsp::wire::transport::End;

/// Watches a process from a thread of its own and reports its end.
///
/// A process that is not there is ignored: clients in a container or behind a remote connection send ids that mean
/// nothing here.
pub(crate) fn start(process: i32, ends: mpsc::UnboundedSender<End>) {
    // The system takes other numbers for groups and for all processes.
    if process <= 0 {
        return tracing::info!(process, "the client's process is not watched, as none has this id");
    }
    let mut handle = match WaitHandle::open(process) {
        Ok(handle) => handle,
        Err(error) => return tracing::info!(process, %error, "the client's process cannot be watched"),
    };
    if matches!(handle.wait_timeout(Duration::ZERO), Ok(Some(()))) {
        return tracing::info!(process, "the client's process is not alive");
    }
    let watch = std::thread::Builder::new().name("client-watch".into()).spawn(move || match handle.wait() {
        Ok(()) => drop(ends.send(End::ClientGone)),
        Err(error) => tracing::warn!(process, %error, "the client's process is no longer watched"),
    });
    if let Err(error) = watch {
        tracing::warn!(process, %error, "the client's process cannot be watched");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_process_is_not_watched() {
        let (ends, mut ended) = mpsc::unbounded_channel();
        for process in [i32::MIN, -5, 0] {
            start(process, ends.clone());
        }
        assert!(ended.try_recv().is_err());
    }
}
