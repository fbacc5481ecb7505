//! Policy text: parses to a tree that prints to itself, or gives an error inside the text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wpc_fuzz::parse(data));
