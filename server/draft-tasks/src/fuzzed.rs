//! What holds for any input of the server and the command line. The fuzzer makes inputs, and a test takes those again
//! that were kept.

pub use crate::lsp::fuzzed::{edits, frames};
pub use crate::world::env_file::fuzzed::env_file;

#[cfg(test)]
#[path = "../../../fuzz/corpora.rs"]
mod corpora;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_were_kept() {
        corpora::replay("edits", edits);
        corpora::replay("frames", frames);
        corpora::replay("env_file", env_file);
    }
}
