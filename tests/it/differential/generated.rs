//! What the build script drew and compiled.

include!(concat!(env!("OUT_DIR"), "/differential.rs"));
