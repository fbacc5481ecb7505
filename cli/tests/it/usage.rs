//! Help, arguments, formats.

use crate::place::{Place, check};

const VERBS: &[&str] = &[
    "new",
    "check",
    "test",
    "fmt",
    "compile",
    "key",
    "sign",
    "verify",
    "show",
    "diff",
    "why",
    "explain",
    "token",
    "release",
    "ledger",
    "witness",
    "audit",
    "serve",
    "registry",
    "evidence",
    "stop",
    "demo",
    "bridge",
    "proxy",
    "completions",
    "man",
];

#[test]
fn every_verb_has_help_with_an_example() {
    let place = Place::new();
    let mut all = place.told(&["--help"], b"");
    for verb in VERBS {
        let told = place.told(&[verb, "--help"], b"");
        assert!(told.contains("Example: "), "{verb}");
        all.push_str("\n\n");
        all.push_str(&told);
    }
    for (verb, below) in [
        ("key", "new"),
        ("key", "show"),
        ("token", "issue"),
        ("token", "renew"),
        ("token", "inspect"),
        ("token", "verify"),
        ("registry", "put"),
        ("registry", "get"),
        ("registry", "show"),
        ("evidence", "put"),
        ("evidence", "get"),
        ("evidence", "query"),
        ("evidence", "census"),
        ("ledger", "init"),
        ("ledger", "check"),
        ("ledger", "show"),
        ("ledger", "checkpoint"),
        ("ledger", "cosigned"),
        ("ledger", "receipt"),
        ("witness", "cosign"),
        ("audit", "census"),
        ("audit", "receipt"),
        ("release", "list"),
        ("release", "show"),
        ("release", "verify"),
        ("release", "submit"),
    ] {
        let told = place.told(&[verb, below, "--help"], b"");
        assert!(told.contains("Example: "), "{verb} {below}");
        all.push_str("\n\n");
        all.push_str(&told);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn an_unknown_verb_is_a_matter_of_usage() {
    check!(Place::new(), "compil");
}

#[test]
fn an_unknown_verb_is_told_in_json_too() {
    check!(Place::new(), "compil", "--format", "json");
    check!(Place::new(), "--format=json", "key", "make");
}

#[test]
fn a_format_of_another_verb_is_refused_in_words() {
    let place = Place::with_orders();
    check!(place, "compile", "orders.wpc", "--format", "sarif");
    check!(place, "check", "orders.wpc", "--format", "junit");
}

#[test]
fn nothing_is_coloured_where_nobody_watches() {
    let output = Place::with_orders().run(&["check", "orders.wpc"]);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn colours_can_be_forced_and_forbidden() {
    let place = Place::with_orders();
    let run = |variables: &[(&str, &str)]| {
        let output =
            place.command().args(["check", "orders.wpc"]).envs(variables.iter().copied()).output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(run(&[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Place::new().does(&["completions", shell]);
        assert!(script.contains("compile") && script.contains("ledger"), "{shell}");
    }
}

#[test]
fn man_pages_are_made_for_every_verb() {
    let place = Place::new();
    check!(place, "man", ".");
    insta::assert_snapshot!(place.names().join("\n"));
    assert!(place.text("wpc-ledger-init.1").contains("Example"));
}

#[test]
fn an_answer_that_cannot_be_told_is_not_a_yes() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = Place::new().command().args(["explain"]).stdout(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
