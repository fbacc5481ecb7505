//! `bundle` and `replay`: what one program makes of a ledger, another verifies without it.

use std::fs;

use serde_json::Value;

use crate::place::{Place, check};

/// What the demo leaves: a ledger with its key, keys of others, the policy.
pub(crate) fn kept() -> (Place, String) {
    let place = Place::new();
    place.does(&["demo", "--keep", "kept"]);
    let (ledger, _) = place.json(&["ledger", "show", "kept/ledger/orders.db"]);
    // Of its jobs the one in which most happened, which is closed.
    let mut sizes = std::collections::BTreeMap::new();
    for entry in ledger["entries"].as_array().unwrap() {
        *sizes.entry(entry["job"].as_str().unwrap()).or_insert(0) += 1;
    }
    let job = (*sizes.iter().max_by_key(|(_, size)| **size).unwrap().0).to_owned();
    let mut trust: Value = serde_json::from_slice(&place.read("kept/trust.json")).unwrap();
    let principals = trust["principals"].as_array_mut().unwrap();
    let did = ledger["did"].as_str().unwrap();
    if !principals.iter().any(|one| one["keys"][0] == did) {
        principals.push(serde_json::json!({
            "name": "gate", "keys": [did], "roles": ["ledger"], "mode": "in_process"
        }));
    }
    place.file("trust.json", trust.to_string());
    (place, job)
}

pub(crate) fn made() -> (Place, String) {
    let (place, job) = kept();
    let arguments = ["bundle", "create", "--ledger", "kept/ledger/orders.db", "--trust", "trust.json"];
    let keys: Vec<_> = find_key(&place).into_iter().collect();
    let mut arguments: Vec<&str> = arguments.into();
    for key in &keys {
        arguments.extend(["--ledger-key", key]);
    }
    arguments.extend(["--job", &job, "--out", "job.bundle.json"]);
    let (answer, exit) = place.json(&arguments);
    // The policy demands receipts of model calls, and nobody signs any yet.
    assert_eq!((answer["verdict"].as_str(), exit), (Some("incomplete"), 0), "{answer:#}");
    (place, job)
}

/// The ledger's key, if it does not lie beside the ledger.
fn find_key(place: &Place) -> Option<String> {
    if place.path("kept/ledger/orders.db.key").exists() {
        return None;
    }
    let names = fs::read_dir(place.path("kept")).unwrap().map(|entry| entry.unwrap().file_name());
    let key = names
        .map(|name| name.into_string().unwrap())
        .find(|name| name.contains("ledger") && name.ends_with(".key"));
    key.map(|name| format!("kept/{name}"))
}

#[test]
fn a_bundle_is_made_verified_shown_and_searched() {
    let (place, job) = made();
    let verify = ["bundle", "verify", "job.bundle.json", "--trust", "trust.json"];
    let (answer, exit) = place.json(&verify);
    assert_eq!((answer["verdict"].as_str(), exit), (Some("incomplete"), 1), "{answer:#}");
    let verify = [&verify[..], &["--accept", "gap_no_model_receipts"]].concat();
    let (answer, exit) = place.json(&verify);
    assert_eq!((answer["verdict"].as_str(), exit), (Some("verified"), 0), "{answer:#}");
    assert_eq!(answer["about"]["job"].as_str(), Some(job.as_str()));
    assert!(answer["counts"]["replayed"].as_u64().unwrap() > 50);
    assert!(place.does(&verify).ends_with("verified\n"));

    let (shown, _) = place.json(&["bundle", "show", "job.bundle.json"]);
    assert_eq!(shown["verified"], false);
    assert_eq!(
        shown["entries"].as_array().unwrap().len() as u64,
        answer["counts"]["entries"].as_u64().unwrap()
    );
    let page = place.does(&["bundle", "show", "job.bundle.json", "--html"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("default-src 'none'; script-src 'sha256-"));
    assert!(page.contains("\"report\":null"), "nobody verified it");
    let of = ["bundle", "show", "job.bundle.json", "--html", "--trust", "trust.json"];
    assert!(place.does(&of).contains("\"verdict\":\"incomplete\""));
    // A map of nothing is left aside; a file that is no bundle is none.
    place.file("map.json", "{}");
    place.does(&[&of[..], &["--map", "map.json"]].concat());
    check!(place, "bundle", "show", "map.json", "--html");
    check!(place, "bundle", "show", "job.bundle.json", "--trust", "trust.json");

    let query = |more: &[&str]| {
        let (found, _) = place.json(&[&["bundle", "query", "job.bundle.json"], more].concat());
        found["calls"].as_array().unwrap().len() as u64
    };
    assert_eq!(query(&["--decision", "allow"]), answer["counts"]["allowed"].as_u64().unwrap());
    let denied: u64 =
        answer["counts"]["denied"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(query(&["--decision", "deny"]), denied);
    assert!(query(&["--action", "send", "--resource", "orders-staging"]) > 0);
    assert_eq!(query(&["--action", "nothing"]), 0);
    assert_eq!(query(&["--until", "2000-01-01T00:00:00Z"]), 0);
    assert_eq!(query(&["--from", "2000-01-01T00:00:00Z"]), query(&[]));
}

#[test]
fn a_changed_bundle_and_a_strange_trust_file_are_refused() {
    let (place, _) = made();
    let mut bytes = place.read("job.bundle.json");
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    place.file("changed.json", &bytes);
    let (answer, exit) = place.json(&["bundle", "verify", "changed.json", "--trust", "trust.json"]);
    assert_eq!((answer["verdict"].as_str(), exit), (Some("refused"), 1));
    assert_eq!(answer["findings"][0]["code"], "signature_invalid");
    place.file("nobody.json", crate::place::trust());
    let (answer, exit) = place.json(&["bundle", "verify", "job.bundle.json", "--trust", "nobody.json"]);
    assert_eq!((answer["findings"][0]["code"].as_str(), exit), (Some("signer_untrusted"), 1));
    let (answer, exit) = place.json(&["bundle", "show", "trust.json"]);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("malformed"), 1));
    let verify = ["bundle", "verify", "job.bundle.json", "--trust", "trust.json", "--accept"];
    assert_eq!(place.run(&[&verify[..], &["decision_differs"]].concat()).status.code(), Some(2));
    assert_eq!(place.run(&[&verify[..], &["gap_not_closed"]].concat()).status.code(), Some(1));
    assert_eq!(place.run(&[&verify[..], &["gap_no_model_receipts"]].concat()).status.code(), Some(0));
    // A bundle that is refused is asked nothing.
    let replay = ["replay", "changed.json", "--policy", "kept/orders.wpc.dsse.json", "--trust", "trust.json"];
    let (answer, exit) = place.json(&replay);
    assert_eq!((answer["verdict"].as_str(), exit), (Some("refused"), 1));
}

#[test]
fn another_policy_is_asked_of_the_bundle() {
    let (place, _) = made();
    let replay =
        ["replay", "job.bundle.json", "--policy", "kept/orders.wpc.dsse.json", "--trust", "trust.json"];
    let (answer, exit) = place.json(&replay);
    assert_eq!((answer["changes"].as_array().unwrap().len(), exit), (0, 0), "{answer:#}");
    assert_eq!(answer["unknown"], 0);
    let stricter = crate::place::ORDERS.replace("200 per job", "10 per job");
    assert_ne!(stricter, crate::place::ORDERS);
    place.file("strict.wpc", stricter);
    place.does(&["compile", "strict.wpc"]);
    let (answer, exit) =
        place.json(&["replay", "job.bundle.json", "--policy", "strict.wpc.json", "--trust", "trust.json"]);
    assert_eq!(exit, 1, "{answer:#}");
    assert!(answer["changes"].as_array().unwrap().iter().all(|change| change["now"] == "limit_exceeded"));
}

/// Exports the bundle.
fn exported(place: &Place, keys: [&str; 2], more: &[&str]) -> (Value, i32) {
    let [key, gateway] = keys;
    let arguments = ["bundle", "export", "job.bundle.json", "--trust", "trust.json", "--key", key];
    let out = ["--gateway-key", gateway, "--out", "job.clawsig.json"];
    place.json(&[&arguments[..], &out, more].concat())
}

#[test]
fn a_bundle_is_exported_to_clawsig() {
    let (place, job) = made();
    let gateway = place.does(&["key", "new", "export.key"]);
    let (answer, exit) = exported(&place, ["kept/agent.key", "export.key"], &[]);
    assert_eq!((answer["left_out"].as_bool(), exit), (Some(true), 0), "{answer:#}");
    let read = || serde_json::from_slice::<Value>(&place.read("job.clawsig.json")).unwrap();
    let (file, [events, tools, effects]) =
        (read(), ["events", "tool_receipts", "side_effects"].map(|name| answer[name].as_u64().unwrap()));
    assert_eq!(file["signer_did"], file["payload"]["agent_did"]);
    let payload = file["payload"].as_object().unwrap();
    let mut members: Vec<_> = payload.keys().map(String::as_str).collect();
    members.sort_unstable();
    let wanted = ["agent_did", "bundle_id", "bundle_version", "event_chain", "metadata", "tool_receipts"];
    assert_eq!(members, wanted);
    let chain = payload["event_chain"].as_array().unwrap();
    assert_eq!((chain.len() as u64, chain[0]["run_id"].as_str()), (events, Some(job.as_str())));
    let receipts = payload["tool_receipts"].as_array().unwrap();
    assert_eq!(receipts.len() as u64, tools);
    assert!(receipts.iter().all(|receipt| receipt["signer_did"] == gateway.trim()));
    assert!(effects > 0 && effects <= tools);

    let (answer, exit) = exported(&place, ["kept/agent.key", "export.key"], &["--unanchored"]);
    assert_eq!((answer["left_out"].as_bool(), exit), (Some(false), 0), "{answer:#}");
    assert_eq!(read()["payload"]["side_effect_receipts"].as_array().unwrap().len() as u64, effects);
}

#[test]
fn an_export_is_signed_with_keys_of_its_own() {
    let (place, _) = made();
    place.does(&["key", "new", "export.key"]);
    let ledger = find_key(&place).unwrap_or_else(|| "kept/ledger/orders.db.key".to_owned());
    for (keys, code) in [
        (["export.key", "kept/agent.key"], "key_not_agents"),
        (["kept/agent.key", "kept/agent.key"], "export_key_shared"),
        (["kept/agent.key", ledger.as_str()], "export_key_shared"),
    ] {
        let (answer, exit) = exported(&place, keys, &[]);
        assert_eq!((answer["error"]["code"].as_str(), exit), (Some(code), 1), "{answer:#}");
    }
    let mut bytes = place.read("job.bundle.json");
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    place.file("job.bundle.json", &bytes);
    let (answer, exit) = exported(&place, ["kept/agent.key", "export.key"], &[]);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("signature_invalid"), 1));
    assert!(!place.path("job.clawsig.json").exists());
}
