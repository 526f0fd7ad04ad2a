//! What holds for any input of the executor. The fuzzer makes inputs, and a test takes those again that were kept.

pub use crate::cluster::fuzzed::kubeconfig;
pub use crate::mask::fuzzed::masking;
pub use crate::pods::fuzzed::exec_status;
pub use crate::problems::fuzzed::problems;

#[cfg(test)]
#[path = "../../../fuzz/corpora.rs"]
mod corpora;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_that_were_kept() {
        corpora::replay("kubeconfig", kubeconfig);
        corpora::replay("masking", masking);
        corpora::replay("exec_status", exec_status);
        corpora::replay("problems", problems);
    }
}
