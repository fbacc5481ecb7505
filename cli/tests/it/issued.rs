//! `token issue` and `token renew` where somebody releases policies.

use crate::place::Place;
use crate::release::{NEW, OLD, place as released_place, release};

const AGENT: &str = "did:key:z6Mkn4x1HvZkkoREXWaXdWF8FjRTPd9PFqDab3QpbRG7M3Nu";
const LEDGER: &str = "did:key:z6MkvRXNYcE7MMduynWTgeKbDaT1iijDSC8pZqXZc8rHPrf2";

/// Issues `a.token` for `artifact`, and looks at the releases if `by` says so.
fn issue<'a>(artifact: &'a str, job: &[&'a str], by: &[&'a str]) -> Vec<&'a str> {
    let base = ["token", "issue", "--artifact", artifact, "--key", "author.key", "--out", "a.token"];
    [&base, &["--ledger", LEDGER, "--agent", AGENT][..], job, by].concat()
}

const MINT: &[&str] = &["--mint"];
const RUNS: &[&str] = &["--job", "job_1"];
const BY: &[&str] = &["--trust", "trust.json", "--dir", "releases"];

#[track_caller]
fn refused(place: &Place, arguments: &[&str], code: &str, exit: i32) {
    let (json, found) = place.json(arguments);
    assert_eq!((json["error"]["code"].as_str(), found), (Some(code), exit), "{json}");
    assert!(json["error"]["help"].as_str().is_some_and(|help| !help.is_empty()), "{json}");
    assert!(!place.path("a.token").exists() && !place.path("a.token.grant.json").exists());
}

#[track_caller]
fn issued(place: &Place, arguments: &[&str]) {
    place.does(arguments);
    for file in ["a.token", "a.token.grant.json"] {
        std::fs::remove_file(place.path(file)).unwrap();
    }
}

#[test]
fn only_the_current_policy_gets_a_token() {
    let place = released_place();
    // Nobody says that anything is released; then the trust file does.
    issued(&place, &issue(OLD, MINT, &[]));
    refused(&place, &issue(OLD, MINT, &["--trust", "trust.json"]), "policy_release_required", 2);
    refused(&place, &issue(OLD, MINT, &["--dir", "releases"]), "usage", 2);
    refused(&place, &issue(OLD, MINT, BY), "policy_release_required", 1);
    place.does(&release(OLD, "author.key", &[]));
    issued(&place, &issue(OLD, MINT, BY));
    issued(&place, &issue("orders.wpc.json", MINT, BY));
    refused(&place, &issue(NEW, MINT, BY), "policy_not_released", 1);
    refused(&place, &issue(NEW, RUNS, BY), "policy_not_released", 1);
    // Superseded: a job that runs may finish.
    place.does(&release(NEW, "author.key", &["--running", "finish"]));
    issued(&place, &issue(NEW, MINT, BY));
    refused(&place, &issue(OLD, MINT, BY), "policy_rolled_back", 1);
    issued(&place, &issue(OLD, RUNS, BY));
    // Rolled back.
    place.does(&release(OLD, "author.key", &["--back", "--running", "drain"]));
    issued(&place, &issue(OLD, MINT, BY));
    refused(&place, &issue(NEW, MINT, BY), "policy_rolled_back", 1);
    refused(&place, &issue(NEW, RUNS, BY), "policy_changed", 1);
}

#[test]
fn a_release_that_does_not_hold_now_gives_no_token() {
    let place = released_place();
    place.does(&release(OLD, "author.key", &["--not-before", "1d", "--not-after", "2d"]));
    refused(&place, &issue(OLD, MINT, BY), "policy_release_early", 1);
    refused(&place, &issue(OLD, RUNS, BY), "policy_release_early", 1);
    let times = ["--not-before", "2020-01-01T00:00:00Z", "--not-after", "2020-01-02T00:00:00Z"];
    place.does(&release(NEW, "author.key", &times));
    refused(&place, &issue(NEW, MINT, BY), "policy_release_expired", 1);
}

#[test]
fn releases_that_are_no_chain_give_no_token() {
    let place = released_place();
    place.does(&release(OLD, "author.key", &[]));
    place.does(&release(NEW, "author.key", &[]));
    let file = |seq: u8| place.path(&format!("releases/asb-send-orders-staging.00000{seq}.release.json"));
    let second = std::fs::read(file(2)).unwrap();
    std::fs::copy(file(1), file(2)).unwrap();
    refused(&place, &issue(NEW, MINT, BY), "policy_release_forked", 1);
    std::fs::write(file(2), second).unwrap();
    issued(&place, &issue(NEW, MINT, BY));
    std::fs::remove_file(file(1)).unwrap();
    refused(&place, &issue(NEW, MINT, BY), "policy_release_gap", 1);
}

#[test]
fn a_token_is_renewed_while_its_policys_jobs_go_on() {
    let place = released_place();
    place.does(&release(OLD, "author.key", &[]));
    place.does(&issue(OLD, RUNS, BY));
    let renew = [&["token", "renew", "a.token", "--key", "author.key"], BY].concat();
    place.does(&renew);
    place.does(&release(NEW, "author.key", &["--running", "finish"]));
    place.does(&renew);
    place.does(&release(NEW, "author.key", &["--running", "drain"]));
    let before = place.read("a.token");
    let (json, exit) = place.json(&renew);
    assert_eq!((json["error"]["code"].as_str(), exit), (Some("policy_changed"), 1), "{json}");
    assert_eq!(place.read("a.token"), before);
    // A policy that nobody released.
    std::fs::remove_dir_all(place.path("releases")).unwrap();
    std::fs::create_dir(place.path("releases")).unwrap();
    let (json, exit) = place.json(&renew);
    assert_eq!((json["error"]["code"].as_str(), exit), (Some("policy_not_released"), 1), "{json}");
}
