//! Three jobs of two agents, played through gates, and what is said of each call.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wpc::ledger::{Body, Charged, Entry, Ledger, MemoryLedger, SqliteLedger, Verdict};
use wpc::{
    Clock, DynamicGate, DynamicRunning, Identity, Input, JobId, Key, Opening, Outcome, POLICY_TYPE,
    SelfIssued, Trust, sign,
};
use wpc_model::{
    Approvals, Attested, Call, Charging, Decision, Given, Hash, Moment, Needs, Past, Policy, Provenance,
    Refusal, Situation, Who, admit, encode, rulings, settle,
};

use super::drawn;
use super::oracle::{self, Admitted};
use crate::random::dice::Random;

/// Jobs with the agent of each.
const JOBS: [(&str, usize); 3] = [("job-a", 0), ("job-b", 0), ("job-c", 1)];
const AGENTS: [&str; 2] = ["agent:planner@1", "agent:planner@2"];
const START_MS: i64 = 1_767_225_600_000;

/// Where the ledger is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Store {
    Memory,
    File,
}

/// How often each decision was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    allowed: u64,
    explicit_deny: u64,
    default_deny: u64,
    /// Refused by what is extended.
    of_parent: u64,
    order_denied: u64,
    approval_required: u64,
    limit_exceeded: u64,
    /// Refused by a limit that says when there is room.
    frees: u64,
    /// Outcomes that gave a place back, or that something waited for.
    settled: u64,
    /// Outcomes of which a source was remembered.
    labelled: u64,
    /// Attempts that were decided again from what the gate attests.
    attested: u64,
    /// Questions about calls that are allowed, and about calls that are not.
    asked_allowed: u64,
    asked_refused: u64,
}

impl Seen {
    fn count(&mut self, decision: &Decision) {
        let Decision::Deny(refusal) = decision else { return self.allowed += 1 };
        self.of_parent += u64::from(refusal.layer > 0);
        match refusal.reason.code() {
            "explicit_deny" => self.explicit_deny += 1,
            "default_deny" => self.default_deny += 1,
            "order_denied" => self.order_denied += 1,
            "approval_required" => self.approval_required += 1,
            "limit_exceeded" => self.limit_exceeded += 1,
            other => panic!("{other}"),
        }
        self.frees += u64::from(refusal.frees_at.is_some());
    }

    pub(super) fn is_everything(&self, cases: u64) {
        let Self { allowed, explicit_deny, default_deny, of_parent, .. } = self;
        let Self {
            order_denied, approval_required, limit_exceeded, frees, settled, labelled, attested, ..
        } = self;
        let Self { asked_allowed, asked_refused, .. } = self;
        for (what, count) in [
            ("allowed", allowed),
            ("explicit_deny", explicit_deny),
            ("default_deny", default_deny),
            ("of a parent", of_parent),
            ("order_denied", order_denied),
            ("approval_required", approval_required),
            ("limit_exceeded", limit_exceeded),
            ("with a time", frees),
            ("settled", settled),
            ("labelled", labelled),
            ("attested", attested),
            ("asked and allowed", asked_allowed),
            ("asked and refused", asked_refused),
        ] {
            assert!(count * 300 > cases, "only {count} of {cases} are {what}");
        }
    }
}

#[derive(Debug)]
struct Clockwork(AtomicI64);

impl Clock for Clockwork {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.wall_ms().unsigned_abs())
    }
}

/// A policy's jobs, and what happened in them.
pub(super) struct Played<'p> {
    policy: &'p Policy,
    ledger: Arc<dyn Ledger>,
    clock: Arc<Clockwork>,
    gates: Vec<DynamicGate>,
    past: Past,
    list: Vec<Admitted>,
    /// What each job was asked to do.
    inputs: Vec<Given>,
    running: Vec<Running>,
    happened: usize,
    /// Where questions wait.
    asking: tokio::runtime::Runtime,
    _directory: Option<tempfile::TempDir>,
}

struct Running {
    /// In the list.
    index: usize,
    running: DynamicRunning,
    charged: Vec<Charging>,
}

impl<'p> Played<'p> {
    pub(super) fn begin(policy: &'p Policy, store: Store, random: &mut Random) -> Self {
        let clock = Arc::new(Clockwork(AtomicI64::new(START_MS)));
        let key = || Key::from_seed(&[2; 32]);
        let mut directory = None;
        let ledger: Arc<dyn Ledger> = match store {
            Store::Memory => Arc::new(MemoryLedger::with_clock(key(), clock.clone()).unwrap()),
            Store::File => {
                let path = directory.insert(tempfile::tempdir().unwrap()).path().join("ledger.db");
                SqliteLedger::init(&path, &key().did()).unwrap();
                Arc::new(SqliteLedger::open_with_clock(&path, key(), clock.clone()).unwrap())
            }
        };
        let author = Key::from_seed(&[1; 32]);
        let trust = format!(
            r#"{{"v":1,"principals":[{{"name":"author","keys":["{}"],"roles":["policy_author","token_issuer"]}}],"threshold":{{}}}}"#,
            author.did()
        );
        let trust = Trust::parse(trust.as_bytes()).unwrap();
        let payload = encode(policy);
        let artifact = sign(POLICY_TYPE, &payload, std::slice::from_ref(&author));
        let inputs = JOBS.map(|_| drawn::input(random));
        let mut past = Past::new();
        let mut given = Vec::new();
        for ((job, agent), input) in JOBS.into_iter().zip(&inputs) {
            let input = Given::from_json(input.as_bytes()).unwrap();
            past.input(policy, Who { job, agent: AGENTS[agent] }, START_MS, &input).unwrap();
            given.push(input);
        }
        let open = |((job, agent), input): ((&str, usize), &String)| {
            let (job, auth, key) = (JobId::parse(job).unwrap(), &policy.token(), [20 + agent as u8; 32]);
            let (hash, key) = (Hash::of(&payload), Key::from_seed(&key));
            let token = SelfIssued::new(&author, &key, &*ledger, &job, hash, auth.max_ttl_seconds).unwrap();
            let identity = if auth.pin_policy_hash || auth.job_scoped_binding {
                token.identity()
            } else {
                Identity::local(job, AGENTS[agent])
            };
            let (artifact, trust, ledger) = (&artifact, &trust, ledger.clone());
            let opening = Opening { artifact, trust, ledger, identity };
            DynamicGate::open_with_input(opening, &Input::from_json(input.as_bytes()).unwrap()).unwrap()
        };
        let gates = JOBS.into_iter().zip(&inputs).map(open).collect();
        Self {
            policy,
            ledger,
            clock,
            gates,
            past,
            list: Vec::new(),
            inputs: given,
            running: Vec::new(),
            happened: 0,
            asking: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            _directory: directory,
        }
    }

    /// Time passes, a call may end, another one begins.
    pub(super) fn step(&mut self, random: &mut Random, seen: &mut Seen) {
        if random.chance(60) {
            self.clock.0.fetch_add(random.between(0, 1_500), Ordering::SeqCst);
        }
        if !self.running.is_empty() && random.chance(60) {
            let one = self.running.swap_remove(random.below(self.running.len()));
            self.finish(one, random, seen);
        }
        let call = loop {
            if let Some(call) = drawn::call(random, self.policy) {
                break call;
            }
        };
        self.ask(random.below(JOBS.len()), call, random, seen);
    }

    fn ask(&mut self, job: usize, call: Call, random: &mut Random, seen: &mut Seen) {
        let (name, agent) = JOBS[job];
        let now = self.clock.wall_ms();
        let who = Who { job: name, agent: AGENTS[agent] };
        let before = self.past.at(who, now);
        let needs = Needs::of(self.policy, &call, Situation::of(&before));
        let rulings = rulings(self.policy, &call, Situation::of(&before));
        let says = admit(self.policy, &call, &rulings, &needs, &Approvals::NONE, &before);
        seen.count(&says.decision);
        let refused = match says.decision {
            Decision::Allow { .. } => None,
            Decision::Deny(Refusal { reason, rule, .. }) => Some((reason.code(), rule)),
        };
        let read = oracle::refusal(self.policy, (&self.list, &self.inputs[job]), (job, agent), &call, now);
        assert_eq!(refused, read, "the interpreter, then the other reading, of {call:#?}\n{}", self.tell());
        // A question says what the call gets; what the call gets is the same, asked before or not.
        for _ in 0..random.below(3) {
            self.question(job, &call, &says.decision, seen);
        }
        let from = self.entries(job, 0).len() as u64;
        let gate = self.gates[job].begin_sync(call.clone());
        self.replay((job, from), &call, seen);
        match (gate, says.decision) {
            (Ok(running), Decision::Allow { .. }) => {
                self.past.charge(who, now, &says.charges);
                self.happened += 1;
                self.list.push(Admitted {
                    job,
                    agent,
                    at: now,
                    call,
                    ended_at: None,
                    done: None,
                    began_as: self.happened,
                    ended_as: usize::MAX,
                });
                running.begin_effect().unwrap();
                self.running.push(Running { index: self.list.len() - 1, running, charged: says.charges });
            }
            (Err(refusal), Decision::Deny(Refusal { reason, rule, frees_at, .. })) => {
                let detail = refusal.detail();
                assert_eq!(
                    (refusal.code(), detail.rule, detail.frees_at),
                    (reason.code(), rule, frees_at),
                    "the gate, then the interpreter, of {call:#?}\n{}",
                    self.tell()
                );
            }
            (gate, decision) => panic!("{gate:?} but {decision:?} of {call:#?}\n{}", self.tell()),
        }
    }

    /// Asks whether the call would begin, of which `expected` is said. A refusal leaves its attempt, and a call that is
    /// allowed nothing.
    fn question(&self, job: usize, call: &Call, expected: &Decision, seen: &mut Seen) {
        let from = self.entries(job, 0).len() as u64;
        let said = self.asking.block_on(self.gates[job].ask(call.clone()));
        match (said, expected) {
            (Ok(()), Decision::Allow { .. }) => {
                assert!(self.entries(job, from).is_empty(), "of {call:#?}\n{}", self.tell());
                seen.asked_allowed += 1;
            }
            (Err(refusal), Decision::Deny(Refusal { reason, rule, frees_at, .. })) => {
                let detail = refusal.detail();
                assert_eq!(
                    (refusal.code(), detail.rule, detail.frees_at),
                    (reason.code(), *rule, *frees_at),
                    "the answer, then the interpreter, of {call:#?}\n{}",
                    self.tell()
                );
                self.replay((job, from), call, seen);
                seen.asked_refused += 1;
            }
            (said, decision) => panic!("{said:?} but {decision:?} of {call:#?}\n{}", self.tell()),
        }
    }

    fn entries(&self, job: usize, from: u64) -> Vec<Vec<u8>> {
        self.ledger.entries(&JobId::parse(JOBS[job].0).unwrap(), from, usize::MAX).unwrap()
    }

    /// Decides the call again as its entry has it: with what the gate attests in place of what a job
    /// remembers. Before the call is charged.
    fn replay(&self, (job, from): (usize, u64), call: &Call, seen: &mut Seen) {
        let (name, agent) = JOBS[job];
        // Past a rate refusals are not recorded one by one.
        let Some(last) = self.entries(job, from).pop() else { return };
        let entry = Entry::decode(&last).unwrap();
        let Body::Attempt(attempt) = entry.body else { panic!("{entry:?}") };
        let attested = Attested::read(self.policy, call, &attempt.attested).unwrap();
        let situation = Situation::attested(Moment::at(entry.at), &attested);
        let needs = Needs::of(self.policy, call, situation);
        let rulings = rulings(self.policy, call, situation);
        let before = self.past.at(Who { job: name, agent: AGENTS[agent] }, entry.at);
        let says = admit(self.policy, call, &rulings, &needs, &Approvals::NONE, &before);
        let verdict = match says.decision {
            Decision::Allow { rule } => {
                Verdict::Allow { rule, charges: says.charges.into_iter().map(Charged::from).collect() }
            }
            Decision::Deny(Refusal { reason, rule, .. }) => Verdict::Deny { reason, rule },
        };
        assert_eq!(attempt.verdict, verdict, "the entry, then its replay, of {call:#?}\n{}", self.tell());
        seen.attested += u64::from(!attempt.attested.is_empty());
    }

    fn finish(&mut self, one: Running, random: &mut Random, seen: &mut Seen) {
        let now = self.clock.wall_ms();
        let Running { index, running, charged } = one;
        let admitted = &mut self.list[index];
        let result = drawn::result(random, &admitted.call);
        for (name, value) in &result {
            running.returned(name, value.clone()).unwrap();
        }
        let outcome = match random.below(10) {
            0 => Outcome::Failed { code: "no".to_owned() },
            1 => Outcome::Unknown { code: "lost".to_owned() },
            2 => Outcome::Abandoned,
            _ => Outcome::Done,
        };
        let done = (outcome == Outcome::Done).then_some(result);
        running.finish_sync(outcome);
        let (job, agent) = JOBS[admitted.job];
        let who = Who { job, agent: AGENTS[agent] };
        let charges = settle(self.policy, &admitted.call, &charged, done.as_ref(), &self.past.at(who, now));
        seen.settled += u64::from(!charges.is_empty());
        self.past.charge(who, now, &charges);
        if let Some(result) = &done {
            let labels =
                Provenance::of(self.policy).of_result(&admitted.call, result, &self.past.at(who, now));
            seen.labelled += u64::from(!labels.is_empty());
            self.past.charge(who, now, &labels);
        }
        self.happened += 1;
        (admitted.ended_at, admitted.done, admitted.ended_as) = (Some(now), done, self.happened);
    }

    /// What the ledger keeps is what its entries say.
    pub(super) fn end(mut self) {
        let checked = self.ledger.check().unwrap();
        assert_eq!(checked.findings, [], "{}", self.tell());
        self.running.clear();
        for gate in &self.gates {
            gate.close().unwrap();
        }
        let checked = self.ledger.check().unwrap();
        assert_eq!(checked.findings, [], "once closed, {}", self.tell());
    }

    fn tell(&self) -> String {
        format!(
            "limits {:#?}\norders {:#?}\ninputs {:#?}\nafter {:#?}",
            self.policy.tools["lab"].limits, self.policy.orders, self.inputs, self.list
        )
    }
}
