//! Shared access signatures.
//!
//! Source: "Service Bus access control with Shared Access Signatures", "Generate a Shared Access Signature
//! token".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

/// What is not encoded: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The signature of `key` over `audience` until a time in Unix seconds: a token. Never show it.
pub(crate) fn token(audience: &str, key_name: &str, key: &str, expires_at_s: i64) -> Option<String> {
    let resource = utf8_percent_encode(audience, ENCODED).to_string();
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(format!("{resource}\n{expires_at_s}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature = utf8_percent_encode(&signature, ENCODED);
    let key_name = utf8_percent_encode(key_name, ENCODED);
    Some(format!("SharedAccessSignature sr={resource}&sig={signature}&se={expires_at_s}&skn={key_name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `generate_sas_token` of Azure's Python SDK 7.15.0, with the same arguments.
    #[test]
    fn the_token_is_the_one_that_azures_sdk_makes() {
        assert_eq!(
            token("sb://contoso.servicebus.windows.net/orders", "send", "c2VjcmV0", 1_800_000_000),
            Some(
                "SharedAccessSignature sr=sb%3A%2F%2Fcontoso.servicebus.windows.net%2Forders\
                 &sig=XRqIxtt90o7yImsT3RlUJ4VRbFTSFi4oXD6CKWze8Os%3D&se=1800000000&skn=send"
                    .to_owned()
            )
        );
    }
}
