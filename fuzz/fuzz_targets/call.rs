//! Calls in JSON: what is accepted is typed, and decided alike by interpreter and engine.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::call(data));
