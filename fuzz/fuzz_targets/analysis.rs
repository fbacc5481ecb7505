//! Two policies, compared: every answer is shown and holds the other way round.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::analysis(data));
