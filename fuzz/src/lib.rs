//! Whatever bytes come in: an error or a value, never a panic, and never two meanings.
//!
//! ```text
//! fuzz_targets/NAME.rs ─┐
//!                       ├─▶ oracle(bytes)     returns, or panics with what does not hold
//! tests/replay.rs ──────┘
//! ```
//!
//! An oracle is all that a target does, so that `cargo test` replays every seed and everything that was
//! ever found through the same checks, without a fuzzer.

mod analysis;
mod approval;
mod artifact;
mod bundle;
mod call;
mod checkpoint;
mod compile;
mod entry;
mod envelope;
mod import;
mod message;
mod openclaw;
mod parse;
mod request;
mod statement;
mod token;
mod trust;

pub use analysis::analysis;
pub use approval::{approval, requests};
pub use artifact::artifact;
pub use bundle::bundle;
pub use call::{call, policies};
pub use checkpoint::{checkpoint, checkpoints};
pub use compile::compile;
pub use entry::entry;
pub use envelope::{envelope, signed};
pub use import::import;
pub use message::message;
pub use openclaw::openclaw;
pub use parse::parse;
pub use request::{request, signed_requests};
pub use statement::{statement, statements};
pub use token::{token, tokens};
pub use trust::trust;

/// Reads any bytes; panics if a promise does not hold.
pub type Oracle = fn(&[u8]);

/// Every oracle by its target's name.
pub const ORACLES: [(&str, Oracle); 17] = [
    ("analysis", analysis),
    ("approval", approval),
    ("artifact", artifact),
    ("bundle", bundle),
    ("call", call),
    ("checkpoint", checkpoint),
    ("compile", compile),
    ("entry", entry),
    ("envelope", envelope),
    ("import", import),
    ("message", message),
    ("openclaw", openclaw),
    ("parse", parse),
    ("request", request),
    ("statement", statement),
    ("token", token),
    ("trust", trust),
];
