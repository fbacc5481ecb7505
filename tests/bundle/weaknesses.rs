//! What another verifier was seen to let pass (docs/clawsig.md), of the whole file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wpc::bundle::{Code, RUN_TYPE};
use wpc::{Key, sign};

use crate::tampered::{payload, refuses};
use crate::world::{World, ledger_key};

#[test]
fn an_unsigned_bundle_is_no_bundle() {
    let bundle = World::memory().closed().bundle();
    let statement = payload(&bundle);
    // What would be a "legacy flat payload".
    refuses(&statement, Code::Malformed);
    let predicate: Value = serde_json::from_slice(&statement).unwrap();
    refuses(predicate["predicate"].to_string().as_bytes(), Code::Malformed);
    let envelope = |signatures: Value| {
        let payload = STANDARD.encode(&statement);
        json!({"payload": payload, "payloadType": RUN_TYPE, "signatures": signatures}).to_string()
    };
    // An envelope has a signature, and one that counts.
    refuses(envelope(json!([])).as_bytes(), Code::Malformed);
    let nothing = STANDARD.encode([0; 64]);
    let empty = json!([{"keyid": ledger_key().did().to_string(), "sig": nothing}]);
    refuses(envelope(empty).as_bytes(), Code::SignatureInvalid);
    refuses(&sign(RUN_TYPE, &statement, &[Key::from_seed(&[99; 32])]), Code::SignerUntrusted);
    refuses(&sign("application/json", &statement, &[ledger_key()]), Code::PayloadType);
}

#[test]
fn a_member_too_many_is_refused_though_the_ledger_signed_it() {
    let bundle = World::memory().closed().bundle();
    let statement = String::from_utf8(payload(&bundle)).unwrap();
    let signed = |text: &str| sign(RUN_TYPE, text.as_bytes(), &[ledger_key()]);
    for (from, to) in [
        // Wherever there is an object: of the statement, its predicate, the run, a leaf, a revocation.
        ("{\"_type\":", "{\"_more\":1,\"_type\":"),
        ("\"predicate\":{\"approvals\":{", "\"predicate\":{\"a\":1,\"approvals\":{"),
        (",\"receipts\":[]", ",\"receipts\":[],\"receiptz\":[]"),
        (",\"run\":{", ",\"run\":{\"a\":1,"),
        ("\"leaves\":[{", "\"leaves\":[{\"a\":1,"),
        ("},\"v\":1},\"predicateType\"", "},\"v\":1,\"w\":1},\"predicateType\""),
        // The same twice.
        (",\"receipts\":[]", ",\"receipts\":[],\"receipts\":[]"),
        (",\"receipts\":[]", ",\"receipts\":[{}]"),
        (",\"receipts\":[]", ",\"receipts\":[null]"),
    ] {
        assert!(statement.contains(from), "{from}");
        refuses(&signed(&statement.replacen(from, to, 1)), Code::Malformed);
    }
    // In an entry.
    let entry = statement.replacen("\"kind\":\"opened\"", "\"kind\":\"opened\",\"kine\":1", 1);
    assert_ne!(entry, statement);
    refuses(&signed(&entry), Code::LeafEncoding);
}
