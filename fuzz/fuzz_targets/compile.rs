//! Policies: what compiles is one policy, whichever way it is written.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::compile(data));
