//! The census of a ledger: which jobs its own log lists, and whether that log can be believed
//! (SECURITY.md 1.5).
//!
//! The log commits to the set of jobs, so a job that it does not list is hidden, and a log that does not begin
//! with a head that witnesses cosigned has left something out or told another story.

use std::collections::{BTreeMap, BTreeSet};

use wpc_evidence::checkpoint::{Origin, SignedCheckpoint};
use wpc_evidence::log::{Leaf, LeafKind};
use wpc_evidence::merkle::{Frontier, empty_root, leaf_hash};

use crate::JobId;
use crate::ledger::{Ledger, LedgerError};

const PAGE: usize = 256;

/// What the log of a ledger lists.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// The jobs that it lists.
    pub jobs: BTreeMap<JobId, Logged>,
    /// Leaves of the log.
    pub size: u64,
    /// Jobs that the ledger has and the log does not list.
    pub hidden: BTreeSet<JobId>,
    /// Jobs that the log lists and the ledger does not have.
    pub lost: BTreeSet<JobId>,
    /// The cosigned heads with which the log begins, by size.
    pub cosigned: BTreeMap<u64, SignedCheckpoint>,
    /// What is wrong with the others: [`LedgerError::Forked`], [`LedgerError::BehindCheckpoint`],
    /// [`LedgerError::Checkpoint`].
    pub findings: Vec<LedgerError>,
}

/// What the log says of a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Logged {
    /// When it was opened, Unix milliseconds.
    pub opened_at: i64,
    /// How many entries it had as of its last leaf.
    pub entries: u64,
    /// Whether it was closed.
    pub closed: bool,
}

impl Census {
    /// Reads the log of `ledger`, and compares it with the heads that the ledger keeps as cosigned, and with
    /// `heads`, which came from elsewhere. Whose cosignatures count is the caller's to say.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails or a leaf does not read.
    pub fn of(ledger: &dyn Ledger, heads: &[SignedCheckpoint]) -> Result<Self, LedgerError> {
        let mut census = Self::default();
        let mut all = ledger.cosigned()?;
        all.extend_from_slice(heads);
        let wanted: BTreeSet<u64> = all.iter().map(|head| head.unverified().size).collect();
        let mut roots = BTreeMap::from([(0, empty_root())]);
        let mut tree = Frontier::new();
        loop {
            let page = ledger.leaves(tree.size(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for bytes in page {
                tree.push(leaf_hash(&bytes)).map_err(LedgerError::unavailable)?;
                if wanted.contains(&tree.size()) {
                    roots.insert(tree.size(), tree.root());
                }
                let leaf = Leaf::decode(&bytes)
                    .map_err(|error| LedgerError::Damaged { cause: error.to_string() })?;
                census.take(leaf);
            }
        }
        census.size = tree.size();
        for head in all {
            match standing(&head, ledger, &roots, census.size) {
                Ok(()) => {
                    let size = head.unverified().size;
                    let kept = census.cosigned.remove(&size);
                    let merged = kept.map_or(Ok(head.clone()), |kept| kept.merge(head))?;
                    census.cosigned.insert(size, merged);
                }
                Err(error) => census.findings.push(error),
            }
        }
        let there: BTreeSet<JobId> = ledger.jobs()?.into_iter().collect();
        census.hidden = there.iter().filter(|job| !census.jobs.contains_key(job)).cloned().collect();
        census.lost = census.jobs.keys().filter(|job| !there.contains(job)).cloned().collect();
        Ok(census)
    }

    fn take(&mut self, leaf: Leaf) {
        let logged =
            self.jobs.entry(leaf.job).or_insert(Logged { opened_at: leaf.at, entries: 0, closed: false });
        logged.entries = logged.entries.max(leaf.size);
        logged.closed |= leaf.kind == LeafKind::Closed;
    }
}

/// Whether the log begins with this head.
fn standing(
    head: &SignedCheckpoint,
    ledger: &dyn Ledger,
    roots: &BTreeMap<u64, wpc_model::Hash>,
    size: u64,
) -> Result<(), LedgerError> {
    let signed = head.verify(ledger.did())?;
    if signed.origin != Origin::ledger(*ledger.did()) {
        return Err(wpc_evidence::checkpoint::CheckpointError::Origin.into());
    }
    match roots.get(&signed.size) {
        None => Err(LedgerError::BehindCheckpoint { found: size, pinned: signed.size }),
        Some(root) if *root != signed.root => Err(LedgerError::Forked { size: signed.size }),
        Some(_) => Ok(()),
    }
}
