//! The gate and its evidence: what runs beside an annotated tool.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod action;
pub mod argument;
mod call;
mod clock;
mod describe;
mod dynamic;
mod engine;
mod gate;
pub mod interface;
mod job;
pub mod ledger;
mod object;
mod outcome;
mod permitted;
mod place;
mod private_file;
mod random;
mod refusable;
mod refused;
mod rule;
mod running;
mod sign;
mod trust;
mod typed;
mod view;

pub use action::{Action, Batched, Interface, Plain, Policy, Takes};
pub use clock::{Clock, SystemClock};
pub use describe::{Batch, Describe, DescribeMany, Describes, Record, Records, Unvalued};
pub use dynamic::{DynamicGate, DynamicRunning};
pub use gate::{BEGIN_WITHIN, Input, OpenError, Opening};
pub use job::{CallId, JobId, JobIdError, MAX_JOB_ID};
pub use ledger::{Ledger, LedgerError, MemoryLedger, SqliteLedger};
pub use outcome::{MAX_PROVIDER_BYTES, Outcome, Provider, Report};
pub use permitted::{Permit, Permitted, Spent};
pub use place::{NotAllowed, Place};
pub use random::RandomError;
pub use refusable::Refusable;
pub use refused::{Detail, Refused};
pub use running::Running;
pub use sign::{
    Did, DidError, Envelope, Key, KeyFileError, MAX_ENVELOPE_BYTES, MAX_SIGNATURES, POLICY_TYPE,
    SignatureError, Verified, cosign, sign,
};
pub use trust::{MAX_TRUST_BYTES, Mode, Principal, Role, Trust, TrustError, TrustErrorKind};
pub use typed::{Gate, Overrides};
pub use view::{Pairs, Sealed, TextEntries, TextList, TextMap, TextMembers};
pub use wpc_macros::{include_policy, policy, tool};
