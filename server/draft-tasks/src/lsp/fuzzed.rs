//! What holds for whatever a client sends.

use tower_lsp::gen_lsp_types::{
    Position, Range, TextDocumentContentChangeEvent, TextDocumentContentChangePartial,
};

use crate::lines::LineIndex;
use crate::lsp::documents::document::Document;
use crate::lsp::protocol::position::{Encoding, position};
use crate::lsp::wire::frame::Frames;
use crate::lsp::wire::incoming::Incoming;
use crate::source::FileKind;

/// Ends each part of an input; never in UTF-8.
const END: u8 = 0xff;

const URI: &str = "file:///app/.draft-tasks.toml";

/// A text, and edits behind it: each two bytes that say what is replaced, and by what; between them stands an `0xff`.
///
/// A text that was edited is judged as one that was opened.
pub fn edits(input: &[u8]) {
    let mut parts = input.split(|byte| *byte == END);
    let Some(Ok(opened)) = parts.next().map(std::str::from_utf8) else { return };
    let mut expected = opened.to_owned();
    let mut document = Document::new(URI.into(), FileKind::Tasks, 0, opened);
    for (number, part) in parts.enumerate() {
        let [start, length, with @ ..] = part else { return };
        let Ok(with) = std::str::from_utf8(with) else { return };
        let start = place(&expected, usize::from(*start) * expected.len() / 254);
        let end = place(&expected, start + usize::from(*length)).max(start);
        let encoding = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32][number % 3];
        document.change(number as i32, vec![change(&expected, start, end, with, encoding)], encoding);
        expected.replace_range(start..end, with);
        assert_eq!(document.text.to_string(), expected);
        // Some edits come before the last one was analysed.
        if number % 2 == 0 {
            document.analysed();
        }
    }
    let edited = document.analysed();
    let fresh = Document::new(URI.into(), FileKind::Tasks, 0, expected.as_str()).analysed();
    assert_eq!(edited.parsed.text, fresh.parsed.text);
    assert_eq!(edited.diagnostics, fresh.diagnostics);
}

fn change(
    text: &str,
    start: usize,
    end: usize,
    with: &str,
    encoding: Encoding,
) -> TextDocumentContentChangeEvent {
    let lines = LineIndex::new(text);
    let at = |offset: usize| -> Position { position(text, &lines, (offset as u32).into(), encoding) };
    TextDocumentContentChangeEvent::TextDocumentContentChangePartial(TextDocumentContentChangePartial {
        range: Range { start: at(start), end: at(end) },
        text: with.to_owned(),
        ..Default::default()
    })
}

/// The next place in front of which an editor can have its cursor.
fn place(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at.min(text.len()));
    let within_line_end = text[..at].ends_with('\r') && text[at..].starts_with('\n');
    at - usize::from(within_line_end)
}

/// What comes on the server's input.
///
/// However it is cut, the same messages are in it; and behind whatever is no message, the next one is found.
pub fn frames(input: &[u8]) {
    let whole = messages([input].into_iter());
    assert_eq!(messages(input.chunks(1)), whole, "byte by byte");
    assert_eq!(messages(input.chunks(7)), whole, "in pieces of seven");
    for message in whole.iter().flatten() {
        let _ = serde_json::from_slice::<Incoming>(message);
    }
    if !String::from_utf8_lossy(input).to_ascii_lowercase().contains("content-length") {
        let next = b"\r\n\r\nContent-Length: 2\r\n\r\n{}";
        let found = messages([input, next].into_iter());
        assert_eq!(found.last(), Some(&Ok(b"{}".to_vec())));
    }
}

fn messages<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Vec<u8>, String>> {
    let mut frames = Frames::default();
    let mut found = Vec::new();
    for piece in pieces {
        frames.push(piece.to_vec());
        found.extend(std::iter::from_fn(|| frames.next()).map(|it| it.map_err(|error| error.0)));
    }
    found
}
