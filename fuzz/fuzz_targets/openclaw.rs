//! Configurations of OpenClaw: judged, or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::openclaw(data));
