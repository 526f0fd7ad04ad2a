//! Takes a command's output from its connection as fast as it comes, however slowly it is told.
//!
//! A server that cannot get rid of output may cut its end and still tell success. Must not hold more than a few MiB in
//! memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tokio::sync::{mpsc, watch};

use crate::event::Stream;
use crate::output::arrival::{Chunk, Streams};

/// What is kept in memory; the rest is in a file without a name.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// What stands in the file in front of the bytes of a chunk: its stream and its length.
const HEADER: usize = 5;

/// What was read and not told, in its order: what is in memory is older than what is in the file.
#[derive(Default)]
struct Spool {
    memory: VecDeque<Chunk>,
    held: usize,
    file: Option<File>,
    /// Which bytes of the file were not taken yet.
    read: u64,
    written: u64,
}

impl Spool {
    fn push(&mut self, chunk: Chunk) -> io::Result<()> {
        if self.read == self.written && self.held < IN_MEMORY {
            self.held += chunk.bytes.len();
            self.memory.push_back(chunk);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut header = [chunk.stream as u8; HEADER];
        header[1..].copy_from_slice(&(chunk.bytes.len() as u32).to_le_bytes());
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&header)?;
        file.write_all(&chunk.bytes)?;
        self.written += (HEADER + chunk.bytes.len()) as u64;
        Ok(())
    }

    /// The oldest; nothing when there is none.
    fn take(&mut self) -> io::Result<Option<Chunk>> {
        if let Some(chunk) = self.memory.pop_front() {
            self.held -= chunk.bytes.len();
            return Ok(Some(chunk));
        }
        let Some(file) = self.file.as_mut().filter(|_| self.read < self.written) else {
            return Ok(None);
        };
        file.seek(SeekFrom::Start(self.read))?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let [stream, length @ ..] = header;
        let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
        file.read_exact(&mut bytes)?;
        self.read += (HEADER + bytes.len()) as u64;
        if self.read == self.written {
            // All of it was taken, so its room is given back.
            file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(Some(Chunk { stream: Stream::BOTH[usize::from(stream)], bytes }))
    }
}

/// Moves everything from both streams to a channel, and reads also while nobody takes anything there. When `given_up`
/// becomes true, only what can be read without waiting is.
///
/// # Errors
///
/// When what is not told yet cannot be kept.
pub(crate) async fn pump(
    mut from: Streams,
    to: mpsc::Sender<Chunk>,
    mut given_up: watch::Receiver<bool>,
) -> io::Result<()> {
    let (mut spool, mut open) = (Spool::default(), true);
    let mut next = None;
    loop {
        if next.is_none() {
            next = spool.take()?;
        }
        tokio::select! {
            chunk = from.read(), if open => match chunk {
                Some(chunk) => spool.push(chunk)?,
                None => open = false,
            },
            _ = given_up.wait_for(|given_up| *given_up), if open => {
                open = false;
                while let Some(chunk) = from.read_now() {
                    spool.push(chunk)?;
                }
            }
            room = to.reserve(), if next.is_some() => match (room, next.take()) {
                (Ok(room), Some(chunk)) => room.send(chunk),
                _ => return Ok(()),
            },
            else => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, DuplexStream};

    use super::*;

    const PIECE: usize = 64 * 1024;

    fn numbered(length: usize) -> Vec<u8> {
        (0..length as u32).flat_map(u32::to_le_bytes).collect()
    }

    /// The ends to write to, and both streams.
    fn streams() -> ([DuplexStream; 2], Streams) {
        let (stdout, from_stdout) = tokio::io::duplex(PIECE);
        let (stderr, from_stderr) = tokio::io::duplex(PIECE);
        ([stdout, stderr], Streams::new(Some(from_stdout), Some(from_stderr)))
    }

    #[tokio::test]
    async fn everything_is_read_while_nobody_takes_it_and_told_in_order() {
        let all = numbered(3 * IN_MEMORY / 4);
        let ([mut stdout, mut stderr], streams) = streams();
        let (to, mut told) = mpsc::channel(1);
        let (_keep, given_up) = watch::channel(false);
        let pump = tokio::spawn(pump(streams, to, given_up));
        // Nobody reads at the other end, and that ends all the same.
        stdout.write_all(&all).await.unwrap();
        stdout.flush().await.unwrap();
        let mut read = told.recv().await.unwrap().bytes;
        while read.len() < all.len() {
            read.extend(told.recv().await.unwrap().bytes);
        }
        assert!(read == all);
        stderr.write_all(b"more").await.unwrap();
        drop((stdout, stderr));
        let last = told.recv().await.unwrap();
        assert_eq!((last.stream, last.bytes.as_slice()), (Stream::Stderr, b"more".as_slice()));
        assert!(told.recv().await.is_none());
        pump.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_stream_that_stays_open_ends_when_it_is_given_up_with_all_that_is_there() {
        let ([mut stdout, _stderr], streams) = streams();
        let (to, mut told) = mpsc::channel(1);
        let (give_up, given_up) = watch::channel(false);
        stdout.write_all(b"written").await.unwrap();
        give_up.send_replace(true);
        tokio::spawn(pump(streams, to, given_up));
        assert_eq!(told.recv().await.unwrap().bytes, b"written");
        assert!(told.recv().await.is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_finds_the_file() {
        use std::os::fd::AsRawFd;

        // It has what is not masked yet.
        let mut spool = Spool { held: IN_MEMORY, ..Spool::default() };
        spool.push(Chunk { stream: Stream::Stdout, bytes: b"hunter2".into() }).unwrap();
        let file = format!("/proc/self/fd/{}", spool.file.as_ref().unwrap().as_raw_fd());
        let path = std::fs::read_link(file).unwrap();
        assert!(path.display().to_string().ends_with(" (deleted)"), "{}", path.display());
    }

    #[test]
    fn memory_comes_before_the_file_and_the_file_is_used_again() {
        let of = |piece: u8| Stream::BOTH[usize::from(piece % 2)];
        let mut spool = Spool::default();
        for round in 0..2 {
            for piece in 0..100_u8 {
                spool.push(Chunk { stream: of(piece), bytes: vec![piece; PIECE] }).unwrap();
            }
            assert!(spool.held <= IN_MEMORY && spool.written > 0, "{round}");
            for piece in 0..100_u8 {
                let chunk = spool.take().unwrap().unwrap();
                assert!(chunk.stream == of(piece) && chunk.bytes == vec![piece; PIECE], "{round} {piece}");
            }
            assert!(spool.take().unwrap().is_none());
        }
    }
}
