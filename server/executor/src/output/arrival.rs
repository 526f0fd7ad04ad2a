//! Reads both streams of a task in the order in which they were written, as far as the system tells it.
//!
//! A pipe does not tell when something was written to it, but the system wakes whoever waits for several of them in the
//! order in which there was something to read. So it must always be waited for both: a stream that is looked at later
//! would be behind what came after it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{mpsc, watch};
use tokio::task::unconstrained;

use super::MAX_OUTPUT;
use crate::event::Stream;

/// How much is still read of streams that somebody holds open after their task ended: the most that two pipes keep, so
/// that everything that the task itself wrote is told.
const REST: usize = 2 * 1024 * 1024;

/// What a stream gave at once.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) stream: Stream,
    pub(crate) bytes: Vec<u8>,
}

/// Both streams of a task.
pub(crate) struct Streams {
    sources: [Source; 2],
    arrivals: Arc<Arrivals>,
    buffer: Vec<u8>,
}

struct Source {
    /// Nothing when it has ended.
    reader: Option<Box<dyn AsyncRead + Send + Unpin>>,
    waker: Waker,
}

/// Which streams may have something, oldest first.
struct Arrivals {
    streams: Mutex<VecDeque<Stream>>,
    reader: AtomicWaker,
}

struct Arrival {
    stream: Stream,
    all: Arc<Arrivals>,
}

impl Wake for Arrival {
    fn wake(self: Arc<Self>) {
        self.all.streams().push_back(self.stream);
        self.all.reader.wake();
    }
}

impl Arrivals {
    fn streams(&self) -> MutexGuard<'_, VecDeque<Stream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    pub(crate) fn new<R, E>(stdout: Option<R>, stderr: Option<E>) -> Streams
    where
        R: AsyncRead + Send + Unpin + 'static,
        E: AsyncRead + Send + Unpin + 'static,
    {
        let streams = Mutex::new(VecDeque::from(Stream::BOTH));
        let arrivals = Arc::new(Arrivals { streams, reader: AtomicWaker::new() });
        let source = |stream, reader| {
            let waker = Waker::from(Arc::new(Arrival { stream, all: arrivals.clone() }));
            Source { reader, waker }
        };
        let sources = [
            source(Stream::Stdout, stdout.map(|reader| Box::new(reader) as _)),
            source(Stream::Stderr, stderr.map(|reader| Box::new(reader) as _)),
        ];
        Streams { sources, arrivals, buffer: vec![0; MAX_OUTPUT] }
    }

    /// What came first of what is not read yet; nothing when both streams have ended. May be cancelled.
    pub(crate) async fn read(&mut self) -> Option<Chunk> {
        poll_fn(|context| self.poll(context)).await
    }

    /// What can be read without waiting.
    pub(crate) fn read_now(&mut self) -> Option<Chunk> {
        // Unconstrained, since a read that waits only for its turn would look like an empty pipe.
        unconstrained(self.read()).now_or_never()?
    }

    /// Passes on everything; a full channel makes it wait. When `given_up` becomes true, only what can be read without
    /// waiting is.
    pub(crate) async fn pass_on(mut self, to: mpsc::Sender<Chunk>, mut given_up: watch::Receiver<bool>) {
        // Looked at first, since a stream may always have something to read.
        while !*given_up.borrow() {
            let chunk = tokio::select! {
                biased;
                chunk = self.read() => chunk,
                // An error means that nobody will ever give it up, which does not happen while a task runs.
                _ = given_up.wait_for(|given_up| *given_up) => break,
            };
            let Some(chunk) = chunk else { return };
            // It fails only when the listener was dropped, with the whole run.
            let _ = to.send(chunk).await;
        }
        for chunk in self.rest() {
            let _ = to.send(chunk).await;
        }
    }

    /// What is still in streams that somebody may hold open after their process ended.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = Chunk> {
        let mut allowed = REST;
        std::iter::from_fn(move || {
            let chunk = self.read_now().filter(|_| allowed > 0)?;
            allowed = allowed.saturating_sub(chunk.bytes.len());
            Some(chunk)
        })
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Chunk>> {
        self.arrivals.reader.register(context.waker());
        // No more than there are now: one that only has to wait for its turn comes again at once.
        let count = self.arrivals.streams().len();
        for _ in 0..count {
            let Some(stream) = self.arrivals.streams().pop_front() else { break };
            if let Some(length) = self.poll_stream(stream) {
                return Poll::Ready(Some(Chunk { stream, bytes: self.buffer[..length].to_vec() }));
            }
        }
        let has_ended = self.sources.iter().all(|source| source.reader.is_none());
        if has_ended { Poll::Ready(None) } else { Poll::Pending }
    }

    /// How much was read of a stream, if there was something.
    fn poll_stream(&mut self, stream: Stream) -> Option<usize> {
        let length = self.poll_once(stream, 0)?;
        // Until it has to wait, as from then on the system says when more comes; twice, since it may never have to.
        if length < self.buffer.len()
            && let Some(more) = self.poll_once(stream, length)
        {
            self.arrivals.streams().push_back(stream);
            return Some(length + more);
        }
        if length == self.buffer.len() {
            self.arrivals.streams().push_back(stream);
        }
        Some(length)
    }

    fn poll_once(&mut self, stream: Stream, start: usize) -> Option<usize> {
        let source = &mut self.sources[stream as usize];
        let reader = source.reader.as_mut()?;
        let mut buffer = ReadBuf::new(&mut self.buffer[start..]);
        match Pin::new(reader).poll_read(&mut Context::from_waker(&source.waker), &mut buffer) {
            Poll::Pending => None,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => Some(buffer.filled().len()),
            // A stream that cannot be read has ended: on Linux no error but an interruption is known for pipes.
            Poll::Ready(Ok(()) | Err(io::Error { .. })) => {
                source.reader = None;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn what_came_first_is_read_first_whichever_stream_it_is_of() {
        let ((mut stdout, from_stdout), (mut stderr, from_stderr)) =
            (tokio::io::duplex(100), tokio::io::duplex(100));
        let mut streams = Streams::new(Some(from_stdout), Some(from_stderr));
        assert!(streams.read_now().is_none());
        for order in [[Stream::Stderr, Stream::Stdout], [Stream::Stdout, Stream::Stderr]] {
            for stream in order {
                let writer = if stream == Stream::Stdout { &mut stdout } else { &mut stderr };
                writer.write_all(stream.name().as_bytes()).await.unwrap();
            }
            for stream in order {
                let chunk = streams.read_now().unwrap();
                assert_eq!((chunk.stream, chunk.bytes.as_slice()), (stream, stream.name().as_bytes()));
            }
        }
        drop((stdout, stderr));
        assert!(streams.read().await.is_none());
    }
}
