//! Revocations and releases follow one another without gaps.

use wpc_model::{Hash, OnChange};

use super::super::{
    Heartbeat, Release, ReleaseError, ReleaseHead, Revocation, RevocationHead, Signed, Statement,
    StreamError, stricter,
};
use super::{AT, MINUTE, releases, revocations};

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
