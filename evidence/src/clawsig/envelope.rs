//! Envelopes: a payload's hash, and a signature over the hash's 43 characters (CLAWSIG.md 2, 3).

use wpc_model::Hash;
use wpc_model::canon::Json;

use crate::Key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `payload_hash_b64u` of a payload as it stands on the wire (family A). For canonical bytes it is that of
/// family B too.
pub(super) fn payload_hash(wire: &[u8]) -> String {
    Hash::of(wire).to_string()
}

/// `signature_b64u`: over the text of the hash, not over the hash.
pub(super) fn signature(key: &Key, payload_hash: &str) -> String {
    URL_SAFE_NO_PAD.encode(key.sign(payload_hash.as_bytes()))
}

/// An envelope, version 1.
pub(super) fn seal(kind: &str, payload: Json, key: &Key, issued_at: &str) -> Json {
    let hash = payload_hash(&payload.encode());
    Json::object([
        ("algorithm", Json::from("Ed25519")),
        ("envelope_type", Json::from(kind)),
        ("envelope_version", Json::from("1")),
        ("hash_algorithm", Json::from("SHA-256")),
        ("issued_at", Json::from(issued_at)),
        ("payload", payload),
        ("payload_hash_b64u", Json::from(hash.as_str())),
        ("signature_b64u", Json::from(signature(key, &hash).as_str())),
        ("signer_did", Json::from(key.did().as_str())),
    ])
}
