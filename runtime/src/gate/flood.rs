//! A cap on evidence of refusals: an agent that asks in a loop must not fill the ledger.
//!
//! Every admitted call is recorded, and the first [`MAX_DENIALS_PER_SECOND`] denials and refusals of each
//! second. The others of that second are one `suppressed` entry, with their number (SECURITY.md 1.14).

use std::sync::{Mutex, PoisonError};

use crate::ledger::Suppressed;

/// Denials and refusals of one gate that are recorded one by one in each second.
pub const MAX_DENIALS_PER_SECOND: u32 = 100;

/// What a gate has refused lately.
#[derive(Debug, Default)]
pub(super) struct Flood(Mutex<Counted>);

#[derive(Clone, Debug, Default)]
struct Counted {
    /// The second that is counted, Unix.
    second: i64,
    recorded: u32,
    pending: Option<Suppressed>,
}

impl Flood {
    /// Whether a denial at `at`, Unix milliseconds, is one too many.
    pub(super) fn is_over(&self, at: i64) -> bool {
        let counted = self.lock();
        counted.second == at.div_euclid(1_000) && counted.recorded >= MAX_DENIALS_PER_SECOND
    }

    /// What was suppressed in a second before that of `at`, to be recorded now.
    pub(super) fn due(&self, at: i64) -> Option<Suppressed> {
        let counted = self.lock();
        if counted.second < at.div_euclid(1_000) { counted.pending.clone() } else { None }
    }

    /// What was suppressed and is not recorded, whenever that was.
    pub(super) fn rest(&self) -> Option<Suppressed> {
        self.lock().pending.clone()
    }

    /// Notes that this was recorded.
    pub(super) fn told(&self, suppressed: &Suppressed) {
        let mut counted = self.lock();
        if counted.pending.as_ref() == Some(suppressed) {
            counted.pending = None;
        }
    }

    /// Counts a denial that was recorded at `at`.
    pub(super) fn recorded(&self, at: i64) {
        let mut counted = self.lock();
        let second = at.div_euclid(1_000);
        if counted.second < second {
            (counted.second, counted.recorded) = (second, 0);
        }
        counted.recorded = counted.recorded.saturating_add(1);
    }

    /// Counts one that was not.
    pub(super) fn suppressed(&self, code: &str, at: i64) {
        let mut counted = self.lock();
        let pending = counted.pending.get_or_insert_with(|| Suppressed {
            code: String::new(),
            count: 0,
            first_at: at,
            last_at: at,
        });
        code.clone_into(&mut pending.code);
        pending.count = pending.count.saturating_add(1);
        pending.last_at = at;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        // Counting cannot be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
