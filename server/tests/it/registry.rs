//! Signed policies and their releases.

use wpc_evidence::statement::{Release, Statement as _};
use wpc_model::{Hash, OnChange, encode};

use crate::world::{AUTHOR, GATE, RELEASER, World, key, now_ms, orders, policy, signed, trust};

#[test]
fn a_signed_policy_is_stored_once_and_fetched_by_its_hash() {
    let world = World::new();
    let (policy, author) = (orders(), world.client(AUTHOR));
    let stored = author.put_artifact(policy.hash(), &signed(&policy)).unwrap();
    assert_eq!((stored.existed, stored.policy_hash_b64u), (Some(false), policy.hash().to_string()));
    let again = author.put_artifact(policy.hash(), &signed(&policy)).unwrap();
    assert_eq!(again.existed, Some(true));
    // The gate verifies it itself, whoever sent it.
    let fetched = world.client(GATE).artifact(policy.hash(), &trust()).unwrap();
    assert_eq!(fetched, signed(&policy));
    assert_eq!(world.client(GATE).artifact(Hash::of(b"x"), &trust()).unwrap_err().code(), "policy_unknown");
}

#[test]
fn what_its_authors_did_not_sign_is_not_stored() {
    let world = World::new();
    let (policy, author) = (orders(), world.client(AUTHOR));
    let by_the_gate = wpc::sign(wpc::POLICY_TYPE, &encode(&policy), &[key(GATE)]);
    let refused = author.put_artifact(policy.hash(), &by_the_gate).unwrap_err();
    assert_eq!(refused.code(), "role_mismatch");
    let other = author.put_artifact(Hash::of(b"another"), &signed(&policy)).unwrap_err();
    assert_eq!(other.code(), "policy_hash_mismatch");
    assert_eq!(author.artifact(policy.hash(), &trust()).unwrap_err().code(), "policy_unknown");
}

#[test]
fn releases_are_a_chain_that_nobody_forks() {
    let world = World::new();
    let (first, second) = (orders(), policy(|text| text.replace(r#", queue("other")"#, "")));
    assert_eq!(world.release(&first, OnChange::Finish).seq, 1);
    assert_eq!(world.release(&second, OnChange::Kill).seq, 2);
    let releaser = world.client(RELEASER);
    let chain = releaser.chain("orders", 1).unwrap().unwrap();
    assert_eq!((chain.head_seq, chain.releases.len()), (2, 2));
    assert_eq!(chain.policy_hash_b64u, second.hash().to_string());
    assert!(releaser.chain("another", 1).unwrap().is_none());
    let now = now_ms();
    let fork = |seq, previous| Release {
        policy_name: "orders".to_owned(),
        seq,
        policy_hash: first.hash(),
        previous,
        not_before: now,
        not_after: now + 1_000_000,
        running: OnChange::Finish,
    };
    for (release, code) in [
        (fork(1, None), "policy_rolled_back"),
        (fork(2, Some(Hash::of(b"x"))), "policy_release_forked"),
        (fork(3, Some(Hash::of(b"x"))), "policy_release_forked"),
        (fork(4, Some(Hash::of(b"x"))), "policy_release_gap"),
    ] {
        let envelope = release.sign(&[key(RELEASER)]).unwrap();
        assert_eq!(releaser.release("orders", &envelope).unwrap_err().code(), code);
    }
    let envelope = fork(3, None.or(Some(Hash::of(b"y")))).sign(&[key(AUTHOR)]).unwrap();
    assert_eq!(releaser.release("orders", &envelope).unwrap_err().code(), "role_mismatch");
}
