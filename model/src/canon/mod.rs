//! Canonical JSON: one spelling for each value (RFC 8785), integers only.
//!
//! ```text
//! hand-written encoder ──Writer──▶ Sink: bytes, or a comparison with given bytes
//! Json (a tree)        ──Writer──▶ the same
//! ```
//!
//! Signed bytes are written by hand through [`Writer`], member by member in the order of their
//! names, so that no derive, no crate and no renamed field can change a signature. Integers stay
//! within ±[`crate::MAX_INTEGER`]; there are no floats, so the hard part of RFC 8785 (section
//! 3.2.2.3) never arises.

mod json;
mod sink;
mod writer;

pub use json::Json;
pub(crate) use json::in_order;
pub use sink::{Compare, Sink};
pub use writer::{ArrayWriter, ObjectWriter, TextWriter, Writer};
