//! Random bytes from the operating system, and the text that ids are written in.

/// The operating system gave no randomness. Code `randomness_unavailable`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError;

impl RandomError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "randomness_unavailable"
    }
}

/// `N` bytes that nobody can guess.
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| RandomError)?;
    Ok(bytes)
}

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 128 bits as 26 characters of lower-case base32 without padding (RFC 4648 section 6).
pub fn base32(bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    // 26 digits hold 130 bits: the last digit ends in two zero bits.
    let digits = (3..=123).rev().step_by(5).map(|place| bits >> place & 31).chain([bits << 2 & 31]);
    digits
        .filter_map(|digit| BASE32.get(usize::try_from(digit).ok()?))
        .map(|&byte| char::from(byte))
        .collect()
}

/// Whether `text` could be what [`base32`] writes.
pub fn is_base32(text: &str) -> bool {
    text.len() == 26
        && text.bytes().all(|byte| BASE32.contains(&byte))
        && text.bytes().last().is_some_and(|byte| b"aeimquy4".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::base32;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        assert_eq!(base32(*b"foobarfoobarfoob"), "mzxw6ytbojtg633cmfzgm33pmi");
        assert_eq!(base32([0; 16]), "a".repeat(26));
        assert_eq!(base32([255; 16]), format!("{}4", "7".repeat(25)));
    }
}
