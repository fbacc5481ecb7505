//! Messages of MCP clients: read once, read the same again, or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::message(data));
