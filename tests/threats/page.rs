//! docs/threats.md is what the tests found.

use std::fs;
use std::path::Path;

const HEAD: &str = "\
# Threats

What an agent with a Service Bus could do to it, tried by a hostile MCP client against `wpc-service-bus` with a broker
behind it; the last part, against a gate of tools on the same machine. This page is written by `tests/threats`: `INSTA_UPDATE=always cargo test -p wpc-tests --test threats`, once more
for the page. Each line was run, and the ledger says what it says here.
";

/// What was found, in the order of the threat table.
const FOUND: [&str; 6] = ["sender", "receiver", "dead_letters", "credentials", "covert", "boundary"];

#[test]
fn the_page_is_what_the_tests_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let section = |name: &str| {
        let module = format!("threats__{name}__{name}.snap");
        let text = fs::read_to_string(root.join("threats/snapshots").join(module)).unwrap();
        // Behind what insta says of the snapshot.
        text.splitn(3, "---\n").nth(2).unwrap().trim_end().to_owned()
    };
    let sections: Vec<_> = FOUND.iter().map(|name| section(name)).collect();
    let page = format!("{HEAD}\n{}\n", sections.join("\n\n"));
    let file = root.join("../docs/threats.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        fs::write(&file, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap(), page);
}
