//! Names, as numbers that do not see ASCII case.

/// Hashes a sequence of texts, taking ASCII letters of either case for the same.
///
/// Not keyed, and not free of collisions: whoever finds something by it compares the texts, and only a
/// policy's author chooses what is put into a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameHash(u64);

/// The multiplier of FxHash: odd, with bits all over.
const MIX: u64 = 0xf135_7aea_2e62_a9c5;

impl NameHash {
    pub(super) const fn new() -> Self {
        Self(0)
    }

    /// The hash of one number.
    #[inline]
    pub(super) const fn of_word(word: u64) -> u64 {
        Self::new().word(word).finish()
    }

    /// The hash with `text` added.
    #[inline]
    pub(super) fn text(self, text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.len() < 8 {
            return self.word(start(bytes));
        }
        let words = bytes.as_chunks::<8>().0;
        let hash = words.iter().fold(self, |hash, word| hash.word(lower(u64::from_le_bytes(*word))));
        // The last eight bytes cover what the whole words left over.
        bytes.last_chunk::<8>().map_or(hash, |last| hash.word(lower(u64::from_le_bytes(*last))))
    }

    #[inline]
    const fn word(self, word: u64) -> Self {
        Self((self.0.rotate_left(5) ^ word).wrapping_mul(MIX))
    }

    /// The hash, with its entropy in the low bits as well as in the high ones.
    #[inline]
    pub(super) const fn finish(self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// Eight bytes with every ASCII capital made small.
#[inline]
const fn lower(word: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    /// `0x80 - b'A'` and `0x7f - b'Z'` in each byte: added to seven bits, they reach the high bit
    /// from `A` on, and beyond `Z`.
    const FROM_A: u64 = 0x3f3f_3f3f_3f3f_3f3f;
    const BEYOND_Z: u64 = 0x2525_2525_2525_2525;
    let seven = word & !HIGH;
    let capital = seven.wrapping_add(FROM_A) & !seven.wrapping_add(BEYOND_Z) & !word & HIGH;
    word | (capital >> 2)
}

/// How a text begins, without case: its first eight bytes; all of a shorter one, told from those of
/// another length. The same for texts that differ in ASCII case only.
#[inline]
pub(super) fn start(bytes: &[u8]) -> u64 {
    lower(match (bytes.first_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), _, _) => u64::from_le_bytes(*first),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => bytes.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)),
    })
}

#[cfg(test)]
mod tests {
    use super::{NameHash, lower};

    #[test]
    fn every_byte_is_lowered_as_ascii_is() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                let mut word = [b'Q'; 8];
                word[place] = byte;
                let expect = word.map(|byte| byte.to_ascii_lowercase());
                assert_eq!(lower(u64::from_le_bytes(word)), u64::from_le_bytes(expect), "{byte} at {place}");
            }
        }
    }

    #[test]
    fn case_does_not_count_and_all_else_does() {
        let of = |texts: &[&str]| texts.iter().fold(NameHash::new(), |hash, text| hash.text(text)).finish();
        assert_eq!(of(&["Orders-STAGING-Ä"]), of(&["orders-staging-Ä"]));
        for (left, right) in [
            (&["ab", "c"][..], &["a", "bc"][..]),
            (&["ab"], &["ab", ""]),
            (&["a"], &["a\0"]),
            (&["a"], &["\0a"]),
            (&["abcd"], &["abcde"]),
            (&["abcdefgh"], &["abcdefghabcdefgh"]),
            (&["@"], &["`"]),
            (&["["], &["{"]),
            (&["ä"], &["Ä"]),
        ] {
            assert_ne!(of(left), of(right), "{left:?} {right:?}");
        }
    }
}
