//! The time that new entries bear, and what becomes of it when the clock jumps (SECURITY.md 1.13).
//!
//! Time never runs backwards within a ledger. A wall clock that is far behind the last entry, or that moved
//! otherwise than the steady clock of this process did, is not believed: nothing is appended until it is set
//! right, or until somebody who holds the ledger's key accepts it ([`super::Ledger::accept_clock`]). A process
//! that starts after a jump forwards has nothing to compare with and cannot know of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wpc_evidence::entry::is_agent;
use wpc_evidence::time;

use super::{ClockAccepted, LedgerError, MAX_CLOCK_BEHIND_MS, MAX_CLOCK_JUMP_MS, Misplaced};
use crate::clock::Clock;

/// What the wall clock said, and when by the steady one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    wall_ms: i64,
    /// What the steady clock said before.
    earliest: Duration,
    /// And after.
    latest: Duration,
}

impl Reading {
    pub(super) fn of(clock: &dyn Clock) -> Self {
        let earliest = clock.monotonic();
        let wall_ms = clock.wall_ms();
        Self { wall_ms, earliest, latest: clock.monotonic() }
    }

    /// Of a clock elsewhere, that was asked when the steady one here said `earliest`.
    #[cfg(feature = "postgres")]
    pub(super) fn elsewhere(wall_ms: i64, earliest: Duration, clock: &dyn Clock) -> Self {
        Self { wall_ms, earliest, latest: clock.monotonic() }
    }

    /// By how many milliseconds the wall clock moved since `before` otherwise than the steady one.
    fn jumped(&self, before: &Self) -> i64 {
        let moved = self.wall_ms.saturating_sub(before.wall_ms);
        let least = ms(self.earliest.saturating_sub(before.latest));
        let most = ms(self.latest.saturating_sub(before.earliest));
        if moved > most { moved.saturating_sub(most) } else { moved.saturating_sub(least).min(0) }
    }
}

/// When entries are appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The time that they bear, Unix milliseconds.
    pub(super) at: i64,
    /// What the steady clock of this process said just before that was read.
    pub(super) since: Duration,
}

/// That somebody took the clock's word, as a ledger keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Acceptance {
    /// What the clock said, Unix milliseconds.
    pub(super) wall: i64,
    /// The time of the ledger's last entry, Unix milliseconds.
    pub(super) ledger_at: i64,
}

/// What a ledger keeps of times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// Of its last entry, Unix milliseconds.
    pub(super) last_at: i64,
    /// How often somebody accepted the clock.
    pub(super) accepted: u64,
}

/// What this process saw of the clock.
#[derive(Debug, Default)]
pub(super) struct Times(Mutex<Option<(Reading, u64)>>);

impl Times {
    /// When entries are appended now, if the clock can be believed. `last` gives the last acceptance.
    pub(super) fn now(
        &self,
        reading: Reading,
        past: Past,
        last: impl FnOnce() -> Result<Option<Acceptance>, LedgerError>,
    ) -> Result<Moment, LedgerError> {
        in_range(reading.wall_ms)?;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let behind_ms = past.last_at.saturating_sub(reading.wall_ms);
        let by_ms = seen.as_ref().map_or(0, |(before, _)| reading.jumped(before));
        let (is_behind, is_elsewhere) = (behind_ms > MAX_CLOCK_BEHIND_MS, by_ms.abs() > MAX_CLOCK_JUMP_MS);
        if is_behind || is_elsewhere {
            let last = last()?;
            // Nothing later was recorded since it was accepted, and it was not set back again.
            let covers = |one: &Acceptance| {
                one.ledger_at >= past.last_at
                    && reading.wall_ms >= one.wall.saturating_sub(MAX_CLOCK_BEHIND_MS)
            };
            if is_behind && !last.as_ref().is_some_and(covers) {
                return Err(LedgerError::ClockBehind { behind_ms });
            }
            // It was accepted since this process saw it last, and as it goes now.
            let (before, known) = seen.unwrap_or((reading, past.accepted));
            let most = ms(reading.latest.saturating_sub(before.earliest));
            let from = reading.wall_ms.saturating_sub(most).saturating_sub(MAX_CLOCK_JUMP_MS);
            let until = reading.wall_ms.saturating_add(MAX_CLOCK_JUMP_MS);
            let is_new = past.accepted > known && last.is_some_and(|one| (from..=until).contains(&one.wall));
            if is_elsewhere && !is_new {
                return Err(LedgerError::ClockJumped { by_ms });
            }
        }
        *seen = Some((reading, past.accepted));
        Ok(Moment { at: reading.wall_ms.max(past.last_at), since: reading.earliest })
    }
}

impl Acceptance {
    /// Of a clock that may say whatever it does, and the time of entries of it.
    pub(super) fn of(reading: Reading, past: Past) -> Result<(Moment, Self), LedgerError> {
        in_range(reading.wall_ms)?;
        let moment = Moment { at: reading.wall_ms.max(past.last_at), since: reading.earliest };
        Ok((moment, Self { wall: reading.wall_ms, ledger_at: past.last_at }))
    }

    /// What entries say of it.
    pub(super) fn entry(&self, by: &str) -> Result<ClockAccepted, LedgerError> {
        if !is_agent(by) {
            return Err(Misplaced::Malformed.into());
        }
        Ok(ClockAccepted { wall: self.wall, ledger_at: self.ledger_at, by: by.to_owned() })
    }
}

fn in_range(wall_ms: i64) -> Result<(), LedgerError> {
    if (0..=time::MAX_TIME_MS).contains(&wall_ms) { Ok(()) } else { Err(LedgerError::ClockOutOfRange) }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
