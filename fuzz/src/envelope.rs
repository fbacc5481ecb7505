//! DSSE envelopes.

use std::sync::LazyLock;

use wpc::{Envelope, Key, POLICY_TYPE, Role, Trust, sign};

/// The one payload that the trusted key ever signed as a policy.
const SIGNED: &[u8] = br#"{"wpc_version":"v1"}"#;
/// Signed by the same key, as something else.
const OTHER: &[u8] = b"{}";

/// Bytes that verify hold what was signed, as what it was signed: whatever else is written in them.
///
/// # Panics
///
/// Only if that does not hold.
pub fn envelope(data: &[u8]) {
    let Some(trust) = TRUST.as_ref() else { return };
    if let Ok(verified) = Envelope::verify(data, POLICY_TYPE, trust, Role::PolicyAuthor) {
        assert_eq!(verified.payload, SIGNED, "forged");
        assert_eq!(verified.signers, ["author"], "somebody else signed");
    }
    assert!(
        Envelope::verify(data, POLICY_TYPE, trust, Role::Releaser).is_err(),
        "accepted in a role that no signer has"
    );
}

/// Envelopes to begin from: a good one, one of another type, one by nobody, one signed twice.
#[must_use]
pub fn signed() -> [Vec<u8>; 4] {
    let (author, nobody) = (|| Key::from_seed(&[7; 32]), || Key::from_seed(&[8; 32]));
    [
        sign(POLICY_TYPE, SIGNED, &[author()]),
        sign("text/plain", OTHER, &[author()]),
        sign(POLICY_TYPE, OTHER, &[nobody()]),
        sign(POLICY_TYPE, SIGNED, &[nobody(), author()]),
    ]
}

static TRUST: LazyLock<Option<Trust>> = LazyLock::new(|| {
    let did = Key::from_seed(&[7; 32]).did();
    let author = format!(r#"{{"name":"author","keys":["{did}"],"roles":["policy_author"]}}"#);
    let trust = Trust::parse(format!(r#"{{"v":1,"principals":[{author}],"threshold":{{}}}}"#).as_bytes());
    trust.ok()
});
