//! wpc itself: the engine over a signed artifact, and the code that the compiler generates.

pub mod dynamic;
pub mod fixed;
pub mod source;
