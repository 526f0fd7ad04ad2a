//! Takes a command's output from its connection as fast as it comes, however slowly it is told.
//!
//! A server that cannot get rid of output may cut its end and still tell success. Must not hold more than a few MiB in
//! memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use futures::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio::task::unconstrained;

/// What is read and written at once.
const PIECE: usize = 64 * 1024;

/// What is kept in memory; the rest is in a file without a name.
const IN_MEMORY: usize = 4 * 1024 * 1024;

/// Bytes that were read and not told, in their order: those in memory are older than those in the file.
#[derive(Default)]
struct Spool {
    memory: VecDeque<Vec<u8>>,
    held: usize,
    file: Option<File>,
    /// Which bytes of the file were not taken yet.
    read: u64,
    written: u64,
}

impl Spool {
    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.read == self.written && self.held < IN_MEMORY {
            self.held += bytes.len();
            self.memory.push_back(bytes.to_vec());
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The oldest bytes; nothing when there are none.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.memory.pop_front() {
            self.held -= bytes.len();
            return Ok(bytes);
        }
        let Some(file) = self.file.as_mut().filter(|_| self.read < self.written) else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; PIECE.min(usize::try_from(self.written - self.read).unwrap_or(PIECE))];
        file.seek(SeekFrom::Start(self.read))?;
        file.read_exact(&mut bytes)?;
        self.read += bytes.len() as u64;
        if self.read == self.written {
            // All of it was taken, so its room is given back.
            file.set_len(0)?;
            (self.read, self.written) = (0, 0);
        }
        Ok(bytes)
    }
}

/// Moves everything from a stream to the other end of `to`, and reads also while nobody takes anything there. When
/// `given_up` becomes true, only what can be read without waiting is.
///
/// # Errors
///
/// When what is not told yet cannot be kept.
pub(crate) async fn pump<R: AsyncRead + Unpin>(
    from: Option<R>,
    mut to: DuplexStream,
    mut given_up: watch::Receiver<bool>,
) -> io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let (mut spool, mut open) = (Spool::default(), true);
    let mut buffer = vec![0; PIECE];
    let (mut next, mut at) = (Vec::new(), 0);
    loop {
        if at == next.len() {
            (next, at) = (spool.take()?, 0);
        }
        tokio::select! {
            read = from.read(&mut buffer), if open => match read {
                Ok(read) if read > 0 => spool.push(&buffer[..read])?,
                _ => open = false,
            },
            _ = given_up.wait_for(|given_up| *given_up), if open => {
                open = false;
                // A read that waits only for its turn would look like an empty stream.
                while let Some(Ok(read)) = unconstrained(from.read(&mut buffer)).now_or_never() {
                    if read == 0 {
                        break;
                    }
                    spool.push(&buffer[..read])?;
                }
            }
            written = to.write(&next[at..]), if at < next.len() => match written {
                Ok(written) => at += written,
                Err(_) => return Ok(()),
            },
            else => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(length: usize) -> Vec<u8> {
        (0..length as u32).flat_map(u32::to_le_bytes).collect()
    }

    #[tokio::test]
    async fn everything_is_read_while_nobody_takes_it_and_told_in_order() {
        let all = numbered(3 * IN_MEMORY / 4);
        let (mut source, from) = tokio::io::duplex(PIECE);
        let (to, mut told) = tokio::io::duplex(PIECE);
        let (_keep, given_up) = watch::channel(false);
        let pump = tokio::spawn(pump(Some(from), to, given_up));
        // Nobody reads at the other end, and that ends all the same.
        source.write_all(&all).await.unwrap();
        let mut first = vec![0; 1000];
        told.read_exact(&mut first).await.unwrap();
        source.write_all(b"more").await.unwrap();
        drop(source);
        let mut rest = Vec::new();
        told.read_to_end(&mut rest).await.unwrap();
        assert!([first, rest].concat() == [all, b"more".to_vec()].concat());
        pump.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_stream_that_stays_open_ends_when_it_is_given_up_with_all_that_is_there() {
        let (mut source, from) = tokio::io::duplex(PIECE);
        let (to, mut told) = tokio::io::duplex(PIECE);
        let (give_up, given_up) = watch::channel(false);
        source.write_all(b"written").await.unwrap();
        give_up.send_replace(true);
        tokio::spawn(pump(Some(from), to, given_up));
        let mut all = Vec::new();
        told.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"written");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_finds_the_file() {
        use std::os::fd::AsRawFd;

        // It has what is not masked yet.
        let mut spool = Spool { held: IN_MEMORY, ..Spool::default() };
        spool.push(b"hunter2").unwrap();
        let file = format!("/proc/self/fd/{}", spool.file.as_ref().unwrap().as_raw_fd());
        let path = std::fs::read_link(file).unwrap();
        assert!(path.display().to_string().ends_with(" (deleted)"), "{}", path.display());
    }

    #[test]
    fn memory_comes_before_the_file_and_the_file_is_used_again() {
        let mut spool = Spool::default();
        for round in 0..2 {
            let mut told = Vec::new();
            for piece in 0..100_u8 {
                spool.push(&vec![piece; PIECE]).unwrap();
            }
            assert!(spool.held <= IN_MEMORY && spool.written > 0, "{round}");
            loop {
                let bytes = spool.take().unwrap();
                if bytes.is_empty() {
                    break;
                }
                told.extend(bytes);
            }
            let expected: Vec<u8> = (0..100).flat_map(|piece| vec![piece; PIECE]).collect();
            assert!(told == expected, "{round}");
        }
    }
}
