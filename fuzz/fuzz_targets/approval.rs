//! Approval requests and openings: one spelling, and approvable exactly if what is shown is committed to.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::approval(data));
