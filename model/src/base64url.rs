//! Base64url without padding (RFC 4648 section 5), of a length known beforehand.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// In [`VALUES`]: no digit.
const NO_DIGIT: u8 = 0xff;

/// The six bits of each digit.
static VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the compiler evaluates it")]
const fn values() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0_u8;
    while value < 64 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// Reads exactly `N` bytes; refuses any other length or character, and unused bits that are not
/// zero, so that no two texts mean the same bytes.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N.saturating_mul(8).div_ceil(6) {
        return None;
    }
    let mut bytes = [0; N];
    let mut wrong = 0_u8;
    for (group, digits) in bytes.chunks_mut(3).zip(text.as_bytes().chunks(4)) {
        let mut full = 0_u32;
        for place in [18_u32, 12, 6, 0].iter().zip(digits) {
            let value = VALUES.get(usize::from(*place.1)).copied().unwrap_or(NO_DIGIT);
            wrong |= value & !63;
            full |= u32::from(value) << place.0;
        }
        let [_, full @ ..] = full.to_be_bytes();
        let (kept, unused) = full.split_at_checked(group.len())?;
        group.copy_from_slice(kept);
        wrong |= unused.iter().fold(0, |all, one| all | one);
    }
    (wrong == 0).then_some(bytes)
}

/// Writes the digits of `bytes` to `text`, which has as many places.
pub(crate) fn write(bytes: &[u8], text: &mut [u8]) {
    for (digits, group) in text.chunks_mut(4).zip(bytes.chunks(3)) {
        let mut full = [0; 4];
        full.iter_mut().skip(1).zip(group).for_each(|(to, from)| *to = *from);
        let bits = u32::from_be_bytes(full);
        for (to, place) in digits.iter_mut().zip([18_u32, 12, 6, 0]) {
            let value = (bits >> place) & 63;
            *to = DIGITS.get(value as usize).copied().unwrap_or_default();
        }
    }
}
