//! Entries of a ledger.

use wpc::ledger::Entry;

/// Bytes that read as an entry are the only bytes of that entry.
///
/// # Panics
///
/// Only if that does not hold.
pub fn entry(data: &[u8]) {
    let Ok(entry) = Entry::decode(data) else { return };
    assert_eq!(entry.encode().as_deref(), Ok(data), "two spellings of one entry");
}
