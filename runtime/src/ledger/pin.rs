//! The pinned head: the last head of the ledger's own log, kept apart from its file.
//!
//! A copy of the file from yesterday is whole and properly signed. What tells that it is yesterday's is a
//! head that was seen since: kept beside the key, not beside the file (SECURITY.md 1.4).

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_evidence::private_file::{self, Draft, DraftError};

use super::LedgerError;
use super::check::Store;
use crate::Did;

/// Where the head is pinned.
#[derive(Debug)]
pub(super) struct Pin {
    path: PathBuf,
}

const PAGE: usize = 256;

impl Pin {
    /// Compares the store with what is pinned at `path`, if anything is.
    pub(super) fn compare(path: &Path, store: &dyn Store, ledger: &Did) -> Result<Self, LedgerError> {
        let pin = Self { path: path.to_owned() };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(pin),
            Err(error) => return Err(LedgerError::unavailable(error)),
        };
        let tampered = || LedgerError::Tampered { what: format!("the pinned head {}", path.display()) };
        let note = SignedCheckpoint::parse(&text).map_err(|_| tampered())?;
        let pinned = note.verify(ledger).map_err(|_| tampered())?;
        let mut frontier = Frontier::new();
        while frontier.size() < pinned.size {
            let left = usize::try_from(pinned.size.saturating_sub(frontier.size())).unwrap_or(PAGE).min(PAGE);
            let page = store.leaves(frontier.size(), left)?;
            if page.is_empty() {
                let (found, pinned) = (frontier.size(), pinned.size);
                return Err(LedgerError::BehindCheckpoint { found, pinned });
            }
            for leaf in page {
                frontier.push(leaf_hash(&leaf)).map_err(LedgerError::unavailable)?;
            }
        }
        if frontier.root() == pinned.root {
            Ok(pin)
        } else {
            Err(LedgerError::Tampered { what: "the ledger's own log".to_owned() })
        }
    }

    /// Puts another head in place of the pinned one.
    pub(super) fn set(&self, note: &str) -> Result<(), LedgerError> {
        let mut draft = Draft::beside(&self.path).map_err(|error| match error {
            DraftError::Random(error) => error.into(),
            DraftError::Io(error) => LedgerError::unavailable(error),
        })?;
        let written = draft.file.write_all(note.as_bytes()).and_then(|()| draft.file.sync_all());
        written.and_then(|()| fs::rename(&draft.path, &self.path)).map_err(LedgerError::unavailable)?;
        private_file::sync_directory(&self.path).map_err(LedgerError::unavailable)
    }
}
