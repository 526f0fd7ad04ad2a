//! Bytes in base64, as a kubeconfig has them and as programs write them.

use k8s_openapi::ByteString;

/// With padding, in the standard alphabet.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let value = serde_json::to_value(ByteString(bytes.to_vec())).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// What a text stands for; spaces and line ends in it do not matter.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    serde_json::from_value(text.into()).ok().map(|ByteString(bytes)| bytes)
}
