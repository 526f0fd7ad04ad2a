//! The binary: language server and command line over the same analysis and executor.
//!
//! Must be the only crate that knows the language server protocol.

fn main() {}
