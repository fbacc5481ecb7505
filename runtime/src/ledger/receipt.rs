//! Receipts of entries.

use wpc_evidence::merkle::{inclusion_proof, leaf_hash};
use wpc_evidence::receipt::Receipt;

use super::{Ledger, LedgerError};
use crate::JobId;

const PAGE: usize = 1_000;

/// The receipt of the entry `seq` of a job: what shows, without the ledger, that the entry is in it. `None`
/// if the job has no such entry. Reads and hashes all of the job's log.
///
/// # Errors
///
/// [`LedgerError`] if there is no such job, or the store fails.
///
/// # Example
///
/// ```no_run
/// # fn hand_out(ledger: &dyn wpc::Ledger, job: &wpc::JobId) -> Result<(), wpc::LedgerError> {
/// if let Some(receipt) = wpc::ledger::receipt(ledger, job, 1)? {
///     assert_eq!(receipt.verify(ledger.did()).map(|entry| entry.seq), Ok(1));
/// }
/// # Ok(())
/// # }
/// ```
pub fn receipt(ledger: &dyn Ledger, job: &JobId, seq: u64) -> Result<Option<Receipt>, LedgerError> {
    // The head first: entries that come after it are left out.
    let checkpoint = ledger.job_checkpoint(job)?;
    let size = checkpoint.unverified().size;
    let (mut leaves, mut found) = (Vec::new(), None);
    let mut at = 0_u64;
    while at < size {
        let left = usize::try_from(size.saturating_sub(at)).unwrap_or(PAGE).min(PAGE);
        let page = ledger.entries(job, at, left)?;
        if page.is_empty() {
            let cause = "the job's log is shorter than its head".to_owned();
            return Err(LedgerError::Damaged { cause });
        }
        for entry in page {
            leaves.push(leaf_hash(&entry));
            if at == seq {
                found = Some(entry);
            }
            at = at.saturating_add(1);
        }
    }
    let path = inclusion_proof(&leaves, seq);
    Ok(found.zip(path).map(|(entry, path)| Receipt { entry, path, checkpoint }))
}
