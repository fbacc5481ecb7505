//! Ledger entries: accepted bytes are the only bytes of their entry.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::entry(data));
