//! Keys, signatures and envelopes: Ed25519, did:key and DSSE (WIRE.md 1, SECURITY.md 2.1).
//!
//! ```text
//! payload ──sign(type, payload, keys)──▶ envelope bytes
//! envelope bytes ──Envelope::verify(type, trust, role)──▶ Verified { payload, signers }
//! ```
//!
//! Verification is strict (no small-order keys or points, no malleable signatures), and happens
//! before the payload is looked at.

mod base64;
mod did;
mod envelope;
mod key;
mod key_file;

pub use did::{Did, DidError};
pub use envelope::{Envelope, MAX_ENVELOPE_BYTES, MAX_SIGNATURES, SignatureError, Verified, cosign, sign};
pub(crate) use envelope::{canonical, is_canonical, unverified};
pub use key::Key;
pub use key_file::KeyFileError;

/// Payload type of a policy artifact.
pub const POLICY_TYPE: &str = "application/vnd.wpc.policy.v1+json";
