//! `new`: what it makes builds and passes its own tests.

use std::fs;
use std::process::{Command, Output};

use crate::place::{Place, check, trust};

#[test]
fn a_new_project_is_complete() {
    let place = Place::new();
    check!(place, "new", "meeting-notes");
    for file in ["Cargo.toml", "README.md", "build.rs", "src/main.rs", "src/notebook.rs"] {
        // Where this repository lies is not the project's business.
        let repository = fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let text = place.text(&format!("meeting-notes/{file}"));
        let text = text.replace(repository.to_str().unwrap(), "[repository]");
        assert!(!text.contains("{{"), "{file}");
        insta::assert_snapshot!(text);
    }
    check!(place, "check", "meeting-notes/policies/meeting-notes.wpc");
    check!(place, "fmt", "--check", "meeting-notes/policies/meeting-notes.wpc");
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new();
    place.does(&["new", "meeting-notes"]);
    check!(place, "new", "meeting-notes");
    assert_eq!(place.names(), ["meeting-notes"]);
}

#[test]
fn a_name_that_cargo_would_refuse_is_refused() {
    check!(Place::new(), "new", "../evil");
    check!(Place::new(), "new", "Notes");
    check!(Place::new(), "new", "notes", "--path", "nowhere");
}

/// Cargo in `directory` of `place`, without a network, in the target directory of this workspace and with its
/// profile: most of what it needs is there.
fn cargo(place: &Place, directory: &str, arguments: &[&str]) -> Output {
    let same = ["sha2", "curve25519-dalek", "ed25519-dalek"]
        .map(|of| format!("profile.dev.package.{of}.opt-level=3"));
    Command::new(env!("CARGO"))
        .args(same.iter().flat_map(|one| ["--config", one]))
        .args(arguments)
        .current_dir(place.path(directory))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/.."))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap()
}

#[test]
fn a_new_project_builds_and_does_what_its_readme_says() {
    let place = Place::new();
    place.keys();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    place.does(&["new", "meeting-notes", "--path", root]);
    // The versions that this workspace was built with are there without a network.
    fs::copy(format!("{root}/Cargo.lock"), place.path("meeting-notes/Cargo.lock")).unwrap();
    let policy = "meeting-notes/policies/meeting-notes";
    place.does(&["compile", &format!("{policy}.wpc")]);
    place.does(&["sign", &format!("{policy}.wpc.json"), "--key", "author.key"]);
    let key = |name: &str| place.does(&["key", "new", &format!("{name}.key")]).trim().to_owned();
    let (issuer, agent) = (key("issuer"), key("agent"));
    let issuer = format!(r#"{{"name":"issuer","keys":["{}"],"roles":["token_issuer"]}}]"#, did(&issuer));
    place.file("trust.json", trust().replace("}]", &format!("}},{issuer}")));
    place.does(&["ledger", "init", "meeting-notes/ledger/meeting-notes.db"]);
    let ledger = place.does(&["key", "show", "meeting-notes/ledger/meeting-notes.db.key"]);
    let artifact = format!("{policy}.wpc.dsse.json");
    let of =
        ["token", "issue", "--artifact", &artifact, "--key", "issuer.key", "--mint", "--out", "agent.token"];
    place.does(&[&of[..], &["--ledger", did(&ledger), "--agent", did(&agent)]].concat());
    let arguments = ["run", "--quiet", "--", "policies/meeting-notes.wpc.dsse.json", "../trust.json"];
    let others = ["ledger/meeting-notes.db", "../agent.token", "../agent.key"];
    let output = cargo(&place, "meeting-notes", &[&arguments[..], &others].concat());
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told, "written: we met\n`write` was refused by policy\n");
    let shown = place.does(&["ledger", "show", "meeting-notes/ledger/meeting-notes.db"]);
    assert!(shown.contains("deny default_deny") && shown.contains("allow, charged to 1"), "{shown}");
    place.does(&["ledger", "check", "meeting-notes/ledger/meeting-notes.db"]);
}

/// The name of a key in what `wpc` said.
fn did(said: &str) -> &str {
    said.split_whitespace().find(|word| word.starts_with("did:key:")).unwrap()
}
