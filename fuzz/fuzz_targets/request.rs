//! Signed requests: what verifies is what was signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::request(data));
