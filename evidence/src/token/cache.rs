//! Tokens that were verified before.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Expected, TokenError, VerifiedToken};
use crate::trust::Trust;

/// Tokens that a cache holds unless it is told otherwise.
pub const MAX_CACHED_TOKENS: usize = 1_024;
/// Bytes at the end of a token by which it is found: 24 of its signature's.
const TAIL: usize = 32;

/// Verifies tokens, and the signature of each only once.
///
/// A hit needs the whole compact form to be equal, never the `jti` alone: a forged token with a known
/// `jti` is a miss. Ledger, policy, job and times are looked at on every hit. Who is trusted is fixed
/// for a cache's life; for another trust file, make another cache.
///
/// It compares the text itself instead of its SHA-256, which takes several times as long as everything
/// else here; the texts are wiped when dropped.
pub struct TokenCache {
    trust: Arc<Trust>,
    found: HashMap<[u8; TAIL], Known>,
    /// The keys of `found`, oldest first.
    order: VecDeque<[u8; TAIL]>,
    capacity: usize,
}

struct Known {
    text: Zeroizing<String>,
    token: Arc<VerifiedToken>,
}

impl TokenCache {
    /// An empty cache of at most [`MAX_CACHED_TOKENS`] tokens.
    #[must_use]
    pub fn new(trust: Arc<Trust>) -> Self {
        Self::with_capacity(trust, MAX_CACHED_TOKENS)
    }

    /// An empty cache of at most `capacity` tokens; 0 verifies everything anew.
    #[must_use]
    pub fn with_capacity(trust: Arc<Trust>, capacity: usize) -> Self {
        Self { trust, found: HashMap::new(), order: VecDeque::new(), capacity }
    }

    /// As [`super::verify`]. What is refused is not kept.
    ///
    /// # Errors
    ///
    /// [`TokenError`] with the first reason found.
    pub fn verify(
        &mut self,
        compact: &str,
        expected: &Expected<'_>,
        now_s: i64,
    ) -> Result<Arc<VerifiedToken>, TokenError> {
        let tail = compact.as_bytes().last_chunk::<TAIL>().copied();
        if let Some(known) = tail.and_then(|tail| self.found.get(&tail))
            && *known.text == compact
        {
            known.token.check(expected, now_s)?;
            return Ok(Arc::clone(&known.token));
        }
        let token = Arc::new(super::verify(compact, &self.trust, expected, now_s)?);
        if let Some(tail) = tail {
            self.keep(tail, compact, &token, now_s);
        }
        Ok(token)
    }

    fn keep(&mut self, tail: [u8; TAIL], compact: &str, token: &Arc<VerifiedToken>, now_s: i64) {
        if self.capacity == 0 {
            return;
        }
        if self.found.len() >= self.capacity {
            self.found.retain(|_, known| known.token.claims().exp_s() > now_s);
            self.order.retain(|tail| self.found.contains_key(tail));
        }
        while self.found.len() >= self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.found.remove(&oldest);
        }
        let known = Known { text: Zeroizing::new(compact.to_owned()), token: Arc::clone(token) };
        if self.found.insert(tail, known).is_none() {
            self.order.push_back(tail);
        }
    }

    /// How many tokens it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenCache({} of {})", self.len(), self.capacity)
    }
}
