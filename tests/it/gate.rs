//! A gate under a policy of `policies/`, and the job's log.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wpc::ledger::{Body, Entry, Ledger, MemoryLedger};
use wpc::{Clock, Gate, JobId, Key, OpenError, Opening, POLICY_TYPE, Policy, SelfIssued, Trust, sign};
use wpc_compiler::{Colour, Compiled, Parameters, Source, compile, gather, render_all};
use wpc_model::Hash;

/// A policy beside these tests, compiled.
#[track_caller]
pub(crate) fn compiled(file: &str) -> Compiled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut source = Source::new(format!("policies/{file}"), text);
    gather(&mut source, |used| {
        std::fs::read_to_string(path.with_file_name(used)).map_err(|error| error.to_string())
    });
    compile(&source, &Parameters::new())
        .unwrap_or_else(|problems| panic!("{}", render_all(&problems, &source, Colour::Plain)))
}

/// A gate and the ledger behind it.
pub(crate) struct Opened<P> {
    pub(crate) gate: Gate<P>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<Clockwork>,
    renewing: (JobId, Hash, i64),
}

fn key() -> Key {
    Key::from_seed(&[1; 32])
}

fn ledger_key() -> Key {
    Key::from_seed(&[2; 32])
}

/// A clock that stands still until it is told to go on.
#[derive(Debug, Default)]
pub(crate) struct Clockwork {
    ms: AtomicU64,
}

impl Clockwork {
    pub(crate) fn advance(&self, by: Duration) {
        self.ms.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Clockwork {
    fn wall_ms(&self) -> i64 {
        1_800_000_000_000 + i64::try_from(self.ms.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.ms.load(Ordering::SeqCst))
    }
}

/// Opens a gate on a new ledger in memory, under the policy in `file`.
#[track_caller]
pub(crate) fn open<P: Policy>(file: &str) -> Opened<P> {
    open_with(file).unwrap()
}

/// Opens the gate of the policy `P` with the signed artifact of the policy in `file`.
#[track_caller]
pub(crate) fn open_with<P: Policy>(file: &str) -> Result<Opened<P>, OpenError> {
    let compiled = compiled(file);
    let artifact = sign(POLICY_TYPE, &wpc_model::encode(&compiled.policy), &[key()]);
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"alice","keys":["{}"],"roles":["policy_author","token_issuer"]}}]}}"#,
        key().did()
    );
    let trust = Trust::parse(trust.as_bytes()).unwrap();
    let clock = Arc::new(Clockwork::default());
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::with_clock(ledger_key(), clock.clone()).unwrap());
    let (job, agent) = (JobId::parse("job-1").unwrap(), Key::from_seed(&[9; 32]));
    let hash = Hash::of(&wpc_model::encode(&compiled.policy));
    let lifetime_s = compiled.policy.token().max_ttl_seconds;
    let token = SelfIssued::new(&key(), &agent, &*ledger, &job, hash, lifetime_s).unwrap();
    let opening = Opening {
        artifact: &artifact,
        trust: &trust,
        ledger: Arc::clone(&ledger),
        identity: token.identity(),
    };
    let renewing = (job, hash, lifetime_s);
    Ok(Opened { gate: Gate::open(opening)?, ledger, clock, renewing })
}

impl<P> Opened<P> {
    /// Takes another token: the clock went on for longer than one lives.
    pub(crate) fn renew(&self) {
        let (job, hash, lifetime_s) = &self.renewing;
        let agent = Key::from_seed(&[9; 32]);
        let token = SelfIssued::new(&key(), &agent, &*self.ledger, job, *hash, *lifetime_s).unwrap();
        self.gate.renew(token.presented()).unwrap();
    }

    /// The job's entries but for the opening one and its token, a word each: `allow`, a denial's code, an
    /// outcome's word and code.
    pub(crate) fn log(&self) -> Vec<String> {
        let entries = self.ledger.entries(self.gate.job(), 2, usize::MAX).unwrap();
        let entries = entries.iter().map(|bytes| Entry::decode(bytes).unwrap());
        let said = entries.filter(|entry| !matches!(entry.body, Body::Token(_)));
        said.map(|entry| word(&entry)).collect()
    }
}

fn word(entry: &Entry) -> String {
    match &entry.body {
        Body::Attempt(attempt) => match &attempt.verdict {
            wpc::ledger::Verdict::Allow { .. } => "allow".to_owned(),
            wpc::ledger::Verdict::Deny { reason, .. } => reason.code().to_owned(),
        },
        Body::Outcome(settled) => {
            let code = settled.outcome.code().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{}{code}", settled.outcome.word())
        }
        Body::Refused(untyped) => untyped.code.clone(),
        other => format!("{other:?}"),
    }
}
