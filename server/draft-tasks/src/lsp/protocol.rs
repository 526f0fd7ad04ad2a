//! The protocol's types: what is made of them, what the client can do, and what this server adds.
//!
//! Must not know the session.

pub(crate) mod capabilities;
pub(crate) mod client_flags;
pub(crate) mod ext;
pub(crate) mod pages;
pub(crate) mod position;
pub(crate) mod to_proto;
