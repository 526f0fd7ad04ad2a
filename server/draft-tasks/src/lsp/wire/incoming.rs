//! Reads a message of the client, as far as JSON-RPC tells messages apart.
//!
//! Must not know what a message means.

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
