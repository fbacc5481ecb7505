//! Checkpoints, and what is made of them: what a witness is asked, and receipts of entries.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint};
use wpc_evidence::merkle::{empty_root, leaf_hash};
use wpc_evidence::receipt::Receipt;
use wpc_evidence::witness::{Request, cosign};
use wpc_evidence::{Key, Trust};

/// A note that reads is written as it was, and is the ledger's or a witness's only if they signed it. The same of
/// what a witness is asked, who never signs another history; and no receipt holds, because none was made.
///
/// # Panics
///
/// Only if that does not hold.
pub fn checkpoint(data: &[u8]) {
    if let Ok(receipt) = Receipt::decode(data) {
        assert_eq!(receipt.encode(), data, "two spellings of one receipt");
        assert!(receipt.verify(&ledger().did()).is_err(), "forged");
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(request) = Request::parse(text) {
        assert_eq!(request.to_string(), text, "two spellings of one request");
        if let Some(trust) = trust() {
            let last = Checkpoint { size: 0, root: empty_root(), ..only() };
            if let Ok(note) = cosign(request, Some(&last), &trust, &witness(), AT) {
                assert_eq!(*note.unverified(), only(), "forged");
            }
        }
    }
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
pub fn checkpoints() -> Result<[String; 4], CheckpointError> {
    let signed = only().sign(&ledger())?;
    let cosigned = signed.clone().cosign(&witness(), AT)?.cosign(&Key::from_seed(&[9; 32]), AT)?;
    let request = Request { old: 0, proof: vec![], head: signed.clone() };
    let receipt = Receipt { entry: b"{}".to_vec(), path: vec![leaf_hash(b"")], checkpoint: signed.clone() };
    let receipt = String::from_utf8_lossy(&receipt.encode()).into_owned();
    Ok([signed.to_string(), cosigned.to_string(), request.to_string(), receipt])
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
    let witness = format!(r#"{{"name":"w1","keys":["{}"],"roles":["witness"]}}"#, witness().did());
    let ledger =
        format!(r#"{{"name":"l","keys":["{}"],"roles":["ledger"],"mode":"gateway"}}"#, ledger().did());
    Trust::parse(format!(r#"{{"v":1,"principals":[{witness},{ledger}]}}"#).as_bytes()).ok()
}
