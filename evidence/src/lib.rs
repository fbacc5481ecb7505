//! What a job's evidence is made of, and how anybody checks it: names and keys, the trust file, signed
//! envelopes, ledger entries.
//!
//! ```text
//! model      what a policy means                      pure
//! evidence   what was signed, recorded, proved        no store, no clock, no network
//! wpc        the gate and the ledger that record it
//! ```
//!
//! An auditor trusts this crate, `wpc-model`, an Ed25519 verifier and SHA-256.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod approved;
pub mod bundle;
pub mod checkpoint;
pub mod clawsig;
pub mod commitment;
pub mod entry;
pub mod fold;
pub mod gateway_receipt;
pub mod http;
mod job;
pub mod log;
mod members;
pub mod merkle;
mod object;
mod outcome;
pub mod private_file;
pub mod random;
pub mod receipt;
pub mod sign;
pub mod statement;
pub mod time;
pub mod token;
pub mod trust;
pub mod witness;

pub use job::{CallId, CallIds, JobId, JobIdError, MAX_JOB_ID};
pub use outcome::{MAX_PROVIDER_BYTES, Outcome, Provider, Report};
pub use random::RandomError;
pub use sign::{
    Did, DidError, Envelope, Key, KeyFileError, MAX_ENVELOPE_BYTES, MAX_SIGNATURES, POLICY_TYPE,
    SignatureError, Verified, cosign, sign,
};
pub use trust::{MAX_TRUST_BYTES, Mode, Principal, Role, Trust, TrustError, TrustErrorKind};
