//! Trying again what did not begin, for as long as the permit lives.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::{Duration, Instant, sleep};

use super::failed::Failed;

/// How often something is tried in all.
const TRIES: u32 = 6;

/// The wait before the third try; it doubles from then on. The second comes at once: most often a link that
/// was kept has ended, and a new one will do.
const PAUSE: Duration = Duration::from_millis(25);

/// Tries until something other than [`Failed::Stale`] comes of it, there were enough tries, or the next one
/// could not begin before `begin_by`. All tries are one call: its permit is spent once, and its messages have
/// the same ids each time.
pub(super) async fn retrying<T, F>(begin_by: Instant, mut attempt: impl FnMut() -> F) -> Result<T, Failed>
where
    F: Future<Output = Result<T, Failed>>,
{
    let mut tries = 1_u32;
    loop {
        let failed = match attempt().await {
            Err(Failed::Stale(error)) => error,
            done => return done,
        };
        let pause = pause(tries);
        tries = tries.saturating_add(1);
        if tries > TRIES || Instant::now() + pause >= begin_by {
            return Err(Failed::Final(failed));
        }
        sleep(pause).await;
    }
}

/// The wait after so many tries, between half of it and all.
fn pause(tries: u32) -> Duration {
    let doublings = tries.saturating_sub(2);
    let Some(factor) = 1_u32.checked_shl(doublings).filter(|_| tries > 1) else { return Duration::ZERO };
    let whole = PAUSE.saturating_mul(factor);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Not random, but not the same for two clients either.
    whole.saturating_sub(whole / 2 * (now.subsec_nanos() % 1000) / 1000)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::BusError;

    async fn tried(begin_by: Instant, outcomes: &[Option<Failed>]) -> (u32, bool) {
        let count = Cell::new(0_u32);
        let done = retrying(begin_by, || {
            let at = count.replace(count.get() + 1) as usize;
            let outcome = match outcomes.get(at) {
                Some(Some(Failed::Stale(error))) => Err(Failed::Stale(error.clone())),
                Some(Some(Failed::Final(error))) => Err(Failed::Final(error.clone())),
                Some(None) => Ok(()),
                None => Err(Failed::Stale(BusError::Released)),
            };
            async { outcome }
        });
        let done = done.await;
        (count.get(), done.is_ok())
    }

    fn stale() -> Option<Failed> {
        Some(Failed::Stale(BusError::Released))
    }

    #[tokio::test(start_paused = true)]
    async fn what_did_not_begin_is_tried_again_and_what_did_is_not() {
        let later = Instant::now() + Duration::from_secs(60);
        assert_eq!(tried(later, &[None]).await, (1, true));
        assert_eq!(tried(later, &[stale(), stale(), None]).await, (3, true));
        assert_eq!(tried(later, &[stale(), Some(Failed::Final(BusError::Released))]).await, (2, false));
        assert_eq!(tried(later, &[]).await, (TRIES, false));
    }

    #[tokio::test(start_paused = true)]
    async fn no_try_begins_after_the_permit_has_expired() {
        let soon = Instant::now() + Duration::from_millis(30);
        let (tries, done) = tried(soon, &[]).await;
        assert!(!done && tries < TRIES, "{tries}");
    }

    #[test]
    fn pauses_grow() {
        assert_eq!(pause(1), Duration::ZERO);
        for tries in 2..8 {
            let whole = PAUSE * 2_u32.pow(tries - 2);
            assert!(pause(tries) <= whole && pause(tries) >= whole / 2, "{tries}");
        }
    }
}
