//! The way to the client: messages with their headers, whole and in order, and what of them waits to be written.
//!
//! Must not wait for a client that does not read, but in a thread of its own.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::mpsc;
use tower_lsp::gen_lsp_types::Notification;

/// A client that read nothing for this long is not waited for when the server ends.
const SILENCE: Duration = Duration::from_millis(500);

/// So much is written at once, so that it is seen whether the client reads.
const PIECE: usize = 1 << 16;

/// The bytes that wait to be written, for those who could produce less.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    /// Whether nobody will read any more.
    over: AtomicBool,
}

impl Backlog {
    #[cfg(test)]
    pub(crate) fn of(bytes: usize) -> Backlog {
        Backlog(Arc::new(Waiting { bytes: bytes.into(), over: false.into() }))
    }

    /// Whether more than so many bytes wait for a client that may still read them.
    pub(crate) fn exceeds(&self, bytes: usize) -> bool {
        self.bytes() > bytes && !self.0.over.load(Ordering::Relaxed)
    }

    fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// The server ends: whoever waits for the client waits in vain.
    pub(crate) fn abandon(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// The server's messages, written by a thread of its own, so that a client that does not read stops nothing.
pub(crate) struct Output {
    outgoing: Outgoing,
    closed: mpsc::Receiver<()>,
    writer: std::thread::JoinHandle<()>,
}

impl Output {
    /// Starts to write.
    pub(crate) fn start(output: impl Write + Send + 'static) -> std::io::Result<Output> {
        let (messages, queue) = std::sync::mpsc::channel();
        let backlog = Backlog::default();
        let (closing, closed) = mpsc::channel(1);
        let waiting = backlog.clone();
        let writer = std::thread::Builder::new().name("lsp-output".into()).spawn(move || {
            if write(output, &queue, &waiting).is_err() {
                // Dropping the sender tells the transport that nobody reads any more.
                drop(closing);
            }
        })?;
        Ok(Output { outgoing: Outgoing { messages, backlog }, closed, writer })
    }

    /// Waits until nobody reads any more.
    pub(crate) async fn closed(&mut self) {
        // Nothing is ever sent: the writer drops the sender.
        let _ = self.closed.recv().await;
    }

    /// Where messages are put to be written.
    pub(crate) fn outgoing(&self) -> &Outgoing {
        &self.outgoing
    }

    /// Writes what is left until then, but does not wait for a client that does not read.
    pub(crate) fn finish(self, deadline: Instant) {
        let Output { outgoing: Outgoing { messages, backlog }, writer, .. } = self;
        drop(messages);
        let mut left = backlog.bytes();
        let mut read = Instant::now();
        while !writer.is_finished() && Instant::now() < deadline && read.elapsed() < SILENCE {
            std::thread::sleep(Duration::from_millis(2));
            if backlog.bytes() != left {
                (left, read) = (backlog.bytes(), Instant::now());
            }
        }
    }
}

/// Writes messages until none can come any more.
fn write(mut output: impl Write, queue: &Receiver<Vec<u8>>, waiting: &Backlog) -> std::io::Result<()> {
    for message in queue {
        for piece in message.chunks(PIECE) {
            output.write_all(piece)?;
            waiting.0.bytes.fetch_sub(piece.len(), Ordering::Relaxed);
        }
        output.flush()?;
    }
    Ok(())
}

/// Puts messages into the queue of those to be written; any number of them may.
#[derive(Clone)]
pub(crate) struct Outgoing {
    messages: Sender<Vec<u8>>,
    backlog: Backlog,
}

impl Outgoing {
    /// What waits to be written.
    pub(crate) fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Sends a notification; not through the library's client, which holds back all but a few that wait to be sent.
    pub(crate) fn notify<N: Notification>(&self, params: &N::Params) {
        #[derive(Serialize)]
        struct Notified<'a, P> {
            jsonrpc: &'static str,
            method: &'a str,
            params: &'a P,
        }
        self.send(&Notified { jsonrpc: "2.0", method: N::METHOD.as_str(), params });
    }

    /// Sends a message as it is.
    pub(crate) fn send(&self, message: &impl Serialize) {
        let content = match serde_json::to_vec(message) {
            Ok(content) => content,
            Err(error) => return tracing::error!(%error, "a message could not be written as JSON"),
        };
        let header = format!("Content-Length: {}\r\n\r\n", content.len());
        let framed = [header.as_bytes(), &content].concat();
        self.backlog.0.bytes.fetch_add(framed.len(), Ordering::Relaxed);
        // The writer is only gone when the client is, and then `closed` ends the transport.
        let _ = self.messages.send(framed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};
    use tower_lsp::gen_lsp_types::{LogMessageNotification, LogMessageParams, MessageType};

    use super::*;
    use crate::lsp::wire::frame::Frames;

    /// A client that takes so much at once, after a while.
    #[derive(Clone)]
    struct Slow {
        read: Arc<Mutex<Vec<u8>>>,
        at_once: usize,
        pause: Duration,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            std::thread::sleep(self.pause);
            let count = bytes.len().min(self.at_once);
            self.read.lock().unwrap().extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn slow(at_once: usize, pause: Duration) -> Slow {
        Slow { read: Arc::default(), at_once, pause }
    }

    fn log(outgoing: &Outgoing, message: String) {
        let params = LogMessageParams { kind: MessageType::Log, message };
        outgoing.notify::<LogMessageNotification>(&params);
    }

    fn in_a_minute() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn messages_stay_whole_and_in_order() {
        let client = slow(7, Duration::ZERO);
        let output = Output::start(client.clone()).unwrap();
        let senders = [0, 1].map(|sender| {
            let outgoing = output.outgoing().clone();
            std::thread::spawn(move || {
                (0..300)
                    .for_each(|number| log(&outgoing, format!("{sender} {number} {}", "x".repeat(number))));
            })
        });
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        output.finish(in_a_minute());
        let mut frames = Frames::default();
        frames.push(client.read.lock().unwrap().clone());
        let mut next = [0, 0];
        while let Some(frame) = frames.next() {
            let message: Value = serde_json::from_slice(&frame.unwrap()).unwrap();
            assert_eq!(message["method"], json!("window/logMessage"));
            let text = message["params"]["message"].as_str().unwrap();
            let mut words = text.split(' ').map(str::parse);
            let (sender, number): (usize, usize) =
                (words.next().unwrap().unwrap(), words.next().unwrap().unwrap());
            assert_eq!(number, next[sender]);
            next[sender] += 1;
        }
        assert_eq!(next, [300, 300]);
    }

    #[test]
    fn a_client_that_reads_slowly_gets_all_and_one_that_does_not_read_is_not_waited_for() {
        let much = "x".repeat(20 * PIECE);
        let client = slow(PIECE, SILENCE / 10);
        let output = Output::start(client.clone()).unwrap();
        log(output.outgoing(), much.clone());
        output.finish(in_a_minute());
        assert!(client.read.lock().unwrap().len() > much.len());
        let output = Output::start(slow(1, Duration::from_secs(600))).unwrap();
        log(output.outgoing(), much);
        let since = Instant::now();
        output.finish(in_a_minute());
        assert!(since.elapsed() < Duration::from_secs(30));
    }
}
