//! Artifact payloads: accepted bytes are the only bytes of their policy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::artifact(data));
