//! Takes what a container writes from its log, also over connections that break.
//!
//! A log is read again from its beginning, without what was told of it. Must not tell anything twice, nor call complete
//! what is not.

use std::time::Duration;

use futures::AsyncReadExt;
use kube::api::LogParams;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::{AGAIN, LIMIT};
use crate::cluster::{Connection, in_words};
use crate::event::Stream;
use crate::output::MAX_OUTPUT;
use crate::output::arrival::Chunk;

/// How long a log is still asked for whose container has ended.
const AFTER_END: Duration = Duration::from_secs(30);

/// A container whose log is read.
pub(super) struct ContainerLog<'a> {
    pub(super) connection: &'a Connection,
    pub(super) pod: &'a str,
    pub(super) container: &'a str,
}

/// Why a log was not read to its end.
enum Broken {
    /// It may be read again.
    Again(String),
    /// It cannot be read at all.
    Never(String),
    /// It does not begin with what was told of it: its node has rotated it.
    Rotated,
}

/// What was told of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LogPrefix {
    bytes: u64,
    hash: u64,
}

impl LogPrefix {
    // FNV-1a.
    const EMPTY: LogPrefix = LogPrefix { bytes: 0, hash: 0xcbf2_9ce4_8422_2325 };

    fn and(self, bytes: &[u8]) -> LogPrefix {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        LogPrefix { bytes: self.bytes + bytes.len() as u64, hash: bytes.iter().fold(self.hash, step) }
    }
}

impl ContainerLog<'_> {
    /// Passes on all of it until its container is `over` and its end was read. Gives what is lost of it, in lower case
    /// without a full stop.
    pub(super) async fn follow(
        &self,
        to: &mpsc::Sender<Chunk>,
        mut over: watch::Receiver<bool>,
    ) -> Option<String> {
        let (mut told, mut lost, mut since) = (LogPrefix::EMPTY, None, None);
        loop {
            let is_over = *over.borrow_and_update();
            let why = match self.read(&mut told, to, &mut over, is_over).await {
                Ok(()) if is_over => return lost,
                Ok(()) => String::new(),
                Err(Broken::Never(why)) => return Some(why),
                Err(Broken::Rotated) => {
                    told = LogPrefix::EMPTY;
                    lost = Some("its node has rotated its log: some of its output is lost, and some may be told twice".into());
                    continue;
                }
                Err(Broken::Again(why)) => why,
            };
            let begun = *since.get_or_insert_with(Instant::now);
            if !is_over || why.is_empty() {
                since = None;
            } else if begun.elapsed() > AFTER_END {
                return Some(format!("not all of its output could be read: {why}"));
            }
            // The end of a container is told a moment after that of its log.
            let _ = timeout(AGAIN, over.wait_for(|now| *now && !is_over)).await;
        }
    }

    /// Reads it from its beginning to its end.
    async fn read(
        &self,
        told: &mut LogPrefix,
        to: &mpsc::Sender<Chunk>,
        over: &mut watch::Receiver<bool>,
        is_over: bool,
    ) -> Result<(), Broken> {
        let pods = self.connection.pods().await.map_err(|problem| Broken::Again(problem.message))?;
        let parameters = LogParams {
            container: Some(self.container.to_owned()),
            follow: !is_over,
            ..LogParams::default()
        };
        let opened = timeout(LIMIT, pods.log_stream(self.pod, &parameters)).await;
        let opened = opened.map_err(|_| Broken::Again("the cluster does not answer".into()))?;
        let mut log = match opened {
            Ok(log) => Box::pin(log),
            Err(error) => return Err(self.broken(&error).await),
        };
        let mut seen = LogPrefix::EMPTY;
        let mut buffer = vec![0; MAX_OUTPUT];
        loop {
            let read = tokio::select! {
                biased;
                read = log.read(&mut buffer) => read,
                // Of a connection that tells nothing any more nobody learns that.
                () = ended(over, is_over) => return Err(Broken::Again("its log has no end".into())),
            };
            let count = read.map_err(|error| Broken::Again(format!("the connection was lost: {error}")))?;
            if count == 0 {
                return if seen.bytes < told.bytes { Err(Broken::Rotated) } else { Ok(()) };
            }
            let known = usize::try_from(told.bytes - seen.bytes).unwrap_or(usize::MAX).min(count);
            let (again, new) = buffer[..count].split_at(known);
            seen = seen.and(again);
            if known > 0 && seen.bytes == told.bytes && seen != *told {
                return Err(Broken::Rotated);
            }
            if new.is_empty() {
                continue;
            }
            seen = seen.and(new);
            *told = seen;
            // It fails only when the listener was dropped, with the whole run.
            let _ = to.send(Chunk { stream: Stream::Stdout, bytes: new.to_vec() }).await;
        }
    }

    async fn broken(&self, error: &kube::Error) -> Broken {
        match error {
            kube::Error::Api(status) if status.code == 404 => {
                Broken::Never("its pod is gone, and with it the rest of its output".into())
            }
            kube::Error::Api(status) if status.code == 403 => {
                let problem = self.connection.problem(error, "get pods/log");
                Broken::Never(format!("its output is not seen: {}", problem.message))
            }
            kube::Error::Api(status) if status.code == 401 => {
                self.connection.credentials_ended().await;
                Broken::Again(in_words(error))
            }
            error => Broken::Again(in_words(error)),
        }
    }
}

/// Until a log should have ended whose container did while it was read.
async fn ended(over: &mut watch::Receiver<bool>, was_over: bool) {
    if was_over || over.wait_for(|now| *now).await.is_err() {
        return std::future::pending().await;
    }
    sleep(LIMIT).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_known_however_it_came() {
        let whole = LogPrefix::EMPTY.and(b"one\ntwo\n");
        assert_eq!(LogPrefix::EMPTY.and(b"one\nt").and(b"wo\n"), whole);
        assert_ne!(LogPrefix::EMPTY.and(b"two\none\n"), whole);
    }
}
