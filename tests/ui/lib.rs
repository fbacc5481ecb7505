//! What the compiler of a tool's developer says: see `ui.rs`.
