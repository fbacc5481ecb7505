//! Following a control plane: what a ledger must know before it admits a call (SECURITY.md 1.4 and 1.10).
//!
//! ```text
//! control plane ──stream──▶ a follower ──revocations, releases──▶ ledger
//! gate.open  ──▶ current(name)       the ledger has the releases of the policy's name, else no gate
//!            ──▶ opened(job, leaf)   set-once at the control plane, else no gate
//! gate.begin ──▶ may_begin           inside the ledger's lock: fresh, else `revocation_stale`
//! ```
//!
//! This crate knows no network: a follower is somebody else's ([`wpc-client`](https://docs.rs/wpc-client) has one).

use std::fmt;

use wpc_model::Hash;

use crate::JobId;

/// Keeps a ledger up to date with a control plane, and says when it no longer can.
///
/// What it says is asked at every call, inside the ledger's lock: it must answer from memory.
pub trait Follow: fmt::Debug + Send + Sync {
    /// Whether calls may begin now; if not, the code for which they are refused, such as `revocation_stale`.
    ///
    /// # Errors
    ///
    /// The code.
    fn may_begin(&self) -> Result<(), &'static str>;

    /// Hands the ledger the releases of a policy's name that the control plane has, and from then on every
    /// newer one. Blocks.
    ///
    /// # Errors
    ///
    /// [`FollowError`] if nobody answers, or what is released does not hold: then no gate is opened.
    fn current(&self, policy_name: &str) -> Result<(), FollowError>;

    /// Tells the control plane that this ledger opened a job, whose first entry has this leaf. Blocks.
    ///
    /// # Errors
    ///
    /// [`FollowError`] if another ledger opened it, or nobody answers: then no gate is opened.
    fn opened(&self, job: &JobId, leaf: Hash) -> Result<(), FollowError>;
}

/// A control plane refused, or did not answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the control plane: {message}")]
pub struct FollowError {
    /// The stable code: the control plane's own, or `control_plane_unavailable`.
    pub code: &'static str,
    /// What it said.
    pub message: String,
}
