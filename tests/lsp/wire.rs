//! Frames of the base protocol, written and read without any code of the server.
//!
//! Must not know what a message means.

use std::io::BufRead;

use serde_json::Value;

/// A message as it goes over the wire.
pub(crate) fn frame(message: &Value) -> Vec<u8> {
    frame_bytes(message.to_string().as_bytes())
}

/// A body, which may be anything, with the header that belongs to it.
pub(crate) fn frame_bytes(body: &[u8]) -> Vec<u8> {
    [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

/// The next message; `None` at the end of the stream.
pub(crate) fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok(),
            Some(header) => panic!("the server sent the header {header:?}"),
            None => break,
        }
    }
    let mut body = vec![0; length.expect("a header with the length of its message")];
    from.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("JSON from the server"))
}
