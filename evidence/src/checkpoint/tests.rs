//! Checkpoints have one spelling, and count only under the right keys.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wpc_model::Hash;

use super::{
    Checkpoint, CheckpointError, MAX_CHECKPOINT_BYTES, MAX_SIGNATURE_LINES, Origin, SignedCheckpoint,
};
use crate::merkle::{MAX_TREE_SIZE, empty_root};
use crate::trust::Trust;
use crate::{Did, JobId, Key};

const AT: u64 = 1_767_323_045;

fn key(seed: u8) -> Key {
    Key::from_seed(&[seed; 32])
}

fn ledger() -> Key {
    key(7)
}

/// `w1` with two keys, `w2` with one, and an approver.
fn trust() -> Trust {
    let did = |seed| key(seed).did();
    let file = format!(
        r#"{{"v":1,"principals":[
            {{"name":"w1","keys":["{}","{}"],"roles":["witness"]}},
            {{"name":"w2","keys":["{}"],"roles":["witness"]}},
            {{"name":"oncall","keys":["{}"],"roles":["approver"]}}]}}"#,
        did(1),
        did(2),
        did(3),
        did(4)
    );
    Trust::parse(file.as_bytes()).unwrap()
}

fn of_ledger() -> Checkpoint {
    Checkpoint { origin: Origin::ledger(ledger().did()), size: 42, root: Hash::of(b"root") }
}

fn of_job() -> Checkpoint {
    let origin = Origin::job(ledger().did(), JobId::parse("job_1").unwrap());
    Checkpoint { origin, ..of_ledger() }
}

fn note() -> String {
    of_ledger().sign(&ledger()).unwrap().cosign(&key(1), AT).unwrap().to_string()
}

#[track_caller]
fn refuses(note: &str, error: CheckpointError) {
    assert_eq!(SignedCheckpoint::parse(note), Err(error), "{note}");
}

#[test]
fn the_notes_are_these() {
    let job = of_job().sign(&ledger()).unwrap();
    insta::assert_snapshot!(format!("{}\n{job}", note()));
}

#[test]
fn what_was_written_is_read_and_holds() {
    for checkpoint in [of_ledger(), of_job(), Checkpoint { size: MAX_TREE_SIZE, ..of_job() }] {
        let signed = checkpoint.sign(&ledger()).unwrap();
        let read = SignedCheckpoint::parse(&signed.to_string()).unwrap();
        assert_eq!(read, signed);
        assert_eq!(read.verify(&ledger().did()), Ok(&checkpoint));
        assert_eq!(read.verify(&key(1).did()), Err(CheckpointError::Origin));
    }
}

/// The key id and the signed bytes, made again from the words of c2sp.org.
#[test]
fn signatures_are_those_of_signed_note_and_tlog_cosignature() {
    use base64::Engine as _;
    let note = note();
    let (text, lines) = note.split_once("\n\n").unwrap();
    let text = format!("{text}\n");
    let did = ledger().did();
    assert_eq!(text.lines().collect::<Vec<_>>()[..2], [did.as_str(), "42"]);
    let blob = |line: &str| {
        base64::engine::general_purpose::STANDARD.decode(line.rsplit_once(' ').unwrap().1).unwrap()
    };
    let id = |name: &str, kind: u8, key: &Key| {
        Hash::of(&[name.as_bytes(), b"\n", &[kind], &key.did().to_public_key()].concat()).0[..4].to_vec()
    };
    let [own, witness] = lines.lines().collect::<Vec<_>>()[..] else { panic!("{lines}") };
    let own = blob(own);
    assert_eq!(own[..4], id(did.as_str(), 1, &ledger()));
    assert!(did.signed(text.as_bytes(), own[4..].try_into().unwrap()));
    let (name, witness) = (key(1).did().to_string(), blob(witness));
    assert_eq!(witness[..4], id(&name, 4, &key(1)));
    assert_eq!(witness[4..12], AT.to_be_bytes());
    let message = format!("cosignature/v1\ntime {AT}\n{text}");
    assert!(key(1).did().signed(message.as_bytes(), witness[12..].try_into().unwrap()));
}

/// The example of golang.org/x/mod/sumdb/note: the key `PeterNeumann+c74f20a3+ARpc…` and what it signed.
#[test]
fn key_ids_and_signatures_are_those_of_go() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let key = STANDARD.decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let (kind, key) = key.split_first().unwrap();
    let key = Did::from_public_key(key.try_into().unwrap()).unwrap();
    let id = super::note::key_id("PeterNeumann", *kind, &key);
    assert_eq!((*kind, id), (1, [0xc7, 0x4f, 0x20, 0xa3]));
    let signed =
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let signed = STANDARD.decode(signed).unwrap();
    assert_eq!(signed[..4], id);
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    assert!(key.signed(text.as_bytes(), signed[4..].try_into().unwrap()));
}

#[test]
fn a_ledger_signs_its_own_trees_only() {
    assert_eq!(of_ledger().sign(&key(1)), Err(CheckpointError::Origin));
    let none = Checkpoint { size: 0, ..of_ledger() };
    assert_eq!(none.sign(&ledger()), Err(CheckpointError::Malformed("root")));
    assert!(Checkpoint { root: empty_root(), ..none }.sign(&ledger()).is_ok());
    let huge = Checkpoint { size: MAX_TREE_SIZE + 1, ..of_ledger() };
    assert_eq!(huge.sign(&ledger()), Err(CheckpointError::Malformed("size")));
}

#[test]
fn a_signature_of_one_tree_holds_for_no_other() {
    let (one, other) = (of_ledger().sign(&ledger()).unwrap(), of_job().sign(&ledger()).unwrap());
    let signatures = |signed: &SignedCheckpoint| signed.to_string().split_once("\n\n").unwrap().1.to_owned();
    let mixed = format!("{}\n{}", of_job(), signatures(&one));
    let mixed = SignedCheckpoint::parse(&mixed).unwrap();
    assert_eq!(mixed.verify(&ledger().did()), Err(CheckpointError::Signature));
    // Beside one that holds, one that does not counts for nothing.
    let both = format!("{}\n{}{}", of_job(), signatures(&one), signatures(&other));
    assert_eq!(SignedCheckpoint::parse(&both).unwrap().verify(&ledger().did()), Ok(&of_job()));
}

#[test]
fn witnesses_count_once_and_in_their_role_only() {
    let signed = of_ledger().sign(&ledger()).unwrap();
    assert_eq!(signed.cosigners(&trust()), BTreeMap::new());
    let signed = [(2, AT + 9), (1, AT), (3, AT + 1), (4, AT), (5, AT), (1, AT + 3)]
        .into_iter()
        .fold(signed, |signed, (seed, at)| signed.cosign(&key(seed), at).unwrap());
    let read = SignedCheckpoint::parse(&signed.to_string()).unwrap();
    assert_eq!(read.cosigners(&trust()), BTreeMap::from([("w1", AT), ("w2", AT + 1)]));
    assert_eq!(read.verify(&ledger().did()), Ok(&of_ledger()));
}

#[test]
fn a_cosignature_is_of_one_checkpoint_and_one_time() {
    let note = note();
    let larger = Checkpoint { size: 43, ..of_ledger() }.to_string();
    let moved = SignedCheckpoint::parse(&note.replace(&of_ledger().to_string(), &larger)).unwrap();
    assert_eq!(moved.cosigners(&trust()), BTreeMap::new());
    assert_eq!(moved.verify(&ledger().did()), Err(CheckpointError::Signature));
    let mut later = SignedCheckpoint::parse(&note).unwrap();
    later.lines[1].signature[7] ^= 1;
    assert_eq!(later.cosigners(&trust()), BTreeMap::new());
}

#[test]
fn a_witness_cosigns_what_the_ledger_signed_of_its_own_tree() {
    let job = of_job().sign(&ledger()).unwrap();
    assert_eq!(job.clone().cosign(&key(1), AT), Err(CheckpointError::Origin));
    let mut forged = of_ledger().sign(&ledger()).unwrap();
    forged.checkpoint.size = 43;
    assert_eq!(forged.cosign(&key(1), AT), Err(CheckpointError::Signature));
    let signed = || of_ledger().sign(&ledger()).unwrap();
    assert_eq!(signed().cosign(&key(1), 253_402_300_800), Err(CheckpointError::Time));
    assert!(signed().cosign(&key(1), 253_402_300_799).is_ok());
    // Nor does one that signed a job's all the same count.
    let text = "cosignature/v1\ntime 0\n".to_owned() + &of_job().to_string();
    let name = key(1).did().to_string();
    let signature = [[0; 8].as_slice(), &key(1).sign(text.as_bytes())].concat();
    let mut job = job;
    job.lines.push(super::note::Line {
        key_id: super::note::key_id(&name, 4, &key(1).did()),
        name,
        signature,
    });
    assert_eq!(job.cosigners(&trust()), BTreeMap::new());
}

#[test]
fn lines_of_others_are_kept_and_bounded() {
    let other = "\u{2014} witness.example.com/w1 AAAAAAA=\n";
    let note = note() + other;
    let read = SignedCheckpoint::parse(&note).unwrap();
    assert_eq!(read.to_string(), note);
    assert_eq!(read.cosigners(&trust()).len(), 1);
    let full = note.clone() + &other.repeat(MAX_SIGNATURE_LINES - 3);
    let full_read = SignedCheckpoint::parse(&full).unwrap();
    assert_eq!(full_read.cosign(&key(2), AT), Err(CheckpointError::TooLarge));
    refuses(&(full + other), CheckpointError::TooLarge);
    refuses(&"x".repeat(MAX_CHECKPOINT_BYTES + 1), CheckpointError::TooLarge);
    refuses(&(note + &other.replace("w1", &"w".repeat(257))), CheckpointError::TooLarge);
}

#[test]
fn other_spellings_are_refused() {
    use CheckpointError::{Base64, Malformed};
    let note = note();
    refuses("", Malformed("empty line"));
    refuses(&of_ledger().to_string(), Malformed("empty line"));
    refuses(&format!("{}\n", of_ledger()), Malformed("last line end"));
    refuses(&format!("{}\n\n", of_ledger()), Malformed("signature line"));
    refuses(note.trim_end(), Malformed("last line end"));
    refuses(&format!("{note}\n"), Malformed("signature line"));
    refuses(&note.replace('\n', "\r\n"), Malformed("empty line"));
    for size in ["042", "+42", "-42", "", " 42", "42 ", "0x2a", "99999999999999999999", "9007199254740992"] {
        refuses(
            &note.replacen("\n42\n", &format!("\n{size}\n"), 1),
            if size.is_empty() { Malformed("number of lines") } else { Malformed("size") },
        );
    }
    refuses(&note.replacen("\n42\n", "\n42\nextension\n", 1), Malformed("number of lines"));
    refuses(&note.replacen("did:key", "did:web", 1), Malformed("origin"));
    refuses(&note.replacen("\n42", "/job/\n42", 1), Malformed("origin"));
    refuses(&note.replacen("\n42", "/jobs/a\n42", 1), Malformed("origin"));
    refuses(&note.replacen("=\n\n", "\n\n", 1), Base64);
    refuses(&note.replacen("=\n\n", "==\n\n", 1), Base64);
    refuses(&note.replace("\u{2014}", "-"), Malformed("signature line"));
    refuses(&(note.clone() + "\u{2014} a+b AAAAAAA=\n"), Malformed("signature line"));
    refuses(&(note.clone() + "\u{2014}  AAAAAAA=\n"), Malformed("signature line"));
    refuses(&(note.clone() + "\u{2014} a\u{a0}b AAAAAAA=\n"), Malformed("signature line"));
    refuses(&(note.clone() + "\u{2014} a AAAAAA==\n"), Malformed("signature line"));
    refuses(&(note.clone() + "\u{2014} a AAAAAAB=\n"), Base64);
    refuses(&(note + "\u{2014} a  AAAAAAA=\n"), Base64);
}

#[test]
fn errors_have_their_codes() {
    for (error, code) in [
        (CheckpointError::TooLarge, "too_large"),
        (CheckpointError::Malformed("size"), "malformed"),
        (CheckpointError::Base64, "base64_malleable"),
        (CheckpointError::Origin, "origin_mismatch"),
        (CheckpointError::Signature, "checkpoint_signature"),
        (CheckpointError::Time, "time_out_of_range"),
    ] {
        assert_eq!(error.code(), code);
    }
}

proptest! {
    /// One bit of a note's bytes: it is no note any more, or one that the ledger did not sign, or only
    /// the witness's line is lost. Never another checkpoint, never another time.
    #[test]
    fn one_bit_changes_no_meaning(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let note = note();
        let mut bytes = note.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let Ok(read) = SignedCheckpoint::parse(&text) else { return Ok(()) };
        prop_assert_eq!(read.to_string(), text);
        let (own, cosigned) = (read.verify(&ledger().did()).is_ok(), !read.cosigners(&trust()).is_empty());
        prop_assert!(!(own && cosigned), "nothing was lost by the bit {bit} of byte {at}");
        if own {
            prop_assert_eq!(read.verify(&ledger().did()), Ok(&of_ledger()));
        }
    }

    /// Whatever else stands in a note of a real tree.
    #[test]
    fn what_is_read_is_written_again(
        size in "0|[0-9]{1,3}",
        lines in "(\u{2014} [a-z]{1,5} [A-Za-z0-9+/]{8}\n){1,3}",
    ) {
        let text = format!("{}\n{size}\n{}=\n\n{lines}", ledger().did(), "A".repeat(43));
        match SignedCheckpoint::parse(&text) {
            Ok(read) => prop_assert_eq!(read.to_string(), text),
            // The one thing that a drawn note may have wrong.
            Err(error) => {
                prop_assert!(size.starts_with('0'), "{error}");
            }
        }
    }
}
