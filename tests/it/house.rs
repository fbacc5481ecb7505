//! What holds between crates: who may depend on what, and what is generated is what is committed.

use std::process::Command;

fn names_of_macros() -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = ["tree", "-p", "wpc-macros", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let out = Command::new(cargo).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let mut names: Vec<_> =
        text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn users_compile_no_more_for_the_macros_than_is_listed() {
    insta::assert_snapshot!(names_of_macros().join("\n"));
}

#[test]
fn no_cryptography_json_or_runtime_is_behind_the_macros() {
    let names = names_of_macros();
    for heavy in ["serde_json", "ed25519-dalek", "tokio", "rusqlite", "serde"] {
        assert!(!names.iter().any(|name| name == heavy), "{heavy} is behind the macros");
    }
}
