//! The whole gate, row by row, in one run: `cargo bench -p wpc --bench gate`.
//!
//! ```text
//! floor: one strict Ed25519 verification           floor: 8 KiB written and synced
//! decide                                           the rules of the artifact, by the engine
//! + token check, warm and cold                     a token that was seen before, and one that was not
//! + append in memory                               `begin`: standing, limits, the attempt's entry
//! + durable append                                 the same in SQLite, synced before it returns
//! ```
//!
//! Each row holds all of those above it; the token is checked once per call, as a gate behind a network does. What is
//! shorter than a microsecond is measured in batches, so its p99 is that of batches.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a program for people who measure"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signer as _, SigningKey};
use wpc::token::{Expected, TokenCache};
use wpc::{
    DynamicGate, JobId, Key, Ledger, MemoryLedger, Opening, Outcome, POLICY_TYPE, SelfIssued, SqliteLedger,
    Trust, sign,
};
use wpc_model::{
    Action, Auth, Call, Comparison, Condition, Effect, Evidence, Field, Interface, Kind, Limit, Measure,
    Moment, Policy, Preposition, Resource, Rule, Settings, Slot, Subject, Target, Template, Test, Tool, Type,
    Value, Window, encode,
};

/// How long each row is measured.
const ROW: Duration = Duration::from_secs(2);
/// Calls of one batch, of what is shorter than a microsecond.
const BATCH: u32 = 64;
/// Calls of one job, before another one is opened: a job has so many entries.
const PER_JOB: u32 = 20_000;
/// Bytes of two pages and their frames: what one append adds to SQLite's log at least.
const WRITTEN: usize = 2 * (4_096 + 24);

fn named<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect()
}

/// `send` of at most 128 KiB to one of 1,000 queues, so many messages a job.
fn policy() -> Policy {
    let field = Field { ty: Type::Bytes, optional: false, measured: true, sealed: false, must_state: false };
    let template =
        |parameters: Vec<(String, Type)>, text: &str| Template { parameters, text: text.to_owned() };
    let queue = template(vec![("name".to_owned(), Type::EntityName { max: 260 })], "{name}");
    let send = Action {
        wire: None,
        preposition: Some(Preposition::To),
        kinds: vec!["queue".to_owned()],
        classes: vec![],
        arguments: named([("bytes", field)]),
        results: BTreeMap::new(),
    };
    let interface = Interface {
        name: "bus".to_owned(),
        scope: None,
        kinds: named([("queue", Kind { template: queue })]),
        records: named([]),
        classes: named([]),
        actions: named([("send", send)]),
        constraints: named([]),
    };
    let at_most = |bytes| {
        let subject = Subject::from_text("bytes").unwrap();
        vec![Condition { subject, test: Test::Compare(Comparison::AtMost, Value::Int(bytes)) }]
    };
    let queue = |name: String| Target::Of { kind: "queue".into(), slots: vec![Slot::Exact(name)] };
    let allow = (0..1_000).map(|n| {
        Rule::new("bus", Effect::Allow, Some("send".into()), queue(format!("queue-{n}")), at_most(131_072))
    });
    let limit =
        Limit::new("bus", Measure::Calls, vec!["send".to_owned()], vec![Target::Any], 1 << 40, Window::Job);
    let tool = Tool { interface, scope: vec![], allow: allow.collect(), deny: vec![], limits: vec![limit] };
    let auth = Auth {
        max_ttl_seconds: 900,
        pin_policy_hash: true,
        job_scoped_binding: true,
        proof_of_possession: true,
    };
    Policy {
        name: "bench".to_owned(),
        tools: named([("bus", tool)]),
        auth,
        approvals: vec![],
        evidence: Evidence::default(),
        orders: vec![],
        parents: vec![],
        schemas: std::collections::BTreeMap::new(),
        settings: Settings::default(),
    }
    .normalise()
}

fn call() -> Call {
    Call {
        tool: "bus".to_owned(),
        action: "send".to_owned(),
        resource: Some(Resource { kind: "queue".to_owned(), names: vec!["queue-500".to_owned()] }),
        arguments: named([("bytes", Value::Int(1_024))]),
    }
}

fn key(seed: u8) -> Key {
    Key::from_seed(&[seed; 32])
}

fn trust() -> Trust {
    let one = |name: &str, key: Key, role: &str| {
        format!(r#"{{"name":"{name}","keys":["{}"],"roles":["{role}"]}}"#, key.did())
    };
    let all = [one("author", key(1), "policy_author"), one("issuer", key(2), "token_issuer")];
    Trust::parse(format!(r#"{{"v":1,"principals":[{}]}}"#, all.join(",")).as_bytes()).unwrap()
}

/// Sorted times of one row.
struct Row(Vec<f64>);

impl Row {
    /// Runs `once` until the time is up; each sample is the mean of `batch` runs.
    fn of(batch: u32, mut once: impl FnMut() -> Duration) -> Self {
        for _ in 0..batch {
            once();
        }
        let (start, mut samples) = (Instant::now(), Vec::new());
        while start.elapsed() < ROW {
            let took: Duration = (0..batch).map(|_| once()).sum();
            samples.push(took.as_secs_f64() / f64::from(batch));
        }
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The same of something that is timed by batch alone.
    fn of_short(mut once: impl FnMut()) -> Self {
        let (start, mut samples) = (Instant::now(), Vec::new());
        while start.elapsed() < ROW {
            let begin = Instant::now();
            (0..BATCH).for_each(|_| once());
            samples.push(begin.elapsed().as_secs_f64() / f64::from(BATCH));
        }
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    fn at(&self, part: f64) -> f64 {
        let last = self.0.len() - 1;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = (last as f64 * part) as usize;
        self.0[index]
    }

    fn say(&self, name: &str, floor: Option<(&Self, &str)>) {
        let us = |seconds: f64| seconds * 1e6;
        let ratio = floor.map(|(floor, of)| format!("{:>7.2} x {of}", self.at(0.5) / floor.at(0.5)));
        println!(
            "{name:<34} p50 {:>10.3} us  p99 {:>10.3} us {}",
            us(self.at(0.5)),
            us(self.at(0.99)),
            ratio.unwrap_or_default()
        );
    }
}

/// A gate on a ledger, under a token, and another one once its job is long.
struct Calls {
    ledger: Arc<dyn Ledger>,
    artifact: Vec<u8>,
    trust: Trust,
    hash: wpc_model::Hash,
    gate: Option<DynamicGate>,
    jobs: u32,
    left: u32,
}

impl Calls {
    fn on(ledger: Arc<dyn Ledger>) -> Self {
        let policy = policy();
        let artifact = sign(POLICY_TYPE, &encode(&policy), &[key(1)]);
        Self { ledger, artifact, trust: trust(), hash: policy.hash(), gate: None, jobs: 0, left: 0 }
    }

    fn gate(&mut self) -> &DynamicGate {
        if self.left == 0 {
            self.jobs += 1;
            self.left = PER_JOB;
            let job = JobId::parse(&format!("job-{}", self.jobs)).unwrap();
            let token = SelfIssued::new(&key(2), &key(3), &*self.ledger, &job, self.hash, 900).unwrap();
            let opening = Opening {
                artifact: &self.artifact,
                trust: &self.trust,
                ledger: Arc::clone(&self.ledger),
                identity: token.identity(),
            };
            self.gate = Some(DynamicGate::open(opening).unwrap());
        }
        self.left -= 1;
        self.gate.as_ref().unwrap()
    }

    /// One call: its token is looked up, and it begins. How it ends is not measured.
    fn one(&mut self, call: &Call, check: &mut dyn FnMut()) -> Duration {
        let gate = self.gate();
        let asked = call.clone();
        let start = Instant::now();
        check();
        let running = gate.begin_sync(asked).unwrap();
        let took = start.elapsed();
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Done);
        took
    }
}

fn disk(directory: &Path) -> Row {
    let mut file = File::create(directory.join("floor")).unwrap();
    let bytes = vec![7; WRITTEN];
    Row::of(1, || {
        let start = Instant::now();
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        start.elapsed()
    })
}

fn main() {
    let (policy, call, trust) = (policy(), call(), Arc::new(trust()));
    let memory: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(key(4)).unwrap());
    let job = JobId::parse("job-bench").unwrap();
    let now_s = memory.clock().wall_ms().div_euclid(1_000);
    let request = wpc::token::IssueRequest::new(&key(3).did(), memory.did(), &job, policy.hash());
    let issued = wpc::token::issue(&key(2), &request, 900, now_s).unwrap();
    let token = issued.token.as_str().to_owned();
    let auth = policy.auth;
    let expected =
        Expected { ledger: memory.did(), policy_hash: policy.hash(), auth: &auth, job: Some(&job) };

    let (signer, message) = (SigningKey::from_bytes(&[2; 32]), token.as_bytes());
    let (public, signature) = (signer.verifying_key(), signer.sign(message));
    let verify = Row::of_short(|| {
        black_box(public.verify_strict(black_box(message), &signature)).unwrap();
    });
    verify.say("floor: strict Ed25519 verify", None);
    let directory = tempfile::tempdir_in(env::current_dir().unwrap()).unwrap();
    let disk = disk(directory.path());
    disk.say("floor: 8 KiB written and synced", None);

    let mut in_memory = Calls::on(Arc::clone(&memory));
    let rules = {
        let gate = in_memory.gate();
        Row::of_short(|| drop(black_box(gate.rulings(black_box(&call), Moment::at(0)))))
    };
    rules.say("decide", None);
    let mut cache = TokenCache::new(Arc::clone(&trust));
    let warm = {
        let gate = in_memory.gate();
        Row::of_short(|| {
            black_box(cache.verify(black_box(&token), &expected, now_s)).unwrap();
            black_box(gate.rulings(black_box(&call), Moment::at(0)));
        })
    };
    warm.say("+ token check, warm", Some((&rules, "decide")));
    println!("{:<34} {:>14.0} ns", "  the check alone", (warm.at(0.5) - rules.at(0.5)) * 1e9);
    let cold = {
        let gate = in_memory.gate();
        Row::of_short(|| {
            black_box(wpc::token::verify(black_box(&token), &trust, &expected, now_s)).unwrap();
            black_box(gate.rulings(black_box(&call), Moment::at(0)));
        })
    };
    cold.say("+ token check, cold", Some((&verify, "the verify floor")));
    let mut check = || drop(black_box(cache.verify(&token, &expected, now_s)).unwrap());
    let appended = Row::of(1, || in_memory.one(&call, &mut check));
    appended.say("+ append in memory", Some((&rules, "decide")));
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &key(4).did()).unwrap();
    let mut durable = Calls::on(Arc::new(SqliteLedger::open(&path, key(4)).unwrap()));
    let durable = Row::of(1, || durable.one(&call, &mut check));
    durable.say("+ durable append, SQLite", Some((&disk, "the sync floor")));
}
