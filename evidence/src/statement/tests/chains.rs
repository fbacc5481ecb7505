//! Revocations and releases follow one another without gaps.

use wpc_model::{Hash, OnChange};

use super::super::{
    Heartbeat, Release, ReleaseError, ReleaseHead, Released, Releases, Revocation, RevocationHead, Signed,
    Statement, StreamError, stricter,
};
use super::{AT, ISSUER, MINUTE, NOBODY, heartbeat, key, releases, revocations, trust};

fn signed<T: Statement>(statement: T) -> Signed<T> {
    Signed { hash: Hash::of(&statement.encode().unwrap()), statement, signers: vec![] }
}

#[test]
fn a_stream_of_revocations_has_no_gap_and_one_past() {
    let stream: Vec<_> = revocations().into_iter().map(signed).collect();
    let mut heads = vec![RevocationHead::default()];
    for revocation in &stream {
        heads.push(heads.last().unwrap().follow(revocation).unwrap());
    }
    let head = heads[6];
    assert_eq!((head.seq, head.hash, head.at), (6, Some(stream[5].hash), AT));
    assert_eq!(heads[0].follow(&stream[1]), Err(StreamError::Gap));
    assert_eq!(heads[1].follow(&stream[0]), Err(StreamError::Repeated));
    assert_eq!(head.follow(&stream[5]), Err(StreamError::Repeated));
    let other = Revocation { at: AT + 1, ..revocations()[0].clone() };
    let forked = heads[0].follow(&signed(other)).unwrap();
    assert_eq!(forked.follow(&stream[1]), Err(StreamError::Forked));
    let back = Revocation { at: AT - 1, ..revocations()[1].clone() };
    assert_eq!(heads[1].follow(&signed(back)), Err(StreamError::TimeBackwards));

    let beat = |seq, at| head.beat(&Heartbeat { seq, at });
    assert_eq!(beat(6, AT + 5), Ok(RevocationHead { at: AT + 5, ..head }));
    assert_eq!(beat(7, AT + 5), Err(StreamError::Gap));
    assert_eq!(beat(5, AT + 5), Err(StreamError::Repeated));
    assert_eq!(beat(6, AT - 1), Err(StreamError::TimeBackwards));
    // A heartbeat said that nothing was revoked until then.
    let later = heads[1].beat(&Heartbeat { seq: 1, at: AT + 5 }).unwrap();
    assert_eq!(later.follow(&stream[1]), Err(StreamError::TimeBackwards));
    let end = RevocationHead { seq: u64::MAX, ..head };
    assert_eq!(end.follow(&stream[5]), Err(StreamError::Gap));
}

#[test]
fn releases_go_forward_and_have_one_past() {
    let [first, second] = releases().try_into().unwrap_or_else(|_| panic!());
    let (one, two) = (signed(first.clone()), signed(second.clone()));
    let head = ReleaseHead::follow(None, &one).unwrap();
    assert_eq!((head.seq, head.hash), (1, one.hash));
    assert_eq!(ReleaseHead::follow(Some(&head), &one), Ok(head.clone()));
    let next = ReleaseHead::follow(Some(&head), &two).unwrap();
    assert_eq!((next.seq, next.hash), (2, two.hash));
    assert_eq!(ReleaseHead::follow(Some(&next), &one), Err(ReleaseError::RolledBack));
    assert_eq!(ReleaseHead::follow(None, &two), Err(ReleaseError::Gap));
    let third = Release { seq: 3, previous: Some(two.hash), ..second.clone() };
    assert_eq!(ReleaseHead::follow(Some(&head), &signed(third.clone())), Err(ReleaseError::Gap));
    assert!(ReleaseHead::follow(Some(&next), &signed(third)).is_ok());
    let forked = Release { running: OnChange::Drain, ..second.clone() };
    assert_eq!(ReleaseHead::follow(Some(&next), &signed(forked)), Err(ReleaseError::Forked));
    let forked = Release { previous: Some(Hash::of(b"other")), ..second.clone() };
    assert_eq!(ReleaseHead::follow(Some(&head), &signed(forked)), Err(ReleaseError::Forked));
    let renamed = Release { policy_name: "other".to_owned(), ..second };
    assert_eq!(ReleaseHead::follow(Some(&head), &signed(renamed)), Err(ReleaseError::Name));
    for (at, expect) in [
        (AT - 1, Err(ReleaseError::Early)),
        (AT, Ok(())),
        (AT + MINUTE - 1, Ok(())),
        (AT + MINUTE, Err(ReleaseError::Expired)),
    ] {
        assert_eq!(first.holds_at(at), expect, "{at}");
    }
}

#[test]
fn the_stricter_end_of_running_jobs_wins() {
    let order = [OnChange::Finish, OnChange::Drain, OnChange::Kill];
    for (left, one) in order.iter().enumerate() {
        for (right, other) in order.iter().enumerate() {
            assert_eq!(stricter(*one, *other), order[left.max(right)]);
        }
    }
}

/// Releases of `a`, `b`, `a` from minute to minute, each longer than the one before, signed.
fn chain() -> (Vec<Vec<u8>>, [Hash; 2]) {
    let [a, b] = [Hash::of(b"a"), Hash::of(b"b")];
    let (mut previous, mut envelopes) = (None, Vec::new());
    for (seq, policy_hash, running) in
        [(1, a, OnChange::Finish), (2, b, OnChange::Drain), (3, a, OnChange::Kill)]
    {
        let from = AT + MINUTE * i64::try_from(seq).unwrap();
        let release = Release {
            policy_name: "orders".to_owned(),
            seq,
            policy_hash,
            previous,
            not_before: from,
            not_after: from + 10 * MINUTE,
            running,
        };
        previous = Some(Hash::of(&release.encode().unwrap()));
        envelopes.push(release.sign(&[key(ISSUER)]).unwrap());
    }
    (envelopes, [a, b])
}

#[test]
fn the_newest_release_vouches_for_those_before_it() {
    let (envelopes, [a, _]) = chain();
    let releases = Releases::verify(&envelopes, &trust()).unwrap();
    assert_eq!(releases.all().len(), 3);
    assert_eq!((releases.get(2).unwrap().release.seq, releases.get(4), releases.get(0)), (2, None, None));
    // An older one may be signed by whomever; the newest may not.
    let by_nobody = |envelope: &[u8]| {
        let statement = Released::unverified(envelope).unwrap().release;
        statement.sign(&[key(NOBODY)]).unwrap()
    };
    let old = [by_nobody(&envelopes[0]), by_nobody(&envelopes[1]), envelopes[2].clone()];
    assert_eq!(Releases::verify(&old, &trust()), Ok(releases.clone()));
    let new = [envelopes[0].clone(), envelopes[1].clone(), by_nobody(&envelopes[2])];
    let refused = |envelopes: &[Vec<u8>]| Releases::verify(envelopes, &trust()).unwrap_err().code();
    assert_eq!(refused(&new), "signer_untrusted");
    // What it does not name is another past.
    let mut other = Released::unverified(&envelopes[0]).unwrap().release;
    other.policy_hash = Hash::of(b"c");
    let other = other.sign(&[key(ISSUER)]).unwrap();
    assert_eq!(refused(&[other, envelopes[1].clone(), envelopes[2].clone()]), "policy_release_forked");
    assert_eq!(refused(&[envelopes[0].clone(), envelopes[2].clone()]), "policy_release_gap");
    assert_eq!(refused(&[envelopes[1].clone(), envelopes[0].clone()]), "policy_rolled_back");
    assert_eq!(refused(&[envelopes[0].clone(), envelopes[0].clone()]), "policy_release_forked");
    assert_eq!(refused(&[b"{}".to_vec()]), "malformed");
    let heartbeat = heartbeat().sign(&[key(ISSUER)]).unwrap();
    assert_eq!(refused(&[heartbeat]), "payload_type");
    // On an error nothing is added.
    let mut some = Releases::verify(&envelopes[..1], &trust()).unwrap();
    assert!(some.extend(&new[1..], &trust()).is_err());
    assert_eq!(some.all().len(), 1);
    some.extend(&envelopes[1..], &trust()).unwrap();
    assert_eq!(some, releases);
    // A part of a chain tells what it can.
    let part = Releases::verify(&envelopes[1..], &trust()).unwrap();
    assert_eq!((part.get(1), part.get(3).unwrap().release.policy_hash), (None, a));
}

#[test]
fn what_follows_is_what_somebody_else_has_not() {
    let (envelopes, _) = chain();
    let all = Releases::verify(&envelopes, &trust()).unwrap();
    let upto = |count: usize| Releases::verify(&envelopes[..count], &trust()).unwrap();
    let seqs = |new: &[Released]| new.iter().map(|one| one.release.seq).collect::<Vec<_>>();
    assert_eq!(all.after(None).map(seqs), Ok(vec![1, 2, 3]));
    assert_eq!(all.after(upto(1).head().as_ref()).map(seqs), Ok(vec![2, 3]));
    assert_eq!(all.after(all.head().as_ref()).map(seqs), Ok(vec![]));
    assert_eq!(upto(2).after(all.head().as_ref()), Err(ReleaseError::RolledBack));
    assert_eq!(Releases::default().after(all.head().as_ref()), Ok(&[][..]));
    let part = Releases::verify(&envelopes[2..], &trust()).unwrap();
    assert_eq!(part.after(None), Err(ReleaseError::Gap));
    assert_eq!(part.after(upto(1).head().as_ref()), Err(ReleaseError::Gap));
    assert_eq!(part.after(upto(2).head().as_ref()).map(seqs), Ok(vec![3]));
    let head = |name: &str, seq| ReleaseHead { policy_name: name.to_owned(), seq, hash: Hash::of(b"other") };
    assert_eq!(all.after(Some(&head("orders", 2))), Err(ReleaseError::Forked));
    assert_eq!(part.after(Some(&head("orders", 2))), Err(ReleaseError::Forked));
    assert_eq!(all.after(Some(&head("others", 2))), Err(ReleaseError::Name));
}

#[test]
fn a_policy_is_current_from_its_release_until_the_next() {
    let (envelopes, [a, b]) = chain();
    let all = Releases::verify(&envelopes, &trust()).unwrap();
    let at = |minute: i64, hash| all.at(hash, OnChange::Finish, AT + minute * MINUTE);
    let opens = |minute, hash| at(minute, hash).opens().map_err(ReleaseError::code);
    let continues = |minute, hash| at(minute, hash).continues().map_err(ReleaseError::code);
    for (minute, hash, may_open, may_go_on) in [
        (0, a, Err("policy_release_early"), Err("policy_release_early")),
        (1, a, Ok(1), Ok(())),
        (1, b, Err("policy_release_early"), Ok(())),
        (2, a, Err("policy_release_early"), Err("policy_changed")),
        (2, b, Ok(2), Ok(())),
        (3, a, Ok(3), Ok(())),
        (3, b, Err("policy_rolled_back"), Err("policy_changed")),
        (12, a, Ok(3), Ok(())),
        (13, a, Err("policy_release_expired"), Err("policy_release_expired")),
        (13, b, Err("policy_rolled_back"), Err("policy_changed")),
        (3, Hash::of(b"c"), Err("policy_not_released"), Err("policy_changed")),
    ] {
        assert_eq!((opens(minute, hash), continues(minute, hash)), (may_open, may_go_on), "{minute} {hash}");
    }
    assert_eq!(at(2, a).running(), OnChange::Drain);
    assert_eq!(at(3, a).running(), OnChange::Finish);
    assert_eq!(all.at(a, OnChange::Kill, AT + 2 * MINUTE).running(), OnChange::Kill);
    assert_eq!(at(3, b).running(), OnChange::Kill);
    // As if what came later were not there.
    let before = all.until(2, b, OnChange::Finish, AT + 3 * MINUTE);
    assert_eq!((before.opens(), before.current().map(|one| one.seq)), (Ok(2), Some(2)));
    assert_eq!(all.until(0, b, OnChange::Finish, AT).opens(), Err(ReleaseError::Required));
    assert_eq!(Releases::default().at(a, OnChange::Finish, AT).continues(), Err(ReleaseError::Required));
}

/// A job that finishes under its own policy does so within the time for which that was released.
#[test]
fn a_job_that_finishes_ends_with_its_own_release() {
    let [a, b] = [Hash::of(b"a"), Hash::of(b"b")];
    let first = Release {
        policy_name: "orders".to_owned(),
        seq: 1,
        policy_hash: a,
        previous: None,
        not_before: AT,
        not_after: AT + 2 * MINUTE,
        running: OnChange::Finish,
    };
    let second = Release {
        seq: 2,
        policy_hash: b,
        previous: Some(signed(first.clone()).hash),
        not_after: AT + 9 * MINUTE,
        ..first.clone()
    };
    let envelopes = [first, second].map(|release| release.sign(&[key(ISSUER)]).unwrap());
    let all = Releases::verify(&envelopes, &trust()).unwrap();
    let continues = |minute: i64| all.at(a, OnChange::Finish, AT + minute * MINUTE).continues();
    assert_eq!((continues(1), continues(2)), (Ok(()), Err(ReleaseError::Expired)));
    assert_eq!(all.at(a, OnChange::Finish, AT).opens(), Err(ReleaseError::RolledBack));
}
