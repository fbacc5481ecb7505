//! Ledgers to test, and the least that a gate does with one.

use std::path::PathBuf;
use std::sync::Arc;

use wpc::ledger::{
    Attempt, Body, Engine, Entry, FactsBy, Head, Ledger, LedgerError, MemoryLedger, Opened, Settled,
    SqliteLedger, Step, Verdict,
};
use wpc::{CallId, Did, JobId, Key, Outcome};
use wpc_model::{Charging, Hash, History as _, Limit, Measure, Reason, RuleId, Target, Window};

use crate::clock::FakeClock;

/// A ledger with a clock that stands still.
pub(crate) struct Rig {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<FakeClock>,
    /// The file, of a ledger that has one.
    pub(crate) path: Option<PathBuf>,
    /// Where the file is.
    pub(crate) directory: Option<tempfile::TempDir>,
    /// The database, of a ledger that has one. After the ledger, which uses it.
    #[cfg(feature = "postgres")]
    pub(crate) database: Option<crate::database::Database>,
}

/// Runs a test on every ledger there is; on PostgreSQL if `WPC_TEST_POSTGRES` says where it is.
#[track_caller]
pub(crate) fn on_each(test: impl Fn(&Rig)) {
    test(&memory());
    test(&sqlite());
    #[cfg(feature = "postgres")]
    if crate::database::is_named() {
        test(&postgres());
    }
}

/// A ledger in a schema of its own, on the server that `WPC_TEST_POSTGRES` names.
#[cfg(feature = "postgres")]
pub(crate) fn postgres() -> Rig {
    let database = crate::database::Database::new();
    let clock = Arc::new(FakeClock::new());
    let ledger =
        wpc::ledger::PostgresLedger::open_with_clock(&database.config(), key(), clock.clone()).unwrap();
    Rig { ledger: Arc::new(ledger), clock, path: None, directory: None, database: Some(database) }
}

pub(crate) fn did() -> Did {
    key().did()
}

pub(crate) fn key() -> Key {
    Key::from_seed(&[7; 32])
}

pub(crate) fn memory() -> Rig {
    let clock = Arc::new(FakeClock::new());
    let ledger = MemoryLedger::with_clock(key(), clock.clone()).unwrap();
    new(Arc::new(ledger), clock, None, None)
}

pub(crate) fn sqlite() -> Rig {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &did()).unwrap();
    let clock = Arc::new(FakeClock::new());
    let ledger = SqliteLedger::open_with_clock(&path, key(), clock.clone()).unwrap();
    new(Arc::new(ledger), clock, Some(path), Some(directory))
}

/// A rig of a ledger in no database.
pub(crate) fn new(
    ledger: Arc<dyn Ledger>,
    clock: Arc<FakeClock>,
    path: Option<PathBuf>,
    directory: Option<tempfile::TempDir>,
) -> Rig {
    #[cfg(feature = "postgres")]
    return Rig { ledger, clock, path, directory, database: None };
    #[cfg(not(feature = "postgres"))]
    return Rig { ledger, clock, path, directory };
}

impl Rig {
    /// Every entry of a job.
    pub(crate) fn log(&self, job: &JobId) -> Vec<Entry> {
        log(&*self.ledger, job)
    }

    #[track_caller]
    pub(crate) fn is_clean(&self) {
        let checked = self.ledger.check().unwrap();
        assert_eq!(checked.findings, [], "{checked:?}");
    }
}

pub(crate) fn log(ledger: &dyn Ledger, job: &JobId) -> Vec<Entry> {
    ledger.entries(job, 0, usize::MAX).unwrap().iter().map(|bytes| Entry::decode(bytes).unwrap()).collect()
}

pub(crate) fn job(name: &str) -> JobId {
    JobId::parse(name).unwrap()
}

/// A call's id from a number.
pub(crate) fn call(number: u64) -> CallId {
    let mut digits = Vec::new();
    let mut left = number;
    for _ in 0..25 {
        digits.push(b"abcdefghijklmnopqrstuvwxyz234567"[usize::try_from(left % 32).unwrap()]);
        left /= 32;
    }
    CallId::parse(&format!("call_{}a", String::from_utf8(digits).unwrap())).unwrap()
}

pub(crate) fn per_job(max: i64) -> Limit {
    limit(max, Window::Job)
}

pub(crate) fn sliding(max: i64, ms: i64) -> Limit {
    limit(max, Window::Sliding { ms })
}

fn limit(max: i64, window: Window) -> Limit {
    Limit::new("bus", Measure::Calls, vec!["send".to_owned()], vec![Target::Any], max, window)
}

pub(crate) fn rule() -> RuleId {
    RuleId::of(b"an allow")
}

pub(crate) fn opened() -> Step {
    let policy_hash = Hash::of(b"a policy");
    Step::Entry(Body::Opened(Opened {
        agent: "agent-1".to_owned(),
        policy: "orders".to_owned(),
        policy_hash,
        release_seq: None,
        tool_version: None,
        charges: Vec::new(),
    }))
}

pub(crate) fn open(ledger: &dyn Ledger, job: &JobId) {
    let once = |head: &Head<'_>| if head.job().is_none() { vec![opened()] } else { Vec::new() };
    ledger.append(job, &mut { once }).unwrap();
}

pub(crate) fn attempt(call: CallId, verdict: Verdict) -> Step {
    Step::Entry(Body::Attempt(Attempt {
        call,
        tool: "bus".to_owned(),
        action: "send".to_owned(),
        resource: None,
        engine: Engine::Indexed,
        verdict,
        jti: None,
        args_root: Hash::of(b"arguments"),
        facts: vec![],
        attested: vec![],
        approvals: vec![],
        revocation_seq: 0,
    }))
}

pub(crate) fn outcome(call: CallId, attempt_seq: u64) -> Step {
    Step::Entry(Body::Outcome(Settled {
        call,
        attempt_seq,
        outcome: Outcome::Done,
        provider: None,
        late: false,
        facts_by: FactsBy::Declared,
        facts: vec![],
        duration_ms: 1,
        charges: vec![],
    }))
}

/// Admits a call if `amount` still fits into every limit, as a gate does. Gives the attempt's place,
/// or when it would fit.
pub(crate) fn ask(
    ledger: &dyn Ledger,
    job: &JobId,
    id: CallId,
    limits: &[Limit],
    amount: i64,
) -> Result<Result<u64, Option<i64>>, LedgerError> {
    let mut said = Ok(());
    let appended = ledger.append(job, &mut |head| {
        said = Ok(());
        let mut charges = Vec::new();
        for limit in limits {
            // What cannot be read fails the append, whatever is decided.
            let Some(used) = head.used(&limit.bound(None), amount) else { return Vec::new() };
            if used.amount + amount > limit.max {
                said = Err(used.frees_at);
                let verdict = Verdict::Deny { reason: Reason::LimitExceeded, rule: Some(limit.id) };
                return vec![attempt(id.clone(), verdict)];
            }
            let (counter, window) = (limit.bound(None).counter, limit.window);
            charges.push(Charging { counter, window, before: used.amount, amount }.into());
        }
        vec![attempt(id.clone(), Verdict::Allow { rule: rule(), charges })]
    })?;
    Ok(said.map(|()| appended.first_seq))
}
