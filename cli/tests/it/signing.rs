//! `key`, `sign`, `verify`, `show`, `ledger`.

use std::os::unix::fs::PermissionsExt;

use crate::place::{AUTHOR_DID, Place, check};

#[test]
fn a_new_key_is_private_and_only_its_public_half_is_told() {
    let place = Place::new();
    let did = place.does(&["key", "new", "a.key"]);
    assert_eq!(place.does(&["key", "show", "a.key"]), did);
    assert_eq!(place.path("a.key").metadata().unwrap().permissions().mode() & 0o7777, 0o600);
    let secret: String = place.text("a.key").lines().nth(1).unwrap().to_owned();
    for arguments in [&["key", "show", "a.key"][..], &["key", "show", "a.key", "--format", "json"]] {
        assert!(!place.told(arguments, b"").contains(&secret));
    }
}

#[test]
fn a_key_is_never_written_over() {
    let place = Place::new();
    place.file("a.key", "precious");
    check!(place, "key", "new", "a.key");
    assert_eq!(place.text("a.key"), "precious");
    assert_eq!(place.names(), ["a.key"]);
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let place = Place::new();
    place.keys();
    place.mode("author.key", 0o644);
    check!(place, "key", "show", "author.key");
    check!(place, "key", "show", "missing.key", "-v");
    place.file("not.key", "hello");
    place.mode("not.key", 0o600);
    check!(place, "key", "show", "not.key");
}

#[test]
fn a_key_is_shown_as_lines_and_as_json() {
    let place = Place::new();
    place.keys();
    check!(place, "key", "show", "author.key");
    check!(place, "key", "show", "author.key", "--format", "json");
}

#[test]
fn what_an_author_signs_a_reader_verifies() {
    let place = Place::with_artifact();
    check!(place, "sign", "orders.wpc.json", "--key", "author.key");
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json");
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json", "--format", "json");
}

#[test]
fn a_stranger_is_not_trusted() {
    let place = Place::with_artifact();
    place.does(&["sign", "orders.wpc.json", "--key", "stranger.key"]);
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json");
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json", "--format", "json");
}

#[test]
fn a_signer_must_have_the_role() {
    let place = Place::with_artifact();
    place.does(&["sign", "orders.wpc.json", "--key", "author.key"]);
    let other = format!(
        r#"{{"v":1,"principals":[{{"name":"alice","keys":["{AUTHOR_DID}"],"roles":["approver"]}}]}}"#
    );
    place.file("trust.json", other);
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json");
}

#[test]
fn an_envelope_with_one_byte_changed_is_not_verified() {
    let place = Place::with_artifact();
    place.does(&["sign", "orders.wpc.json", "--key", "author.key"]);
    let text = place.text("orders.wpc.dsse.json");
    // A digit of the payload's base64: another policy under the same signature.
    let at = text.find("payload\":\"").unwrap() + 40;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    place.file("orders.wpc.dsse.json", bytes);
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "trust.json");
}

#[test]
fn what_is_not_an_envelope_or_a_trust_file_is_refused() {
    let place = Place::with_artifact();
    check!(place, "verify", "orders.wpc.json", "--trust", "trust.json");
    place.does(&["sign", "orders.wpc.json", "--key", "author.key"]);
    place.file("bad.json", r#"{"v":1,"principals":[],"extra":1}"#);
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "bad.json");
    check!(place, "verify", "orders.wpc.dsse.json", "--trust", "missing.json");
}

#[test]
fn what_does_not_decode_is_not_signed() {
    let place = Place::with_artifact();
    let spaced = place.text("orders.wpc.json").replacen(':', ": ", 1);
    place.file("spaced.wpc.json", spaced);
    check!(place, "sign", "spaced.wpc.json", "--key", "author.key");
    place.file("text.wpc.json", "hello");
    check!(place, "sign", "text.wpc.json", "--key", "author.key");
    check!(place, "sign", "-", "--key", "author.key");
    assert!(!place.names().iter().any(|name| name.contains("dsse")));
}

#[test]
fn a_reviewer_sees_everything_that_is_signed() {
    let place = Place::with_artifact();
    check!(place, "show", "orders.wpc.json");
    place.does(&["sign", "orders.wpc.json", "--key", "author.key"]);
    check!(place, "show", "orders.wpc.dsse.json");
    let (json, exit) = place.json(&["show", "orders.wpc.dsse.json"]);
    let payload: serde_json::Value = serde_json::from_slice(&place.read("orders.wpc.json")).unwrap();
    assert_eq!((&json["policy"], &json["keyids"][0], exit), (&payload, &AUTHOR_DID.into(), 0));
}

#[test]
fn what_is_not_an_artifact_is_not_shown() {
    let place = Place::new();
    place.file("text.json", "hello");
    place.file("empty.json", "{}");
    place.file("envelope.json", r#"{"payload":"!","payloadType":"x","signatures":[]}"#);
    check!(place, "show", "text.json");
    check!(place, "show", "empty.json", "--format", "json");
    check!(place, "show", "envelope.json");
    check!(place, "show", ".");
    check!(place, "show", "missing.json", "-v");
}

#[test]
fn a_ledger_is_made_once_and_checked() {
    let place = Place::new();
    place.keys();
    check!(place, "ledger", "check", "state/orders.db");
    check!(place, "ledger", "init", "state/orders.db", "--key", "author.key");
    check!(place, "ledger", "init", "state/orders.db", "--key", "author.key");
    check!(place, "ledger", "check", "state/orders.db");
    check!(place, "ledger", "check", "state/orders.db", "--format", "json");
    check!(place, "ledger", "show", "state/orders.db");
    check!(place, "ledger", "show", "state/orders.db", "--job", "a job");
    check!(place, "ledger", "show", "state/orders.db", "--format", "json");
}

#[test]
fn a_ledger_gets_a_key_of_its_own_if_none_is_given() {
    let place = Place::new();
    place.does(&["ledger", "init", "state/orders.db"]);
    let did = place.does(&["key", "show", "state/orders.db.key"]);
    let (json, _) = place.json(&["ledger", "check", "state/orders.db"]);
    assert_eq!(json["did"].as_str(), Some(did.trim()));
}

#[test]
fn what_is_not_a_ledger_is_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path("state")).unwrap();
    place.mode("state", 0o700);
    place.file("state/text.db", "hello, this is text and not a database at all");
    place.mode("state/text.db", 0o600);
    check!(place, "ledger", "check", "state/text.db");
    place.mode("state/text.db", 0o644);
    check!(place, "ledger", "check", "state/text.db");
}
