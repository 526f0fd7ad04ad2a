#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| draft_tasks_executor::fuzzed::kubeconfig(input));
