#![no_main]

#[path = "../../server/analysis/tests/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzzed::syntax(input));
