//! Signed requests: a narrow profile of HTTP Message Signatures (RFC 9421).
//!
//! ```text
//! Content-Digest: sha-256=:…:                                          of a request with content (RFC 9530)
//! Signature-Input: wpc=("@method" "@target-uri" "content-digest");
//!                  created=1767225600;keyid="did:key:z6Mk…";nonce="…";alg="ed25519"
//! Signature: wpc=:…:
//! ```
//!
//! One signature under any label, over these components in this order and no others; `content-digest` stands among them
//! exactly if the request has content. `created` is at most [`MAX_AGE_S`] old, and whoever verifies takes each
//! `nonce` of a key once. The key is the signer's did:key: which principal that is, and what it may do, is the
//! trust file's to say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::{Dictionary, InnerList, KeyRef, ListEntry, Parser};
use wpc_evidence::http::SignatureBase;
use wpc_evidence::{Did, Key, RandomError, random};
use wpc_model::Hash;

/// How old a request may be, and how far ahead of the reader's clock, in seconds.
pub const MAX_AGE_S: i64 = 60;
/// Longest accepted value of each of the three fields, in bytes.
pub const MAX_FIELD_BYTES: usize = 2_048;
/// Shortest and longest accepted nonce, in bytes.
pub const NONCE_BYTES: std::ops::RangeInclusive<usize> = 16..=128;

const LABEL: &str = "wpc";
const WITH_CONTENT: [&str; 3] = ["@method", "@target-uri", "content-digest"];
const WITHOUT: [&str; 2] = ["@method", "@target-uri"];

/// The fields that sign a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fields {
    /// `Content-Digest`, of a request with content.
    pub content_digest: Option<String>,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// The same as they came with a request; each field at most once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// `Content-Digest`.
    pub content_digest: Option<&'a str>,
    /// `Signature-Input`.
    pub signature_input: Option<&'a str>,
    /// `Signature`.
    pub signature: Option<&'a str>,
}

/// A request whose signature holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// Who signed it.
    pub key: Did,
    /// When, Unix seconds.
    pub created_s: i64,
    /// Tells it from the key's other requests.
    pub nonce: String,
    /// The SHA-256 that its content must have; `None` if it has no content.
    pub digest: Option<Hash>,
}

/// A request is not signed as it must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Without a signature. Code `request_unsigned`.
    #[error("the request is not signed")]
    Unsigned,
    /// A field that is too long or is not the structured field that it must be. Code `request_malformed`.
    #[error("the request's `{0}` cannot be read")]
    Malformed(&'static str),
    /// It covers other components than the profile's. Code `request_components`.
    #[error("the signature covers other components than the method, the target and the content's digest")]
    Components,
    /// A parameter is missing or wrong. Code `request_parameter`.
    #[error("the signature's parameter `{0}` is missing or wrong")]
    Parameter(&'static str),
    /// The signature does not hold. Code `request_signature`.
    #[error("the signature is not that of this request")]
    Signature,
    /// Too old, or of the future. Code `request_stale`.
    #[error("the request was signed more than {MAX_AGE_S} s ago, or is of the future")]
    Stale,
    /// The content has another digest. Code `request_digest`.
    #[error("the content is not what was signed")]
    Digest,
}

impl RequestError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "request_unsigned",
            Self::Malformed(_) => "request_malformed",
            Self::Components => "request_components",
            Self::Parameter(_) => "request_parameter",
            Self::Signature => "request_signature",
            Self::Stale => "request_stale",
            Self::Digest => "request_digest",
        }
    }
}

/// `Content-Digest` of `content` (RFC 9530).
#[must_use]
pub fn content_digest(content: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Hash::of(content).0))
}

/// Signs a request to `target_uri`, an absolute URI without fragment, at `created_s`, Unix seconds.
///
/// # Errors
///
/// [`RandomError`] only if the operating system gives no randomness for the nonce.
pub fn sign(
    key: &Key,
    method: &str,
    target_uri: &str,
    content: Option<&[u8]>,
    created_s: i64,
) -> Result<Fields, RandomError> {
    let nonce = random::base32(random::bytes()?);
    let content_digest = content.map(content_digest);
    let components = if content.is_some() { &WITH_CONTENT[..] } else { &WITHOUT[..] };
    let components: Vec<_> = components.iter().map(|name| format!("\"{name}\"")).collect();
    let parameters = format!(
        "({});created={created_s};keyid=\"{}\";nonce=\"{nonce}\";alg=\"ed25519\"",
        components.join(" "),
        key.did(),
    );
    let base = SignatureBase::new(method, target_uri, content_digest.as_deref(), &parameters);
    Ok(Fields {
        content_digest,
        signature_input: format!("{LABEL}={parameters}"),
        signature: format!("{LABEL}=:{}:", STANDARD.encode(base.sign(key))),
    })
}

/// The signer of a request with these fields. Whether it is fresh, new and of its content is asked of
/// [`Signed`].
///
/// # Errors
///
/// [`RequestError`] with the first reason found; neither [`RequestError::Stale`] nor [`RequestError::Digest`].
pub fn verify(method: &str, target_uri: &str, given: Given<'_>) -> Result<Signed, RequestError> {
    let (Some(input), Some(signature)) = (given.signature_input, given.signature) else {
        return Err(RequestError::Unsigned);
    };
    let (label, list) = input_list(input)?;
    let signature = one_signature(signature, &label)?;
    let names: Option<Vec<&str>> = list
        .items
        .iter()
        .map(|item| {
            item.params.is_empty().then(|| item.bare_item.as_string()).flatten().map(|text| text.as_str())
        })
        .collect();
    let names = names.ok_or(RequestError::Components)?;
    let digest = match given.content_digest {
        Some(field) if names == WITH_CONTENT => Some(sha_256(field)?),
        None if names == WITHOUT => None,
        Some(_) | None => return Err(RequestError::Components),
    };
    let text = |name: &'static str| {
        let value = parameter(&list, name)?.as_string().map(|text| text.as_str().to_owned());
        value.ok_or(RequestError::Parameter(name))
    };
    let key = Did::parse(&text("keyid")?).map_err(|_| RequestError::Parameter("keyid"))?;
    let nonce = text("nonce")?;
    if !NONCE_BYTES.contains(&nonce.len()) {
        return Err(RequestError::Parameter("nonce"));
    }
    if text("alg").is_ok_and(|alg| alg != "ed25519") {
        return Err(RequestError::Parameter("alg"));
    }
    let created = parameter(&list, "created")?.as_integer();
    let created_s = created.map(i64::from).ok_or(RequestError::Parameter("created"))?;
    let base =
        SignatureBase::new(method, target_uri, given.content_digest.map(str::trim), &serialised(&list)?);
    if !base.is_signed_by(&key, &signature) {
        return Err(RequestError::Signature);
    }
    Ok(Signed { key, created_s, nonce, digest })
}

impl Signed {
    /// Whether it is fresh at `now_s`, Unix seconds.
    ///
    /// # Errors
    ///
    /// [`RequestError::Stale`] only.
    pub const fn is_fresh(&self, now_s: i64) -> Result<(), RequestError> {
        let age_s = now_s.saturating_sub(self.created_s);
        if age_s > MAX_AGE_S || age_s < -MAX_AGE_S { Err(RequestError::Stale) } else { Ok(()) }
    }

    /// Whether `content` is what was signed; a request without content has none.
    ///
    /// # Errors
    ///
    /// [`RequestError::Digest`] only.
    pub fn covers(&self, content: &[u8]) -> Result<(), RequestError> {
        let holds = self.digest.map_or(content.is_empty(), |digest| digest == Hash::of(content));
        if holds { Ok(()) } else { Err(RequestError::Digest) }
    }
}

/// The list as RFC 9651 writes it, however it was written.
fn serialised(list: &InnerList) -> Result<String, RequestError> {
    let mut serializer = sfv::ListSerializer::new();
    let mut inner = serializer.inner_list();
    inner.items(&list.items);
    let _written = inner.finish().parameters(&list.params);
    serializer.finish().ok_or(RequestError::Malformed("signature-input"))
}

fn input_list(field: &str) -> Result<(String, InnerList), RequestError> {
    const WRONG: RequestError = RequestError::Malformed("signature-input");
    let mut members = dictionary(field, WRONG)?.into_iter();
    match (members.next(), members.next()) {
        (Some((label, ListEntry::InnerList(list))), None) => Ok((label.as_str().to_owned(), list)),
        _ => Err(WRONG),
    }
}

fn one_signature(field: &str, label: &str) -> Result<[u8; 64], RequestError> {
    const WRONG: RequestError = RequestError::Malformed("signature");
    let members = dictionary(field, WRONG)?;
    let label = KeyRef::from_str(label).map_err(|_| WRONG)?;
    match members.get(label) {
        Some(ListEntry::Item(item)) if members.len() == 1 => {
            item.bare_item.as_byte_sequence().and_then(|bytes| bytes.try_into().ok()).ok_or(WRONG)
        }
        Some(_) | None => Err(WRONG),
    }
}

fn sha_256(field: &str) -> Result<Hash, RequestError> {
    const WRONG: RequestError = RequestError::Malformed("content-digest");
    let members = dictionary(field, WRONG)?;
    let name = KeyRef::from_str("sha-256").map_err(|_| WRONG)?;
    let Some(ListEntry::Item(item)) = members.get(name) else { return Err(WRONG) };
    let bytes = item.bare_item.as_byte_sequence().and_then(|bytes| bytes.try_into().ok());
    bytes.map(Hash).ok_or(WRONG)
}

fn dictionary(field: &str, wrong: RequestError) -> Result<Dictionary, RequestError> {
    if field.len() > MAX_FIELD_BYTES {
        return Err(wrong);
    }
    Parser::new(field).parse().map_err(|_| wrong)
}

fn parameter<'l>(list: &'l InnerList, name: &'static str) -> Result<&'l sfv::BareItem, RequestError> {
    let key = KeyRef::from_str(name).map_err(|_| RequestError::Parameter(name))?;
    list.params.get(key).ok_or(RequestError::Parameter(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wpc_evidence::Key;

    use super::{Given, RequestError, sign, verify};

    const TARGET: &str = "http://127.0.0.1:7/v1/tokens/issue?x=1";
    const NOW_S: i64 = 1_767_225_600;

    fn given(fields: &super::Fields) -> Given<'_> {
        Given {
            content_digest: fields.content_digest.as_deref(),
            signature_input: Some(&fields.signature_input),
            signature: Some(&fields.signature),
        }
    }

    #[test]
    fn a_signed_request_verifies_and_says_who_signed_it() {
        let key = Key::generate().unwrap();
        let fields = sign(&key, "POST", TARGET, Some(b"{}"), NOW_S).unwrap();
        let signed = verify("POST", TARGET, given(&fields)).unwrap();
        assert_eq!((signed.key, signed.created_s), (key.did(), NOW_S));
        assert_eq!(signed.covers(b"{}"), Ok(()));
        assert_eq!(signed.covers(b"{ }"), Err(RequestError::Digest));
        assert_eq!(signed.is_fresh(NOW_S + 60), Ok(()));
        for other in [NOW_S + 61, NOW_S - 61] {
            assert_eq!(signed.is_fresh(other), Err(RequestError::Stale));
        }
        let bare = sign(&key, "GET", TARGET, None, NOW_S).unwrap();
        let signed = verify("GET", TARGET, given(&bare)).unwrap();
        assert_eq!((signed.covers(b""), signed.covers(b"x")), (Ok(()), Err(RequestError::Digest)));
    }

    #[test]
    fn nothing_of_a_request_can_be_another() {
        let key = Key::generate().unwrap();
        let fields = sign(&key, "POST", TARGET, Some(b"{}"), NOW_S).unwrap();
        assert_eq!(verify("PUT", TARGET, given(&fields)), Err(RequestError::Signature));
        assert_eq!(
            verify("POST", "http://127.0.0.1:7/v1/tokens/issue", given(&fields)),
            Err(RequestError::Signature)
        );
        let other = super::content_digest(b"[]");
        let swapped = Given { content_digest: Some(&other), ..given(&fields) };
        assert_eq!(verify("POST", TARGET, swapped), Err(RequestError::Signature));
        let without = Given { content_digest: None, ..given(&fields) };
        assert_eq!(verify("POST", TARGET, without), Err(RequestError::Components));
        let later = fields.signature_input.replace("created=1767225600", "created=1767225601");
        let changed = Given { signature_input: Some(&later), ..given(&fields) };
        assert_eq!(verify("POST", TARGET, changed), Err(RequestError::Signature));
        assert_eq!(verify("POST", TARGET, Given::default()), Err(RequestError::Unsigned));
    }

    #[test]
    fn what_is_not_covered_is_not_taken() {
        let key = Key::generate().unwrap();
        let fields = sign(&key, "POST", TARGET, Some(b"{}"), NOW_S).unwrap();
        for (from, to, why) in [
            (r#" "content-digest""#, "", RequestError::Components),
            (r#""@target-uri""#, r#""@path""#, RequestError::Components),
            (r#""@target-uri""#, r#""@target-uri";req"#, RequestError::Components),
            ("nonce=", "once=", RequestError::Parameter("nonce")),
            ("keyid=", "key=", RequestError::Parameter("keyid")),
            ("created=", "create=", RequestError::Parameter("created")),
            ("ed25519", "hmac-sha256", RequestError::Parameter("alg")),
            ("wpc=(", "wpc=((", RequestError::Malformed("signature-input")),
        ] {
            let input = fields.signature_input.replace(from, to);
            let changed = Given { signature_input: Some(&input), ..given(&fields) };
            assert_eq!(verify("POST", TARGET, changed), Err(why), "{input}");
        }
    }

    proptest! {
        #[test]
        fn no_field_makes_it_panic(input in "\\PC{0,200}", signature in "\\PC{0,100}", digest in "\\PC{0,80}") {
            let given = Given {
                content_digest: Some(&digest), signature_input: Some(&input), signature: Some(&signature),
            };
            prop_assert!(verify("POST", TARGET, given).is_err());
        }
    }
}
