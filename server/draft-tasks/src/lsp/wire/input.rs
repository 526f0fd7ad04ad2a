//! The way from the client: its bytes, read by a thread of its own, and the messages in them.
//!
//! Must not look into a message.

use std::io::{ErrorKind, Read};

use tokio::sync::mpsc;

use crate::lsp::wire::frame::{FrameError, Frames};

/// So much is read at once at most.
const CHUNK: usize = 1 << 16;

/// So many chunks wait to be looked at, 1 MiB; what else the client writes waits in the pipe.
const WAITING: usize = 16;

/// What the client sends.
pub(crate) struct Input {
    chunks: mpsc::Receiver<Vec<u8>>,
    frames: Frames,
    /// The next message, where it has come already.
    ahead: Option<Result<Vec<u8>, FrameError>>,
}

impl Input {
    /// Takes what comes from here on.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn start(stream: impl Read + Send + 'static) -> std::io::Result<Input> {
        let (sender, chunks) = mpsc::channel(WAITING);
        std::thread::Builder::new().name("lsp-input".into()).spawn(move || read(stream, &sender))?;
        Ok(Input { chunks, frames: Frames::default(), ahead: None })
    }

    /// The next message; `None` when no more can come. Nothing is lost when nobody waits any longer.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<u8>, FrameError>> {
        let mut message = self.ahead.take();
        while message.is_none() {
            self.frames.push(self.chunks.recv().await?);
            message = self.frames.next();
        }
        self.ahead = self.frames.next();
        message
    }

    /// Whether the next message has come already.
    pub(crate) fn has_next(&self) -> bool {
        self.ahead.is_some()
    }

    /// Whether nothing more is known to come at once.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.has_next() && self.chunks.is_empty()
    }
}

/// Reads until the stream or nobody is there any more.
fn read(mut stream: impl Read, chunks: &mpsc::Sender<Vec<u8>>) {
    let mut bytes = vec![0; CHUNK];
    loop {
        let count = match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        if chunks.blocking_send(bytes[..count].to_vec()).is_err() {
            return;
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    fn pipe() -> (File, File) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        (read.into(), write.into())
    }

    async fn next(input: &mut Input) -> Option<String> {
        let message = input.next().await?;
        Some(message.map_or_else(|error| error.0, |it| String::from_utf8_lossy(&it).into_owned()))
    }

    #[tokio::test]
    async fn messages_come_whole_and_in_order_until_the_end() {
        let (read, mut write) = pipe();
        let mut input = Input::start(read).unwrap();
        let bodies: Vec<String> = (0..300).map(|number| "x".repeat(number * number)).collect();
        let sent = bodies.clone();
        let client = std::thread::spawn(move || {
            let bytes: String = sent.iter().map(|body| framed(body)).collect();
            for piece in bytes.as_bytes().chunks(77_777) {
                write.write_all(piece).unwrap();
                std::thread::yield_now();
            }
            write.write_all(b"Content-Length: 5\r\n\r\nabc").unwrap();
        });
        for body in bodies {
            assert!(next(&mut input).await == Some(body));
        }
        client.join().unwrap();
        assert_eq!(next(&mut input).await, None);
        assert!(input.is_quiet());
    }

    #[tokio::test]
    async fn what_was_read_is_there_at_once_and_what_comes_is_waited_for() {
        let (read, mut write) = pipe();
        let mut input = Input::start(read).unwrap();
        assert!(input.is_quiet());
        write.write_all((framed("1") + &framed("2")).as_bytes()).unwrap();
        assert_eq!(next(&mut input).await.unwrap(), "1");
        assert!(input.has_next() && !input.is_quiet());
        assert_eq!(next(&mut input).await.unwrap(), "2");
        assert!(input.is_quiet());
        let wait = Duration::from_millis(20);
        assert!(tokio::time::timeout(wait, input.next()).await.is_err());
        let (start, end) = (framed("three"), framed("4"));
        write.write_all(&start.as_bytes()[..9]).unwrap();
        assert!(tokio::time::timeout(wait, input.next()).await.is_err());
        write.write_all((start[9..].to_owned() + &end).as_bytes()).unwrap();
        assert_eq!(next(&mut input).await.unwrap(), "three");
        assert_eq!(next(&mut input).await.unwrap(), "4");
    }

    #[tokio::test]
    async fn what_nobody_looks_at_is_left_to_the_client() {
        let (read, mut write) = pipe();
        let mut input = Input::start(read).unwrap();
        let (wrote, all_written) = std::sync::mpsc::channel();
        let body = "x".repeat(4 * CHUNK * WAITING);
        std::thread::spawn(move || {
            write.write_all(framed(&body).as_bytes()).unwrap();
            wrote.send(()).unwrap();
        });
        while input.chunks.len() < WAITING {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(all_written.recv_timeout(Duration::from_millis(50)).is_err());
        assert_eq!(next(&mut input).await.unwrap().len(), 4 * CHUNK * WAITING);
        all_written.recv().unwrap();
    }
}
