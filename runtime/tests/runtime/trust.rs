//! The trust file.

use serde_json::{Value, json};
use wpc::{Key, Mode, Role, Trust};

fn did(seed: u8) -> String {
    Key::from_seed(&[seed; 32]).did().to_string()
}

/// SECURITY.md 1.2.
fn example() -> Value {
    json!({
        "v": 1,
        "principals": [
            {"name": "alice", "keys": [did(1)], "roles": ["policy_author"]},
            {"name": "issuer", "keys": [did(2)], "roles": ["token_issuer", "releaser", "revoker"]},
            {"name": "asb-gate-1", "keys": [did(3)], "roles": ["ledger"], "mode": "gateway"},
            {"name": "oncall", "keys": [did(4)], "roles": ["approver"]},
            {"name": "proxy", "keys": [did(5)], "roles": ["model_gateway"]},
            {"name": "w1", "keys": [did(6)], "roles": ["witness"]},
        ],
        "threshold": {"policy_author": 1, "releaser": 1, "witness": 0},
    })
}

#[test]
fn the_example_is_read() {
    let trust = Trust::parse(example().to_string().as_bytes()).unwrap();
    let key = Key::from_seed(&[3; 32]).did();
    let gate = trust.principal_of(&key).unwrap();
    assert_eq!(
        (gate.name(), gate.keys(), gate.roles(), gate.mode()),
        ("asb-gate-1", &[key][..], &[Role::Ledger][..], Some(Mode::Gateway))
    );
    assert_eq!(trust.principals().len(), 6);
    assert_eq!(trust.threshold(Role::PolicyAuthor), 1);
    assert!(
        trust.demands(Role::PolicyAuthor) && trust.demands(Role::Approver) && !trust.demands(Role::Witness)
    );
    // What nobody signed never counts as signed.
    assert_eq!(trust.threshold(Role::Witness), 1);
}

#[test]
fn every_role_has_a_word() {
    for role in Role::ALL {
        assert_eq!(Role::from_word(role.word()), Some(role));
        let file = json!({"v": 1, "principals": [{"name": "a", "keys": [did(1)], "roles": [role.word()]}], "threshold": {role.word(): 1}});
        let trust = Trust::parse(file.to_string().as_bytes()).unwrap();
        assert!(trust.principals()[0].has(role));
    }
}

#[track_caller]
fn refuses(change: impl FnOnce(&mut Value), code: &str, message: &str) {
    let mut file = example();
    change(&mut file);
    let error = Trust::parse(file.to_string().as_bytes()).unwrap_err();
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

#[test]
fn what_cannot_be_trusted_is_refused_with_its_place() {
    let at = |file: &mut Value, path: &str, value: Value| *file.pointer_mut(path).unwrap() = value;
    refuses(|file| at(file, "/v", json!(2)), "trust_version", "v: version 2, this program reads version 1");
    refuses(
        |file| at(file, "/principals/3/roles/0", json!("boss")),
        "trust_role",
        "principals[3].roles[0]: no role is named `boss`",
    );
    refuses(
        |file| at(file, "/principals/1/name", json!("alice")),
        "trust_repeated",
        "principals[1].name: `alice` is there twice",
    );
    refuses(
        |file| at(file, "/principals/1/roles", json!(["revoker", "revoker"])),
        "trust_repeated",
        "principals[1].roles[1]: `revoker` is there twice",
    );
    refuses(
        |file| at(file, "/principals/0/keys", json!([did(1), did(1)])),
        "trust_repeated",
        &format!("principals[0].keys[1]: `{}` is there twice", did(1)),
    );
    refuses(
        |file| at(file, "/principals/1/keys", json!([did(2), did(1)])),
        "trust_key_shared",
        &format!("principals[1].keys[1]: `{}` belongs to `alice` already", did(1)),
    );
    refuses(
        |file| at(file, "/principals/0/keys/0", json!("did:key:zX")),
        "did_malformed",
        "principals[0].keys[0]: not a `did:key:z…` of an Ed25519 key",
    );
    refuses(
        |file| at(file, "/principals/0/name", json!("")),
        "trust_malformed",
        "principals[0].name: a name is text without control characters",
    );
}

#[test]
fn who_keeps_the_evidence_makes_nothing_that_it_proves() {
    for role in ["policy_author", "token_issuer", "approver", "model_gateway", "witness"] {
        refuses(
            |file| file["principals"][2]["roles"] = json!([role, "ledger"]),
            "trust_roles_conflict",
            &format!("principals[2].roles: `ledger` and `{role}` must not be one principal's"),
        );
    }
    let mut file = example();
    file["principals"][2]["roles"] = json!(["ledger", "auditor", "revoker", "releaser", "membership_issuer"]);
    assert!(Trust::parse(file.to_string().as_bytes()).is_ok());
}

#[test]
fn only_a_ledger_has_a_mode() {
    let message = |principal: usize| {
        format!("principals[{principal}].mode: only a ledger has a mode: `in_process`, `notary` or `gateway`")
    };
    refuses(|file| file["principals"][0]["mode"] = json!("gateway"), "trust_mode", &message(0));
    refuses(|file| file["principals"][2]["mode"] = json!("cloud"), "trust_mode", &message(2));
}

#[test]
fn only_a_ledger_follows_a_control_plane() {
    let mut file = example();
    file["principals"][2]["follows"] = json!(true);
    let trust = Trust::parse(file.to_string().as_bytes()).unwrap();
    assert_eq!(trust.principals().iter().filter(|principal| principal.follows()).count(), 1);
    let message = "principals[0].follows: only a ledger follows a control plane";
    refuses(|file| file["principals"][0]["follows"] = json!(true), "trust_follows", message);
}

#[test]
fn a_threshold_can_be_reached_and_is_not_nothing() {
    let message = |role: &str, able: usize| {
        format!("threshold.{role}: the threshold must be within 1 and {able}, the principals of this role")
    };
    refuses(
        |file| file["threshold"]["policy_author"] = json!(0),
        "trust_threshold",
        &message("policy_author", 1),
    );
    refuses(
        |file| file["threshold"]["policy_author"] = json!(2),
        "trust_threshold",
        &message("policy_author", 1),
    );
    refuses(|file| file["threshold"]["auditor"] = json!(1), "trust_threshold", &message("auditor", 0));
    // A principal without a key can never sign.
    refuses(
        |file| file["principals"][0]["keys"] = json!([]),
        "trust_threshold",
        &message("policy_author", 0),
    );
}

#[test]
fn other_json_is_refused_where_it_is_wrong() {
    #[track_caller]
    fn check(text: &str, place: &str) {
        let error = Trust::parse(text.as_bytes()).unwrap_err();
        assert_eq!((error.code(), error.place.as_str()), ("trust_malformed", place), "{error}");
    }
    check("", "line 1, column 0");
    check("{\n \"v\": 1, \"v\": 1}", "line 2, column 12");
    check("{\"v\":1,\"principals\":[],\"x\":1}", "line 1, column 26");
    check("{\"v\":1,\"principals\":[{}]}", "line 1, column 23");
    check("{\"v\":1,\"principals\":[],\"threshold\":{\"boss\":1}}", "line 1, column 42");
    check("{\"v\":1,\"principals\":[],\"threshold\":{\"witness\":1,\"witness\":0}}", "line 1, column 57");
    check("{\"v\":1,\"principals\":[]} x", "line 1, column 25");
    let long = "x".repeat(wpc::MAX_TRUST_BYTES + 1);
    assert_eq!(Trust::parse(long.as_bytes()).unwrap_err().code(), "trust_too_large");
}
