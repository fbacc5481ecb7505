//! Step 5's facts: what people signed of a job's calls.
//!
//! The log says that an approval was given; the signed approval, the request that it answers and the
//! membership statements are documents beside it. Each is verified here before it counts, whatever the
//! store says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use wpc_evidence::approved;
use wpc_evidence::fold::Use;
use wpc_evidence::statement::Revoked;
use wpc_model::{Approved, Hash, Policy, Uses};

use crate::Trust;
use crate::ledger::{Head, RevocationKey};

/// Approvals that were verified once.
#[derive(Debug, Default)]
pub(super) struct Verified(Mutex<BTreeMap<Hash, Arc<(Approved, Uses)>>>);

/// The approvals of a job as they count at one head, and their hashes in the same order.
pub(super) struct Given {
    pub(super) approved: Vec<Approved>,
    pub(super) hashes: Vec<Hash>,
}

impl Given {
    /// Of a call that needs none.
    pub(super) const fn none() -> Self {
        Self { approved: Vec::new(), hashes: Vec::new() }
    }
}

impl Verified {
    /// Those of the job that hold, and were not withdrawn.
    pub(super) fn at(&self, head: &Head<'_>, policy: &Policy, trust: &Trust) -> Given {
        let mut given = Given { approved: Vec::new(), hashes: Vec::new() };
        for (hash, Use { used, memberships }) in head.approvals() {
            if head.revoked(&RevocationKey::of(&Revoked::Approval(hash))).is_some() {
                continue;
            }
            let Some(one) = self.one(head, policy, trust, hash, &memberships) else { continue };
            let (approved, uses) = one.as_ref();
            if !approved::is_left(*uses, used) {
                continue;
            }
            let used = u32::try_from(used).unwrap_or(u32::MAX);
            given.approved.push(Approved { used, ..approved.clone() });
            given.hashes.push(hash);
        }
        given
    }

    /// One approval; `None` if it does not hold.
    fn one(
        &self,
        head: &Head<'_>,
        policy: &Policy,
        trust: &Trust,
        hash: Hash,
        memberships: &[Hash],
    ) -> Option<Arc<(Approved, Uses)>> {
        if let Some(known) = self.lock().get(&hash) {
            return Some(Arc::clone(known));
        }
        let document = |hash: &Hash| head.document(hash).map(|document| document.envelope);
        let read = || {
            let statements: Option<Vec<_>> = memberships.iter().map(document).collect();
            let envelope = document(&hash)?;
            approved::read(&envelope, document, &statements?, policy, trust).ok()
        };
        let one = Arc::new(read()?);
        self.lock().insert(hash, Arc::clone(&one));
        Some(one)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hash, Arc<(Approved, Uses)>>> {
        // Entries are inserted whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes of the approvals at `indices`, sorted.
pub(super) fn hashes(given: &Given, indices: &[usize]) -> Vec<Hash> {
    let used: BTreeSet<Hash> = indices.iter().filter_map(|index| given.hashes.get(*index).copied()).collect();
    used.into_iter().collect()
}
