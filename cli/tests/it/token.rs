//! `token`: what an issuer writes, a gate takes; the secret stays in its file.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use wpc::token::{self, IssueRequest};
use wpc::{Did, JobId, Key};
use wpc_model::Hash;

use crate::place::{AUTHOR_DID, Place, check};

/// The name of `stranger.key`, here the agent.
const AGENT: &str = "did:key:z6Mkn4x1HvZkkoREXWaXdWF8FjRTPd9PFqDab3QpbRG7M3Nu";
/// Of the seed 03 … 03.
const LEDGER: &str = "did:key:z6MkvRXNYcE7MMduynWTgeKbDaT1iijDSC8pZqXZc8rHPrf2";

/// The author issues here.
fn place() -> Place {
    let place = Place::with_artifact();
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"issuer","keys":["{AUTHOR_DID}"],"roles":["token_issuer"]}}]}}"#
    );
    place.file("trust.json", trust);
    place
}

fn key(seed: u8) -> Did {
    Key::from_seed(&[seed; 32]).did()
}

/// Arguments that issue `a.token` for `job_1`, and `more`.
fn issue<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = ["token", "issue", "--artifact", "orders.wpc.json", "--key", "author.key", "--out", "a.token"];
    [&base, &["--ledger", LEDGER, "--agent", AGENT][..], more].concat()
}

const VERIFY: &[&str] =
    &["token", "verify", "a.token", "--trust", "trust.json", "--policy", "orders.wpc.json", "--ledger"];

fn mode(place: &Place, name: &str) -> u32 {
    place.path(name).metadata().unwrap().permissions().mode() & 0o7777
}

/// `a.token` as it was issued long ago, or anything else that `request` says.
fn write(place: &Place, request: &IssueRequest, lifetime_s: i64, now_s: i64) {
    let author = Key::read(&place.path("author.key")).unwrap();
    let issued = token::issue(&author, request, lifetime_s, now_s).unwrap();
    place.file("a.token", issued.token.as_str());
}

fn request(place: &Place) -> IssueRequest {
    let (agent, ledger) = (Did::parse(AGENT).unwrap(), Did::parse(LEDGER).unwrap());
    let job = JobId::parse("job_1").unwrap();
    let policy_hash = Hash::of(&place.read("orders.wpc.json"));
    IssueRequest { jti: Some("jti-1".to_owned()), ..IssueRequest::new(&agent, &ledger, &job, policy_hash) }
}

#[test]
fn the_names_here_are_those_of_the_keys() {
    assert_eq!(place().does(&["key", "show", "stranger.key"]).trim(), AGENT);
    assert_eq!(key(3).to_string(), LEDGER);
}

#[test]
fn what_an_issuer_issues_a_gate_takes() {
    let place = place();
    let (issued, exit) = place.json(&issue(&["--job", "job_1", "--lifetime", "10m"]));
    assert_eq!(exit, 0, "{issued}");
    assert_eq!((&issued["job"], &issued["verb"]), (&"job_1".into(), &"token issue".into()));
    assert_eq!(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap(), 600);
    assert_eq!((mode(&place, "a.token"), issued.get("token")), (0o600, None));

    let (verified, exit) = place.json(&[VERIFY, &[LEDGER, "--job", "job_1"]].concat());
    assert_eq!(exit, 0, "{verified}");
    assert_eq!((&verified["principal"], &verified["issuer"]), (&"issuer".into(), &AUTHOR_DID.into()));
    assert_eq!(verified["jti"], issued["jti"]);
    assert_eq!(verified["needs_proof"], true);

    let (inspected, exit) = place.json(&["token", "inspect", "a.token"]);
    assert_eq!((exit, &inspected["verified"]), (0, &Value::Bool(false)));
    assert_eq!(inspected["claims"]["mission_id"], "job_1");
    assert_eq!(inspected["claims"]["aud"], serde_json::json!([LEDGER]));

    let trust = wpc::Trust::parse(&place.read("trust.json")).unwrap();
    let grant = token::grant::verify(&place.read("a.token.grant.json"), &trust).unwrap();
    assert_eq!(grant.claims().jti(), issued["jti"]);
}

#[test]
fn the_token_is_told_only_to_who_asks() {
    let place = place();
    let told = place.told(&issue(&["--mint", "-v"]), b"");
    let token = place.text("a.token");
    let secret = token.trim().rsplit('.').next().unwrap();
    assert!(!told.contains(secret) && told.contains("job job_"), "{told}");
    assert!(!place.told(&[VERIFY, &[LEDGER]].concat(), b"").contains(secret));
    assert!(!place.told(&["token", "inspect", "a.token"], b"").contains(secret));
    assert!(!place.text("a.token.grant.json").contains(secret));
    let told = place.does(&["token", "renew", "a.token", "--key", "author.key", "--stdout"]);
    assert_eq!(told, place.text("a.token"));
    let (told, _) = place.json(&["token", "renew", "a.token", "--key", "author.key", "--stdout"]);
    assert_eq!(told["token"], place.text("a.token").trim());
}

#[test]
fn two_jobs_have_two_names() {
    let place = place();
    let (first, _) = place.json(&issue(&["--mint"]));
    std::fs::remove_file(place.path("a.token")).unwrap();
    let (second, _) = place.json(&issue(&["--mint"]));
    assert_ne!(first["job"], second["job"]);
    assert_ne!(first["jti"], second["jti"]);
}

#[test]
fn a_token_is_never_written_over_but_by_its_next() {
    let place = place();
    place.does(&issue(&["--job", "job_1"]));
    let before = (place.text("a.token"), place.text("a.token.grant.json"));
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "a.token",
        "--ledger",
        LEDGER,
        "--agent",
        AGENT,
        "--job",
        "job_2"
    );
    assert_eq!((place.text("a.token"), place.text("a.token.grant.json")), before);
    let (renewed, exit) = place.json(&["token", "renew", "a.token", "--key", "author.key"]);
    assert_eq!((exit, &renewed["job"]), (0, &"job_1".into()));
    assert_ne!(place.text("a.token"), before.0);
    assert_eq!(mode(&place, "a.token"), 0o600);
    let (verified, exit) = place.json(&[VERIFY, &[LEDGER]].concat());
    assert_eq!((exit, &verified["jti"]), (0, &renewed["jti"]));
    assert!(place.names().iter().all(|name| !name.starts_with('.')), "{:?}", place.names());
}

#[test]
fn only_its_issuer_renews_a_token() {
    let place = place();
    write(&place, &request(&place), 60, 1_000);
    let before = place.text("a.token");
    check!(place, "token", "renew", "a.token", "--key", "stranger.key");
    check!(place, "token", "renew", "a.token", "--key", "author.key", "--lifetime", "2m");
    assert_eq!(place.text("a.token"), before);
    place.does(&["token", "renew", "a.token", "--key", "author.key"]);
    place.does(&[VERIFY, &[LEDGER]].concat());
}

#[test]
fn a_token_is_shown_as_what_it_says() {
    let place = place();
    write(
        &place,
        &IssueRequest { owner_did: Some(LEDGER.to_owned()), ..request(&place) },
        900,
        1_767_225_600,
    );
    check!(place, "token", "inspect", "a.token");
    check!(place, "token", "inspect", "a.token", "--format", "json");
}

#[test]
fn a_token_of_another_time_or_place_is_refused() {
    let place = place();
    write(&place, &request(&place), 900, 1_767_225_600);
    check!(
        place,
        "token",
        "verify",
        "a.token",
        "--trust",
        "trust.json",
        "--policy",
        "orders.wpc.json",
        "--ledger",
        LEDGER
    );
    check!(
        place,
        "token",
        "verify",
        "a.token",
        "--trust",
        "trust.json",
        "--policy",
        "orders.wpc.json",
        "--ledger",
        AGENT,
        "--format",
        "json"
    );
    write(&place, &IssueRequest { policy_hash: Hash::of(b"x"), ..request(&place) }, 900, 1_767_225_600);
    check!(
        place,
        "token",
        "verify",
        "a.token",
        "--trust",
        "trust.json",
        "--policy",
        "orders.wpc.json",
        "--ledger",
        LEDGER
    );
    place.file("trust.json", crate::place::trust());
    check!(
        place,
        "token",
        "verify",
        "a.token",
        "--trust",
        "trust.json",
        "--policy",
        "orders.wpc.json",
        "--ledger",
        LEDGER
    );
}

#[test]
fn a_grant_or_anything_else_is_no_token() {
    let place = place();
    place.does(&issue(&["--mint"]));
    check!(place, "token", "inspect", "a.token.grant.json");
    check!(place, "token", "inspect", "trust.json");
    check!(place, "token", "inspect", "orders.wpc");
    check!(place, "token", "inspect", "missing.token");
}

#[test]
fn a_policys_lifetime_and_agent_are_held() {
    let place = place();
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "a.token",
        "--ledger",
        LEDGER,
        "--agent",
        AGENT,
        "--mint",
        "--lifetime",
        "2h"
    );
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "a.token",
        "--ledger",
        LEDGER,
        "--agent",
        "did:web:agent.example",
        "--mint"
    );
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "a.token",
        "--ledger",
        LEDGER,
        "--agent",
        AGENT
    );
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "no/a.token",
        "--ledger",
        LEDGER,
        "--agent",
        AGENT,
        "--mint"
    );
    check!(
        place,
        "token",
        "issue",
        "--artifact",
        "orders.wpc.json",
        "--key",
        "author.key",
        "--out",
        "a.token",
        "--ledger",
        "gate",
        "--agent",
        AGENT,
        "--job",
        "a job"
    );
    assert!(!place.names().iter().any(|name| name.contains("token")), "{:?}", place.names());
}
