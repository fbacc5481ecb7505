//! Ledgers of older versions are brought forward, or refused as they are.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use wpc::ledger::{Body, LedgerError, SqliteLedger};
use wpc::{Outcome, Trust};

use crate::clock::FakeClock;
use crate::policy::send;
use crate::rig::{Rig, job, key, new};
use crate::standing::{agent, anns, issued, open, refused, revoke};
use wpc_evidence::statement::Revoked;

/// What `.dump` said of a ledger that commit 2075b3f made, the last one of version 4: a job that is closed, and
/// one that is open, with an approval, a revocation, two tokens and a call whose process is gone.
const FOUR: &str = include_str!("older/v4.sql");

/// The file, made of a dump.
fn file(directory: &Path, name: &str, version: i64) -> PathBuf {
    let path = directory.join(name);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(FOUR).unwrap();
    connection.pragma_update(None, "application_id", 0x7770_634c).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn altered(directory: &Path, name: &str, sql: &str) -> PathBuf {
    let path = file(directory, name, 4);
    let sql = format!("PRAGMA foreign_keys = OFF; {sql}");
    Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
    path
}

/// Everything in the file that the upgrade found there.
fn rows(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut all = Vec::new();
    let kept = "ledger job entry meter charge approval token revocation opening document leaf instance";
    for table in kept.split(' ') {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<_> =
                (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column).unwrap()).collect();
            all.push(format!("{table} {values:?}"));
        }
    }
    all
}

/// The ledger in the file, an hour after its last entry.
fn opened(path: &Path) -> Rig {
    let clock = Arc::new(FakeClock::new());
    clock.pass(60_000);
    let ledger = SqliteLedger::open_with_clock(path, key(), clock.clone()).unwrap();
    new(Arc::new(ledger), clock, Some(path.to_owned()), None)
}

#[test]
fn an_older_ledger_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "ledger.db", 4);
    let (before, expected) = (rows(&path), LedgerError::Version { found: 4, expected: 5 });
    assert_eq!(SqliteLedger::open(&path, key()).unwrap_err(), expected);
    assert_eq!(SqliteLedger::read_only(&path).unwrap_err(), expected);
    assert_eq!(SqliteLedger::upgrade(&path), Ok(Some(4)));
    assert_eq!(SqliteLedger::upgrade(&path), Ok(None));
    assert_eq!(rows(&path), before);
    let rig = opened(&path);
    rig.is_clean();
    assert_eq!(rig.ledger.jobs().unwrap(), [job("closed"), job("open")]);
    // What was revoked stays so, what was signed is still signed, and the job goes on.
    assert_eq!(rig.ledger.revocations(0).unwrap().len(), 1);
    assert_eq!(rig.ledger.releases("tests").unwrap(), []);
    let policy = anns();
    let gate = open(&rig, &policy, "open");
    let unknown = rig.log(&job("open")).into_iter().rev().find_map(|entry| match entry.body {
        Body::Outcome(settled) => Some(settled.outcome.word()),
        _ => None,
    });
    assert_eq!(unknown, Some("unknown"), "the process that made the call is gone");
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    revoke(&rig, Revoked::AgentLifted(agent().did().to_string()));
    revoke(&rig, Revoked::Agent(agent().did().to_string()));
    assert_eq!(refused(&gate, send("orders", &[1])), "agent_revoked");
    rig.clock.pass(2_000);
    gate.renew(issued(&rig, &policy, "open").presented()).unwrap();
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    gate.close().unwrap();
    rig.is_clean();
    // An auditor verifies both, from the first entry that the old version wrote.
    let trust = with_ledger();
    for name in ["closed", "open"] {
        let bundle = wpc::bundle::of_job(&*rig.ledger, &key(), &job(name), None).unwrap();
        let report = wpc::bundle::verify(&bundle, &trust, &wpc::bundle::Options::default());
        assert_eq!((report.findings, report.counts.replayed > 0), (vec![], true), "{name}");
    }
}

/// The tests' trust file, and the ledger in it.
fn with_ledger() -> Trust {
    let mut principals = crate::standing::principals();
    principals.push(serde_json::json!(
        {"name": "gate", "keys": [key().did().to_string()], "roles": ["ledger"], "mode": "gateway"}
    ));
    Trust::parse(serde_json::json!({"v": 1, "principals": principals}).to_string().as_bytes()).unwrap()
}

#[test]
fn only_a_version_from_which_something_leads_here_is_brought_forward() {
    let directory = tempfile::tempdir().unwrap();
    for version in [0, 1, 2, 3] {
        let path = file(directory.path(), &format!("{version}.db"), version);
        let before = fs::read(&path).unwrap();
        let refused = SqliteLedger::upgrade(&path).unwrap_err();
        assert_eq!(refused, LedgerError::TooOld { found: version, oldest: 4 });
        assert_eq!(refused.code(), "ledger_too_old");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    for version in [6, i64::from(i32::MAX), -1] {
        let path = file(directory.path(), &format!("{version}.db"), version);
        let before = fs::read(&path).unwrap();
        let code = SqliteLedger::upgrade(&path).unwrap_err().code();
        assert_eq!(code, if version < 0 { "ledger_too_old" } else { "ledger_version" });
        assert_eq!(SqliteLedger::open(&path, key()).unwrap_err().code(), "ledger_version");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    // Tables of an older version that says that it is this one, and the other way around.
    let path = file(directory.path(), "liar.db", 5);
    assert_eq!(SqliteLedger::upgrade(&path).unwrap_err().code(), "ledger_foreign");
    let path = directory.path().join("missing.db");
    assert_eq!(SqliteLedger::upgrade(&path).unwrap_err().code(), "ledger_missing");
    let path = file(directory.path(), "open.db", 4);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(SqliteLedger::upgrade(&path).unwrap_err().code(), "ledger_permissions");
}

#[test]
fn a_ledger_that_does_not_hold_or_is_in_use_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [
        ("held", "UPDATE instance SET lease_until = 9999999999999", "ledger_in_use"),
        ("table", "CREATE TABLE more (a)", "ledger_foreign"),
        ("early", "CREATE TABLE release (n INTEGER)", "ledger_foreign"),
        ("index", "DROP INDEX entry_once", "ledger_foreign"),
        ("trigger", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END", "ledger_foreign"),
        (
            "entry",
            "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), 'orders', 'elsewh') AS BLOB) WHERE seq = 2",
            "store_damaged",
        ),
        ("kind", "UPDATE entry SET decision = 'deny' WHERE decision = 'allow'", "store_damaged"),
        ("last", "DELETE FROM entry WHERE job = 'open' AND seq = 13", "store_damaged"),
        ("sum", "UPDATE meter SET total = 0", "store_damaged"),
        ("head", "UPDATE job SET note = (SELECT note FROM job WHERE job = 'closed')", "store_damaged"),
        ("leaf", "DELETE FROM leaf WHERE n = 2", "store_damaged"),
        ("used", "UPDATE approval SET used = 0", "store_damaged"),
    ];
    for (name, sql, code) in cases {
        let path = altered(directory.path(), name, sql);
        let before = rows(&path);
        let refused = SqliteLedger::upgrade(&path).unwrap_err();
        assert_eq!(refused.code(), code, "{name}: {refused}");
        assert_eq!(rows(&path), before, "{name}");
        let connection = Connection::open(&path).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 4, "{name}");
        let clocks = "SELECT count(*) FROM sqlite_schema WHERE name IN ('clock', 'cosigned')";
        assert_eq!(connection.query_row(clocks, [], |row| row.get::<_, i64>(0)), Ok(0), "{name}");
    }
}

#[test]
fn of_several_at_once_one_brings_it_forward() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(directory.path(), "ledger.db", 4);
    let results: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| SqliteLedger::upgrade(&path).unwrap())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|one| **one == Some(4)).count(), 1, "{results:?}");
    assert_eq!(results.iter().filter(|one| one.is_none()).count(), 3, "{results:?}");
    opened(&path).is_clean();
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn an_older_database_is_brought_forward_too() {
    use wpc::ledger::PostgresLedger;
    let rig = crate::rig::postgres();
    let gate = open(&rig, &anns(), "j");
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    revoke(&rig, Revoked::Agent(agent().did().to_string()));
    assert_eq!(refused(&gate, send("orders", &[1])), "agent_revoked");
    let log = rig.log(&job("j"));
    let Rig { database, .. } = rig;
    let database = database.unwrap();
    let (config, mut client) = (database.config(), database.client());
    // The first step was never changed, so this is what it made.
    client.batch_execute("DROP TABLE release, clock, cosigned; UPDATE version SET version = 1").unwrap();
    assert_eq!(PostgresLedger::open(&config, key()).unwrap_err().code(), "ledger_version");
    let upgrade = || PostgresLedger::upgrade(&config).map_err(|error| error.code());
    let refuses = |client: &mut postgres::Client, sql: &str, back: &str, expected| {
        client.batch_execute(sql).unwrap();
        assert_eq!(upgrade(), Err(expected), "{sql}");
        client.batch_execute(back).unwrap();
        let tables = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() \
                      AND tablename IN ('release', 'clock', 'cosigned')";
        assert_eq!(client.query_one(tables, &[]).unwrap().get::<_, i64>(0), 0, "{sql}");
    };
    let back = "UPDATE version SET version = 1";
    refuses(&mut client, "UPDATE version SET version = 0", back, "ledger_too_old");
    refuses(&mut client, "UPDATE version SET version = -7", back, "ledger_too_old");
    refuses(&mut client, "UPDATE version SET version = 3", back, "ledger_version");
    refuses(
        &mut client,
        "UPDATE instance SET lease_until = lease_until + 9000000000000",
        "UPDATE instance SET lease_until = lease_until - 9000000000000",
        "ledger_in_use",
    );
    refuses(
        &mut client,
        "UPDATE meter SET total = total + 1",
        "UPDATE meter SET total = total - 1",
        "store_damaged",
    );
    refuses(&mut client, "CREATE TABLE release (n bigint)", "DROP TABLE release", "ledger_foreign");
    assert_eq!(upgrade(), Ok(Some(1)));
    assert_eq!(upgrade(), Ok(None));
    let clock = Arc::new(FakeClock::new());
    clock.pass(60_000);
    let ledger = PostgresLedger::open_with_clock(&config, key(), clock.clone()).unwrap();
    let rig = Rig { ledger: Arc::new(ledger), clock, path: None, directory: None, database: Some(database) };
    assert_eq!(rig.log(&job("j")), log);
    rig.is_clean();
    let gate = open(&rig, &anns(), "j");
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    rig.is_clean();
}
