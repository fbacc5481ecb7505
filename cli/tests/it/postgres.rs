//! Ledgers in databases: `--postgres`.

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

const POLICY: &str = r#"
/// Pays back, if somebody agrees.
tool till {
    resource drawer(name: entity_name<50>) = "till://{name}"
    action refund on drawer { cents: count }
    action look on drawer
}

policy till {
    param manager: did
    tool till {
        allow refund, look on drawer("front")
        require approval of refund { by did(manager); quorum 1; within 30 min }
    }
    token { lifetime 15 min; pin policy; bind job }
}
"#;

/// Everything that people and auditors do with a ledger, in a database.
#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn people_approve_revoke_and_audit_in_a_database() {
    let server = env::var("WPC_TEST_POSTGRES").expect("WPC_TEST_POSTGRES names a server");
    let mut client = Client::connect(&server, NoTls).unwrap();
    let schema = format!("wpc_cli_people_{}", std::process::id());
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    let url = format!("{server}?options=-csearch_path%3D{schema}");
    let place = Place::new();
    let did = |name: &str| place.does(&["key", "new", &format!("{name}.key")]).trim().to_owned();
    let principals = [
        ("author", "policy_author"),
        ("ledger", "ledger"),
        ("issuer", "token_issuer"),
        ("manager", "approver"),
        ("revoker", "revoker"),
        ("witness", "witness"),
    ];
    let principals = principals.map(|(name, role)| {
        let mut one = serde_json::json!({"name": name, "keys": [did(name)], "roles": [role]});
        if role == "ledger" {
            one["mode"] = "gateway".into();
        }
        one
    });
    let manager = principals[3]["keys"][0].as_str().unwrap().to_owned();
    let ledger_did = principals[1]["keys"][0].as_str().unwrap().to_owned();
    place.file("trust.json", serde_json::json!({"v": 1, "principals": principals}).to_string());
    place.file("till.wpc", POLICY);
    let agent = did("agent");
    place.does(&["compile", "till.wpc", "--param", &format!("manager={manager}")]);
    place.does(&["sign", "till.wpc.json", "--key", "author.key"]);
    let run = |arguments: &[&str], expected: i32| {
        let arguments = [arguments, &["--format", "json"]].concat();
        let output = place.run_where((URL, &url), &arguments);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {json:#}");
        json
    };
    run(&["ledger", "init", "--postgres", "--key", "ledger.key"], 0);
    let issue = ["token", "issue", "--artifact", "till.wpc.json", "--key", "issuer.key", "--out", "a.token"];
    place.does(&[&issue[..], &["--job", "job-1", "--ledger", &ledger_did, "--agent", &agent]].concat());

    let key = |name: &str| wpc::Key::read(&place.path(name)).unwrap();
    let ledger = || {
        let config = wpc::ledger::PostgresConfig::from_url(&url).unwrap();
        let ledger = wpc::ledger::PostgresLedger::open(&config, key("ledger.key")).unwrap();
        std::sync::Arc::new(ledger) as std::sync::Arc<dyn wpc::Ledger>
    };
    let trust = wpc::Trust::parse(&place.read("trust.json")).unwrap();
    let (artifact, grant) = (place.read("till.wpc.dsse.json"), place.read("a.token.grant.json"));
    let token = place.text("a.token");
    let open = || {
        let ledger = ledger();
        let holder = wpc::Holder::new(token.trim(), &grant, &key("agent.key"), &*ledger).unwrap();
        let identity = holder.identity();
        wpc::DynamicGate::open(wpc::Opening { artifact: &artifact, trust: &trust, ledger, identity }).unwrap()
    };
    let gate = open();
    let ask = |action: &str, arguments: &str| {
        let call = format!(
            r#"{{"tool":"till","action":"{action}","resource":{{"kind":"drawer","name":"front"}},"arguments":{arguments}}}"#
        );
        let begun = gate.begin_json_sync(call.as_bytes(), wpc_model::Measured::Accept);
        begun
            .map(|running| running.finish_sync(wpc::Outcome::Done))
            .map_err(|refused| refused.code().to_owned())
    };
    let refund = || ask("refund", r#"{"cents":500}"#);
    assert_eq!(refund(), Err("approval_required".to_owned()));
    let of_job = ["--postgres", "--trust", "trust.json", "--job", "job-1"];
    let listed = run(&[&["approve", "list", "--out", "."][..], &of_job].concat(), 0);
    let request = listed["requests"][0]["file"].as_str().unwrap().to_owned();
    place.does(&[
        "approve",
        "sign",
        &request,
        "--key",
        "manager.key",
        "--for",
        "10m",
        "--out",
        "a.approval.json",
    ]);
    let submit = [&["approve", "submit", "a.approval.json"][..], &of_job].concat();
    // Nobody writes to a database without the ledger's key.
    assert_eq!(place.run_where((URL, &url), &submit).status.code(), Some(2));
    run(&[&submit[..], &["--ledger-key", "ledger.key"]].concat(), 0);
    assert_eq!(refund(), Ok(()));
    assert_eq!(refund(), Err("approval_required".to_owned()));
    let with_key = ["--postgres", "--ledger-key", "ledger.key", "--trust", "trust.json"];
    let revoked = run(&[&["revoke", "job", "job-1", "--key", "revoker.key"][..], &with_key].concat(), 0);
    assert_eq!(revoked["revocation_seq"], 1);
    assert_eq!(ask("look", "{}"), Err("job_revoked".to_owned()));
    gate.close().unwrap();

    run(&["ledger", "checkpoint", "--postgres", "--key", "ledger.key", "--request", "head.request"], 0);
    let cosign =
        ["witness", "cosign", "head.request", "--previous", "last", "--first", "--key", "witness.key"];
    place.does(&[&cosign[..], &["--trust", "trust.json", "--out", "head.note"]].concat());
    let cosigned = ["ledger", "cosigned", "--postgres", "--note", "head.note", "--key", "ledger.key"];
    run(&[&cosigned[..], &["--trust", "trust.json"]].concat(), 0);
    std::fs::create_dir(place.path("bundles")).unwrap();
    let create = ["bundle", "create", "--job", "job-1", "--out", "bundles/job-1.json"];
    let made = run(&[&create[..], &with_key].concat(), 0);
    assert_eq!((made["verdict"].as_str(), made["counts"]["trailing"].as_u64()), (Some("verified"), Some(0)));
    let census = ["audit", "census", "--postgres", "--trust", "trust.json", "--bundles", "bundles"];
    run(&[&census[..], &["--checkpoint", "head.note"]].concat(), 0);
    run(&["ledger", "receipt", "--postgres", "--job", "job-1", "--entry", "2", "--out", "r.json"], 0);
    place.does(&["audit", "receipt", "r.json", "--trust", "trust.json"]);
    client.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
}
