//! JWS in compact form (RFC 7515 section 7.1), as narrow as we take it.

use std::borrow::Cow;

use serde::Deserialize;
use wpc_model::Hash;
use zeroize::Zeroizing;

use super::{MAX_TOKEN_BYTES, TokenError, base64url};
use crate::object::Object;
use crate::{Did, Key};

/// The three parts, decoded.
pub(super) struct Compact<'a> {
    /// What is signed, `header.payload` as it is written.
    pub(super) signed: &'a str,
    pub(super) header: Vec<u8>,
    pub(super) payload: Zeroizing<Vec<u8>>,
    pub(super) signature: [u8; 64],
}

impl<'a> Compact<'a> {
    /// `None` unless it is exactly three parts, each the one base64url of its bytes.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some(Self {
            signed,
            header: base64url::decode(header)?,
            payload: Zeroizing::new(base64url::decode(payload)?),
            signature: base64url::decode(signature)?.try_into().ok()?,
        })
    }

    pub(super) fn is_signed_by(&self, key: &Did) -> bool {
        key.signed(self.signed.as_bytes(), &self.signature)
    }
}

/// Signs `payload` under `header`.
pub(super) fn sign(key: &Key, header: &[u8], payload: &[u8]) -> String {
    let mut text = base64url::encode(header);
    text.push('.');
    text.push_str(&base64url::encode(payload));
    let signature = key.sign(text.as_bytes());
    text.push('.');
    text.push_str(&base64url::encode(&signature));
    text
}

/// Closed: `jwk`, `jku`, `x5u`, `x5c` and `crit` would let a token bring its own key or rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
}

/// The parts of a token and its `kid`; neither signature nor claims are looked at.
pub(super) fn token(text: &str) -> Result<(Compact<'_>, String), TokenError> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLarge);
    }
    if text.starts_with('{') && text.contains("\"payloadType\"") {
        return Err(TokenError::IsGrant);
    }
    let compact = Compact::split(text).ok_or(TokenError::Malformed)?;
    let Object(Header { alg, typ, kid }): Object<Header<'_>> =
        serde_json::from_slice(&compact.header).map_err(|_| TokenError::Header)?;
    let is_kid = kid.len() == 16 && kid.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if alg != "EdDSA" || typ != "JWT" || !is_kid {
        return Err(TokenError::Header);
    }
    let kid = kid.into_owned();
    Ok((compact, kid))
}

/// The header of a token that `key` signs.
pub(super) fn header(key: &Did) -> String {
    format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{}"}}"#, kid(key))
}

/// The first 16 hexadecimal digits of the SHA-256 of the public key (CLAWSIG.md section 1).
pub(super) fn kid(key: &Did) -> String {
    Hash::of(&key.to_public_key()).0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::kid;
    use crate::Did;

    #[test]
    fn the_kid_is_that_of_clawsig() {
        let key = Did::parse("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7").unwrap();
        assert_eq!(kid(&key), "65b60673d6ed884b");
    }
}
