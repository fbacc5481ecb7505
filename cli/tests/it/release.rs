//! `release`: a signed policy becomes the current one of its name.

use serde_json::json;

use crate::place::{AUTHOR_DID, Place};

const NAME: &str = "asb-send-orders-staging";

/// The author signs and releases; a stranger only revokes. The policy is there in two versions, signed.
pub(crate) fn place() -> Place {
    let place = Place::with_artifact();
    let stranger = place.does(&["key", "show", "stranger.key"]);
    let trust = json!({"v": 1, "principals": [
        {"name": "alice", "keys": [AUTHOR_DID], "roles": ["policy_author", "releaser"]},
        {"name": "bob", "keys": [stranger.trim()], "roles": ["revoker"]},
    ]});
    place.file("trust.json", trust.to_string());
    std::fs::create_dir(place.path("releases")).unwrap();
    let newer = place.text("orders.wpc").replace("200 per job", "100 per job");
    place.file("new/orders.wpc", newer);
    place.does(&["compile", "new/orders.wpc"]);
    for artifact in ["orders.wpc.json", "new/orders.wpc.json"] {
        place.does(&["sign", artifact, "--key", "author.key"]);
    }
    place
}

pub(crate) const OLD: &str = "orders.wpc.dsse.json";
pub(crate) const NEW: &str = "new/orders.wpc.dsse.json";

/// Arguments that release `artifact` with `key`, and `more`.
pub(crate) fn release<'a>(artifact: &'a str, key: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["release", artifact, "--key", key, "--trust", "trust.json", "--dir", "releases"], more].concat()
}

#[track_caller]
fn refused(place: &Place, arguments: &[&str], code: &str, exit: i32) {
    let before = std::fs::read_dir(place.path("releases")).unwrap().count();
    let (json, found) = place.json(arguments);
    assert_eq!((json["error"]["code"].as_str(), found), (Some(code), exit), "{json}");
    assert_eq!(std::fs::read_dir(place.path("releases")).unwrap().count(), before);
}

#[test]
fn releases_are_numbered_and_going_back_is_a_new_one() {
    let place = place();
    let (first, exit) = place.json(&release(OLD, "author.key", &[]));
    assert_eq!(exit, 0, "{first}");
    assert_eq!(
        (&first["seq"], &first["previous"], &first["running"]),
        (&1.into(), &json!(null), &"finish".into())
    );
    assert_eq!(first["file"], format!("releases/{NAME}.000001.release.json"));
    assert_eq!(first["principals"], json!(["alice"]));
    let (second, _) = place.json(&release(NEW, "author.key", &["--running", "drain", "--not-after", "90d"]));
    assert_eq!((&second["seq"], &second["previous"]), (&2.into(), &first["release_hash"]));
    // The same again is a longer time; an older one must be asked for.
    let (third, _) = place.json(&release(NEW, "author.key", &[]));
    assert_eq!((&third["seq"], &third["policy_hash_b64u"]), (&3.into(), &second["policy_hash_b64u"]));
    refused(&place, &release(OLD, "author.key", &[]), "policy_rolled_back", 1);
    let (back, _) = place.json(&release(OLD, "author.key", &["--back"]));
    assert_eq!((&back["seq"], &back["policy_hash_b64u"]), (&4.into(), &first["policy_hash_b64u"]));

    let (listed, _) = place.json(&["release", "list", "--dir", "releases"]);
    let current: Vec<_> = listed["releases"].as_array().unwrap().iter().map(|one| &one["current"]).collect();
    assert_eq!(current, [false, false, false, true]);
    let (shown, _) = place.json(&["release", "show", back["file"].as_str().unwrap()]);
    assert_eq!(shown["release_hash"], back["release_hash"]);
    let verify = ["release", "verify", NAME, "--dir", "releases", "--trust", "trust.json"];
    let (verified, exit) = place.json(&verify);
    assert_eq!((&verified["current"]["seq"], &verified["releases"], exit), (&4.into(), &4.into(), 0));
    let told = place.does(&["release", "list", NAME, "--dir", "releases"]);
    assert!(told.starts_with(NAME) && told.trim_end().ends_with("current"), "{told}");
}

#[test]
fn only_a_releaser_releases_and_only_what_authors_signed() {
    let place = place();
    refused(&place, &release("orders.wpc.json", "author.key", &[]), "malformed", 1);
    place.does(&["sign", "orders.wpc.json", "--key", "stranger.key"]);
    place.does(&release(OLD, "author.key", &[]));
    refused(&place, &release(NEW, "stranger.key", &[]), "role_mismatch", 1);
    place.does(&["key", "new", "nobody.key"]);
    refused(&place, &release(NEW, "nobody.key", &[]), "signer_untrusted", 1);
    place.file(
        "unsigned.json",
        wpc::sign(
            wpc::POLICY_TYPE,
            &place.read("new/orders.wpc.json"),
            &[wpc::Key::read(&place.path("nobody.key")).unwrap()],
        ),
    );
    refused(&place, &release("unsigned.json", "author.key", &[]), "signer_untrusted", 1);
    let times = ["--not-before", "2d", "--not-after", "1d"];
    refused(&place, &release(NEW, "author.key", &times), "usage", 2);
    refused(&place, &["release"], "usage", 2);
    // A chain that somebody forked or cut is not built upon.
    let (one, two) =
        (format!("releases/{NAME}.000001.release.json"), format!("releases/{NAME}.000002.release.json"));
    std::fs::copy(place.path(&one), place.path(&two)).unwrap();
    refused(&place, &release(NEW, "author.key", &[]), "policy_release_forked", 1);
    std::fs::remove_file(place.path(&two)).unwrap();
    place.does(&release(NEW, "author.key", &[]));
    std::fs::remove_file(place.path(&one)).unwrap();
    let verify = ["release", "verify", NAME, "--dir", "releases", "--trust", "trust.json"];
    refused(&place, &verify, "policy_release_gap", 1);
}

#[test]
fn a_ledger_takes_releases_and_no_older_ones() {
    let place = place();
    place.does(&["ledger", "init", "ledger/orders.db"]);
    place.does(&release(OLD, "author.key", &[]));
    std::fs::create_dir(place.path("copy")).unwrap();
    let first = format!("{NAME}.000001.release.json");
    std::fs::copy(place.path(&format!("releases/{first}")), place.path(&format!("copy/{first}"))).unwrap();
    place.does(&release(NEW, "author.key", &[]));
    let submit = |dir: &'static str| {
        ["release", "submit", NAME, "--dir", dir, "--ledger", "ledger/orders.db", "--trust", "trust.json"]
    };
    let (taken, exit) = place.json(&submit("releases"));
    assert_eq!((&taken["seq"], exit), (&2.into(), 0), "{taken}");
    refused(&place, &submit("copy"), "policy_rolled_back", 1);
    assert_eq!(place.json(&submit("releases")).1, 0);
    place.does(&["ledger", "check", "ledger/orders.db"]);
}

#[test]
fn a_clock_is_accepted_by_who_has_the_ledgers_key() {
    let place = place();
    place.does(&["ledger", "init", "ledger/orders.db"]);
    let accept =
        |key: &'static str| ["ledger", "clock", "accept", "ledger/orders.db", "--key", key, "--by", "ann"];
    let (accepted, exit) = place.json(&accept("ledger/orders.db.key"));
    assert_eq!((accepted["by"].as_str(), exit), (Some("ann"), 0), "{accepted}");
    assert_eq!(accepted["ledger_at"], "1970-01-01T00:00:00.000Z");
    refused(&place, &accept("author.key"), "ledger_key_differs", 2);
    place.does(&["ledger", "check", "ledger/orders.db"]);
}

#[test]
fn a_ledger_of_another_version_is_brought_forward_or_refused() {
    let place = place();
    place.does(&["ledger", "init", "ledger/orders.db"]);
    let upgrade = ["ledger", "upgrade", "ledger/orders.db"];
    let (json, exit) = place.json(&upgrade);
    assert_eq!((&json["from"], exit), (&json!(null), 0), "{json}");
    let sql = |sql: &str| {
        rusqlite::Connection::open(place.path("ledger/orders.db")).unwrap().execute_batch(sql).unwrap()
    };
    sql("DROP TABLE release; DROP TABLE clock; DROP TABLE cosigned; PRAGMA user_version = 4");
    refused(&place, &["ledger", "check", "ledger/orders.db"], "ledger_version", 2);
    let (json, _) = place.json(&["ledger", "check", "ledger/orders.db"]);
    assert!(json["error"]["help"].as_str().unwrap().contains("wpc ledger upgrade"), "{json}");
    let (json, exit) = place.json(&upgrade);
    assert_eq!((&json["from"], exit), (&4.into(), 0), "{json}");
    place.does(&["ledger", "check", "ledger/orders.db"]);
    for (version, code) in [(2, "ledger_too_old"), (6, "ledger_version")] {
        sql(&format!("PRAGMA user_version = {version}"));
        refused(&place, &upgrade, code, 2);
    }
}
