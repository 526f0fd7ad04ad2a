//! Bytes to messages: the `Content-Length` framing of the base protocol.
//!
//! Must not look into a message, and must go on after whatever came.

/// What a client can send that is no message, with what it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameError(pub(crate) String);

/// Collects bytes and gives the messages in them.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    /// What is before it was given.
    at: usize,
    /// The length of the message whose header was read, while its body is still coming.
    body: Option<usize>,
    /// Whether bytes are skipped until the next header, after something that was none.
    lost: bool,
}

/// Longer messages are refused: a client that announces one is broken.
const LONGEST: usize = 1 << 30;

/// A header without an end is broken after this many bytes.
const LONGEST_HEADER: usize = 1 << 14;

const CONTENT_LENGTH: &[u8] = b"content-length:";

impl Frames {
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        self.buffer.drain(..std::mem::take(&mut self.at));
        if self.buffer.is_empty() {
            // Without what a long message needed.
            self.buffer = bytes;
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// The next whole message, or what is wrong; `None` until more bytes come.
    pub(crate) fn next(&mut self) -> Option<Result<Vec<u8>, FrameError>> {
        if self.lost && !self.find_header() {
            return None;
        }
        let length = match self.body {
            Some(length) => length,
            None => match self.header()? {
                Ok(length) => length,
                Err(error) => {
                    self.lost = true;
                    return Some(Err(error));
                }
            },
        };
        self.body = Some(length);
        if self.rest().len() < length {
            return None;
        }
        self.body = None;
        let message = self.rest()[..length].to_vec();
        self.at += length;
        Some(Ok(message))
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Reads a header block and goes behind it; names are in any case, unknown ones are skipped.
    fn header(&mut self) -> Option<Result<usize, FrameError>> {
        let Some(end) = header_end(self.rest()) else {
            let endless = self.rest().len() > LONGEST_HEADER;
            return endless.then(|| Err(FrameError("a header without an end".into())));
        };
        let length = content_length(&self.rest()[..end]);
        if length.is_ok() {
            self.at += end;
        }
        Some(length)
    }

    /// Skips to the next line that begins with `Content-Length:`.
    fn find_header(&mut self) -> bool {
        let all = self.rest();
        // The first byte belongs to what was refused.
        let found = (1..all.len()).find(|&at| {
            let rest = &all[at..];
            rest.len() >= CONTENT_LENGTH.len()
                && rest[..CONTENT_LENGTH.len()].eq_ignore_ascii_case(CONTENT_LENGTH)
        });
        self.at += found.unwrap_or(all.len().saturating_sub(CONTENT_LENGTH.len()));
        self.lost = found.is_none();
        !self.lost
    }
}

/// The end of the header block, its empty line included.
fn header_end(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, _) in bytes.iter().enumerate().take(LONGEST_HEADER).filter(|(_, byte)| **byte == b'\n') {
        if at > 0 && matches!(&bytes[line_start..at], b"" | b"\r") {
            return Some(at + 1);
        }
        line_start = at + 1;
    }
    None
}

fn content_length(header: &[u8]) -> Result<usize, FrameError> {
    let lines = header.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let value = lines
        .filter(|line| line.len() >= CONTENT_LENGTH.len())
        .find(|line| line[..CONTENT_LENGTH.len()].eq_ignore_ascii_case(CONTENT_LENGTH))
        .map(|line| String::from_utf8_lossy(line[CONTENT_LENGTH.len()..].trim_ascii()).into_owned())
        .ok_or_else(|| FrameError("a header without Content-Length".into()))?;
    match value.parse() {
        Ok(length) if length <= LONGEST => Ok(length),
        Ok(length) => Err(FrameError(format!("a message of {length} bytes is too long"))),
        Err(_) => Err(FrameError(format!("Content-Length is not a number: `{value}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frames: &mut Frames) -> Vec<Result<String, String>> {
        std::iter::from_fn(|| frames.next())
            .map(|frame| {
                frame.map(|body| String::from_utf8_lossy(&body).into_owned()).map_err(|error| error.0)
            })
            .collect()
    }

    fn ok(body: &str) -> Result<String, String> {
        Ok(body.to_owned())
    }

    #[test]
    fn messages_in_one_piece_or_byte_by_byte() {
        let bytes = b"Content-Length: 2\r\n\r\n{}content-LENGTH:3\r\nContent-Type: x\r\n\r\n[1]";
        let mut frames = Frames::default();
        frames.push(bytes.to_vec());
        assert_eq!(all(&mut frames), [ok("{}"), ok("[1]")]);
        let mut found = Vec::new();
        for byte in bytes {
            frames.push(vec![*byte]);
            found.extend(all(&mut frames));
        }
        assert_eq!(found, [ok("{}"), ok("[1]")]);
    }

    #[test]
    fn a_long_message_is_not_copied_for_each_of_its_pieces() {
        const PIECES: usize = 1000;
        let mut frames = Frames::default();
        frames.push(format!("Content-Length: {}\r\n\r\n", PIECES * 100).into_bytes());
        assert_eq!(frames.next(), None);
        let mut moves = 0;
        for _ in 0..PIECES {
            let before = frames.buffer.as_ptr();
            frames.push(vec![b'x'; 100]);
            moves += usize::from(frames.buffer.as_ptr() != before);
        }
        assert!(moves < 30, "{moves} moves");
        assert_eq!(frames.next().unwrap().unwrap().len(), PIECES * 100);
    }

    #[test]
    fn goes_on_after_what_is_no_header() {
        let mut frames = Frames::default();
        frames
            .push(b"hello\r\n\r\nworld\r\n\r\nContent-Length: x\r\n\r\nContent-Length: 2\r\n\r\n{}".to_vec());
        let found = all(&mut frames);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].is_err() && found[1].is_err());
        assert_eq!(found[2], ok("{}"));
    }

    #[test]
    fn refuses_what_is_too_long() {
        let mut frames = Frames::default();
        frames.push(b"Content-Length: 99999999999\r\n\r\n".to_vec());
        assert!(all(&mut frames)[0].is_err());
        let mut frames = Frames::default();
        frames.push(vec![b'x'; LONGEST_HEADER + 1]);
        assert!(all(&mut frames)[0].is_err());
        frames.push(b"Content-Length: 2\r\n\r\n{}".to_vec());
        assert_eq!(all(&mut frames), [ok("{}")]);
    }
}
