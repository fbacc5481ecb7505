//! DSSE v1.0 envelopes (github.com/secure-systems-lab/dsse), as narrow as SECURITY.md 2.1 says.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use wpc_model::canon::{Compare, Sink, Writer};

use super::{Did, Key, base64};
use crate::object::Object;
use crate::trust::{Role, Trust};

/// Longest accepted envelope, in bytes: room for the longest artifact in base64.
pub const MAX_ENVELOPE_BYTES: usize = 96 << 20;
/// Most signatures of one envelope.
pub const MAX_SIGNATURES: usize = 16;

/// A payload that enough principals signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// Names of the principals whose signature counted, sorted.
    pub signers: Vec<String>,
    /// The keys whose signature counted, sorted; several may be one principal's.
    pub keys: Vec<Did>,
}

/// An envelope, or its signatures, do not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// Longer than [`MAX_ENVELOPE_BYTES`]. Code `too_large`.
    #[error("the envelope is longer than {MAX_ENVELOPE_BYTES} bytes")]
    TooLarge,
    /// Not JSON, other members than `payload`, `payloadType` and `signatures`, a member repeated, or
    /// not 1 to [`MAX_SIGNATURES`] signatures. Code `malformed`.
    #[error("not a DSSE envelope with 1 to {MAX_SIGNATURES} signatures")]
    Malformed,
    /// Base64 that is not the one encoding of its bytes. Code `base64_malleable`.
    #[error("base64 that is not padded, mixes alphabets, or has unused bits set")]
    Base64,
    /// Properly signed, but as something else. Code `payload_type`.
    #[error("the envelope holds another type of payload")]
    PayloadType,
    /// A trusted key is named, but did not make the signature. Code `signature_invalid`.
    #[error("no signature of a trusted key is valid")]
    Invalid,
    /// No trusted key is named. Code `signer_untrusted`.
    #[error("nobody in the trust file signed")]
    Untrusted,
    /// Trusted principals signed, none of them in the role that counts. Code `role_mismatch`.
    #[error("the signer does not have the role that this payload needs")]
    Role,
    /// Too few principals signed. Code `threshold`.
    #[error("{found} of {needed} principals signed")]
    Threshold {
        /// Principals whose signature counts.
        found: usize,
        /// Principals that must sign.
        needed: usize,
    },
}

impl SignatureError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::Base64 => "base64_malleable",
            Self::PayloadType => "payload_type",
            Self::Invalid => "signature_invalid",
            Self::Untrusted => "signer_untrusted",
            Self::Role => "role_mismatch",
            Self::Threshold { .. } => "threshold",
        }
    }
}

/// Signs `payload` with each of `keys` and gives the envelope's bytes. At least one and at most
/// [`MAX_SIGNATURES`] keys make an envelope that [`Envelope::verify`] reads.
#[must_use]
pub fn sign(payload_type: &str, payload: &[u8], keys: &[Key]) -> Vec<u8> {
    let message = pre_authentication(payload_type, payload);
    let made = keys.iter().map(|key| (key.did().to_string(), base64::encode(&key.sign(&message))));
    write(payload_type, payload, made)
}

/// Signs what `envelope` holds with each of `keys` too, and gives the new envelope's bytes. Signatures of
/// other keys are kept as they are, valid or not: who verifies decides. `None` if it does not hold
/// exactly `payload` as `payload_type`, or would have more than [`MAX_SIGNATURES`] signatures.
#[must_use]
pub fn cosign(envelope: &[u8], payload_type: &str, payload: &[u8], keys: &[Key]) -> Option<Vec<u8>> {
    let envelope = Envelope::read(envelope, MAX_ENVELOPE_BYTES).ok()?;
    if envelope.payload_type != payload_type || base64::decode(&envelope.payload)? != payload {
        return None;
    }
    let message = pre_authentication(payload_type, payload);
    let made: Vec<_> =
        keys.iter().map(|key| (key.did().to_string(), base64::encode(&key.sign(&message)))).collect();
    let others = envelope
        .signatures
        .iter()
        .map(|Object(Signature { keyid, sig })| (keyid.to_string(), sig.to_string()));
    let others = others.filter(|(keyid, _)| made.iter().all(|(made, _)| made != keyid));
    let all: Vec<_> = others.chain(made.clone()).collect();
    (all.len() <= MAX_SIGNATURES).then(|| write(payload_type, payload, all))
}

fn write(payload_type: &str, payload: &[u8], made: impl IntoIterator<Item = (String, String)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len().saturating_mul(4).div_euclid(3).saturating_add(512));
    write_to(Writer::new(&mut bytes), payload_type, payload, made);
    bytes
}

fn write_to<S: Sink>(
    to: Writer<'_, S>,
    payload_type: &str,
    payload: &[u8],
    made: impl IntoIterator<Item = (String, String)>,
) {
    to.object(|envelope| {
        envelope.member("payload").text(&base64::encode(payload));
        envelope.member("payloadType").text(payload_type);
        envelope.member("signatures").array(|signatures| {
            for (keyid, sig) in made {
                signatures.item().object(|signature| {
                    signature.member("keyid").text(&keyid);
                    signature.member("sig").text(&sig);
                });
            }
        });
    });
}

/// The bytes in which [`sign`] would have written an envelope: its signatures as they are, valid or not.
///
/// # Errors
///
/// [`SignatureError::TooLarge`], [`SignatureError::Malformed`] and [`SignatureError::Base64`] only.
pub(crate) fn canonical(envelope: &[u8]) -> Result<Vec<u8>, SignatureError> {
    let (payload, envelope) = decoded(envelope, MAX_ENVELOPE_BYTES)?;
    let made = envelope.made().ok_or(SignatureError::Base64)?;
    Ok(write(&envelope.payload_type, &payload, made))
}

/// Whether `envelope` is written as [`sign`] writes it.
///
/// # Errors
///
/// As [`canonical`].
pub(crate) fn is_canonical(envelope: &[u8], most: usize) -> Result<bool, SignatureError> {
    let (payload, read) = decoded(envelope, most)?;
    let made = read.made().ok_or(SignatureError::Base64)?;
    let mut compare = Compare::new(envelope);
    write_to(Writer::new(&mut compare), &read.payload_type, &payload, made);
    Ok(compare.difference().is_none())
}

/// The payload and its type, of an envelope that nobody has verified: for looking into it.
///
/// # Errors
///
/// As [`canonical`].
pub(crate) fn unverified(envelope: &[u8], most: usize) -> Result<(Vec<u8>, String), SignatureError> {
    let (payload, envelope) = decoded(envelope, most)?;
    Ok((payload, envelope.payload_type.into_owned()))
}

fn decoded(envelope: &[u8], most: usize) -> Result<(Vec<u8>, Envelope<'_>), SignatureError> {
    let envelope = Envelope::read(envelope, most)?;
    let payload = base64::decode(&envelope.payload).ok_or(SignatureError::Base64)?;
    Ok((payload, envelope))
}

/// A DSSE envelope that was read but not verified: nothing gives out its payload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(borrow, rename = "payloadType")]
    payload_type: Cow<'a, str>,
    #[serde(borrow)]
    signatures: Vec<Object<Signature<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature<'a> {
    #[serde(borrow)]
    keyid: Cow<'a, str>,
    #[serde(borrow)]
    sig: Cow<'a, str>,
}

impl<'a> Envelope<'a> {
    /// The payload of an envelope that principals of `trust` signed in `role`, as many as the trust
    /// file demands.
    ///
    /// Each signature is verified first, then the payload's type is compared with `expected_type`;
    /// parsing the payload is the caller's and comes after that. A signature by an unknown key, or
    /// one that fails, counts for nothing.
    ///
    /// # Errors
    ///
    /// [`SignatureError`] with the first reason found, in the order of its variants but for
    /// [`SignatureError::PayloadType`], which is looked at last.
    pub fn verify(
        bytes: &[u8],
        expected_type: &str,
        trust: &Trust,
        role: Role,
    ) -> Result<Verified, SignatureError> {
        Self::verify_within(bytes, MAX_ENVELOPE_BYTES, expected_type, trust, role)
    }

    /// [`Envelope::verify`] of one that may be longer: at most `most` bytes.
    pub(crate) fn verify_within(
        bytes: &[u8],
        most: usize,
        expected_type: &str,
        trust: &Trust,
        role: Role,
    ) -> Result<Verified, SignatureError> {
        let (payload, envelope) = decoded(bytes, most)?;
        let signers = envelope.signers(&payload, trust, role)?;
        if envelope.payload_type != expected_type {
            return Err(SignatureError::PayloadType);
        }
        let names: BTreeSet<&str> = signers.values().copied().collect();
        let (signers, keys) = (names.into_iter().map(str::to_owned).collect(), signers.into_keys().collect());
        Ok(Verified { payload, signers, keys })
    }

    /// Keys and signatures, written as [`sign`] writes them; `None` if one is not base64.
    fn made(&self) -> Option<Vec<(String, String)>> {
        let made = |Object(signature): &Object<Signature<'_>>| {
            Some((signature.keyid.to_string(), base64::encode(&base64::decode(&signature.sig)?)))
        };
        self.signatures.iter().map(made).collect()
    }

    fn read(bytes: &'a [u8], most: usize) -> Result<Self, SignatureError> {
        if bytes.len() > most {
            return Err(SignatureError::TooLarge);
        }
        let Object(envelope): Object<Self> =
            serde_json::from_slice(bytes).map_err(|_| SignatureError::Malformed)?;
        let count = envelope.signatures.len();
        if count == 0 || count > MAX_SIGNATURES { Err(SignatureError::Malformed) } else { Ok(envelope) }
    }

    /// The keys whose signature counts in `role`, with their principals' names.
    fn signers<'t>(
        &self,
        payload: &[u8],
        trust: &'t Trust,
        role: Role,
    ) -> Result<BTreeMap<Did, &'t str>, SignatureError> {
        let message = pre_authentication(&self.payload_type, payload);
        let (mut counted, mut other_role, mut failed) = (BTreeMap::new(), false, false);
        for Object(signature) in &self.signatures {
            let bytes = base64::decode(&signature.sig).ok_or(SignatureError::Base64)?;
            let Ok(key) = Did::parse(&signature.keyid) else { continue };
            let Some(principal) = trust.principal_of(&key) else { continue };
            let signed = <[u8; 64]>::try_from(bytes).is_ok_and(|bytes| key.signed(&message, &bytes));
            match (signed, principal.has(role)) {
                (true, true) => {
                    counted.insert(key, principal.name());
                }
                (true, false) => other_role = true,
                (false, _) => failed = true,
            }
        }
        let people: BTreeSet<&str> = counted.values().copied().collect();
        let (found, needed) = (people.len(), trust.threshold(role));
        match found {
            _ if found >= needed => Ok(counted),
            0 if other_role => Err(SignatureError::Role),
            0 if failed => Err(SignatureError::Invalid),
            0 => Err(SignatureError::Untrusted),
            _ => Err(SignatureError::Threshold { found, needed }),
        }
    }
}

/// What is signed: `"DSSEv1 " LEN(type) " " type " " LEN(body) " " body`, lengths in bytes.
fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

#[cfg(test)]
mod tests {
    use super::pre_authentication;

    #[test]
    fn what_is_signed_is_that_of_the_dsse_specification() {
        let message = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(message, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        // Lengths are of bytes, not of characters.
        assert_eq!(
            pre_authentication("\u{e4}", "\u{20ac}".as_bytes()),
            "DSSEv1 2 \u{e4} 3 \u{20ac}".as_bytes()
        );
    }
}
