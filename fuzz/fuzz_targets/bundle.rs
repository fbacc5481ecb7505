//! Proof bundles: what is not refused is a log that was signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::bundle(data));
