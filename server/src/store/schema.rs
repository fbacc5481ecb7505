//! The tables, the same in both databases.

use wpc_evidence::Key;
use wpc_evidence::merkle::Frontier;

use super::{Session, StoreError, Value};

/// Version of the tables.
const VERSION: i64 = 1;

/// `{int}`, `{text}` and `{blob}` are the database's types. Hashes are bytes; times are Unix milliseconds, those of
/// tokens (`iat`, `exp`) Unix seconds. `head` has one row, which every write locks; its `note` is the signed head
/// of the audit log. `n` orders the rows of a table over all their keys. What a `body` holds is what counts;
/// the columns beside it are derived from it, to be found by.
const TABLES: [&str; 24] = [
    "CREATE TABLE head (id {int} PRIMARY KEY NOT NULL, version {int} NOT NULL, did {text} NOT NULL, \
     last_at {int} NOT NULL, size {int} NOT NULL, frontier {blob} NOT NULL, note {text} NOT NULL)",
    "CREATE TABLE audit (n {int} PRIMARY KEY NOT NULL, body {blob} NOT NULL)",
    "CREATE TABLE nonce (signer {text} NOT NULL, nonce {text} NOT NULL, until {int} NOT NULL, \
     PRIMARY KEY (signer, nonce))",
    "CREATE INDEX nonce_until ON nonce (until)",
    "CREATE TABLE artifact (hash {blob} PRIMARY KEY NOT NULL, name {text} NOT NULL, at {int} NOT NULL)",
    // One row for each policy and tool, by the tool's name in its interface.
    "CREATE TABLE artifact_tool (tool {text} NOT NULL, hash {blob} NOT NULL, PRIMARY KEY (tool, hash))",
    "CREATE TABLE release (policy_name {text} NOT NULL, seq {int} NOT NULL, n {int} NOT NULL UNIQUE, \
     hash {blob} NOT NULL, policy_hash {blob} NOT NULL, not_before {int} NOT NULL, not_after {int} NOT NULL, \
     running {text} NOT NULL, body {blob} NOT NULL, PRIMARY KEY (policy_name, seq))",
    // The grants. `token_hash` is SHA-256 of the token, in hexadecimal; the token itself is never stored.
    "CREATE TABLE issued (issuer {text} NOT NULL, jti {text} NOT NULL, token_hash {text} NOT NULL UNIQUE, \
     job {text} NOT NULL, ledger {text} NOT NULL, agent {text} NOT NULL, policy_hash {blob} NOT NULL, \
     iat {int} NOT NULL, exp {int} NOT NULL, body {blob} NOT NULL, PRIMARY KEY (issuer, jti))",
    "CREATE INDEX issued_job ON issued (job, exp)",
    "CREATE INDEX issued_policy ON issued (policy_hash, exp)",
    "CREATE TABLE revocation (seq {int} PRIMARY KEY NOT NULL, at {int} NOT NULL, kind {text} NOT NULL, \
     value {text} NOT NULL, hash {blob} NOT NULL, reason {text}, principal {text} NOT NULL, body {blob} NOT NULL)",
    "CREATE INDEX revocation_of ON revocation (kind, value, seq)",
    "CREATE TABLE job (job {text} PRIMARY KEY NOT NULL, ledger {text} NOT NULL, opened_leaf {blob} NOT NULL, \
     at {int} NOT NULL)",
    // Each ledger's own log, as far as it was pushed.
    "CREATE TABLE log (ledger {text} PRIMARY KEY NOT NULL, size {int} NOT NULL, frontier {blob} NOT NULL, \
     note {text} NOT NULL, at {int} NOT NULL)",
    "CREATE TABLE leaf (ledger {text} NOT NULL, n {int} NOT NULL, kind {text} NOT NULL, job {text} NOT NULL, \
     size {int} NOT NULL, at {int} NOT NULL, body {blob} NOT NULL, PRIMARY KEY (ledger, n))",
    "CREATE INDEX leaf_job ON leaf (job, n)",
    "CREATE TABLE request (hash {blob} PRIMARY KEY NOT NULL, n {int} NOT NULL UNIQUE, job {text} NOT NULL, \
     ledger {text} NOT NULL, at {int} NOT NULL, body {blob} NOT NULL)",
    "CREATE INDEX request_job ON request (job, n)",
    "CREATE TABLE approval (hash {blob} PRIMARY KEY NOT NULL, n {int} NOT NULL UNIQUE, request {blob} NOT NULL, \
     job {text} NOT NULL, approver {text} NOT NULL, nonce {text} NOT NULL, body {blob} NOT NULL, \
     UNIQUE (approver, nonce))",
    "CREATE TABLE bundle (hash {blob} PRIMARY KEY NOT NULL, n {int} NOT NULL UNIQUE, job {text} NOT NULL, \
     ledger {text} NOT NULL, agent {text} NOT NULL, policy_hash {blob} NOT NULL, verdict {text} NOT NULL, \
     entries {int} NOT NULL, closed {int} NOT NULL, first_at {int} NOT NULL, last_at {int} NOT NULL)",
    "CREATE INDEX bundle_job ON bundle (job, entries)",
    // What calls of a bundle were about: `name` is one name of the resource.
    "CREATE TABLE touched (name {text} NOT NULL, bundle {blob} NOT NULL, PRIMARY KEY (name, bundle))",
    "CREATE TABLE stop (tool {text} PRIMARY KEY NOT NULL, at {int} NOT NULL, body {blob} NOT NULL)",
    "CREATE INDEX issued_exp ON issued (exp)",
];

/// Makes the tables where there are none; refuses those of another key or version.
pub(super) fn prepare(session: &mut dyn Session, is_file: bool, key: &Key) -> Result<(), StoreError> {
    if session.lock().is_err() {
        // Somebody else may make them at the same time.
        let made = create(session, is_file, key);
        if made.is_err() {
            let _rolled_back = session.run("ROLLBACK");
            session.lock()?;
        }
    }
    let rows = session.rows("SELECT version, did FROM head", &[])?;
    let [row] = rows.as_slice() else { return Err(StoreError::Foreign("it has no head".to_owned())) };
    if row.integer(0)? != VERSION {
        return Err(StoreError::Foreign(format!("its tables have version {}", row.integer(0)?)));
    }
    let did = row.text(1)?;
    if did == key.did().as_str() { Ok(()) } else { Err(StoreError::Foreign(format!("it is that of {did}"))) }
}

fn create(session: &mut dyn Session, is_file: bool, key: &Key) -> Result<(), StoreError> {
    session.begin()?;
    let (int, text, blob) =
        if is_file { ("INTEGER", "TEXT", "BLOB") } else { ("bigint", "text COLLATE \"C\"", "bytea") };
    for table in TABLES {
        let strict = if is_file && table.starts_with("CREATE TABLE") { " STRICT" } else { "" };
        let sql = table.replace("{int}", int).replace("{text}", text).replace("{blob}", blob);
        session.run(&format!("{sql}{strict}"))?;
    }
    let with =
        [Value::from(VERSION), key.did().as_str().into(), Frontier::new().to_bytes().as_slice().into()];
    let sql =
        "INSERT INTO head (id, version, did, last_at, size, frontier, note) VALUES (1, $1, $2, 0, 0, $3, '')";
    session.execute(sql, &with)?;
    session.run("COMMIT")
}
