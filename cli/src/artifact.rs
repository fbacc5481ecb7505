//! Artifacts and envelopes as files: what they hold, and what lies beside them.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;
use wpc_model::{Hash, Policy};

use crate::failure::Failure;
use crate::input;

/// A policy read from a payload (`NAME.wpc.json`) or an envelope (`NAME.wpc.dsse.json`), with no
/// signature checked.
#[derive(Debug)]
pub(crate) struct Artifact {
    /// What it says.
    pub(crate) policy: Policy,
    /// The hash of its bytes.
    pub(crate) hash: Hash,
    /// In whose names it is signed; of a payload, none.
    pub(crate) keyids: Vec<String>,
    /// The canonical bytes.
    pub(crate) payload: Vec<u8>,
}

impl Artifact {
    /// Reads a payload or an envelope within bounds.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = input::bytes(path, "artifact", input::MAX_ARTIFACT_BYTES)?;
        let (payload, keyids) = unwrap(bytes).ok_or_else(|| {
            Failure::no("malformed", "not an artifact and not a DSSE envelope")
                .file(path)
                .help("give a file that `wpc compile` or `wpc sign` wrote")
        })?;
        let policy = decode(&payload, path)?;
        Ok(Self { policy, hash: Hash::of(&payload), keyids, payload })
    }

    /// The payload as a JSON value.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.payload)
            .map_err(|error| Failure::no("malformed", "the payload is not JSON").cause(&error))
    }
}

/// The policy of canonical bytes; `path` is named where it cannot be read.
pub(crate) fn decode(payload: &[u8], path: &Path) -> Result<Policy, Failure> {
    wpc_model::decode(payload).map_err(|error| {
        // A JSON reader ends its message with the place, which stands in front already.
        let what = error.message.rsplit_once(" at line ").map_or(error.message.as_str(), |(what, _)| what);
        Failure::no(error.code.code(), format!("the artifact cannot be read: {}: {what}", error.at))
            .file(path)
            .help("compile the policy again with `wpc compile`")
            .cause(&error)
    })
}

/// The payload and the names under an envelope's signatures, or the bytes as they are.
///
/// This looks without verifying, for people; only [`wpc::Envelope::verify`] decides what is trusted.
fn unwrap(bytes: Vec<u8>) -> Option<(Vec<u8>, Vec<String>)> {
    let value: Value = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        // The artifact's reader says what is wrong with it.
        Err(_) => return Some((bytes, Vec::new())),
    };
    if value.get("payloadType").is_none() {
        return Some((bytes, Vec::new()));
    }
    let payload = value.get("payload")?.as_str()?;
    let keyid = |signature: &Value| Some(signature.get("keyid")?.as_str()?.to_owned());
    let keyids = value.get("signatures")?.as_array()?.iter().map(keyid).collect::<Option<_>>()?;
    Some((STANDARD.decode(payload).or_else(|_| URL_SAFE.decode(payload)).ok()?, keyids))
}

/// `NAME` of `NAME.wpc.json`, `NAME.wpc.dsse.json` or any other file.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    let stem = stem.strip_suffix(".dsse").unwrap_or(stem);
    stem.strip_suffix(".wpc").unwrap_or(stem).to_owned()
}

/// Where `wpc sign` writes the envelope of `path`.
pub(crate) fn envelope_path(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.wpc.dsse.json", stem(path)))
}

/// Where the map of `path` lies.
pub(crate) fn map_path(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.wpc.map.json", stem(path)))
}
