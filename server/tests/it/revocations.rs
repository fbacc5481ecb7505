//! The revocations' events.

use wpc_client::wire::Revoke;

use crate::world::{AUDITOR, GATE, OPERATOR, World};

#[test]
fn only_who_may_revoke_does_and_for_ever_is_for_ever() {
    let world = World::new();
    let revoke = |kind: &str, value: &str| Revoke {
        kind: kind.to_owned(),
        value: value.to_owned(),
        reason: Some("drill".to_owned()),
    };
    let operator = world.client(OPERATOR);
    for of in [GATE, AUDITOR] {
        assert_eq!(world.client(of).revoke(&revoke("job", "job_1")).unwrap_err().code(), "forbidden");
    }
    let first = operator.revoke(&revoke("job", "job_1")).unwrap();
    assert_eq!((first.revocation_seq, first.existed), (1, false));
    let again = operator.revoke(&revoke("job", "job_1")).unwrap();
    assert_eq!((again.revocation_seq, again.existed), (1, true));
    // An agent's later tokens are good again, so it can be revoked again.
    assert_eq!(operator.revoke(&revoke("agent", "did:key:a")).unwrap().revocation_seq, 2);
    assert_eq!(operator.revoke(&revoke("agent", "did:key:a")).unwrap().revocation_seq, 3);
    for (kind, value) in
        [("token", "x"), ("job", "a job"), ("policy", "short"), ("agent", ""), ("issuer_key", "x")]
    {
        assert_eq!(operator.revoke(&revoke(kind, value)).unwrap_err().code(), "revocation_invalid");
    }
}
