//! The gate and its evidence: what runs beside an annotated tool.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod action;
pub mod approval;
pub mod argument;
pub mod bundle;
mod call;
pub mod callers;
pub mod census;
mod clock;
mod describe;
mod dynamic;
mod engine;
mod follow;
mod gate;
mod holder;
mod identity;
pub mod interface;
pub mod ledger;
mod permitted;
mod place;
mod program;
mod refusable;
mod refused;
pub mod release;
mod rule;
mod running;
mod schemas;
pub mod strict;
mod typed;
mod view;

pub use action::{Action, Batched, Interface, Plain, Policy, Takes};
pub use clock::{Clock, SystemClock};
pub use describe::{Batch, Describe, DescribeMany, Describes, Record, Records, Unvalued};
pub use dynamic::{DynamicGate, DynamicRunning};
pub use follow::{Follow, FollowError};
pub use gate::{BEGIN_WITHIN, Input, MAX_DENIALS_PER_SECOND, ModelCalled, OpenError, Opening};
pub use holder::{Holder, SelfIssued};
pub use identity::{Challenge, Identity, Possession, Presented};
pub use ledger::{Ledger, LedgerError, MemoryLedger, SqliteLedger};
pub use permitted::{DynamicPermit, Permit, Permitted, Spent};
pub use place::{NotAllowed, Place};
pub use refusable::Refusable;
pub use refused::{Detail, Refused};
pub use running::Running;
pub use schemas::{SchemaEngine, SchemaUnusable};
pub use typed::{Gate, Overrides};
pub use view::{Pairs, Sealed, TextEntries, TextList, TextMap, TextMembers};
pub use wpc_evidence::gateway_receipt;
pub use wpc_evidence::token;
pub use wpc_evidence::{
    CallId, Did, DidError, Envelope, JobId, JobIdError, Key, KeyFileError, MAX_ENVELOPE_BYTES, MAX_JOB_ID,
    MAX_PROVIDER_BYTES, MAX_SIGNATURES, MAX_TRUST_BYTES, Mode, Outcome, POLICY_TYPE, Principal, Provider,
    RandomError, Report, Role, SignatureError, Trust, TrustError, TrustErrorKind, Verified, cosign, sign,
};
pub use wpc_macros::{include_policy, policy, tool};
