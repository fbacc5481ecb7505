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

/// The same around a payload's bytes, which stay as they are.
pub(super) fn seal_bytes(kind: &str, payload: &[u8], key: &Key, issued_at: &str) -> Vec<u8> {
    // Members are in the order of their names, and no other holds this text.
    const PAYLOAD: &str = "`payload`";
    let sealed = around(kind, Json::from(PAYLOAD), &payload_hash(payload), key, issued_at).encode();
    let mark = Json::from(PAYLOAD).encode();
    let at = sealed.windows(mark.len()).position(|part| part == mark).unwrap_or_default();
    let (before, rest) = sealed.split_at_checked(at).unwrap_or_default();
    let after = rest.get(mark.len()..).unwrap_or_default();
    [before, payload, after].concat()
}

/// An envelope, version 1.
pub(super) fn seal(kind: &str, payload: Json, key: &Key, issued_at: &str) -> Json {
    let hash = payload_hash(&payload.encode());
    around(kind, payload, &hash, key, issued_at)
}

fn around(kind: &str, payload: Json, hash: &str, key: &Key, issued_at: &str) -> Json {
    Json::object([
        ("algorithm", Json::from("Ed25519")),
        ("envelope_type", Json::from(kind)),
        ("envelope_version", Json::from("1")),
        ("hash_algorithm", Json::from("SHA-256")),
        ("issued_at", Json::from(issued_at)),
        ("payload", payload),
        ("payload_hash_b64u", Json::from(hash)),
        ("signature_b64u", Json::from(signature(key, hash).as_str())),
        ("signer_did", Json::from(key.did().as_str())),
    ])
}
