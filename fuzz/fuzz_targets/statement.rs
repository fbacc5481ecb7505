//! Payloads of statements: one spelling, and one kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::statement(data));
