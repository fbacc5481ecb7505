//! Outcomes that the ledger did not take: a store fails over, a disk is full.
//!
//! The gate owes them. It keeps them, refuses everything meanwhile, and hands them in again before whatever is asked
//! next, so that it goes on once the ledger does. What it owes when it ends is for others to find: an attempt without an
//! outcome, whose process is gone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::admitted::Ended;

/// What a gate owes its ledger.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Those that nobody is handing in at the moment.
    kept: Mutex<Vec<Ended>>,
    /// How many there are, with those that somebody is handing in.
    count: AtomicUsize,
}

impl Owed {
    pub(super) fn is_nothing(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// An outcome was not taken; `again` says that it was owed before.
    pub(super) fn keep(&self, ended: Ended, again: bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(ended);
        if !again {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Those to be handed in now. Each is either kept again or paid.
    pub(super) fn take(&self) -> Vec<Ended> {
        if self.is_nothing() {
            return Vec::new();
        }
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An outcome that was owed is in the ledger.
    pub(super) fn paid(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}
