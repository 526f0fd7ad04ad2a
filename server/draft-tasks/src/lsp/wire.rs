//! The way between client and service: bytes, frames, messages, and the end of both.
//!
//! Must not know what a message means.

pub(crate) mod client_watch;
pub(crate) mod frame;
pub(crate) mod incoming;
pub(crate) mod input;
pub(crate) mod output;
pub(crate) mod stream;
pub(crate) mod transport;
