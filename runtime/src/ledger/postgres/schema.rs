//! The tables (SECURITY.md part 5), and how they come to be.

use wpc_evidence::merkle::Frontier;

use super::config::PostgresConfig;
use super::session::{Session, damaged, get};
use super::snapshot::Snapshot;
use crate::Did;
use crate::ledger::{LedgerError, check};

/// What leads from each version of the tables to the next, from none on. A step that was released is never
/// changed; whoever changes the tables adds one.
const STEPS: [&[&str]; 2] = [&FIRST, &SECOND];

/// Those of the SQLite ledger, and two more: `agent`, whose row is locked by whoever charges a counter of the agent,
/// and `version`.
///
/// `job.revocation_seq` is the last revocation that may be about the job: its row changes with it, so that appends and
/// revocations collide under every isolation level, not only where a lock that waited sees what came meanwhile.
/// `entry.body`, `leaf.body` and `revocation` are what counts. A note is a signed head. A counter is `scope`
/// (`job/` and the job's id, or `agent/` and the agent's name), `limit_id` (its statement) and `key` (empty where
/// the statement has one). Times are Unix milliseconds.
const FIRST: [&str; 16] = [
    "CREATE TABLE version (version bigint PRIMARY KEY)",
    "CREATE TABLE ledger (did text PRIMARY KEY, last_at bigint NOT NULL, frontier bytea NOT NULL, note text NOT NULL)",
    "CREATE TABLE agent (agent text COLLATE \"C\" PRIMARY KEY, last_at bigint NOT NULL)",
    "CREATE TABLE job (job text COLLATE \"C\" PRIMARY KEY, agent text NOT NULL, policy_hash bytea NOT NULL, \
     state text NOT NULL CHECK (state IN ('open', 'closed')), size bigint NOT NULL, last_at bigint NOT NULL, \
     unsettled bigint NOT NULL, frontier bytea NOT NULL, note text NOT NULL, anchored bigint NOT NULL, secret bytea, \
     revocation_seq bigint NOT NULL DEFAULT 0)",
    "CREATE TABLE entry (job text COLLATE \"C\" NOT NULL REFERENCES job, seq bigint NOT NULL, kind text NOT NULL, \
     call text, decision text CHECK (decision IN ('allow', 'deny')), result text, late boolean NOT NULL, \
     at bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY (job, seq))",
    // A call has one attempt and one outcome, and maybe a late one.
    "CREATE UNIQUE INDEX entry_once ON entry (job, call, kind, late) WHERE call IS NOT NULL",
    "CREATE TABLE meter (scope text COLLATE \"C\" NOT NULL, limit_id bytea NOT NULL, key bytea NOT NULL, \
     n bigint NOT NULL, total bigint NOT NULL, last_at bigint NOT NULL, PRIMARY KEY (scope, limit_id, key))",
    // `total`: the sum of all charges up to and including this one.
    "CREATE TABLE charge (scope text COLLATE \"C\" NOT NULL, limit_id bytea NOT NULL, key bytea NOT NULL, \
     n bigint NOT NULL, at bigint NOT NULL, total bigint NOT NULL, job text COLLATE \"C\" NOT NULL, \
     seq bigint NOT NULL, PRIMARY KEY (scope, limit_id, key, n), FOREIGN KEY (job, seq) REFERENCES entry)",
    "CREATE INDEX charge_window ON charge (scope, limit_id, key, at, n, total)",
    "CREATE TABLE approval (job text COLLATE \"C\" NOT NULL REFERENCES job, hash bytea NOT NULL, \
     approver text NOT NULL, nonce text NOT NULL, memberships bytea NOT NULL, used bigint NOT NULL, \
     PRIMARY KEY (job, hash), UNIQUE (approver, nonce))",
    "CREATE TABLE token (issuer text NOT NULL, jti text NOT NULL, job text COLLATE \"C\" NOT NULL REFERENCES job, \
     grant_hash bytea NOT NULL, PRIMARY KEY (issuer, jti))",
    "CREATE TABLE revocation (seq bigint PRIMARY KEY, at bigint NOT NULL, kind text NOT NULL, value text NOT NULL, \
     body bytea NOT NULL, UNIQUE (kind, value, seq))",
    "CREATE TABLE opening (job text COLLATE \"C\" NOT NULL, seq bigint NOT NULL, name text COLLATE \"C\" NOT NULL, \
     body bytea NOT NULL, PRIMARY KEY (job, seq, name))",
    "CREATE TABLE document (hash bytea PRIMARY KEY, body bytea NOT NULL)",
    "CREATE TABLE leaf (n bigint PRIMARY KEY, body bytea NOT NULL)",
    "CREATE TABLE instance (instance text PRIMARY KEY, lease_until bigint NOT NULL)",
];

/// Releases, that somebody accepted the clock, and heads of the ledger's own log that witnesses cosigned. Of releases
/// `n` counts those of all names, `seq` those of one.
const SECOND: [&str; 3] = [
    "CREATE TABLE release (n bigint PRIMARY KEY, at bigint NOT NULL, policy_name text COLLATE \"C\" NOT NULL, \
     seq bigint NOT NULL, hash bytea NOT NULL, body bytea NOT NULL, UNIQUE (policy_name, seq))",
    "CREATE TABLE clock (n bigint PRIMARY KEY, at bigint NOT NULL, wall bigint NOT NULL, ledger_at bigint NOT NULL, \
     accepted_by text NOT NULL)",
    "CREATE TABLE cosigned (size bigint PRIMARY KEY, note text NOT NULL)",
];

/// Names of the tables of the newest version, sorted.
const TABLES: [&str; 17] = [
    "agent",
    "approval",
    "charge",
    "clock",
    "cosigned",
    "document",
    "entry",
    "instance",
    "job",
    "leaf",
    "ledger",
    "meter",
    "opening",
    "release",
    "revocation",
    "token",
    "version",
];

/// The newest version.
fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Makes the tables in the schema that the connection's search path begins with.
pub(super) fn create(session: &Session, config: &PostgresConfig, did: &Did) -> Result<(), LedgerError> {
    let exists = || LedgerError::Exists { path: config.place() };
    if !tables(session)?.is_empty() {
        return Err(exists());
    }
    let made = session.run("BEGIN").and_then(|()| {
        upgrade(session, 0)?;
        let sql = "INSERT INTO ledger (did, last_at, frontier, note) VALUES ($1, 0, $2, '')";
        session.execute(sql, &[&did.as_str(), &Frontier::new().to_bytes()])?;
        session.run("COMMIT")
    });
    if made.is_err() && !session.is_lost() {
        session.run("ROLLBACK")?;
        // Somebody else was first.
        if !tables(session)?.is_empty() {
            return Err(exists());
        }
    }
    made
}

/// Brings the ledger that is there forward in one transaction, or leaves it as it is; the version that it had, if not this one.
pub(super) fn forward(session: &Session, config: &PostgresConfig) -> Result<Option<i64>, LedgerError> {
    if tables(session)?.is_empty() {
        return Err(LedgerError::Missing { path: config.place() });
    }
    // One state of all rows, so that what is checked is what is kept.
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
    let brought = step(session, config);
    match &brought {
        Ok(_) => session.run("COMMIT")?,
        Err(_) if !session.is_lost() => session.run("ROLLBACK")?,
        Err(_) => {}
    }
    brought
}

fn step(session: &Session, config: &PostgresConfig) -> Result<Option<i64>, LedgerError> {
    let foreign = |cause: &str| LedgerError::Foreign { path: config.place(), cause: cause.to_owned() };
    let found = version(session, config)?;
    let expected = newest();
    if found > expected {
        return Err(LedgerError::Version { found, expected });
    }
    let from = usize::try_from(found).ok().filter(|from| *from > 0);
    let from = from.ok_or(LedgerError::TooOld { found, oldest: 1 })?;
    if found == expected {
        return Ok(None);
    }
    // Whoever opens a job, revokes or releases waits, and finds the tables changed.
    let names = session.rows("SELECT did FROM ledger FOR UPDATE", &[])?;
    let [name] = names.as_slice() else { return Err(foreign("it does not have one name")) };
    let did = Did::parse(&get::<String>(name, 0)?).map_err(damaged)?;
    let later = STEPS.iter().skip(from).copied().flatten();
    let is_there =
        |name: &String| later.clone().any(|made| made.starts_with(&format!("CREATE TABLE {name} ")));
    if tables(session)?.iter().any(is_there) {
        return Err(foreign("its tables are not those of this version"));
    }
    no_triggers(session, config)?;
    // A gate of the old version would go on without what the new one looks at.
    let sql = "SELECT coalesce(max(lease_until), 0), (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM instance";
    let held = session.row(sql, &[])?.ok_or_else(|| LedgerError::unavailable("no answer"))?;
    let (until, now_ms): (i64, i64) = (get(&held, 0)?, get(&held, 1)?);
    if until > now_ms {
        return Err(LedgerError::InUse { for_ms: until.saturating_sub(now_ms) });
    }
    upgrade(session, from)?;
    if tables(session)? != TABLES {
        return Err(foreign("its tables are not those of this version"));
    }
    check::must_hold(&Snapshot(session), &did)?;
    Ok(Some(found))
}

/// The version that the database says it has.
fn version(session: &Session, config: &PostgresConfig) -> Result<i64, LedgerError> {
    let foreign = |cause: &str| LedgerError::Foreign { path: config.place(), cause: cause.to_owned() };
    if !tables(session)?.iter().any(|name| name == "version") {
        return Err(foreign("it lacks a ledger's mark"));
    }
    let versions = session.rows("SELECT version FROM version", &[])?;
    let [version] = versions.as_slice() else { return Err(foreign("it does not have one version")) };
    get(version, 0)
}

fn no_triggers(session: &Session, config: &PostgresConfig) -> Result<(), LedgerError> {
    let sql = "SELECT 1 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
               JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace \
               WHERE s.nspname = current_schema() AND NOT t.tgisinternal LIMIT 1";
    match session.row(sql, &[])? {
        None => Ok(()),
        Some(_) => {
            Err(LedgerError::Foreign { path: config.place(), cause: "its tables have triggers".to_owned() })
        }
    }
}

/// Takes the steps after version `from`, within a transaction.
fn upgrade(session: &Session, from: usize) -> Result<(), LedgerError> {
    for statement in STEPS.iter().skip(from).copied().flatten() {
        session.run(statement)?;
    }
    session.run("DELETE FROM version")?;
    let written = session.execute("INSERT INTO version (version) VALUES ($1)", &[&newest()])?;
    if written == 1 { Ok(()) } else { Err(LedgerError::unavailable("no version was written")) }
}

/// The name of the ledger that is there.
pub(super) fn open(session: &Session, config: &PostgresConfig) -> Result<Did, LedgerError> {
    let foreign = |cause: &str| LedgerError::Foreign { path: config.place(), cause: cause.to_owned() };
    let found = tables(session)?;
    if found.is_empty() {
        return Err(LedgerError::Missing { path: config.place() });
    }
    let (found_version, expected) = (version(session, config)?, newest());
    if found_version != expected {
        return Err(LedgerError::Version { found: found_version, expected });
    }
    if found != TABLES {
        return Err(foreign("its tables are not those of this version"));
    }
    no_triggers(session, config)?;
    let names = session.rows("SELECT did FROM ledger", &[])?;
    let [name] = names.as_slice() else { return Err(foreign("it does not have one name")) };
    Did::parse(&get::<String>(name, 0)?).map_err(damaged)
}

/// Which of the tables are there, sorted.
fn tables(session: &Session) -> Result<Vec<String>, LedgerError> {
    let sql = "SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND \
               tablename = ANY($1) ORDER BY tablename::text COLLATE \"C\"";
    let rows = session.rows(sql, &[&TABLES.as_slice()])?;
    rows.iter().map(|row| get(row, 0)).collect()
}
