//! What a signed HTTP request signs: HTTP Message Signatures (RFC 9421) over method, target and content digest.
//!
//! The parameters' text is the caller's, as [RFC 9421 section 2.5] serialises it; reading and freshness are
//! too. A signature base begins with `"@method": `, so none is mistaken for another thing that keys sign.
//!
//! ```
//! use wpc_evidence::{Key, http::SignatureBase};
//!
//! let key = Key::generate()?;
//! let parameters = r#"("@method" "@target-uri");created=1767225600;keyid="did:key:z6Mk";nonce="n""#;
//! let base = SignatureBase::new("GET", "https://plane.example/v1/jwks", None, parameters);
//! let signature = base.sign(&key);
//! assert!(base.is_signed_by(&key.did(), &signature));
//! # Ok::<(), wpc_evidence::RandomError>(())
//! ```
//!
//! [RFC 9421 section 2.5]: https://www.rfc-editor.org/rfc/rfc9421#section-2.5

use std::fmt::Write as _;

use crate::{Did, Key};

/// The bytes under a request's signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureBase(String);

impl SignatureBase {
    /// The base of a request. `content_digest` is the field's value (RFC 9530), of a request with content.
    /// Texts hold no line ends: neither a method, a URI nor a field's value can.
    #[must_use]
    pub fn new(method: &str, target_uri: &str, content_digest: Option<&str>, parameters: &str) -> Self {
        let mut base = String::with_capacity(256);
        let mut line = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _infallible = writeln!(base, "\"{name}\": {value}");
        };
        line("@method", method);
        line("@target-uri", target_uri);
        if let Some(digest) = content_digest {
            line("content-digest", digest);
        }
        let _infallible = write!(base, "\"@signature-params\": {parameters}");
        Self(base)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The signature by `key`: `ed25519` of RFC 9421 section 3.3.6.
    #[must_use]
    pub fn sign(&self, key: &Key) -> [u8; 64] {
        key.sign(self.0.as_bytes())
    }

    /// Whether `key` made `signature`.
    #[must_use]
    pub fn is_signed_by(&self, key: &Did, signature: &[u8; 64]) -> bool {
        key.signed(self.0.as_bytes(), signature)
    }
}
