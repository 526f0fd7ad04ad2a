//! The way to the client: messages with their headers, whole and in order, and what of them waits to be written.
//!
//! Must not wait for a client that does not read, but in a thread of its own.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::mpsc;
use tower_lsp::gen_lsp_types::{Notification, PublishDiagnosticsNotification, Uri};
use tower_lsp::jsonrpc::Id;

use super::written::Diagnostics;

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
        self.0.bytes.load(Ordering::Relaxed) > bytes && !self.0.over.load(Ordering::Relaxed)
    }

    /// The server ends: whoever waits for the client waits in vain.
    pub(crate) fn abandon(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// Writes what can be written without waiting, and tells how much.
pub(crate) type AtOnce = fn(&[u8]) -> usize;

/// The server's messages: what the client cannot take at once is written by a thread of its own, so that one that does
/// not read stops nothing.
pub(crate) struct Output {
    pub(crate) outgoing: Outgoing,
    closed: mpsc::Receiver<()>,
    writer: std::thread::JoinHandle<()>,
}

impl Output {
    /// Starts to write.
    pub(crate) fn start(mut output: impl Write + Send + 'static, at_once: AtOnce) -> std::io::Result<Output> {
        let (messages, queue) = std::sync::mpsc::channel::<Message>();
        let backlog = Backlog::default();
        let (closing, closed) = mpsc::channel(1);
        let waiting = backlog.0.clone();
        let writer = std::thread::Builder::new().name("lsp-output".into()).spawn(move || {
            for message in queue {
                let written = output.write_all(message.framed()).and_then(|()| output.flush());
                waiting.bytes.fetch_sub(message.framed().len(), Ordering::Release);
                if written.is_err() {
                    // Dropping the sender tells the transport that nobody reads any more.
                    drop(closing);
                    return;
                }
            }
            // The transport has ended: it does not wait for `closed` any more.
        })?;
        let at_once = Arc::new(Mutex::new(at_once));
        Ok(Output { outgoing: Outgoing { messages, backlog, at_once }, closed, writer })
    }

    /// Waits until nobody reads any more.
    pub(crate) async fn closed(&mut self) {
        // Nothing is ever sent: the writer drops the sender.
        let _ = self.closed.recv().await;
    }

    /// Where messages are put to be written.
    pub(crate) fn outgoing(&self) -> Outgoing {
        self.outgoing.clone()
    }

    /// Writes what is left, but does not wait for a client that does not read.
    pub(crate) fn finish(self, limit: Duration) {
        let Output { outgoing, writer, .. } = self;
        drop(outgoing);
        let deadline = Instant::now() + limit;
        while !writer.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A message while it is written, and then with its header in front.
///
/// Large ones are written once and in one piece: copying is a good part of what they cost.
struct Message {
    /// A gap for the header, then the content.
    bytes: Vec<u8>,
    /// Where the header begins, when it is there.
    start: usize,
    error: Option<serde_json::Error>,
}

/// As long as a header can be.
const HEADER: usize = 48;

impl Message {
    fn new(length: usize) -> Message {
        let mut bytes = Vec::with_capacity(HEADER + length + 256);
        bytes.resize(HEADER, b' ');
        Message { bytes, start: HEADER, error: None }
    }

    fn text(&mut self, text: &str) -> &mut Message {
        self.bytes.extend_from_slice(text.as_bytes());
        self
    }

    fn json(&mut self, value: &impl Serialize) -> &mut Message {
        if let Err(error) = serde_json::to_writer(&mut self.bytes, value) {
            self.error = Some(error);
        }
        self
    }

    /// Puts the header before the content, of which so many bytes are still to come.
    fn head(&mut self, more: usize) {
        let header = format!("Content-Length: {}\r\n\r\n", self.bytes.len() - HEADER + more);
        self.start = HEADER - header.len();
        self.bytes[self.start..HEADER].copy_from_slice(header.as_bytes());
    }

    fn framed(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Puts messages into the queue of those to be written; any number of them may.
#[derive(Clone)]
pub(crate) struct Outgoing {
    messages: std::sync::mpsc::Sender<Message>,
    backlog: Backlog,
    /// Locked while a message finds its way, so that none overtakes another.
    at_once: Arc<Mutex<AtOnce>>,
}

impl Outgoing {
    /// What waits to be written.
    pub(crate) fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Sends a notification, written as it is: a detour over a tree of JSON values costs more than the analysis that
    /// the diagnostics come from.
    pub(crate) fn notify<N: Notification>(&self, params: &N::Params) {
        #[derive(Serialize)]
        struct Notified<'a, P> {
            jsonrpc: &'static str,
            method: &'a str,
            params: &'a P,
        }
        self.send(&Notified { jsonrpc: "2.0", method: N::METHOD.as_str(), params });
    }

    /// Sends the diagnostics of a document.
    pub(crate) fn publish(&self, uri: &Uri, version: Option<i32>, diagnostics: Diagnostics) {
        const BEHIND: &[u8] = b"]}}";
        let mut front = Message::new(256);
        let method = PublishDiagnosticsNotification::METHOD;
        front
            .text("{\"jsonrpc\":\"2.0\",\"method\":\"")
            .text(method.as_str())
            .text("\",\"params\":{\"uri\":");
        front.json(uri);
        if let Some(version) = version {
            front.text(",\"version\":").json(&version);
        }
        front.text(",\"diagnostics\":[").head(diagnostics.elements().len() + BEHIND.len());
        let (bytes, start) = diagnostics.between(front.framed(), BEHIND);
        self.send_framed(Message { bytes, start, error: front.error });
    }

    /// Sends a message as it is.
    pub(crate) fn send(&self, message: &impl Serialize) {
        let mut written = Message::new(256);
        written.json(message);
        self.send_message(written);
    }

    /// Sends the response to a request whose handler has written the result as JSON itself.
    pub(crate) fn send_written(&self, id: &Id, result: &str) {
        let mut message = Message::new(result.len());
        message.text("{\"jsonrpc\":\"2.0\",\"id\":").json(id).text(",\"result\":").text(result).text("}");
        self.send_message(message);
    }

    fn send_message(&self, mut message: Message) {
        message.head(0);
        self.send_framed(message);
    }

    fn send_framed(&self, mut message: Message) {
        if let Some(error) = message.error {
            tracing::error!(%error, "a message could not be written as JSON");
            return;
        }
        let at_once = self.at_once.lock().unwrap_or_else(PoisonError::into_inner);
        if self.backlog.0.bytes.load(Ordering::Acquire) == 0 {
            // Nothing waits to be written: to wake the writer would take longer than most messages do.
            message.start += at_once(message.framed());
        }
        if message.framed().is_empty() {
            return;
        }
        self.backlog.0.bytes.fetch_add(message.framed().len(), Ordering::Relaxed);
        // The writer is only gone when the client is, and then `closed` ends the transport.
        let _ = self.messages.send(message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tower_lsp::gen_lsp_types::{LogMessageNotification, LogMessageParams, MessageType};

    use super::*;
    use crate::lsp::frame::Frames;

    /// What both ways to the client have written.
    static WRITTEN_BYTES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    struct Slow;

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // One byte at a time: whoever does not wait for the rest writes into the middle of it.
            std::thread::yield_now();
            WRITTEN_BYTES.lock().unwrap().extend(&bytes[..1]);
            Ok(1)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// All, a part or nothing.
    fn some_at_once(bytes: &[u8]) -> usize {
        let mut written = WRITTEN_BYTES.lock().unwrap();
        let length = match written.len() % 3 {
            0 => bytes.len(),
            1 => bytes.len() / 2,
            _ => 0,
        };
        written.extend(&bytes[..length]);
        length
    }

    #[test]
    fn messages_stay_whole_and_in_order_on_either_way() {
        let output = Output::start(Slow, some_at_once).unwrap();
        let outgoing = output.outgoing();
        let send = |outgoing: Outgoing, sender: usize| {
            move || {
                for number in 0..300 {
                    let message = format!("{sender} {number} {}", "x".repeat(number % 50));
                    let params = LogMessageParams { kind: MessageType::Log, message };
                    outgoing.notify::<LogMessageNotification>(&params);
                    if number % 7 == 0 {
                        std::thread::sleep(Duration::from_micros(50));
                    }
                }
            }
        };
        let senders = [0, 1].map(|sender| std::thread::spawn(send(outgoing.clone(), sender)));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        drop(outgoing);
        output.finish(Duration::from_secs(60));
        let mut frames = Frames::default();
        frames.push(&WRITTEN_BYTES.lock().unwrap());
        let mut next = [0, 0];
        while let Some(frame) = frames.next() {
            let message: Value = serde_json::from_slice(frame.unwrap().body()).unwrap();
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
}
