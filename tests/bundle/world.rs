//! A job in which something of everything happens, and those who sign for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wpc::bundle::Parts;
use wpc::ledger::{Ledger, MemoryLedger, SqliteLedger};
use wpc::{
    Clock, DynamicGate, DynamicRunning, JobId, Key, Opening, Outcome, POLICY_TYPE, Refused, SelfIssued,
    Trust, approval, sign,
};
use wpc_compiler::{Colour, Parameters, Source, compile, render_all};
use wpc_evidence::statement::{
    ApprovalRequest, Granted, Membership, Nonce, Revoked, Statement as _, approve,
};
use wpc_model::{Bind, Call, Policy, Resource, Uses, Value, encode};

pub(crate) const JOB: &str = "job-rich";
pub(crate) const START_MS: i64 = 1_767_225_600_000;

#[derive(Debug)]
pub(crate) struct Clockwork(AtomicI64);

impl Clockwork {
    pub(crate) fn pass(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Clockwork {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.wall_ms() - START_MS).unwrap())
    }
}

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn ledger_key() -> Key {
    Key::from_seed(&[2; 32])
}

pub(crate) fn issuer() -> Key {
    Key::from_seed(&[3; 32])
}

pub(crate) fn agent() -> Key {
    Key::from_seed(&[4; 32])
}

pub(crate) fn alice() -> Key {
    Key::from_seed(&[5; 32])
}

pub(crate) fn bob() -> Key {
    Key::from_seed(&[6; 32])
}

pub(crate) fn revoker() -> Key {
    Key::from_seed(&[7; 32])
}

pub(crate) fn witness() -> Key {
    Key::from_seed(&[8; 32])
}

pub(crate) fn model_gateway() -> Key {
    Key::from_seed(&[10; 32])
}

/// Everybody, each in one role.
pub(crate) fn trust() -> Trust {
    trust_of("gateway", 0)
}

/// Where somebody releases policies too.
pub(crate) fn trust_with(releaser: &Key) -> Trust {
    trust_and("gateway", 0, Some(releaser))
}

/// With the ledger in `mode`, and so many witnesses demanded.
pub(crate) fn trust_of(mode: &str, witnesses: usize) -> Trust {
    trust_and(mode, witnesses, None)
}

fn trust_and(mode: &str, witnesses: usize, releaser: Option<&Key>) -> Trust {
    let one = |name: &str, key: Key, role: &str, more: &str| {
        format!(r#"{{"name":"{name}","keys":["{}"],"roles":["{role}"]{more}}}"#, key.did())
    };
    let all = [
        one("author", author(), "policy_author", ""),
        one("gate", ledger_key(), "ledger", &format!(r#","mode":"{mode}""#)),
        one("issuer", issuer(), "token_issuer", ""),
        one("alice", alice(), "approver", ""),
        one("bob", bob(), "approver", ""),
        one("staff", staff(), "membership_issuer", ""),
        one("revoker", revoker(), "revoker", ""),
        one("witness", witness(), "witness", ""),
        one("proxy", model_gateway(), "model_gateway", ""),
    ];
    let releaser =
        releaser.map(|key| format!(r#"{{"name":"cd","keys":["{}"],"roles":["releaser"]}}"#, key.did()));
    let all: Vec<_> = all.into_iter().chain(releaser).collect();
    let text = format!(r#"{{"v":1,"principals":[{}],"threshold":{{"witness":{witnesses}}}}}"#, all.join(","));
    Trust::parse(text.as_bytes()).unwrap()
}

pub(crate) fn staff() -> Key {
    Key::from_seed(&[9; 32])
}

/// The policy in the file beside this one.
pub(crate) fn policy() -> Policy {
    policy_of(include_str!("rich.wpc"))
}

/// A text of it, with the people it names.
pub(crate) fn policy_of(text: &str) -> Policy {
    let text = text
        .replace("param alice: did", &format!("param alice: did = \"{}\"", alice().did()))
        .replace("param issuer: did", &format!("param issuer: did = \"{}\"", staff().did()));
    compiled(&text)
}

pub(crate) fn compiled(text: &str) -> Policy {
    let source = Source::new("rich.wpc".to_owned(), text.to_owned());
    compile(&source, &Parameters::new())
        .unwrap_or_else(|problems| panic!("{}", render_all(&problems, &source, Colour::Plain)))
        .policy
}

/// A ledger, a gate, and the agent before it.
pub(crate) struct World {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<Clockwork>,
    pub(crate) gate: DynamicGate,
    pub(crate) trust: Trust,
    _directory: Option<tempfile::TempDir>,
}

impl World {
    pub(crate) fn memory() -> Self {
        let clock = Arc::new(Clockwork(AtomicI64::new(START_MS)));
        let ledger = MemoryLedger::with_clock(ledger_key(), clock.clone()).unwrap();
        Self::on(Arc::new(ledger), clock, None, &policy(), JOB)
    }

    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join("ledger.db");
        let clock = Arc::new(Clockwork(AtomicI64::new(START_MS)));
        SqliteLedger::init(&path, &ledger_key().did()).unwrap();
        let ledger = SqliteLedger::open_with_clock(&path, ledger_key(), clock.clone()).unwrap();
        Self::on(Arc::new(ledger), clock, Some(directory), &policy(), JOB)
    }

    pub(crate) fn under(policy: &Policy) -> Self {
        let clock = Arc::new(Clockwork(AtomicI64::new(START_MS)));
        let ledger = MemoryLedger::with_clock(ledger_key(), clock.clone()).unwrap();
        Self::on(Arc::new(ledger), clock, None, policy, JOB)
    }

    fn on(
        ledger: Arc<dyn Ledger>,
        clock: Arc<Clockwork>,
        directory: Option<tempfile::TempDir>,
        policy: &Policy,
        job: &str,
    ) -> Self {
        Self::trusting(trust(), ledger, clock, directory, policy, job)
    }

    fn trusting(
        trust: Trust,
        ledger: Arc<dyn Ledger>,
        clock: Arc<Clockwork>,
        directory: Option<tempfile::TempDir>,
        policy: &Policy,
        job: &str,
    ) -> Self {
        let gate = open(&ledger, policy, &trust, job);
        Self { ledger, clock, gate, trust, _directory: directory }
    }

    /// Where somebody releases policies, and released this one by these.
    pub(crate) fn released(trust: Trust, releases: &[Vec<u8>]) -> Self {
        let clock = Arc::new(Clockwork(AtomicI64::new(START_MS)));
        let ledger = Arc::new(MemoryLedger::with_clock(ledger_key(), clock.clone()).unwrap());
        wpc::release::submit(&*ledger, &trust, releases).unwrap();
        Self::trusting(trust, ledger, clock, None, &policy(), JOB)
    }

    /// Another job in the same ledger.
    pub(crate) fn another(&self, job: &str) -> DynamicGate {
        open(&self.ledger, self.gate.policy(), &self.trust, job)
    }

    pub(crate) fn job(&self) -> &JobId {
        self.gate.job()
    }

    pub(crate) fn begin(&self, call: Call) -> Result<DynamicRunning, Refused> {
        self.clock.pass(10);
        self.gate.begin_sync(call)
    }

    /// Admits a call and ends it as done.
    pub(crate) fn done(&self, call: Call) {
        let running = self.begin(call).unwrap_or_else(|refused| panic!("{}", refused.code()));
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Done);
    }

    #[track_caller]
    pub(crate) fn denied(&self, call: Call, code: &str) {
        assert_eq!(self.begin(call).map(|_| "allowed").unwrap_err().code(), code);
    }

    /// Plans, with a result.
    pub(crate) fn planned(&self, stack: &str, hash: &str) {
        let running = self.begin(plan(stack, "a note", 100)).unwrap();
        running.begin_effect().unwrap();
        running.returned("hash", Value::text(hash)).unwrap();
        running.finish_sync(Outcome::Done);
    }

    pub(crate) fn renew(&self) {
        let token = token(&self.ledger, self.gate.policy(), JOB);
        self.gate.renew(token.presented()).unwrap();
    }

    /// Somebody approves the oldest call that waits.
    pub(crate) fn approve(&self, key: &Key, memberships: &[Vec<u8>]) -> wpc_model::Hash {
        let request = self.request();
        let envelope = approve(key, &request, self.granted()).unwrap();
        approval::submit(&*self.ledger, &self.trust, self.job(), &envelope, memberships).unwrap()
    }

    pub(crate) fn request(&self) -> ApprovalRequest {
        let requests = approval::requests(&*self.ledger, &self.trust, self.job()).unwrap();
        requests.into_iter().next_back().unwrap()
    }

    pub(crate) fn granted(&self) -> Granted {
        let issued_at = self.clock.wall_ms();
        Granted {
            bind: Bind::Arguments,
            uses: Uses::Times(1),
            issued_at,
            not_after: issued_at + 60_000,
            nonce: Nonce::mint().unwrap(),
        }
    }

    /// That somebody is an operator.
    pub(crate) fn operator(&self, key: &Key) -> Vec<u8> {
        let now = self.clock.wall_ms();
        let member = Membership {
            role: "operator".to_owned(),
            member: key.did(),
            not_before: now - 1_000,
            not_after: now + 1_000_000,
        };
        member.sign(&[staff()]).unwrap()
    }

    pub(crate) fn revoke(&self, revoked: Revoked) {
        let at = self.clock.wall_ms();
        let next = approval::next_revocation(&*self.ledger, &self.trust, revoked, at).unwrap();
        approval::revoke(&*self.ledger, &self.trust, &next.sign(&[revoker()]).unwrap()).unwrap();
    }

    pub(crate) fn parts(&self) -> Parts {
        wpc::bundle::parts(&*self.ledger, self.job(), None).unwrap()
    }

    pub(crate) fn bundle(&self) -> Vec<u8> {
        wpc::bundle::of_job(&*self.ledger, &ledger_key(), self.job(), None).unwrap()
    }

    /// Something of everything; the job is open at the end.
    pub(crate) fn live(self) -> Self {
        self.planned("web", "h-1");
        self.denied(plan("web", "a secret", 1), "explicit_deny");
        self.denied(plan("db", "a note", 1), "default_deny");
        self.denied(apply("web", "h-2"), "order_denied");
        let running = self.begin(apply("web", "h-1")).unwrap();
        self.denied(apply("temp-1", "h-1"), "order_denied");
        self.planned("temp-1", "h-3");
        self.denied(apply("temp-1", "h-3"), "limit_exceeded");
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Failed { code: "broke".to_owned() });
        let running = self.begin(apply("temp-1", "h-3")).unwrap();
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Unknown { code: "lost".to_owned() });
        self.planned("web", "h-4");
        self.denied(plan("web", "a note", 100), "limit_exceeded");
        self.clock.pass(61_000);
        self.denied(plan("web", "a note", 2_000), "limit_exceeded");
        for _ in 0..2 {
            self.done(call("status", "web", []));
        }
        drop(self.begin(call("status", "web", [])).unwrap());
        self.denied(dropping("web", "too old"), "approval_required");
        self.approve(&alice(), &[]);
        self.denied(dropping("web", "too old"), "approval_required");
        self.approve(&bob(), &[self.operator(&bob())]);
        self.renew();
        self.done(dropping("web", "too old"));
        self.denied(dropping("web", "too old"), "approval_required");
        self.done(dropping("web", "empty"));
        self.denied(secret("web", Some("x")), "order_denied");
        assert!(self.gate.begin_json_sync(b"{}", wpc_model::Measured::Accept).is_err());
        self
    }

    /// And closed.
    pub(crate) fn closed(self) -> Self {
        let lived = self.live();
        lived.gate.close().unwrap();
        lived
    }
}

fn open(ledger: &Arc<dyn Ledger>, policy: &Policy, trust: &Trust, job: &str) -> DynamicGate {
    let artifact = sign(POLICY_TYPE, &encode(policy), &[author()]);
    let token = token(ledger, policy, job);
    let identity = token.identity();
    DynamicGate::open(Opening { artifact: &artifact, trust, ledger: ledger.clone(), identity }).unwrap()
}

fn token(ledger: &Arc<dyn Ledger>, policy: &Policy, job: &str) -> SelfIssued {
    let job = JobId::parse(job).unwrap();
    SelfIssued::new(&issuer(), &agent(), &**ledger, &job, policy.hash(), 900).unwrap()
}

pub(crate) fn call<const N: usize>(action: &str, stack: &str, arguments: [(&str, Value); N]) -> Call {
    let arguments: BTreeMap<String, Value> =
        arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let resource = Resource { kind: "stack".to_owned(), names: vec![stack.to_owned()] };
    Call { tool: "deploy".to_owned(), action: action.to_owned(), resource: Some(resource), arguments }
}

pub(crate) fn plan(stack: &str, note: &str, size: i64) -> Call {
    call("plan", stack, [("note", Value::text(note)), ("size", Value::Int(size))])
}

pub(crate) fn apply(stack: &str, hash: &str) -> Call {
    call("apply", stack, [("plan_hash", Value::text(hash))])
}

pub(crate) fn dropping(stack: &str, reason: &str) -> Call {
    call("drop", stack, [("reason", Value::text(reason))])
}

pub(crate) fn secret(stack: &str, body: Option<&str>) -> Call {
    let mut call = call("secret", stack, [("size", Value::Int(1))]);
    if body.is_some() {
        call.arguments.insert("body".to_owned(), Value::SEALED);
    }
    call
}
