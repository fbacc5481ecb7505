//! Releases: which policy of a name is the current one.
//!
//! ```text
//! wpc release ──▶ Folder: a chain of signed releases, one file each ──submit──▶ ledger ──▶ its gates
//! ```
//!
//! A signed policy is good for ever, so a signature alone cannot tell last year's from today's. A release can:
//! a ledger keeps the newest it has seen of each policy's name, and takes no older one. Gates look at it when a
//! job is opened and whenever a call begins. Where the trust file names a releaser, no job is opened without a
//! release.
//!
//! A policy is brought back by releasing it anew, under the next number.

mod folder;

use wpc_evidence::fold::Misplaced;
use wpc_evidence::statement::{ReleaseError, ReleaseHead, Releases};

use crate::Trust;
use crate::ledger::{Ledger, LedgerError};

pub use folder::{Folder, FolderError};

/// How often somebody else may come between.
const TRIES: u32 = 16;

/// Releases were not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// They do not hold, or do not follow what the ledger has. Its code is [`ReleaseError::code`].
    #[error("the release is refused: {0}")]
    Release(#[from] ReleaseError),
    /// The ledger failed or refused. Its code is [`LedgerError::code`].
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl SubmitError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Release(error) => error.code(),
            Self::Ledger(error) => error.code(),
        }
    }
}

/// Hands a chain of releases of one policy's name to a ledger, oldest first; its newest one. Those that the
/// ledger has may be among them.
///
/// Once this returns, no call is admitted at any gate of the ledger that does not take them into account.
///
/// # Errors
///
/// [`SubmitError`] with the first reason found: they are no chain, nobody who may signed the newest, the ledger
/// has a newer one (`policy_rolled_back`) or another one of the same number (`policy_release_forked`).
pub fn submit<E: AsRef<[u8]>>(
    ledger: &dyn Ledger,
    trust: &Trust,
    envelopes: &[E],
) -> Result<ReleaseHead, SubmitError> {
    let releases = Releases::verify(envelopes, trust)?;
    let newest = releases.head().ok_or(ReleaseError::Required)?;
    let mut tries = 0_u32;
    loop {
        match hand_in(ledger, &releases, &newest, envelopes) {
            Err(SubmitError::Ledger(LedgerError::Misplaced(Misplaced::ReleaseGap))) if tries < TRIES => {
                tries = tries.saturating_add(1);
            }
            other => return other.map(|()| newest),
        }
    }
}

fn hand_in<E: AsRef<[u8]>>(
    ledger: &dyn Ledger,
    releases: &Releases,
    newest: &ReleaseHead,
    envelopes: &[E],
) -> Result<(), SubmitError> {
    let known = ledger.releases(&newest.policy_name)?.pop().map(|row| ReleaseHead {
        policy_name: newest.policy_name.clone(),
        seq: row.seq,
        hash: row.hash,
    });
    let new = releases.after(known.as_ref())?;
    let first = envelopes.len().saturating_sub(new.len());
    for (released, envelope) in new.iter().zip(envelopes.iter().skip(first)) {
        ledger.release(released, envelope.as_ref())?;
    }
    Ok(())
}
