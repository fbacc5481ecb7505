//! Files that are not ledgers, or are no longer what they were.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use wpc::LedgerError;
use wpc::ledger::{Body, Charged, Closing, Ledger as _, SqliteLedger, Step, Verdict};

use crate::rig::{ask, call, did, job, log, open, outcome, per_job, sliding, sqlite};

/// A ledger with two jobs, closed, its file complete.
fn written() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &did()).unwrap();
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    let limits = [per_job(2), sliding(9, 60_000)];
    for name in ["j", "k"] {
        open(&ledger, &job(name));
        for n in 1..=3 {
            ask(&ledger, &job(name), call(n), &limits, 1).unwrap().ok();
        }
        ledger.append(&job(name), &mut |_| vec![outcome(call(1), 1)]).unwrap();
    }
    ledger.append(&job("k"), &mut |_| vec![Step::Close(Closing::Completed)]).unwrap();
    (directory, path)
}

fn code(result: Result<SqliteLedger, LedgerError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn only_init_makes_a_ledger_and_it_replaces_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new").join("ledger.db");
    assert_eq!(code(SqliteLedger::open(&path, crate::rig::key())), "ledger_missing");
    assert!(!path.exists());
    SqliteLedger::init(&path, &did()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let before = fs::read(&path).unwrap();
    assert_eq!(SqliteLedger::init(&path, &did()).unwrap_err().code(), "ledger_exists");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(*SqliteLedger::open(&path, crate::rig::key()).unwrap().did(), did());
    // The write-ahead log and its index are as private as the file.
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    open(&ledger, &job("j"));
    assert!(fs::read_dir(path.parent().unwrap()).unwrap().all(|file| mode(&file.unwrap().path()) == 0o600));
    drop(ledger);
    // Two levels of missing directories are a mistake.
    assert_eq!(
        SqliteLedger::init(&directory.path().join("a/b/ledger.db"), &did()).unwrap_err().code(),
        "ledger_unavailable"
    );
}

#[test]
fn a_ledger_that_others_could_change_is_refused() {
    let (directory, path) = written();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        set(&path, mode);
        assert_eq!(code(SqliteLedger::open(&path, crate::rig::key())), "ledger_permissions");
    }
    set(&path, 0o600);
    for mode in [0o770, 0o702, 0o1777] {
        set(directory.path(), mode);
        assert_eq!(code(SqliteLedger::open(&path, crate::rig::key())), "ledger_permissions");
        assert_eq!(
            SqliteLedger::init(&directory.path().join("other"), &did()).unwrap_err().code(),
            "ledger_permissions"
        );
    }
    set(directory.path(), 0o700);
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(code(SqliteLedger::open(&link, crate::rig::key())), "ledger_foreign");
    assert_eq!(code(SqliteLedger::open(directory.path(), crate::rig::key())), "ledger_foreign");
}

#[test]
fn another_file_is_not_a_ledger() {
    let (directory, path) = written();
    let foreign = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        SqliteLedger::open(&path, crate::rig::key())
    };
    assert_eq!(code(foreign("empty", b"")), "ledger_foreign");
    assert_eq!(
        code(foreign("text", &b"a text that is long enough to be a header of some file\n".repeat(99))),
        "ledger_foreign"
    );
    let altered = |name: &str, sql: &str| {
        let copy = directory.path().join(name);
        fs::copy(&path, &copy).unwrap();
        Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        SqliteLedger::open(&copy, crate::rig::key())
    };
    assert_eq!(code(altered("mark", "PRAGMA application_id = 7")), "ledger_foreign");
    assert_eq!(
        altered("version", "PRAGMA user_version = 4").unwrap_err(),
        LedgerError::Version { found: 4, expected: 5 }
    );
    assert_eq!(code(altered("table", "CREATE TABLE more (a)")), "ledger_foreign");
    assert_eq!(code(altered("index", "DROP INDEX entry_once")), "ledger_foreign");
    assert_eq!(
        code(altered("trigger", "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry; END")),
        "ledger_foreign"
    );
    assert_eq!(code(altered("nameless", "DELETE FROM ledger")), "ledger_foreign");
    assert_eq!(code(altered("misnamed", "UPDATE ledger SET did = 'did:web:x'")), "ledger_foreign");
    assert!(altered("as it was", "").is_ok());
}

/// What a check of the ledger finds after `sql`.
#[track_caller]
fn finds(sql: &str, expect: &[(&str, Option<&str>, Option<u64>)]) {
    let (_directory, path) = written();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let findings = SqliteLedger::open(&path, crate::rig::key()).unwrap().check().unwrap().findings;
    let found: Vec<_> =
        findings.iter().map(|one| (one.code, one.job.as_ref().map(|job| job.as_str()), one.seq)).collect();
    assert_eq!(found, expect, "{sql}");
}

#[test]
fn a_check_finds_every_row_that_was_changed() {
    let (j, k) = (Some("j"), Some("k"));
    finds("", &[]);
    // Entries.
    finds(
        "UPDATE entry SET body = CAST(body || ' ' AS BLOB) WHERE job = 'j' AND seq = 1",
        &[("not_canonical", j, Some(1))],
    );
    finds("UPDATE entry SET body = X'7B7D' WHERE job = 'j' AND seq = 2", &[("malformed", j, Some(2))]);
    finds("DELETE FROM entry WHERE job = 'j' AND seq = 2", &[("seq_gap", j, Some(2))]);
    finds(
        "UPDATE entry SET body = (SELECT body FROM entry WHERE job = 'j' AND seq = 1) WHERE job = 'k' AND seq = 1",
        &[("wrong_job", k, Some(1))],
    );
    finds(
        "UPDATE entry SET body = (SELECT body FROM entry WHERE job = 'j' AND seq = 1) WHERE job = 'j' AND seq = 2",
        &[("seq_gap", j, Some(2))],
    );
    finds(
        "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"after\":1,\"amount\":1,\"before\":0', '\"after\":2,\"amount\":1,\"before\":1') AS BLOB) WHERE job = 'j' AND seq = 1",
        &[("charge_differs", j, Some(1))],
    );
    finds(
        "DELETE FROM entry WHERE job = 'j' AND seq = 4",
        &[("job_differs", j, None), ("checkpoint_signature", j, None)],
    );
    finds(
        "DELETE FROM entry WHERE job = 'k' AND seq = 5",
        &[("job_differs", k, None), ("log_differs", k, None), ("checkpoint_signature", k, None)],
    );
    finds(
        "UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '\"at\":\"2', '\"at\":\"1') AS BLOB) WHERE job = 'j' AND seq = 2",
        &[("malformed", j, Some(2))],
    );
    // What stands beside them.
    finds("UPDATE entry SET at = at + 1 WHERE job = 'j' AND seq = 1", &[("entry_differs", j, Some(1))]);
    finds("UPDATE entry SET kind = 'refused' WHERE job = 'j' AND seq = 3", &[("entry_differs", j, Some(3))]);
    finds(
        "UPDATE entry SET decision = 'allow' WHERE job = 'j' AND seq = 3",
        &[("entry_differs", j, Some(3))],
    );
    finds("UPDATE entry SET call = 'x' WHERE job = 'j' AND seq = 3", &[("entry_differs", j, Some(3))]);
    finds("UPDATE job SET size = 4 WHERE job = 'j'", &[("job_differs", j, None)]);
    finds("UPDATE job SET unsettled = 0 WHERE job = 'j'", &[("job_differs", j, None)]);
    finds("UPDATE job SET state = 'open' WHERE job = 'k'", &[("job_differs", k, None)]);
    finds("UPDATE job SET agent = 'other' WHERE job = 'k'", &[("job_differs", k, None)]);
    finds("UPDATE job SET policy_hash = zeroblob(32) WHERE job = 'k'", &[("job_differs", k, None)]);
    finds("UPDATE meter SET total = 0 WHERE scope = 'job/j'", &[("meter_differs", j, None)]);
    finds("DELETE FROM meter WHERE scope = 'job/k'", &[("meter_differs", k, None)]);
    finds("UPDATE charge SET at = 0 WHERE scope = 'job/j' AND n = 1", &[("window_differs", j, None)]);
    finds("DELETE FROM charge WHERE scope = 'job/j' AND n = 2", &[("window_differs", j, None)]);
    finds("UPDATE charge SET seq = 3 WHERE scope = 'job/j' AND n = 2", &[("window_differs", j, None)]);
    // What belongs to no job.
    finds(
        "INSERT INTO meter VALUES ('job/x', zeroblob(16), zeroblob(0), 1, 1, 1)",
        &[("ledger_differs", None, None)],
    );
    finds(
        "INSERT INTO charge VALUES ('job/x', zeroblob(16), zeroblob(0), 1, 1, 1, 'j', 1)",
        &[("ledger_differs", None, None)],
    );
    finds("UPDATE ledger SET last_at = last_at + 1", &[("ledger_differs", None, None)]);
    finds("DELETE FROM job WHERE job = 'k'", &[("job_differs", k, None), ("log_differs", k, None)]);
    finds(
        "DELETE FROM entry WHERE job = 'k'",
        &[
            ("job_differs", k, None),
            ("meter_differs", k, None),
            ("log_differs", k, None),
            ("checkpoint_signature", k, None),
        ],
    );
    // Signed heads, and the ledger's own log.
    finds("UPDATE job SET note = '' WHERE job = 'j'", &[("checkpoint_signature", j, None)]);
    finds(
        "UPDATE job SET note = (SELECT note FROM job WHERE job = 'k') WHERE job = 'j'",
        &[("checkpoint_signature", j, None)],
    );
    finds(
        "UPDATE job SET frontier = (SELECT frontier FROM job WHERE job = 'k')",
        &[("job_differs", j, None)],
    );
    finds("UPDATE ledger SET note = ''", &[("checkpoint_signature", None, None)]);
    finds("DELETE FROM leaf WHERE n = 2", &[("log_differs", None, None)]);
    finds("UPDATE leaf SET body = X'7B7D' WHERE n = 1", &[("log_malformed", None, None)]);
    finds(
        "UPDATE leaf SET body = (SELECT body FROM leaf WHERE n = 0) WHERE n = 1",
        &[("log_differs", None, None)],
    );
    finds("UPDATE job SET anchored = 3 WHERE job = 'j'", &[("log_differs", j, None)]);
}

#[test]
fn another_ledgers_key_opens_nothing() {
    let (_directory, path) = written();
    let other = SqliteLedger::open(&path, wpc::Key::from_seed(&[8; 32]));
    assert_eq!(code(other), "ledger_key_differs");
    // Without a key it can be read and checked, and nothing can be written.
    let reading = SqliteLedger::read_only(&path).unwrap();
    assert_eq!(reading.check().unwrap().findings, []);
    let append = reading.append(&crate::rig::job("j"), &mut |_| Vec::new());
    assert_eq!(append.unwrap_err().code(), "ledger_key_missing");
    assert_eq!(reading.anchor().unwrap_err().code(), "ledger_key_missing");
}

/// Rows that were made to agree with each other, but that the ledger's key did not sign.
#[test]
fn a_job_that_somebody_else_wrote_takes_nothing_more() {
    let (_directory, path) = written();
    let forged = "UPDATE job SET size = 1, unsettled = 0, frontier = \
        CAST(X'0000000000000001' || (SELECT zeroblob(32)) AS BLOB) WHERE job = 'j'";
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(forged).unwrap();
    drop(connection);
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    let append = ledger.append(&crate::rig::job("j"), &mut |_| Vec::new());
    assert_eq!(append.unwrap_err().code(), "ledger_tampered");
    // A head that was signed, and a size that is not its.
    let (_directory, path) = written();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("UPDATE job SET size = 1, unsettled = 0 WHERE job = 'j'").unwrap();
    drop(connection);
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    let append = ledger.append(&crate::rig::job("j"), &mut |_| Vec::new());
    assert_eq!(append.unwrap_err().code(), "ledger_tampered");
    // The ledger's own log says the same of all its jobs.
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("UPDATE ledger SET note = ''").unwrap();
    drop(connection);
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    let append = ledger.append(&crate::rig::job("new"), &mut |_| vec![crate::rig::opened()]);
    assert_eq!(append.unwrap_err().code(), "ledger_tampered");
}

#[test]
fn an_older_copy_is_refused_by_the_pinned_head() {
    let (directory, path) = written();
    let (copy, pin) = (directory.path().join("backup.db"), directory.path().join("ledger.head"));
    fs::copy(&path, &copy).unwrap();
    let open = |path: &Path| SqliteLedger::open(path, crate::rig::key()).unwrap().pinned(&pin);
    let ledger = open(&path).unwrap();
    crate::rig::open(&ledger, &crate::rig::job("later"));
    drop(ledger);
    assert!(open(&path).is_ok());
    assert_eq!(code(open(&copy)), "ledger_behind_checkpoint");
    // Nor does a new ledger of the same key pass for it.
    let new = directory.path().join("new.db");
    SqliteLedger::init(&new, &did()).unwrap();
    assert_eq!(code(open(&new)), "ledger_behind_checkpoint");
    // A fork: another job in the place of the one that was pinned.
    let fork = SqliteLedger::open(&copy, crate::rig::key()).unwrap();
    crate::rig::open(&fork, &crate::rig::job("other"));
    crate::rig::open(&fork, &crate::rig::job("another"));
    drop(fork);
    assert_eq!(code(open(&copy)), "ledger_tampered");
    fs::write(&pin, "no head").unwrap();
    assert_eq!(code(open(&path)), "ledger_tampered");
}

#[test]
fn a_row_of_another_shape_is_damage() {
    for sql in [
        "UPDATE job SET policy_hash = X'00' WHERE job = 'j'",
        "UPDATE job SET size = -1 WHERE job = 'j'",
        "UPDATE entry SET job = 'a b' WHERE job = 'j'",
    ] {
        let (_directory, path) = written();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        connection.execute_batch(sql).unwrap();
        let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
        let found: Vec<_> = ledger.check().unwrap().findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, ["store_damaged"], "{sql}");
    }
}

/// Opens, checks and appends; whatever is wrong with the file, it is said and nothing panics. Gives
/// whether all went well.
fn survives(path: &Path) -> bool {
    let Ok(ledger) = SqliteLedger::open(path, crate::rig::key()) else { return false };
    let sound = ledger.check().is_ok_and(|checked| checked.findings.is_empty());
    let appended = ask(&ledger, &job("j"), call(77), &[per_job(2)], 0);
    sound && appended.is_ok()
}

#[test]
fn a_file_that_was_cut_is_never_taken_for_whole() {
    let (directory, path) = written();
    let bytes = fs::read(&path).unwrap();
    assert!(survives(&path));
    let copy = directory.path().join("cut.db");
    for length in (0..bytes.len()).step_by(1_000) {
        fs::write(&copy, &bytes[..length]).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(!survives(&copy), "cut at {length}");
    }
}

/// What the limits of a job rest on.
fn decisions(path: &Path) -> Vec<(u64, Option<Vec<Charged>>)> {
    let ledger = SqliteLedger::open(path, crate::rig::key()).unwrap();
    let entries = ["j", "k"].map(|name| log(&ledger, &job(name))).into_iter().flatten();
    entries
        .filter_map(|entry| match entry.body {
            // The one that `survives` asks.
            Body::Attempt(attempt) if attempt.call != call(77) => Some((
                entry.seq,
                match attempt.verdict {
                    Verdict::Allow { charges, .. } => Some(charges),
                    Verdict::Deny { .. } => None,
                },
            )),
            _ => None,
        })
        .collect()
}

/// Whether the text of an entry was changed is for signed checkpoints to say, which come later. That a
/// call was admitted or not, and what it was charged, is found without.
#[test]
fn a_flipped_bit_panics_nowhere_and_changes_no_decision_unseen() {
    let (directory, path) = written();
    let bytes = fs::read(&path).unwrap();
    let expect = decisions(&path);
    assert_eq!(expect.len(), 6);
    let copy = directory.path().join("flipped.db");
    let mut found = 0;
    // A prime step, so that every column is met somewhere.
    for at in (0..bytes.len()).step_by(499) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&copy, &flipped).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
        if survives(&copy) {
            assert_eq!(decisions(&copy), expect, "flipped at {at}");
        } else {
            found += 1;
        }
        for name in ["flipped.db-wal", "flipped.db-shm"] {
            // Left behind by a ledger that could not be read.
            let _ = fs::remove_file(directory.path().join(name));
        }
    }
    assert!(found > 0);
}

#[test]
fn a_ledger_that_another_process_holds_is_unavailable() {
    let rig = sqlite();
    open(&*rig.ledger, &job("j"));
    let holder = Connection::open(rig.path.as_ref().unwrap()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(ask(&*rig.ledger, &job("j"), call(1), &[], 1).unwrap_err().code(), "ledger_unavailable");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ask(&*rig.ledger, &job("j"), call(1), &[], 1), Ok(Ok(1)));
}

/// A process may not write files longer than this, in blocks of 512 bytes.
const BLOCKS: u32 = 400;

#[test]
fn a_full_disk_stops_the_ledger_and_spoils_nothing() {
    let rig = sqlite();
    let path = rig.path.as_ref().unwrap();
    open(&*rig.ledger, &job("j"));
    let child = Command::new("sh")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "corruption::child_on_a_full_disk", "--ignored", "--nocapture", "--test-threads=1"])
        .env("WPC_TEST_LEDGER", path)
        .output()
        .unwrap();
    let out = String::from_utf8(child.stdout).unwrap();
    let said = out.lines().find_map(|line| line.split_once("admitted ")).unwrap_or_else(|| panic!("{out}")).1;
    let (admitted, code) = said.split_once(' ').unwrap();
    assert_eq!(code, "ledger_unavailable");
    let again = SqliteLedger::open(path, crate::rig::key()).unwrap();
    let checked = again.check().unwrap();
    assert_eq!((checked.findings, checked.entries), (vec![], 1 + admitted.parse::<u64>().unwrap()));
    assert!(ask(&again, &job("j"), call(1_000_000), &[], 1).unwrap().is_ok());
}

#[test]
#[ignore = "a child of `a_full_disk_stops_the_ledger_and_spoils_nothing`"]
fn child_on_a_full_disk() {
    let Some(path) = std::env::var_os("WPC_TEST_LEDGER") else { return };
    let ledger = SqliteLedger::open(Path::new(&path), crate::rig::key()).unwrap();
    let limits = [per_job(i64::from(u32::MAX))];
    let mut results = (1..100_000).map(|n| ask(&ledger, &job("j"), call(n), &limits, 1));
    let mut admitted = 0;
    let error = loop {
        match results.next().unwrap() {
            Ok(said) => admitted += u32::from(said.is_ok()),
            Err(error) => break error,
        }
    };
    println!("admitted {admitted} {}", error.code());
}
