//! `ledger --postgres`.

use std::env;

use ::postgres::{Client, NoTls};

use crate::place::{AUTHOR_DID, Place, check};

const URL: &str = "WPC_POSTGRES_URL";

#[test]
fn a_ledger_in_a_database_needs_an_address_that_is_safe() {
    let place = Place::new();
    place.keys();
    check!(place, "ledger", "check", "--postgres");
    check!(place, "ledger", "check", "--postgres", "orders.db");
    check!(place, "ledger", "init", "--postgres");
    for (url, code) in [
        ("postgresql://me:s3cret@db.example/x?sslmode=disable", "ledger_insecure"),
        ("postgresql://me:s3cret@db.example/x?s3cret=1", "ledger_address"),
        ("postgresql://me:s3cret@127.0.0.1:1/x", "ledger_unavailable"),
    ] {
        let output = place.run_where((URL, url), &["ledger", "check", "--postgres", "-v"]);
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(code) && !told.contains("s3cret"), "{told}");
    }
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_ledger_in_a_database_is_made_once_and_checked() {
    let server = env::var("WPC_TEST_POSTGRES").expect("WPC_TEST_POSTGRES names a server");
    let mut client = Client::connect(&server, NoTls).unwrap();
    let schema = format!("wpc_cli_{}", std::process::id());
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    let url = format!("{server}?options=-csearch_path%3D{schema}");
    let place = Place::new();
    place.keys();
    let run = |arguments: &[&str]| {
        let output = place.run_where((URL, &url), arguments);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (json, output.status.code())
    };
    let (missing, exit) = run(&["ledger", "check", "--postgres", "--format", "json"]);
    assert_eq!(exit, Some(2));
    assert!(missing.to_string().contains("ledger_missing"), "{missing}");
    let init = ["ledger", "init", "--postgres", "--key", "author.key", "--format", "json"];
    let (made, exit) = run(&init);
    assert_eq!((made["did"].as_str(), exit), (Some(AUTHOR_DID), Some(0)));
    assert!(made["server"].as_str().unwrap().starts_with("postgresql://"));
    let (again, exit) = run(&init);
    assert_eq!(exit, Some(2));
    assert!(again.to_string().contains("ledger_exists"), "{again}");
    let (checked, exit) = run(&["ledger", "check", "--postgres", "--format", "json"]);
    assert_eq!((checked["jobs"].as_u64(), exit), (Some(0), Some(0)));
    let (shown, exit) = run(&["ledger", "show", "--postgres", "--format", "json"]);
    assert_eq!((shown["entries"].as_array().map(Vec::len), exit), (Some(0), Some(0)));
    client.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
}
