//! Artifact payloads.

use wpc_model::{Hash, decode, encode};

/// Bytes that read as a policy are the only bytes of that policy, and the policy is one that a
/// compiler could have made.
///
/// # Panics
///
/// Only if that does not hold.
pub fn artifact(data: &[u8]) {
    let Ok(policy) = decode(data) else { return };
    assert_eq!(policy.check(), Ok(()), "accepted, and invalid");
    assert!(encode(&policy) == data, "two spellings of one policy");
    assert_eq!(policy.hash(), Hash::of(data), "a hash that is not the payload's");
}
