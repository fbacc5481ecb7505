//! Answers to `tools/list`: an interface that compiles, or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::import(data));
