//! Checkpoints: one spelling, and counted only if they were signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::checkpoint(data));
