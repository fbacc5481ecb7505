//! Checkpoints.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
use wpc_evidence::merkle::leaf_hash;
use wpc_evidence::{Key, Trust};

/// A note that reads is written as it was, and is the ledger's or a witness's only if they signed it.
///
/// # Panics
///
/// Only if that does not hold.
pub fn checkpoint(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Ok(read) = SignedCheckpoint::parse(text) else { return };
    assert_eq!(read.to_string(), text, "two spellings of one checkpoint");
    if let Ok(verified) = read.verify(&ledger().did()) {
        assert_eq!(*verified, only(), "forged");
    }
    if let Some(trust) = trust() {
        let cosigners = read.cosigners(&trust);
        let all = BTreeMap::from([("w1", AT)]);
        assert!(cosigners.is_empty() || (cosigners == all && *read.unverified() == only()), "forged");
    }
}

/// Notes to begin from: signed, and cosigned by a witness and by somebody else.
///
/// # Errors
///
/// [`CheckpointError`] never.
pub fn checkpoints() -> Result<[String; 2], CheckpointError> {
    let signed = only().sign(&ledger())?;
    let cosigned = signed.clone().cosign(&witness(), AT)?.cosign(&Key::from_seed(&[9; 32]), AT)?;
    Ok([signed.to_string(), cosigned.to_string()])
}

/// When the witness signed, Unix seconds.
const AT: u64 = 1_767_323_045;

fn ledger() -> Key {
    Key::from_seed(&[7; 32])
}

fn witness() -> Key {
    Key::from_seed(&[8; 32])
}

/// The one that was ever signed.
fn only() -> Checkpoint {
    Checkpoint { origin: Origin::ledger(ledger().did()), size: 1, root: leaf_hash(b"") }
}

fn trust() -> Option<Trust> {
    let principal = format!(r#"{{"name":"w1","keys":["{}"],"roles":["witness"]}}"#, witness().did());
    Trust::parse(format!(r#"{{"v":1,"principals":[{principal}]}}"#).as_bytes()).ok()
}
