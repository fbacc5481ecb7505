//! Tokens, grants and proofs of possession: what verifies is what was signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::token(data));
