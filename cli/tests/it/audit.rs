//! `ledger checkpoint`, `witness cosign`, `ledger cosigned`, `audit census` and receipts: a ledger and those who
//! watch it.

use std::fs;

use serde_json::Value;
use wpc::ledger::{Body, Opened, Step};
use wpc::{JobId, Key, Ledger, SqliteLedger};
use wpc_model::Hash;

use crate::bundle::kept;
use crate::place::{Place, check};

const LEDGER: &str = "kept/ledger/orders.db";
const LEDGER_KEY: &str = "kept/ledger.key";

/// What the demo leaves, and a witness whom the trust file names.
fn watched() -> Place {
    let (place, _) = kept();
    let did = place.does(&["key", "new", "witness.key"]);
    let mut trust: Value = serde_json::from_slice(&place.read("trust.json")).unwrap();
    let witness = serde_json::json!({"name": "w", "keys": [did.trim()], "roles": ["witness"]});
    trust["principals"].as_array_mut().unwrap().push(witness);
    place.file("trust.json", trust.to_string());
    place
}

/// What a witness is asked by the ledger at `ledger`.
fn request(place: &Place, ledger: &str, old: &str) {
    let asks =
        ["ledger", "checkpoint", ledger, "--key", LEDGER_KEY, "--request", "head.request", "--old", old];
    let (answer, exit) = place.json(&asks);
    assert_eq!(exit, 0, "{answer:#}");
}

fn cosign(place: &Place, more: &[&str]) -> (Value, i32) {
    let arguments =
        ["witness", "cosign", "head.request", "--previous", "orders.last", "--key", "witness.key"];
    place.json(&[&arguments[..], &["--trust", "trust.json", "--out", "head.note"], more].concat())
}

fn cosigned(place: &Place) -> (Value, i32) {
    let arguments = ["ledger", "cosigned", LEDGER, "--note", "head.note", "--key", LEDGER_KEY];
    place.json(&[&arguments[..], &["--trust", "trust.json"]].concat())
}

/// A job more, and nothing in it.
fn open_another(place: &Place, ledger: &str, name: &str) {
    let key = Key::read(&place.path(LEDGER_KEY)).unwrap();
    let ledger = SqliteLedger::open(&place.path(ledger), key).unwrap();
    let opened = Opened {
        agent: "agent".to_owned(),
        policy: "orders".to_owned(),
        policy_hash: Hash::of(b"a policy"),
        release_seq: None,
        tool_version: None,
        charges: vec![],
    };
    ledger
        .append(&JobId::parse(name).unwrap(), &mut |_| vec![Step::Entry(Body::Opened(opened.clone()))])
        .unwrap();
}

fn jobs(place: &Place) -> Vec<String> {
    let (shown, _) = place.json(&["ledger", "show", LEDGER]);
    let jobs =
        shown["entries"].as_array().unwrap().iter().map(|entry| entry["job"].as_str().unwrap().to_owned());
    jobs.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

fn bundle(place: &Place, job: &str) -> Value {
    fs::create_dir_all(place.path("bundles")).unwrap();
    let out = format!("bundles/{job}.json");
    let arguments =
        ["bundle", "create", "--ledger", LEDGER, "--ledger-key", LEDGER_KEY, "--trust", "trust.json"];
    let (answer, exit) = place.json(&[&arguments[..], &["--job", job, "--out", &out]].concat());
    assert_eq!(exit, 0, "{answer:#}");
    answer
}

fn census(place: &Place, more: &[&str]) -> (Value, i32) {
    let arguments = ["audit", "census", "--ledger", LEDGER, "--trust", "trust.json", "--bundles", "bundles"];
    place.json(&[&arguments[..], more].concat())
}

#[test]
fn a_cosigned_head_is_kept_and_stands_in_bundles() {
    let place = watched();
    let job = jobs(&place).remove(0);
    let before = bundle(&place, &job);
    assert_eq!(before["witnesses"], serde_json::json!({}));
    assert_eq!(before["counts"]["trailing"], before["counts"]["entries"]);

    request(&place, LEDGER, "0");
    let text = place.text("head.request");
    assert!(text.starts_with("old 0\n\ndid:key:z6Mk"), "{text}");
    let (answer, exit) = cosign(&place, &["--first"]);
    assert_eq!((answer["old"].as_u64(), exit), (Some(0), 0), "{answer:#}");
    assert_eq!(place.read("orders.last"), place.read("head.note"));
    let (kept, exit) = cosigned(&place);
    assert_eq!((kept["size"].as_u64(), exit), (answer["size"].as_u64(), 0), "{kept:#}");

    let after = bundle(&place, &job);
    assert_eq!(after["witnesses"].as_object().unwrap().keys().collect::<Vec<_>>(), ["w"]);
    assert_eq!(after["counts"]["trailing"], 0);
    let verify = ["bundle", "verify", &format!("bundles/{job}.json"), "--trust", "trust.json"];
    let told = String::from_utf8(place.run(&verify).stdout).unwrap();
    assert!(told.contains("0 after the last cosigned head\ncosigned by w at "), "{told}");

    // The next head begins where the last one ended.
    open_another(&place, LEDGER, "job-more");
    let (asked, exit) =
        place.json(&["ledger", "checkpoint", LEDGER, "--key", LEDGER_KEY, "--request", "head.request"]);
    assert_eq!((asked["old"].as_u64(), exit), (answer["size"].as_u64(), 0), "{asked:#}");
    let (next, exit) = cosign(&place, &[]);
    assert_eq!((next["old"].as_u64(), exit), (answer["size"].as_u64(), 0), "{next:#}");
    assert!(next["size"].as_u64() > answer["size"].as_u64());
    place.does(&["ledger", "check", LEDGER]);
}

#[test]
fn a_witness_refuses_another_history_and_forgets_nothing() {
    let place = watched();
    request(&place, LEDGER, "0");
    let (answer, exit) = cosign(&place, &[]);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("file_missing"), 2));
    let (first, _) = cosign(&place, &["--first"]);
    let old = first["size"].to_string();
    let (answer, exit) = cosign(&place, &["--first"]);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("file_exists"), 2));
    // A copy of the ledger, as it is now.
    let copy = "copy/orders.db";
    fs::create_dir(place.path("copy")).unwrap();
    place.mode("copy", 0o700);
    for name in ["orders.db", "orders.db-wal", "orders.db-shm"] {
        if let Ok(bytes) = fs::read(place.path(&format!("kept/ledger/{name}"))) {
            place.file(&format!("copy/{name}"), bytes);
            place.mode(&format!("copy/{name}"), 0o600);
        }
    }
    open_another(&place, LEDGER, "job-true");
    open_another(&place, LEDGER, "job-also-true");
    request(&place, LEDGER, &old);
    let (second, exit) = cosign(&place, &[]);
    assert_eq!(exit, 0, "{second:#}");
    let memory = place.read("orders.last");
    let refused = |code: &str| {
        let (answer, exit) = cosign(&place, &[]);
        assert_eq!((answer["error"]["code"].as_str(), exit), (Some(code), 1), "{answer:#}");
        assert_eq!(place.read("orders.last"), memory);
    };
    // The proof of before.
    refused("witness_old_size");
    // The copy, with a life of its own; its head is pinned nowhere.
    open_another(&place, copy, "job-false");
    fs::remove_file(place.path("kept/ledger.key.head")).unwrap();
    request(&place, copy, &old);
    refused("log_shrunk");
    open_another(&place, copy, "job-also-false");
    request(&place, copy, &second["size"].to_string());
    refused("log_forked");
    // Nobody whom the trust file names as a ledger.
    place.file("trust.json", crate::place::trust());
    refused("signer_untrusted");
}

#[test]
fn a_census_names_what_lacks_a_bundle_and_what_is_hidden() {
    let place = watched();
    let all = jobs(&place);
    fs::create_dir(place.path("bundles")).unwrap();
    let (answer, exit) = census(&place, &[]);
    assert_eq!((answer["without_bundle"].as_array().unwrap().len(), exit), (all.len(), 1), "{answer:#}");
    for job in &all {
        bundle(&place, job);
    }
    let (answer, exit) = census(&place, &[]);
    assert_eq!((&answer["without_bundle"], exit), (&serde_json::json!([]), 0), "{answer:#}");
    assert_eq!(answer["jobs"].as_array().unwrap().len(), all.len());
    request(&place, LEDGER, "0");
    cosign(&place, &["--first"]);
    cosigned(&place);
    // A copy of the ledger of before, in which one job never was.
    fs::create_dir(place.path("old")).unwrap();
    let ledger = SqliteLedger::read_only(&place.path(LEDGER)).unwrap();
    drop(ledger);
    open_another(&place, LEDGER, "job-more");
    let (answer, exit) = census(&place, &["--checkpoint", "head.note"]);
    assert_eq!((&answer["without_bundle"], exit), (&serde_json::json!(["job-more"]), 1), "{answer:#}");
    assert_eq!(answer["cosigned"][0]["witnesses"].as_object().unwrap().len(), 1);
    assert_eq!((&answer["findings"], &answer["hidden"]), (&serde_json::json!([]), &serde_json::json!([])));

    // Another ledger in its place, by the same key: it lacks everything that was cosigned and bundled.
    fs::rename(place.path("kept/ledger"), place.path("kept/away")).unwrap();
    place.does(&["ledger", "init", LEDGER, "--key", LEDGER_KEY]);
    let (answer, exit) = census(&place, &["--checkpoint", "head.note"]);
    assert_eq!(exit, 1, "{answer:#}");
    assert_eq!(answer["without_job"].as_array().unwrap().len(), all.len());
    assert_eq!(answer["findings"], serde_json::json!(["ledger_behind_checkpoint"]));
    // A head that nobody cosigned is no head to hold it against.
    place.file(
        "alone.note",
        place.text("head.note").lines().take(5).map(|line| format!("{line}\n")).collect::<String>(),
    );
    let (answer, exit) = census(&place, &["--checkpoint", "alone.note"]);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("signer_untrusted"), 1), "{answer:#}");
}

#[test]
fn a_bundle_that_ends_too_soon_or_does_not_hold_counts_for_nothing() {
    let place = watched();
    for job in &jobs(&place) {
        bundle(&place, job);
    }
    let (all, _) = census(&place, &[]);
    let (closed, file) = all["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["job"].as_str().unwrap().to_owned(), job["bundle"].as_str().unwrap().to_owned()))
        .next()
        .unwrap();
    let mut bytes = place.read(&file);
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    place.file(&file, &bytes);
    let (answer, exit) = census(&place, &[]);
    assert_eq!((&answer["refused"], exit), (&serde_json::json!([file]), 1), "{answer:#}");
    assert_eq!(answer["without_bundle"], serde_json::json!([closed]));
}

#[test]
fn a_receipt_shows_an_entry_without_the_ledger() {
    let place = watched();
    let job = jobs(&place).remove(0);
    let make = |entry: &str| {
        place.json(&[
            "ledger",
            "receipt",
            LEDGER,
            "--job",
            &job,
            "--entry",
            entry,
            "--out",
            "one.receipt.json",
        ])
    };
    assert_eq!(make("1").1, 0);
    let (answer, exit) = make("100000");
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("entry_missing"), 1));
    let verify = ["audit", "receipt", "one.receipt.json", "--trust", "trust.json"];
    let (answer, exit) = place.json(&verify);
    assert_eq!((answer["entry"]["seq"].as_u64(), exit), (Some(1), 0), "{answer:#}");
    assert_eq!(answer["entry"]["job"], *job);
    let text = place.text("one.receipt.json");
    place.file("one.receipt.json", text.replacen("\"seq\":1", "\"seq\":2", 1));
    let (answer, exit) = place.json(&verify);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("root_mismatch"), 1), "{answer:#}");
    place.file("one.receipt.json", text);
    place.file("trust.json", crate::place::trust());
    let (answer, exit) = place.json(&verify);
    assert_eq!((answer["error"]["code"].as_str(), exit), (Some("signer_untrusted"), 1), "{answer:#}");
}

#[test]
fn the_head_is_a_note_that_can_be_printed() {
    let place = Place::new();
    place.keys();
    place.does(&["ledger", "init", "ledger/orders.db", "--key", "author.key"]);
    // Nobody has signed a head yet, and without the key nobody can.
    check!(place, "ledger", "checkpoint", "ledger/orders.db");
    check!(place, "ledger", "checkpoint", "ledger/orders.db", "--key", "author.key");
    check!(place, "ledger", "checkpoint", "ledger/orders.db", "--old", "3");
}

#[test]
#[ignore = "needs WPC_INTEROP, a directory: what tests/interop/evidence.sh reads"]
fn what_a_ledger_that_grows_signs_is_written_for_others_to_read() {
    let out =
        std::path::PathBuf::from(std::env::var_os("WPC_INTEROP").expect("WPC_INTEROP names a directory"));
    let place = watched();
    place.does(&["ledger", "checkpoint", LEDGER, "--key", LEDGER_KEY, "--out", "old.note"]);
    request(&place, LEDGER, "0");
    cosign(&place, &["--first"]);
    let (kept, _) = cosigned(&place);
    let all = jobs(&place);
    for job in &all {
        bundle(&place, job);
    }
    place.does(&["ledger", "receipt", LEDGER, "--job", &all[0], "--entry", "1", "--out", "one.receipt.json"]);
    open_another(&place, LEDGER, "job-more");
    request(&place, LEDGER, &kept["size"].to_string());
    fs::create_dir_all(out.join("bundles")).unwrap();
    for name in ["old.note", "head.note", "head.request", "one.receipt.json", "trust.json"] {
        fs::copy(place.path(name), out.join(name)).unwrap();
    }
    for job in &all {
        let name = format!("bundles/{job}.json");
        fs::copy(place.path(&name), out.join(name)).unwrap();
    }
}
