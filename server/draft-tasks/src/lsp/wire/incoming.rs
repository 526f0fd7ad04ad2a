//! Reads a message of the client, as far as JSON-RPC tells messages apart.
//!
//! Must not know what a message means.

use std::borrow::Cow;

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

impl Incoming {
    /// Reads a message. Editors whose texts are UTF-16 may send half of a character, which no text here can hold: U+FFFD
    /// stands for it, so that the edit is not lost and what follows it stays where it is.
    pub(crate) fn read(body: &[u8]) -> serde_json::Result<Incoming> {
        serde_json::from_slice(body).or_else(|error| match without_halves(body) {
            Cow::Borrowed(_) => Err(error),
            Cow::Owned(body) => serde_json::from_slice(&body),
        })
    }
}

/// JSON with U+FFFD for each half of a surrogate pair that has no other half.
fn without_halves(json: &[u8]) -> Cow<'_, [u8]> {
    let mut whole = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(backslash) = memchr::memchr(b'\\', &json[at..]).map(|length| at + length) {
        at = match (unit(&json[backslash..]), unit(json.get(backslash + ESCAPE..).unwrap_or_default())) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => backslash + 2 * ESCAPE,
            (Some(0xd800..0xe000), _) => {
                whole.to_mut()[backslash..backslash + ESCAPE].copy_from_slice(b"\\ufffd");
                backslash + ESCAPE
            }
            (Some(_), _) => backslash + ESCAPE,
            (None, _) => (backslash + 2).min(json.len()),
        };
    }
    whole
}

/// The length of `\u0000`.
const ESCAPE: usize = 6;

/// The unit of UTF-16 that a text of JSON begins with as an escape.
fn unit(json: &[u8]) -> Option<u16> {
    let digits = json.get(..ESCAPE)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// Tells `null` from nothing.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_a_sign_of_its_own() {
        let read = |text: &str| {
            let incoming = Incoming::read(format!(r#"{{"method": "m", "params": "{text}"}}"#).as_bytes());
            incoming.ok().and_then(|it| it.params?.as_str().map(str::to_owned))
        };
        for (written, text) in [
            (r"a\ud83db", "a\u{fffd}b"),
            (r"\ude80", "\u{fffd}"),
            (r"\ude80\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude80", "\u{fffd}\u{1f680}"),
            (r"\ud83d\ude80\uDEAD\n", "\u{1f680}\u{fffd}\n"),
            (r"\\ud83d \\\ud83d", "\\ud83d \\\u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
        ] {
            assert_eq!(read(written).as_deref(), Some(text), "{written}");
        }
        for broken in [r"\ud83", r"\ud83d\", r"\uzzzz", r"\ud83d\x"] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }
}
