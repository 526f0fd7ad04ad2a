//! Reads a message of the client, as far as JSON-RPC tells messages apart.
//!
//! Must not know what a message means; and must not read it otherwise than the library does.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tower_lsp::jsonrpc::{Error, Id};

/// Any message.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a message, which is an object")]
pub(crate) struct Incoming {
    #[serde(default)]
    pub(crate) method: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) id: Option<Id>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) params: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) result: Option<Value>,
    #[serde(default)]
    pub(crate) error: Option<Error>,
}

/// Tells `null` from nothing.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// In shorter messages nobody looks for the text of a document.
const LONG: usize = 4096;

/// What precedes the text of a document that is opened, as editors write it.
const BEFORE_TEXT: &[u8] = b"\"text\":\"";

/// What stands in the place of the text while the rest is read.
const IN_ITS_PLACE: &str = "the text of the document";

/// Reads a message.
///
/// Each quote and line end of a tasks file is an escape in it, and the library takes each by itself: of a file that is
/// opened that would be more than the analysis of its syntax takes.
pub(crate) fn read(message: &[u8]) -> serde_json::Result<Incoming> {
    let long = (message.len() >= LONG).then(|| with_text_apart(message)).flatten();
    long.map_or_else(|| serde_json::from_slice(message), Ok)
}

/// The message of a document that is opened; `None` for all others, and for what is not known to be one.
fn with_text_apart(message: &[u8]) -> Option<Incoming> {
    let start = memchr::memmem::find(message, BEFORE_TEXT)? + BEFORE_TEXT.len();
    let (text, length) = content(&message[start..])?;
    let rest = [&message[..start], IN_ITS_PLACE.as_bytes(), &message[start + length..]].concat();
    if memchr::memmem::find_iter(&rest, IN_ITS_PLACE).nth(1).is_some() {
        return None;
    }
    let mut incoming: Incoming = serde_json::from_slice(&rest).ok()?;
    let place = incoming.params.as_mut()?.pointer_mut("/textDocument/text")?;
    *place.as_str().is_some_and(|it| it == IN_ITS_PLACE).then_some(place)? = Value::String(text);
    Some(incoming)
}

/// The content of a string of JSON that begins behind its first quote, and its length up to the last one, in bytes;
/// `None` where it is not one.
fn content(string: &[u8]) -> Option<(String, usize)> {
    let mut content = Vec::with_capacity(string.len());
    let mut at = 0;
    loop {
        let mut next = at;
        // Often one escape follows another.
        if string.get(at) != Some(&b'\\') {
            next += memchr::memchr2(b'"', b'\\', &string[at..])?;
            content.extend_from_slice(&string[at..next]);
        }
        if string[next] == b'"' {
            at = next;
            break;
        }
        let simple = match string.get(next + 1)? {
            byte @ (b'"' | b'\\' | b'/') => *byte,
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 0x08,
            b'f' => 0x0c,
            // Rare: editors write UTF-8.
            _ => return None,
        };
        content.push(simple);
        at = next + 2;
    }
    // Without a branch for each byte.
    let has_controls = string[..at].iter().fold(false, |found, byte| found | (*byte < b' '));
    let content = String::from_utf8(content).ok().filter(|_| !has_controls)?;
    Some((content, at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn same(message: &[u8]) -> bool {
        let apart = with_text_apart(message);
        if let Some(apart) = &apart {
            let whole: Incoming = serde_json::from_slice(message).unwrap();
            assert_eq!(format!("{apart:?}"), format!("{whole:?}"));
        }
        apart.is_some()
    }

    fn opened(text: &str) -> Vec<u8> {
        let document = json!({ "languageId": "toml", "text": text, "uri": "file:///a", "version": 1 });
        let params = json!({ "textDocument": document });
        json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params }).to_string().into()
    }

    #[test]
    fn a_text_is_what_the_library_reads() {
        for text in
            ["", "a", "[pre-up]\r\n\"a \\\" b\" = \"c\\\\\"\n\t/ü 🚀 \u{7f}", "\\", "\"", "\u{8}\u{c}"]
        {
            assert!(same(&opened(text)), "{text:?}");
        }
        let long = "a = \"b\"\n".repeat(LONG);
        let read = read(&opened(&long)).unwrap();
        assert_eq!(read.params.unwrap()["textDocument"]["text"], long);
    }

    #[test]
    fn whatever_else_is_left_to_the_library() {
        let not = |message: &str| assert!(!same(message.as_bytes()), "{message}");
        not("");
        not(r#"{"params":{"textDocument":{"text":"a"#);
        not(r#"{"params":{"textDocument":{"text":"a\"#);
        not(r#"{"params":{"textDocument":{"text":"a"}}"#);
        not(r#"{"params":{"textDocument":{"text":"\u00e9"}}}"#);
        not(r#"{"params":{"textDocument":{"text":"\x"}}}"#);
        not(r#"{"params":{"textDocument":{"text": "a"}}}"#);
        not(r#"{"params":{"contentChanges":[{"text":"a"}],"textDocument":{"uri":"b"}}}"#);
        not(r#"{"params":{"a":{"text":"b"},"textDocument":{"text":"c"}}}"#);
        not(r#"{"params":{"a":{"text":"b"},"textDocument":{"text":"the text of the document"}}}"#);
        not("{\"params\":{\"textDocument\":{\"text\":\"a\nb\"}}}");
        assert!(!same(b"{\"params\":{\"textDocument\":{\"text\":\"\xff\"}}}"));
        // The last of two counts.
        not(r#"{"params":{"textDocument":{"text":"a","text":"b"}}}"#);
    }
}
