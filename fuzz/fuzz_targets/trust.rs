//! Trust files: what reads keeps the promises that quorums rest on.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::trust(data));
