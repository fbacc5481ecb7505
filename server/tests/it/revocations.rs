//! The revocations' events.

use wpc_client::wire::Revoke;

use crate::world::{AGENT, AUDITOR, GATE, OPERATOR, PLANE, World, key, orders};

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

#[test]
fn an_agent_or_an_issuers_key_is_lifted_and_nothing_else() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, wpc_model::OnChange::Finish);
    let token = world.issue(policy.hash()).token;
    let operator = world.client(OPERATOR);
    let says = |kind: &str, value: &str| {
        let asked = Revoke { kind: kind.to_owned(), value: value.to_owned(), reason: None };
        operator.revoke(&asked).map(|done| (done.revocation_seq, done.kind, done.existed))
    };
    let refused = |kind: &str, value: &str| says(kind, value).unwrap_err().code().to_owned();
    let is_active = || operator.introspect(&token).unwrap().active;
    assert!(is_active());
    let mut seq = 0;
    for (kind, lift, value) in [
        ("agent", "agent_lifted", key(AGENT).did().to_string()),
        ("issuer_key", "issuer_key_lifted", key(PLANE).did().to_string()),
    ] {
        // What nobody revoked.
        assert_eq!(refused(lift, &value), "lift_unfounded");
        assert_eq!(says(kind, &value).unwrap(), (seq + 1, kind.to_owned(), false));
        assert!(!is_active());
        assert_eq!(refused(lift, &key(OPERATOR).did().to_string()), "lift_unfounded");
        let by_gate = Revoke { kind: lift.to_owned(), value: value.clone(), reason: None };
        assert_eq!(world.client(GATE).revoke(&by_gate).unwrap_err().code(), "forbidden");
        assert!(!is_active());
        assert_eq!(says(lift, &value).unwrap(), (seq + 2, lift.to_owned(), false));
        assert!(is_active());
        assert_eq!(refused(lift, &value), "lift_unfounded");
        seq += 2;
    }
    for (kind, value) in
        [("job_lifted", "job_1"), ("agent_lifted", ""), ("issuer_key_lifted", "x"), ("lifted", "x")]
    {
        assert_eq!(refused(kind, value), "revocation_invalid");
    }
    assert_eq!(says("job", "job_1").unwrap().0, seq + 1, "what was refused has no number");
}
