//! Witnesses: heads that they cosigned, requests that they are asked, a census against them.

use wpc::census::Census;
use wpc::ledger::{Ledger, SqliteLedger, witness_request};
use wpc::{Key, Trust};
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::witness::{Request, WitnessError, cosign};

use crate::rig::{Rig, did, job, key, on_each, open, sqlite};

fn witness() -> Key {
    Key::from_seed(&[40; 32])
}

fn other_witness() -> Key {
    Key::from_seed(&[41; 32])
}

fn trust() -> Trust {
    let text = format!(
        r#"{{"v":1,"principals":[
            {{"name":"gate","keys":["{}"],"roles":["ledger"],"mode":"gateway"}},
            {{"name":"w1","keys":["{}"],"roles":["witness"]}},
            {{"name":"w2","keys":["{}"],"roles":["witness"]}}]}}"#,
        did(),
        witness().did(),
        other_witness().did()
    );
    Trust::parse(text.as_bytes()).unwrap()
}

/// What a witness says of the ledger as it stands, who cosigned `last` before.
fn asked(
    ledger: &dyn Ledger,
    by: &Key,
    last: Option<&SignedCheckpoint>,
) -> Result<SignedCheckpoint, WitnessError> {
    let old = last.map_or(0, |last| last.unverified().size);
    let head = ledger.anchor().unwrap();
    let request = witness_request(ledger, old, head).unwrap();
    // As it travels.
    let request = Request::parse(&request.to_string()).unwrap();
    cosign(request, last.map(SignedCheckpoint::unverified), &trust(), by, 1_767_323_100)
}

fn names(note: &SignedCheckpoint) -> Vec<String> {
    note.cosigners(&trust()).into_keys().map(str::to_owned).collect()
}

#[test]
fn heads_that_witnesses_cosigned_are_kept_and_their_signatures_added() {
    on_each(|rig| {
        assert_eq!(rig.ledger.cosigned(), Ok(vec![]));
        open(&*rig.ledger, &job("j"));
        let first = asked(&*rig.ledger, &witness(), None).unwrap();
        rig.ledger.keep_cosigned(&first).unwrap();
        rig.ledger.keep_cosigned(&first).unwrap();
        let again = asked(&*rig.ledger, &other_witness(), None).unwrap();
        rig.ledger.keep_cosigned(&again).unwrap();
        let kept = rig.ledger.cosigned().unwrap();
        assert_eq!(kept.iter().map(names).collect::<Vec<_>>(), [["w1", "w2"]]);
        open(&*rig.ledger, &job("k"));
        let second = asked(&*rig.ledger, &witness(), Some(&first)).unwrap();
        rig.ledger.keep_cosigned(&second).unwrap();
        let kept = rig.ledger.cosigned().unwrap();
        let sizes: Vec<_> = kept.iter().map(|note| note.unverified().size).collect();
        assert_eq!((sizes, names(&kept[0])), (vec![2, 1], vec!["w1".to_owned()]));
        rig.is_clean();
    });
}

#[test]
fn only_the_newest_heads_are_kept() {
    on_each(|rig| {
        let mut last = None;
        for n in 0..20 {
            open(&*rig.ledger, &job(&format!("j{n}")));
            let note = asked(&*rig.ledger, &witness(), last.as_ref()).unwrap();
            rig.ledger.keep_cosigned(&note).unwrap();
            last = Some(note);
        }
        let kept = rig.ledger.cosigned().unwrap();
        let sizes: Vec<_> = kept.iter().map(|note| note.unverified().size).collect();
        assert_eq!(sizes, (5..=20).rev().collect::<Vec<_>>());
        rig.is_clean();
    });
}

/// A copy of an SQLite ledger's files, with a life of its own.
fn fork(rig: &Rig) -> (tempfile::TempDir, SqliteLedger) {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(rig.directory.as_ref().unwrap().path()).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, copy.path().join(from.file_name().unwrap())).unwrap();
    }
    let ledger =
        SqliteLedger::open_with_clock(&copy.path().join("ledger.db"), key(), rig.clock.clone()).unwrap();
    (copy, ledger)
}

#[test]
fn a_witness_refuses_a_fork_and_an_older_copy_and_a_fork_refuses_its_head() {
    let rig = sqlite();
    open(&*rig.ledger, &job("j"));
    let first = asked(&*rig.ledger, &witness(), None).unwrap();
    let (_files, forked) = fork(&rig);
    open(&*rig.ledger, &job("k"));
    let second = asked(&*rig.ledger, &witness(), Some(&first)).unwrap();
    rig.ledger.keep_cosigned(&second).unwrap();
    // The copy is behind what was cosigned.
    let behind = cosign(
        Request { old: 1, proof: vec![], head: forked.anchor().unwrap() },
        Some(second.unverified()),
        &trust(),
        &witness(),
        1,
    );
    assert_eq!(behind, Err(WitnessError::Shrunk { size: 1, last: 2 }));
    let behind = witness_request(&forked, 2, forked.checkpoint().unwrap()).unwrap_err();
    assert_eq!(behind.code(), "ledger_behind_checkpoint");
    assert_eq!(forked.keep_cosigned(&second).unwrap_err().code(), "ledger_behind_checkpoint");
    let census = Census::of(&forked, std::slice::from_ref(&second)).unwrap();
    let codes: Vec<_> = census.findings.iter().map(|error| error.code()).collect();
    assert_eq!(codes, ["ledger_behind_checkpoint"]);
    // It goes on by itself: another history, with the same key.
    rig.clock.pass(10);
    for other in ["hidden", "another"] {
        open(&forked, &job(other));
    }
    assert_eq!(asked(&forked, &witness(), Some(&second)), Err(WitnessError::Forked));
    assert_eq!(forked.keep_cosigned(&second).unwrap_err().code(), "log_forked");
    let census = Census::of(&forked, &[first.clone(), second.clone()]).unwrap();
    let codes: Vec<_> = census.findings.iter().map(|error| error.code()).collect();
    assert_eq!((codes, census.cosigned.into_keys().collect::<Vec<_>>()), (vec!["log_forked"], vec![1]));
    // The true one still is what it was.
    let census = Census::of(&*rig.ledger, &[first, second]).unwrap();
    assert_eq!((census.findings, census.cosigned.len(), census.size), (vec![], 2, 2));
    assert!(census.hidden.is_empty() && census.lost.is_empty());
}

#[test]
fn a_head_of_another_ledger_or_log_is_not_kept() {
    on_each(|rig| {
        open(&*rig.ledger, &job("j"));
        let of_job = rig.ledger.job_checkpoint(&job("j")).unwrap();
        assert_eq!(rig.ledger.keep_cosigned(&of_job).unwrap_err().code(), "origin_mismatch");
        let other = wpc::MemoryLedger::new(Key::from_seed(&[42; 32])).unwrap();
        open(&other, &job("j"));
        let of_other = other.checkpoint().unwrap();
        assert_eq!(rig.ledger.keep_cosigned(&of_other).unwrap_err().code(), "origin_mismatch");
        let text = rig.ledger.checkpoint().unwrap().to_string().replacen("\n1\n", "\n2\n", 1);
        let unsigned = SignedCheckpoint::parse(&text).unwrap();
        assert_eq!(rig.ledger.keep_cosigned(&unsigned).unwrap_err().code(), "checkpoint_signature");
        assert_eq!(rig.ledger.cosigned(), Ok(vec![]));
    });
}
