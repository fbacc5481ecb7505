//! Decentralised identifiers as texts.

use wpc_model::check_did;

/// The digits of base58btc, in the order of their values.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The multicodec prefix of an Ed25519 public key (`0xed`, as a varint).
const ED25519: [u8; 2] = [0xed, 0x01];
/// A prefix and a key of 32 bytes.
const KEY_BYTES: usize = 34;

/// Why a text is not a DID that a policy may name, or `None` if it is one.
///
/// Any method is accepted (W3C DID Core 1.0, section 3.1); a `did:key` must be an Ed25519 public
/// key in base58btc, 32 bytes long (did:key method, section 3.1.1), so that most typing mistakes
/// are found here rather than by an approval that never counts.
pub(crate) fn fault(did: &str) -> Option<String> {
    if let Err(why) = check_did(did) {
        return Some(why.to_string());
    }
    let is_key = did.strip_prefix("did:key:").is_none_or(is_ed25519);
    (!is_key).then(|| "is not an Ed25519 key, `did:key:z6Mk…` with 48 characters after `key:`".to_owned())
}

fn is_ed25519(id: &str) -> bool {
    id.strip_prefix('z').and_then(decode).is_some_and(|bytes| bytes.starts_with(&ED25519))
}

/// Exactly [`KEY_BYTES`] bytes from their base58btc form.
fn decode(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut bytes = [0_u8; KEY_BYTES];
    for digit in text.bytes() {
        let value = BASE58.iter().position(|&one| one == digit)?;
        let mut carry = u32::try_from(value).ok()?;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ed25519_key_is_a_did() {
        assert_eq!(fault("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"), None);
        assert_eq!(fault("did:web:example.com:people:ann"), None);
    }

    #[test]
    fn a_mistyped_key_is_not() {
        for wrong in [
            "",
            "did",
            "did:",
            "did:key",
            "did:key:",
            "DID:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7",
            "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c",
            "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c77",
            "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7cO",
            "did:web:",
            "did:web:a b",
        ] {
            assert!(fault(wrong).is_some(), "{wrong} passed");
        }
    }
}
