//! Which of a set of keys a map has, found in one pass over the map.

use std::cmp::Ordering;

use wpc_model::Truth;

use crate::view::{Pairs, TextMap};

/// A map's keys.
pub trait Keys {
    /// Combines every key with what came of those before it.
    fn fold_keys<T: Copy>(self, start: T, combine: impl Fn(T, &str) -> T) -> T;
}

impl Keys for TextMap<'_> {
    #[inline]
    fn fold_keys<T: Copy>(self, start: T, combine: impl Fn(T, &str) -> T) -> T {
        self.fold(start, |so_far, key, _| combine(so_far, key))
    }
}

impl<V: Copy> Keys for Pairs<'_, V> {
    #[inline]
    fn fold_keys<T: Copy>(self, start: T, combine: impl Fn(T, &str) -> T) -> T {
        self.fold(start, |so_far, key, _| combine(so_far, key))
    }
}

/// Which of the wanted keys a map has, one bit per key, `WORDS` words of 64, the lowest bit first.
#[derive(Clone, Copy, Debug)]
pub struct Seen<const WORDS: usize> {
    exact: [u64; WORDS],
    other_case: [u64; WORDS],
}

/// Looks at every key of `map` once; `look` compares it with each wanted key, by [`Seen::look`].
#[must_use]
#[inline]
pub fn keys<const WORDS: usize>(
    map: impl Keys,
    look: impl Fn(Seen<WORDS>, &str) -> Seen<WORDS>,
) -> Seen<WORDS> {
    map.fold_keys(Seen { exact: [0; WORDS], other_case: [0; WORDS] }, look)
}

/// Whether two keys of one length differ in ASCII case only, or not at all.
#[inline]
fn same_but_case(left: &str, right: &str) -> bool {
    // Most keys differ in their first letter already.
    let (first, second) = (left.as_bytes().first(), right.as_bytes().first());
    match (first, second) {
        (Some(first), Some(second)) => (first ^ second) & !0x20 == 0 && compare(left, right),
        _ => true,
    }
}

/// Rarely called: kept out of the way of what is.
#[cold]
#[inline(never)]
fn compare(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

fn folded(left: &str, right: &str) -> Ordering {
    let fold = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().map(fold).cmp(right.bytes().map(fold))
}

impl<const WORDS: usize> Seen<WORDS> {
    /// Compares a key of the map with the wanted key of the bit `bit`.
    #[must_use]
    #[inline(always)]
    pub fn look(mut self, key: &str, wanted: &str, bit: usize) -> Self {
        if key.len() != wanted.len() {
            return self;
        }
        let words = if key == wanted {
            &mut self.exact
        } else if same_but_case(key, wanted) {
            &mut self.other_case
        } else {
            return self;
        };
        if let Some(word) = words.get_mut(bit >> 6) {
            *word |= 1 << (bit & 63);
        }
        self
    }

    /// Compares a key of the map with all of `wanted`, which are sorted without regard to ASCII case,
    /// then by bytes; the first has the bit 0.
    #[must_use]
    pub fn search(mut self, key: &str, wanted: &[&str]) -> Self {
        let from = wanted.partition_point(|one| folded(one, key) == Ordering::Less);
        let same = wanted.iter().enumerate().skip(from);
        for (bit, one) in same.take_while(|(_, one)| folded(one, key) == Ordering::Equal) {
            self = self.look(key, one, bit);
        }
        self
    }

    /// `has`: all keys of `mask` are there.
    #[must_use]
    #[inline]
    pub fn has(&self, mask: [u64; WORDS]) -> Truth {
        let mut all = Truth::True;
        for ((exact, other_case), mask) in self.exact.iter().zip(&self.other_case).zip(mask) {
            let missing = mask & !exact;
            all = all.and(if missing == 0 {
                Truth::True
            } else if missing & !other_case == 0 {
                Truth::Unknown
            } else {
                Truth::False
            });
        }
        all
    }

    /// `lacks`: no key of `mask` is there.
    #[must_use]
    #[inline]
    pub fn lacks(&self, mask: [u64; WORDS]) -> Truth {
        let mut none = Truth::True;
        for ((exact, other_case), mask) in self.exact.iter().zip(&self.other_case).zip(mask) {
            none = none.and(if mask & exact != 0 {
                Truth::False
            } else if mask & other_case != 0 {
                Truth::Unknown
            } else {
                Truth::True
            });
        }
        none
    }
}
