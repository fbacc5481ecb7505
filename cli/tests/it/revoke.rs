//! `revoke`, and `revoke --lift`, at a ledger.

use serde_json::json;

use crate::place::{AUTHOR_DID, Place};

const AGENT: &str = "agent:planner@3";

/// The stranger revokes; the author does not.
fn place() -> Place {
    let place = Place::new();
    place.keys();
    let stranger = place.does(&["key", "show", "stranger.key"]);
    let trust = json!({"v": 1, "principals": [
        {"name": "alice", "keys": [AUTHOR_DID], "roles": ["token_issuer"]},
        {"name": "bob", "keys": [stranger.trim()], "roles": ["revoker"]},
    ]});
    place.file("trust.json", trust.to_string());
    place.does(&["ledger", "init", "ledger/orders.db"]);
    place
}

fn revoke<'a>(what: &[&'a str], key: &'a str) -> Vec<&'a str> {
    let at = ["--ledger", "ledger/orders.db", "--trust", "trust.json", "--key", key];
    [&["revoke"], what, &at[..]].concat()
}

#[track_caller]
fn refused(place: &Place, arguments: &[&str], code: &str, exit: i32) {
    let (json, found) = place.json(arguments);
    assert_eq!((json["error"]["code"].as_str(), found), (Some(code), exit), "{json}");
}

#[test]
fn an_agent_and_an_issuers_key_are_lifted() {
    let place = place();
    let mut seq = 0;
    for (kind, value) in [("agent", AGENT), ("issuer_key", AUTHOR_DID)] {
        let does = |what: &[&str]| place.json(&revoke(what, "stranger.key"));
        let (revoked, exit) = does(&[kind, value]);
        assert_eq!(
            (&revoked["kind"], &revoked["revocation_seq"], exit),
            (&kind.into(), &(seq + 1).into(), 0)
        );
        let (lifted, exit) = does(&["--lift", kind, value]);
        assert_eq!(
            (&lifted["kind"], &lifted["value"], &lifted["revocation_seq"], exit),
            (&format!("{kind}_lifted").into(), &value.into(), &(seq + 2).into(), 0)
        );
        // Once.
        refused(&place, &revoke(&["--lift", kind, value], "stranger.key"), "lift_unfounded", 1);
        seq += 2;
    }
    place.does(&revoke(&["agent", AGENT], "stranger.key"));
    let told = place.does(&revoke(&["agent", AGENT, "--lift"], "stranger.key"));
    assert_eq!(told, format!("lifted agent {AGENT}, number {}\n", seq + 2));
    place.does(&["ledger", "check", "ledger/orders.db"]);
}

#[test]
fn nothing_else_is_lifted_and_by_nobody_else() {
    let place = place();
    // The first statement of all lifts nothing.
    refused(&place, &revoke(&["--lift", "agent", AGENT], "stranger.key"), "malformed", 1);
    place.does(&revoke(&["agent", AGENT], "stranger.key"));
    refused(&place, &revoke(&["--lift", "agent", "another"], "stranger.key"), "lift_unfounded", 1);
    refused(&place, &revoke(&["--lift", "issuer_key", AUTHOR_DID], "stranger.key"), "lift_unfounded", 1);
    refused(&place, &revoke(&["--lift", "agent", AGENT], "author.key"), "role_mismatch", 1);
    place.does(&["key", "new", "nobody.key"]);
    refused(&place, &revoke(&["--lift", "agent", AGENT], "nobody.key"), "signer_untrusted", 1);
    let hash = "uEDTKlKSRC3HD0JXEqQgPRJ0d0VjBTnLTyyQJLqTqAQ";
    for what in [
        vec!["--lift", "job", "job_1"],
        vec!["--lift", "policy", hash],
        vec!["--lift", "approval", hash],
        vec!["--lift", "token", "jti-1", "--issuer", AUTHOR_DID],
    ] {
        refused(&place, &revoke(&what, "stranger.key"), "usage", 2);
    }
    // What was refused left nothing.
    let (lifted, _) = place.json(&revoke(&["--lift", "agent", AGENT], "stranger.key"));
    assert_eq!(lifted["revocation_seq"], 2);
}
