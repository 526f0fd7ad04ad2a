//! The way from the client: its bytes, taken as they come, and the messages in them.
//!
//! Must not look into a message, nor keep the server waiting for a client that says nothing.

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::frame::{Frame, FrameError, Frames};

/// How long what was said before the input was closed may be worked on.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// What the client sends.
pub(crate) struct Input {
    source: Source,
    frames: Frames,
    /// The next message, where it has come already.
    ahead: Option<Result<Frame, FrameError>>,
    /// Since when it is known that the client sends no more.
    closed: Option<Instant>,
}

/// Where the bytes come from.
enum Source {
    /// A pipe or socket, as editors have it.
    #[cfg(unix)]
    Polled(polled::Polled),
    /// Whatever cannot be asked without waiting whether bytes are there: what a thread of its own reads.
    Thread(mpsc::UnboundedReceiver<Vec<u8>>),
    Closed,
}

impl Input {
    /// Takes what comes from here on.
    ///
    /// # Errors
    ///
    /// When the system refuses what is needed to read.
    #[cfg(unix)]
    pub(crate) fn start(stream: std::fs::File) -> std::io::Result<Input> {
        let source = match polled::is_possible(&stream) {
            // To wake a thread takes longer than to read most messages.
            true => Source::Polled(polled::Polled::new(stream)?),
            false => Source::Thread(chunks(stream)?),
        };
        Ok(Input::of(source))
    }

    /// The same where nothing can be asked.
    #[cfg(not(unix))]
    pub(crate) fn start(stream: impl Read + Send + 'static) -> std::io::Result<Input> {
        Ok(Input::of(Source::Thread(chunks(stream)?)))
    }

    fn of(source: Source) -> Input {
        Input { source, frames: Frames::default(), ahead: None, closed: None }
    }

    /// The next message; `None` when no more can come. Nothing is lost when nobody waits any longer.
    ///
    /// When the client has closed the input, what it said last is still given, but not for longer than [`AFTERWARDS`].
    pub(crate) async fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        if let Some(message) = self.ahead.take() {
            self.ahead = self.frames.next();
            return (!self.is_over()).then_some(message);
        }
        loop {
            let is_open = match &mut self.source {
                #[cfg(unix)]
                Source::Polled(polled) => polled.read(&mut self.frames).await,
                Source::Thread(chunks) => match chunks.recv().await {
                    Some(chunk) => {
                        self.frames.push(&chunk);
                        true
                    }
                    None => false,
                },
                Source::Closed => return None,
            };
            if !is_open {
                self.source = Source::Closed;
            }
            if let Some(message) = self.frames.next() {
                self.ahead = self.frames.next();
                return Some(message);
            }
        }
    }

    /// Whether it is over with what a client said that is gone.
    fn is_over(&mut self) -> bool {
        if self.closed.is_none() && self.source.is_closed() {
            self.closed = Some(Instant::now());
        }
        self.closed.is_some_and(|since| since.elapsed() > AFTERWARDS)
    }

    /// Whether the next message has come already.
    pub(crate) fn has_next(&self) -> bool {
        self.ahead.is_some()
    }

    /// Whether nothing more is known to come at once.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.has_next() && !self.source.has_more()
    }
}

impl Source {
    fn has_more(&self) -> bool {
        match self {
            #[cfg(unix)]
            Source::Polled(polled) => polled.has_more(),
            Source::Thread(chunks) => !chunks.is_empty(),
            Source::Closed => false,
        }
    }

    /// Whether nothing is written to it any more, whatever is still to be read.
    fn is_closed(&self) -> bool {
        match self {
            #[cfg(unix)]
            Source::Polled(polled) => polled.is_closed(),
            Source::Thread(chunks) => chunks.is_closed(),
            Source::Closed => true,
        }
    }
}

/// Reads in a thread until the stream or nobody is there any more.
fn chunks(mut stream: impl Read + Send + 'static) -> std::io::Result<mpsc::UnboundedReceiver<Vec<u8>>> {
    let (sender, chunks) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("lsp-input".into()).spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let count = match stream.read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            if sender.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    })?;
    Ok(chunks)
}

#[cfg(unix)]
mod polled {
    use std::fs::File;

    use rustix::buffer::spare_capacity;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{FileType, fstat};
    use rustix::io::Errno;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use crate::lsp::frame::Frames;

    /// So much is read before it is looked at, whatever there is: meanwhile nothing is analysed.
    const MOST_AT_ONCE: usize = 1 << 16;

    /// A stream that only this process reads: once bytes are there, no read has to wait.
    pub(super) struct Polled(AsyncFd<File>);

    /// Whether a stream is of that kind; of a terminal others may take the bytes.
    pub(super) fn is_possible(stream: &File) -> bool {
        let kind = fstat(stream).map(|found| FileType::from_raw_mode(found.st_mode));
        matches!(kind, Ok(FileType::Fifo | FileType::Socket))
    }

    impl Polled {
        #[expect(
            deprecated,
            reason = "what replaces it is unsafe for types that change their descriptor; files do not"
        )]
        pub(super) fn new(stream: File) -> std::io::Result<Polled> {
            AsyncFd::with_interest(stream, Interest::READABLE).map(Polled)
        }

        /// Whether bytes are there, or the end.
        pub(super) fn has_more(&self) -> bool {
            !self.poll().is_empty()
        }

        /// Whether nothing is written any more.
        pub(super) fn is_closed(&self) -> bool {
            self.poll().intersects(PollFlags::HUP | PollFlags::ERR)
        }

        fn poll(&self) -> PollFlags {
            let mut polled = [PollFd::new(self.0.get_ref(), PollFlags::IN)];
            match poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
                Ok(1..) => polled[0].revents(),
                _ => PollFlags::empty(),
            }
        }

        /// Waits for bytes and takes those that are there; whether more can come.
        pub(super) async fn read(&self, frames: &mut Frames) -> bool {
            let Ok(mut readable) = self.0.readable().await else { return false };
            let mut read = 0;
            while self.has_more() {
                if read >= MOST_AT_ONCE {
                    // What is left is still known to be there.
                    return true;
                }
                match rustix::io::read(self.0.get_ref(), spare_capacity(frames.buffer())) {
                    Ok(0) => return false,
                    Ok(count) => read += count,
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(_) => return false,
                }
            }
            readable.clear_ready();
            true
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::File;
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// All messages that come until the end.
    async fn all(input: &mut Input) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(message) = input.next().await {
            all.push(text(message));
        }
        assert!(input.is_quiet() && input.next().await.is_none());
        all
    }

    fn text(message: Result<Frame, FrameError>) -> String {
        message.map_or_else(|error| error.0, |frame| String::from_utf8_lossy(frame.body()).into_owned())
    }

    fn streams() -> std::io::Result<[(File, File); 2]> {
        let (read, write) = rustix::pipe::pipe()?;
        let (ours, theirs) = UnixStream::pair()?;
        Ok([(read.into(), write.into()), (OwnedFd::from(ours).into(), OwnedFd::from(theirs).into())])
    }

    #[tokio::test]
    async fn messages_come_whole_and_in_order_until_the_end() {
        for (read, mut write) in streams().unwrap() {
            let mut input = Input::start(read).unwrap();
            assert!(matches!(input.source, Source::Polled(_)));
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
            let found = all(&mut input).await;
            client.join().unwrap();
            assert!(found == bodies, "{} messages", found.len());
        }
    }

    #[tokio::test]
    async fn what_is_there_is_taken_at_once_and_what_comes_is_waited_for() {
        for (read, mut write) in streams().unwrap() {
            let mut input = Input::start(read).unwrap();
            assert!(input.is_quiet());
            write.write_all((framed("1") + &framed("2")).as_bytes()).unwrap();
            assert!(!input.is_quiet());
            assert_eq!(input.next().await.map(text).unwrap(), "1");
            assert!(input.has_next() && !input.is_quiet());
            assert_eq!(input.next().await.map(text).unwrap(), "2");
            assert!(input.is_quiet());
            let wait = Duration::from_millis(20);
            assert!(tokio::time::timeout(wait, input.next()).await.is_err());
            let (start, end) = (framed("three"), framed("4"));
            write.write_all(&start.as_bytes()[..9]).unwrap();
            assert!(tokio::time::timeout(wait, input.next()).await.is_err());
            write.write_all((start[9..].to_owned() + &end).as_bytes()).unwrap();
            assert_eq!(input.next().await.map(text).unwrap(), "three");
            assert_eq!(input.next().await.map(text).unwrap(), "4");
        }
    }

    #[tokio::test]
    async fn what_a_client_said_that_is_gone_is_given_for_a_while() {
        for (read, mut write) in streams().unwrap() {
            let mut input = Input::start(read).unwrap();
            write.write_all("Content-Length: 1\r\n\r\nx".repeat(3).as_bytes()).unwrap();
            assert!(input.next().await.is_some());
            std::thread::sleep(AFTERWARDS + Duration::from_millis(50));
            assert!(input.next().await.is_some(), "it is not gone yet");
            drop(write);
            assert!(input.next().await.is_some());
            assert!(input.next().await.is_none());
        }
        for (read, mut write) in streams().unwrap() {
            let mut input = Input::start(read).unwrap();
            write.write_all("Content-Length: 1\r\n\r\nx".repeat(9).as_bytes()).unwrap();
            drop(write);
            assert!(input.next().await.is_some());
            assert!(input.next().await.is_some());
            std::thread::sleep(AFTERWARDS + Duration::from_millis(50));
            assert!(input.next().await.is_none());
        }
    }

    #[tokio::test]
    async fn a_file_is_read_by_a_thread() {
        let mut file = tempfile::tempfile().unwrap();
        write!(file, "{}nonsense\r\n\r\n{}", framed("1"), framed("2")).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut input = Input::start(file).unwrap();
        assert!(matches!(input.source, Source::Thread(_)));
        assert_eq!(all(&mut input).await, ["1", "a header without Content-Length", "2"]);
    }
}
