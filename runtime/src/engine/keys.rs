//! Which of some keys a map has, in one pass over the map.

use std::collections::BTreeMap;

use wpc_model::Value;

use super::name::{NameHash, start};

/// The keys that the conditions on one map ask for. At most [`MAX_KEYS`], so that a set of them is a
/// word.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// By the keys' starts: 0 for empty, else one more than the key's place. A power of two, at most
    /// half full.
    table: Vec<u8>,
}

#[derive(Debug)]
struct Key {
    /// [`start`] of the text.
    start: u64,
    text: String,
}

/// So many keys are compared one after another; more are hashed.
const FEW: usize = 8;

/// Most keys of one set.
const MAX_KEYS: usize = 64;

/// A set of keys: one bit each.
pub(super) type Bits = u64;

/// What was found of the keys.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Present {
    /// There as it is written.
    pub(super) exact: Bits,
    /// There in another ASCII case.
    pub(super) other_case: Bits,
}

impl KeySet {
    /// Adds `keys` and gives their bits; `None`, and nothing is added, if there is no room.
    pub(super) fn add(&mut self, keys: &[&str]) -> Option<Bits> {
        let new = keys.iter().filter(|key| !self.keys.iter().any(|known| known.text == **key)).count();
        if self.keys.len().checked_add(new)? > MAX_KEYS {
            return None;
        }
        let mut bits = 0;
        for key in keys {
            let place = self.keys.iter().position(|known| known.text == **key).unwrap_or_else(|| {
                self.keys.push(Key { start: start(key.as_bytes()), text: (*key).to_owned() });
                self.keys.len().saturating_sub(1)
            });
            bits |= 1 << place;
        }
        self.index();
        Some(bits)
    }

    fn index(&mut self) {
        let size = self.keys.len().saturating_mul(2).next_power_of_two();
        self.table.clear();
        self.table.resize(size, 0);
        for (number, key) in (1..).zip(&self.keys) {
            let free = Probe::new(key.start, size).find(|&slot| self.table.get(slot) == Some(&0));
            if let Some(slot) = free.and_then(|slot| self.table.get_mut(slot)) {
                *slot = number;
            }
        }
    }

    /// Which of the keys `map` has.
    #[inline]
    pub(super) fn present(&self, map: &BTreeMap<String, Value>) -> Present {
        let mut present = Present::default();
        if self.keys.is_empty() {
            return present;
        }
        for key in map.keys() {
            let start = start(key.as_bytes());
            if self.keys.len() > FEW {
                for slot in Probe::new(start, self.table.len()) {
                    let Some(place) = self.table.get(slot).and_then(|number| number.checked_sub(1)) else {
                        break;
                    };
                    let Some(known) = self.keys.get(usize::from(place)) else { break };
                    present.add(known, u32::from(place), start, key);
                }
            } else {
                for (place, known) in (0_u32..).zip(&self.keys) {
                    present.add(known, place, start, key);
                }
            }
        }
        present
    }
}

impl Present {
    #[inline]
    fn add(&mut self, known: &Key, place: u32, start: u64, key: &str) {
        if known.start != start || known.text.len() != key.len() {
            return;
        }
        if known.text == key {
            self.exact |= 1 << place;
        } else if known.text.eq_ignore_ascii_case(key) {
            self.other_case |= 1 << place;
        }
    }
}

/// The slots where a key may be, from the likeliest on; each once.
struct Probe {
    next: usize,
    mask: usize,
    left: usize,
}

impl Probe {
    #[inline]
    fn new(start: u64, size: usize) -> Self {
        let hash = NameHash::of_word(start);
        #[expect(clippy::cast_possible_truncation, reason = "any part of the hash will do")]
        Self { next: hash as usize, mask: size.saturating_sub(1), left: size }
    }
}

impl Iterator for Probe {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let slot = self.next & self.mask;
        self.next = slot.wrapping_add(1);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use wpc_model::Value;

    use super::{KeySet, Present};

    #[test]
    fn keys_are_found_as_they_are_and_in_another_case() {
        let mut keys = KeySet::default();
        let (has, lacks) = (keys.add(&["a", "b"]).unwrap(), keys.add(&["cookie", "Cookie", "b"]).unwrap());
        assert_eq!((has, lacks), (0b0011, 0b1110));
        let present = |names: &[&str]| {
            keys.present(&names.iter().map(|&name| (name.to_owned(), Value::Int(0))).collect())
        };
        assert_eq!(present(&[]), Present { exact: 0, other_case: 0 });
        assert_eq!(present(&["a", "x"]), Present { exact: 0b0001, other_case: 0 });
        assert_eq!(present(&["A", "b"]), Present { exact: 0b0010, other_case: 0b0001 });
        assert_eq!(present(&["cookie"]), Present { exact: 0b0100, other_case: 0b1000 });
        assert_eq!(present(&["COOKIE", "Cookie"]), Present { exact: 0b1000, other_case: 0b1100 });
    }

    #[test]
    fn a_set_holds_64_keys_and_no_more() {
        let names: Vec<_> = (0..64).map(|n| format!("key-{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let mut keys = KeySet::default();
        assert_eq!(keys.add(&names), Some(u64::MAX));
        assert_eq!(keys.add(&["key-0", "one too many"]), None);
        assert_eq!(keys.add(&["key-63"]), Some(1 << 63));
        let map = names.iter().map(|&name| (name.to_owned(), Value::Int(0))).collect();
        assert_eq!(keys.present(&map).exact, u64::MAX);
    }
}
