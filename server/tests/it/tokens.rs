//! Tokens of the control plane.

use wpc_client::wire::{OneOrMore, Revoke, RevokeToken, Stop};
use wpc_model::OnChange;

use crate::world::{
    AGENT, AUDITOR, AUTHOR, GATE, OPERATOR, OTHER_GATE, World, asked, key, orders, policy, signed,
};

#[test]
fn a_token_is_issued_for_the_current_release_alone() {
    let world = World::new();
    let (old, new) = (orders(), policy(|text| text.replace(r#", queue("other")"#, "")));
    let operator = world.client(OPERATOR);
    assert_eq!(operator.issue(&asked(old.hash())).unwrap_err().code(), "policy_unknown");
    world.client(AUTHOR).put_artifact(old.hash(), &signed(&old)).unwrap();
    assert_eq!(operator.issue(&asked(old.hash())).unwrap_err().code(), "policy_not_released");
    world.release(&old, OnChange::Finish);
    let issued = world.issue(old.hash());
    assert_eq!(issued.exp - issued.iat, 900);
    world.release(&new, OnChange::Finish);
    // A job that runs may finish under what it began with; nobody begins a new one.
    assert_eq!(operator.issue(&asked(old.hash())).unwrap_err().code(), "policy_not_released");
    let mut renewal = asked(old.hash());
    renewal.mission_id = Some(issued.mission_id.clone());
    assert_eq!(operator.issue(&renewal).unwrap().mission_id, issued.mission_id);
    let third = policy(|text| text.replace("15 min", "10 min"));
    world.release(&third, OnChange::Drain);
    assert_eq!(operator.issue(&renewal).unwrap_err().code(), "policy_not_released");
}

#[test]
fn what_no_gate_would_take_is_not_issued() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let operator = world.client(OPERATOR);
    let with = |change: fn(&mut wpc_client::wire::Issue)| {
        let mut asked = asked(policy.hash());
        change(&mut asked);
        operator.issue(&asked).unwrap_err().code().to_owned()
    };
    assert_eq!(with(|asked| asked.ttl_sec = Some(901)), "ttl_too_long");
    assert_eq!(with(|asked| asked.ttl_sec = Some(0)), "ttl_expired");
    assert_eq!(with(|asked| asked.exp = Some(1)), "ttl_expired");
    assert_eq!(with(|asked| asked.aud = OneOrMore(vec!["clawproxy.com".to_owned()])), "token_audience");
    assert_eq!(with(|asked| asked.scope = vec!["proxy:*".to_owned()]), "scope_wildcard");
    assert_eq!(with(|asked| asked.scope = vec!["control:token:revoke".to_owned()]), "scope_sensitive");
    assert_eq!(with(|asked| asked.scope = vec!["foo:bar".to_owned()]), "scope_not_allowed");
    assert_eq!(with(|asked| asked.policy_hash_b64u = "x".to_owned()), "policy_hash_invalid");
    assert_eq!(with(|asked| asked.sub = "somebody".to_owned()), "token_claims");
    // A job is one agent's, at one ledger, under one policy.
    let issued = world.issue(policy.hash());
    let mut other = asked(policy.hash());
    other.mission_id = Some(issued.mission_id.clone());
    other.aud = OneOrMore(vec![key(OTHER_GATE).did().to_string()]);
    assert_eq!(operator.issue(&other).unwrap_err().code(), "job_taken");
    // Who may not ask.
    for of in [AUTHOR, GATE, AUDITOR] {
        assert_eq!(world.client(of).issue(&asked(policy.hash())).unwrap_err().code(), "forbidden");
    }
    assert_eq!(world.client(AGENT).issue(&asked(policy.hash())).unwrap_err().code(), "signer_unknown");
}

#[test]
fn a_revoked_token_is_not_active_whatever_is_revoked() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let operator = world.client(OPERATOR);
    let one = world.issue(policy.hash());
    assert!(operator.introspect(&one.token).unwrap().active);
    let by_hash = RevokeToken { token_hash: Some(one.token_hash.clone()), ..RevokeToken::default() };
    let revoked = operator.revoke_token(&by_hash).unwrap();
    assert_eq!((revoked.status.as_str(), revoked.revocation_seq), ("revoked", 1));
    assert_eq!(operator.revoke_token(&by_hash).unwrap().status, "already_revoked");
    let known = operator.introspect(&one.token).unwrap();
    assert_eq!((known.active, known.revoked), (false, Some(true)));
    let two = world.issue(policy.hash());
    let revoke =
        |kind: &str, value: &str| Revoke { kind: kind.to_owned(), value: value.to_owned(), reason: None };
    operator.revoke(&revoke("job", &two.mission_id)).unwrap();
    assert!(!operator.introspect(&two.token).unwrap().active);
    let mut same = asked(policy.hash());
    same.mission_id = Some(two.mission_id);
    assert_eq!(operator.issue(&same).unwrap_err().code(), "revoked");
    // Another spelling of a token is not a token: here it is not even known.
    let three = world.issue(policy.hash());
    let mut other = three.token.clone();
    let last = other.pop().unwrap();
    other.push(if last == 'g' { 'h' } else { 'g' });
    assert!(operator.introspect(&other).is_err());
    operator.revoke(&revoke("policy", &policy.hash().to_string())).unwrap();
    assert!(!operator.introspect(&three.token).unwrap().active);
    assert_eq!(operator.issue(&asked(policy.hash())).unwrap_err().code(), "revoked");
}

#[test]
fn a_stopped_tool_gets_no_tokens_and_loses_those_it_has() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let operator = world.client(OPERATOR);
    let (one, two) = (world.issue(policy.hash()), world.issue(policy.hash()));
    let stop = Stop { tool: "bus".to_owned(), reason: Some("drill".to_owned()) };
    assert_eq!(world.client(GATE).stop(&stop).unwrap_err().code(), "forbidden");
    let stopped = operator.stop(&stop).unwrap();
    let mut jobs = vec![one.mission_id, two.mission_id];
    jobs.sort();
    assert_eq!((stopped.jobs, stopped.revocations), (jobs, Some((1, 2))));
    for token in [&one.token, &two.token] {
        assert!(!operator.introspect(token).unwrap().active);
    }
    assert_eq!(operator.issue(&asked(policy.hash())).unwrap_err().code(), "tool_stopped");
    assert_eq!(operator.stops().unwrap().stops.len(), 1);
    operator.resume("bus").unwrap();
    assert_eq!(operator.resume("bus").unwrap_err().code(), "stop_unknown");
    assert!(operator.issue(&asked(policy.hash())).is_ok());
    let said = world.client(AUDITOR).audit(0).unwrap().entries;
    let actions = ["tool_stopped", "tool_resumed"];
    assert!(actions.iter().all(|action| said.iter().any(|entry| entry.contains(action))), "{said:?}");
}
