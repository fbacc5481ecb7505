//! What is opened and what is refused, and rows that somebody else wrote.

use super::*;

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn only_init_makes_a_ledger_and_it_replaces_nothing() {
    let database = Database::empty();
    let config = database.config();
    let open = || PostgresLedger::open(&config, key()).map(drop).map_err(|error| error.code());
    assert_eq!(open(), Err("ledger_missing"));
    let racing: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| PostgresLedger::init(&config, &key().did()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(racing.iter().filter(|made| made.is_ok()).count(), 1, "{racing:?}");
    assert!(racing.iter().flat_map(|made| made.as_ref().err()).all(|error| error.code() == "ledger_exists"));
    assert_eq!(open(), Ok(()));
    let other = PostgresLedger::open(&config, Key::from_seed(&[8; 32])).unwrap_err();
    assert_eq!(other.code(), "ledger_key_differs");
    let reader = PostgresLedger::read_only(&config).unwrap();
    assert_eq!(reader.append(&job("j"), &mut |_| vec![crate::rig::opened()]), Err(LedgerError::NoKey));

    let mut client = database.client();
    for version in [1, 3] {
        client.execute("UPDATE version SET version = $1", &[&i64::from(version)]).unwrap();
        assert_eq!(open(), Err("ledger_version"));
    }
    client.batch_execute("UPDATE version SET version = 2; ALTER TABLE token RENAME TO other").unwrap();
    assert_eq!(open(), Err("ledger_foreign"));
    let trigger = "ALTER TABLE other RENAME TO token; CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \
                   'BEGIN RETURN NULL; END'; \
                   CREATE TRIGGER no BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION no()";
    client.batch_execute(trigger).unwrap();
    assert_eq!(open(), Err("ledger_foreign"));
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_server_that_may_lose_what_it_committed_is_refused() {
    let database = Database::new();
    let config = |setting: &str| {
        let url = database.url().replace("options=", &format!("options=-csynchronous_commit%3D{setting}%20"));
        PostgresConfig::from_url(&url).unwrap()
    };
    for setting in ["off", "local", "remote_write"] {
        let refused = PostgresLedger::open(&config(setting), key()).unwrap_err();
        let text = refused.to_string();
        assert_eq!(refused.code(), "ledger_setting", "{text}");
        assert!(text.contains(setting) && text.contains("on or remote_apply"), "{text}");
        assert_eq!(
            PostgresLedger::init(&config(setting), &key().did()).unwrap_err().code(),
            "ledger_setting"
        );
    }
    PostgresLedger::open(&config("remote_apply"), key()).unwrap();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let database = Database::new();
    let config = PostgresConfig::from_url(&format!("{}&sslmode=require", database.url())).unwrap();
    let refused = PostgresLedger::open(&config, key()).unwrap_err();
    assert_eq!(refused.code(), "ledger_unavailable");
    assert!(refused.to_string().contains("TLS"), "{refused}");
}

#[test]
fn no_address_shows_what_is_secret_and_none_goes_without_tls_to_another_machine() {
    let config = PostgresConfig::from_url("postgresql://me:s3cret@db.example:5433/ledgers").unwrap();
    assert_eq!(config.to_string(), "postgresql://db.example:5433/ledgers");
    assert!(!format!("{config:?} {config}").contains("s3cret"));
    for wrong in
        ["postgresql://me:s3cret@db.example/x?s3cret=1", "s3cret", "postgresql://me:s3cret@h:s3cret/x"]
    {
        let error = PostgresConfig::from_url(wrong).unwrap_err();
        assert_eq!(error.code(), "ledger_address");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let code = |url: &str| PostgresConfig::from_url(url).map(drop).map_err(|error| error.code());
    assert_eq!(code("postgresql://db.example/x?sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("postgresql://10.0.0.1/x?sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("host=localhost hostaddr=10.0.0.1 sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("postgresql://127.0.0.1,db.example/x?sslmode=disable"), Err("ledger_insecure"));
    for local in
        ["postgresql://127.0.0.1/x", "postgresql://[::1]/x", "host=/run/postgresql", "host=localhost"]
    {
        assert_eq!(
            code(&format!(
                "{local}{}",
                if local.contains("//") { "?sslmode=disable" } else { " sslmode=disable" }
            )),
            Ok(())
        );
    }
}

// Whoever writes to the database beside the ledger.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn rows_that_the_key_did_not_sign_stop_the_job_and_are_found() {
    let rig = postgres();
    for name in ["j", "k"] {
        open(&*rig.ledger, &job(name));
        ask(&*rig.ledger, &job(name), call(1), &[per_job(1), of_agent(5)], 1).unwrap().unwrap();
    }
    let mut client = database(&rig).client();
    let finds = |sql: &str, undo: &str, code: &str| {
        let mut client = database(&rig).client();
        client.batch_execute(sql).unwrap();
        let checked = rig.ledger.check().unwrap();
        assert!(checked.findings.iter().any(|finding| finding.code == code), "{sql}: {checked:?}");
        client.batch_execute(undo).unwrap();
        rig.is_clean();
    };
    finds(
        "UPDATE meter SET total = 0 WHERE scope = 'job/j'",
        "UPDATE meter SET total = 1 WHERE scope = 'job/j'",
        "meter_differs",
    );
    finds(
        "UPDATE charge SET total = 0 WHERE scope = 'agent/agent-1' AND n = 1",
        "UPDATE charge SET total = 1 WHERE scope = 'agent/agent-1' AND n = 1",
        "window_differs",
    );
    finds(
        "UPDATE entry SET late = true WHERE job = 'j' AND seq = 1",
        "UPDATE entry SET late = false WHERE job = 'j' AND seq = 1",
        "entry_differs",
    );
    finds(
        "UPDATE ledger SET last_at = last_at + 1",
        "UPDATE ledger SET last_at = last_at - 1",
        "ledger_differs",
    );
    // A shorter log, with a row that fits it, is not what the key signed.
    client
        .batch_execute("DELETE FROM charge WHERE job = 'j'; DELETE FROM entry WHERE job = 'j' AND seq = 1; UPDATE job SET size = 1, unsettled = 0 WHERE job = 'j'")
        .unwrap();
    let ledger = again(&rig);
    assert_eq!(ask(&ledger, &job("j"), call(9), &[], 1).unwrap_err().code(), "ledger_tampered");
    assert_eq!(ask(&ledger, &job("k"), call(9), &[], 1), Ok(Ok(2)));
    client.batch_execute("UPDATE ledger SET note = (SELECT note FROM job LIMIT 1)").unwrap();
    let ledger = again(&rig);
    assert_eq!(
        ledger.append(&job("new"), &mut |_| vec![crate::rig::opened()]).unwrap_err().code(),
        "ledger_tampered"
    );
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_replica_that_lost_the_tail_is_refused_by_the_pinned_head() {
    let rig = postgres();
    let directory = tempfile::tempdir().unwrap();
    let pin = directory.path().join("ledger.head");
    let ledger = again(&rig).pinned(&pin).unwrap();
    open(&ledger, &job("a"));
    let config = database(&rig).config();
    let mut client = database(&rig).client();
    let (frontier, note): (Vec<u8>, String) = {
        let row = client.query_one("SELECT frontier, note FROM ledger", &[]).unwrap();
        (row.get(0), row.get(1))
    };
    open(&ledger, &job("b"));
    drop(ledger);
    again(&rig).pinned(&pin).unwrap();
    let lose =
        "DELETE FROM entry WHERE job = 'b'; DELETE FROM job WHERE job = 'b'; DELETE FROM leaf WHERE n = 1";
    client.batch_execute(lose).unwrap();
    client.execute("UPDATE ledger SET frontier = $1, note = $2", &[&frontier, &note]).unwrap();
    let older = PostgresLedger::open(&config, key()).unwrap().pinned(&pin).unwrap_err();
    assert_eq!(older.code(), "ledger_behind_checkpoint");
}
