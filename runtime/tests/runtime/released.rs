//! Which policy of a name is the current one: at every ledger, at every gate of it, and after a restart.

use serde_json::json;
use wpc::ledger::{Body, Closing, Ledger, SqliteLedger};
use wpc::{DynamicGate, Key, OpenError, Outcome, Trust, release};
use wpc_evidence::statement::{Release, Statement as _};
use wpc_model::{Hash, OnChange, Policy, Window, encode};

use crate::clock::START_MS;
use crate::policy::{author, ping, policy, ready, send, signed};
use crate::rig::{Rig, job, on_each, sqlite};

fn releaser() -> Key {
    Key::from_seed(&[51; 32])
}

/// Somebody signs policies, and `releaser` releases them.
fn trust_in(releaser: &Key) -> Trust {
    let one = |name: &str, key: &Key, role: &str| json!({"name": name, "keys": [key.did().to_string()], "roles": [role]});
    let principals = [one("alice", &author(), "policy_author"), one("cd", releaser, "releaser")];
    Trust::parse(json!({"v": 1, "principals": principals}).to_string().as_bytes()).unwrap()
}

fn trust() -> Trust {
    trust_in(&releaser())
}

fn says(policy: Policy, on_change: OnChange) -> Policy {
    let mut policy = policy;
    policy.settings.on_change = on_change;
    policy.normalise()
}

/// The policy as it was, and as it is.
fn old() -> Policy {
    policy()
}

fn new() -> Policy {
    let mut policy = policy();
    let tool = policy.tools.get_mut("bus").unwrap();
    let limit = wpc_model::Limit::new(
        "bus",
        wpc_model::Measure::Calls,
        vec!["manage".to_owned()],
        vec![wpc_model::Target::Any],
        7,
        Window::Job,
    );
    tool.limits.push(limit);
    policy.normalise()
}

/// A chain of releases in the making.
#[derive(Clone, Default)]
struct Chain {
    envelopes: Vec<Vec<u8>>,
    last: Option<Hash>,
}

impl Chain {
    /// The next one, of `policy`, for a day from the start on.
    fn then(self, policy: &Policy, running: OnChange) -> Self {
        self.within(policy, running, 0..86_400_000, &releaser())
    }

    /// The next one, within these times after the start.
    fn within(mut self, policy: &Policy, running: OnChange, of: std::ops::Range<i64>, key: &Key) -> Self {
        let release = Release {
            policy_name: policy.name.clone(),
            seq: u64::try_from(self.envelopes.len()).unwrap() + 1,
            policy_hash: Hash::of(&encode(policy)),
            previous: self.last,
            not_before: START_MS + of.start,
            not_after: START_MS + of.end,
            running,
        };
        self.last = Some(Hash::of(&release.encode().unwrap()));
        self.envelopes.push(release.sign(std::slice::from_ref(key)).unwrap());
        self
    }

    fn at(&self, ledger: &dyn Ledger) -> Result<u64, &'static str> {
        release::submit(ledger, &trust(), &self.envelopes).map(|head| head.seq).map_err(|error| error.code())
    }
}

fn try_open(rig: &Rig, policy: &Policy, name: &str) -> Result<DynamicGate, OpenError> {
    let (artifact, trust) = (signed(policy), trust());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening())
}

#[track_caller]
fn refuses_to_open(rig: &Rig, policy: &Policy, name: &str, code: &str) {
    assert_eq!(try_open(rig, policy, name).unwrap_err().code(), code);
    assert!(rig.log(&job(name)).is_empty());
}

#[track_caller]
fn goes_on(gate: &DynamicGate) {
    gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
}

#[track_caller]
fn refuses(gate: &DynamicGate, code: &str) {
    let refused = gate.begin_sync(send("orders", &[1])).map(|running| panic!("admitted {running:?}"));
    assert_eq!(refused.unwrap_err().code(), code);
}

fn kinds(rig: &Rig, name: &str) -> Vec<&'static str> {
    rig.log(&job(name)).iter().map(|entry| entry.body.kind()).collect()
}

/// What the log says of changes: the release, its policy, and what becomes of the job.
fn changes(rig: &Rig, name: &str) -> Vec<(u64, Hash, OnChange)> {
    let log = rig.log(&job(name));
    let changed = |body: &Body| match body {
        Body::PolicyChanged(changed) => Some((changed.release_seq, changed.to, changed.running)),
        _ => None,
    };
    log.iter().filter_map(|entry| changed(&entry.body)).collect()
}

#[test]
fn where_somebody_releases_no_job_is_opened_without() {
    on_each(|rig| {
        refuses_to_open(rig, &old(), "j", "policy_release_required");
        let chain = Chain::default().then(&old(), OnChange::Finish);
        assert_eq!(chain.at(&*rig.ledger), Ok(1));
        let gate = try_open(rig, &old(), "j").unwrap();
        goes_on(&gate);
        let Body::Opened(opened) = &rig.log(&job("j"))[0].body else { panic!() };
        assert_eq!(opened.release_seq, Some(1));
        // The same again is no news.
        assert_eq!(chain.at(&*rig.ledger), Ok(1));
        goes_on(&gate);
        assert_eq!(kinds(rig, "j"), ["opened", "attempt", "outcome", "attempt", "outcome"]);
        // Of another hash.
        refuses_to_open(rig, &new(), "k", "policy_not_released");
        rig.is_clean();
    });
}

#[test]
fn where_nobody_releases_none_is_needed() {
    on_each(|rig| {
        let (artifact, trust) = (signed(&old()), crate::policy::trust());
        let place = ready(&artifact, &trust, &rig.ledger, "j");
        let gate = DynamicGate::open(place.opening()).unwrap();
        goes_on(&gate);
        // And none is taken that nobody trusted signed.
        let chain = Chain::default().then(&old(), OnChange::Finish);
        let refused = release::submit(&*rig.ledger, &trust, &chain.envelopes).unwrap_err();
        assert_eq!(refused.code(), "signer_untrusted");
        // Once the ledger has one, its gates hold to it, whoever they trust: this one cannot verify it.
        assert_eq!(chain.at(&*rig.ledger), Ok(1));
        refuses(&gate, "signer_untrusted");
        rig.is_clean();
    });
}

#[test]
fn a_policy_that_was_rolled_back_opens_nothing_at_any_gate() {
    on_each(|rig| {
        let first = Chain::default().then(&old(), OnChange::Finish);
        let second = first.clone().then(&new(), OnChange::Finish);
        assert_eq!(first.at(&*rig.ledger), Ok(1));
        assert_eq!(second.at(&*rig.ledger), Ok(2));
        // Last year's policy, properly signed, and last year's release of it.
        refuses_to_open(rig, &old(), "j", "policy_rolled_back");
        assert_eq!(first.at(&*rig.ledger), Err("policy_rolled_back"));
        try_open(rig, &new(), "k").unwrap();
        // It comes back as a new release.
        assert_eq!(second.clone().then(&old(), OnChange::Finish).at(&*rig.ledger), Ok(3));
        let gate = try_open(rig, &old(), "j").unwrap();
        goes_on(&gate);
        refuses_to_open(rig, &new(), "l", "policy_rolled_back");
        rig.is_clean();
    });
}

#[test]
fn a_chain_has_one_past_and_no_gap() {
    on_each(|rig| {
        let first = Chain::default().then(&old(), OnChange::Finish);
        let second = first.clone().then(&new(), OnChange::Finish);
        // Only with what it follows, and in that order.
        let alone = Chain { envelopes: second.envelopes[1..].to_vec(), ..Chain::default() };
        assert_eq!(alone.at(&*rig.ledger), Err("policy_release_gap"));
        let turned = Chain { envelopes: second.envelopes.iter().rev().cloned().collect(), last: None };
        assert_eq!(turned.at(&*rig.ledger), Err("policy_rolled_back"));
        assert_eq!(first.at(&*rig.ledger), Ok(1));
        assert_eq!(alone.at(&*rig.ledger), Ok(2));
        // Two of one number, and two pasts.
        let forked = first.clone().then(&new(), OnChange::Drain);
        assert_eq!(forked.at(&*rig.ledger), Err("policy_release_forked"));
        let other = Chain::default().then(&new(), OnChange::Finish);
        let other = other.then(&old(), OnChange::Finish).then(&new(), OnChange::Finish);
        assert_eq!(other.at(&*rig.ledger), Err("policy_release_forked"));
        // Another policy's chain begins anew.
        let mut named = old();
        named.name = "others".to_owned();
        assert_eq!(Chain::default().then(&named, OnChange::Finish).at(&*rig.ledger), Ok(1));
        let mixed = second.clone().then(&named, OnChange::Finish);
        assert_eq!(mixed.at(&*rig.ledger), Err("policy_name_mismatch"));
        assert_eq!(rig.ledger.releases("orders").unwrap().len(), 2);
        assert_eq!(rig.ledger.releases("nobody's").unwrap(), []);
        rig.is_clean();
    });
}

#[test]
fn a_release_holds_within_its_time() {
    on_each(|rig| {
        let chain = Chain::default().within(&old(), OnChange::Finish, 1_000..2_000, &releaser());
        assert_eq!(chain.at(&*rig.ledger), Ok(1));
        refuses_to_open(rig, &old(), "j", "policy_release_early");
        rig.clock.set(1_000);
        let gate = try_open(rig, &old(), "j").unwrap();
        rig.clock.set(1_999);
        goes_on(&gate);
        rig.clock.set(2_000);
        refuses(&gate, "policy_release_expired");
        refuses_to_open(rig, &old(), "k", "policy_release_expired");
        // A longer one, of the same policy.
        let chain = chain.within(&old(), OnChange::Kill, 0..9_000, &releaser());
        assert_eq!(chain.at(&*rig.ledger), Ok(2));
        goes_on(&gate);
        assert_eq!(changes(rig, "j"), [(2, Hash::of(&encode(&old())), OnChange::Finish)]);
        rig.is_clean();
    });
}

#[test]
fn a_release_that_is_to_come_changes_nothing_before_it_comes() {
    on_each(|rig| {
        let chain = Chain::default().then(&old(), OnChange::Finish);
        let chain = chain.within(&new(), OnChange::Drain, 5_000..9_000, &releaser());
        assert_eq!(chain.at(&*rig.ledger), Ok(2));
        refuses_to_open(rig, &new(), "k", "policy_release_early");
        let gate = try_open(rig, &old(), "j").unwrap();
        rig.clock.set(4_999);
        goes_on(&gate);
        assert_eq!(changes(rig, "j"), []);
        rig.clock.set(5_000);
        refuses(&gate, "policy_changed");
        refuses_to_open(rig, &old(), "l", "policy_rolled_back");
        try_open(rig, &new(), "k").unwrap();
        // What was current before is over, also once the current one is.
        rig.clock.set(9_000);
        refuses_to_open(rig, &old(), "l", "policy_rolled_back");
        refuses_to_open(rig, &new(), "l", "policy_release_expired");
        rig.is_clean();
    });
}

#[test]
fn a_running_job_finishes_drains_or_is_killed() {
    let hash = |policy: &Policy| Hash::of(&encode(policy));
    on_each(|rig| {
        for (number, of_policy, of_release, expect) in [
            (0, OnChange::Finish, OnChange::Finish, OnChange::Finish),
            (1, OnChange::Finish, OnChange::Drain, OnChange::Drain),
            (2, OnChange::Drain, OnChange::Finish, OnChange::Drain),
            (3, OnChange::Drain, OnChange::Kill, OnChange::Kill),
            (4, OnChange::Kill, OnChange::Drain, OnChange::Kill),
        ] {
            let (mut before, mut after) = (says(old(), of_policy), says(new(), OnChange::Finish));
            (before.name, after.name) = (format!("p{number}"), format!("p{number}"));
            let name = format!("job-{number}");
            let chain = Chain::default().then(&before, OnChange::Kill);
            chain.at(&*rig.ledger).unwrap();
            let gate = try_open(rig, &before, &name).unwrap();
            let (running, unbegun) = (gate.begin_sync(ping(1)).unwrap(), gate.begin_sync(ping(1)).unwrap());
            running.begin_effect().unwrap();
            chain.clone().then(&after, of_release).at(&*rig.ledger).unwrap();
            match expect {
                OnChange::Finish => goes_on(&gate),
                OnChange::Drain | OnChange::Kill => refuses(&gate, "policy_changed"),
            }
            assert_eq!(changes(rig, &name), [(2, hash(&after), expect)]);
            // What runs ends, and is recorded; what was admitted begins, unless the job is over.
            running.finish_sync(Outcome::Done);
            let begun = unbegun.begin_effect().map_err(|refused| refused.code());
            let expected = if expect == OnChange::Kill { Err("policy_changed") } else { Ok(()) };
            assert_eq!(begun, expected, "{expect:?}");
            unbegun.finish_sync(Outcome::Done);
            let log = rig.log(&job(&name));
            let last = &log.last().unwrap().body;
            match expect {
                OnChange::Finish | OnChange::Drain => assert!(matches!(last, Body::Outcome(_))),
                OnChange::Kill => {
                    let Body::Closed(closed) = last else { panic!("{last:?}") };
                    assert_eq!((closed.reason, closed.unsettled.len()), (Closing::Superseded, 0));
                    refuses(&gate, "job_closed");
                }
            }
            // The change is told once, whoever asks.
            let again = if expect == OnChange::Kill { None } else { try_open(rig, &before, &name).ok() };
            if let Some(again) = again {
                match expect {
                    OnChange::Finish => goes_on(&again),
                    OnChange::Drain | OnChange::Kill => refuses(&again, "policy_changed"),
                }
                assert_eq!(changes(rig, &name).len(), 1);
            }
        }
        rig.is_clean();
    });
}

#[test]
fn a_job_with_nothing_in_flight_is_closed_when_it_is_killed() {
    on_each(|rig| {
        let chain = Chain::default().then(&old(), OnChange::Finish);
        chain.at(&*rig.ledger).unwrap();
        let gate = try_open(rig, &old(), "j").unwrap();
        chain.then(&new(), OnChange::Kill).at(&*rig.ledger).unwrap();
        refuses(&gate, "policy_changed");
        assert_eq!(kinds(rig, "j"), ["opened", "policy_changed", "refused", "closed"]);
        refuses(&gate, "job_closed");
        rig.is_clean();
    });
}

#[test]
fn a_drained_job_goes_on_once_its_policy_is_back() {
    on_each(|rig| {
        let chain = Chain::default().then(&old(), OnChange::Finish);
        chain.at(&*rig.ledger).unwrap();
        let gate = try_open(rig, &old(), "j").unwrap();
        let chain = chain.then(&new(), OnChange::Drain);
        chain.at(&*rig.ledger).unwrap();
        refuses(&gate, "policy_changed");
        let chain = chain.then(&old(), OnChange::Finish);
        chain.at(&*rig.ledger).unwrap();
        goes_on(&gate);
        // A stricter one in between is not forgotten when a milder one follows before anybody asks.
        let chain = chain.then(&new(), OnChange::Drain).then(&says(new(), OnChange::Drain), OnChange::Finish);
        chain.at(&*rig.ledger).unwrap();
        refuses(&gate, "policy_changed");
        let seqs: Vec<_> = changes(rig, "j").into_iter().map(|(seq, _, running)| (seq, running)).collect();
        assert_eq!(seqs, [(2, OnChange::Drain), (3, OnChange::Finish), (5, OnChange::Drain)]);
        rig.is_clean();
    });
}

#[test]
fn two_gates_of_one_ledger_see_the_same_releases() {
    on_each(|rig| {
        let chain = Chain::default().then(&old(), OnChange::Finish);
        chain.at(&*rig.ledger).unwrap();
        let (one, other) = (try_open(rig, &old(), "j").unwrap(), try_open(rig, &old(), "j").unwrap());
        goes_on(&one);
        chain.then(&new(), OnChange::Drain).at(&*rig.ledger).unwrap();
        for gate in [&one, &other, &one] {
            refuses(gate, "policy_changed");
        }
        assert_eq!(changes(rig, "j").len(), 1);
        rig.is_clean();
    });
}

#[test]
fn a_restart_forgets_no_release() {
    let rig = sqlite();
    let chain = Chain::default().then(&old(), OnChange::Finish);
    chain.at(&*rig.ledger).unwrap();
    try_open(&rig, &old(), "j").unwrap();
    let chain = chain.then(&new(), OnChange::Drain);
    chain.at(&*rig.ledger).unwrap();
    let Rig { ledger, clock, path, directory, .. } = rig;
    drop(ledger);
    let path = path.unwrap();
    let ledger = SqliteLedger::open_with_clock(&path, crate::rig::key(), clock.clone()).unwrap();
    let rig = crate::rig::new(std::sync::Arc::new(ledger), clock, Some(path), directory);
    refuses_to_open(&rig, &old(), "k", "policy_rolled_back");
    // The job that ran may be joined, and begins nothing.
    let gate = try_open(&rig, &old(), "j").unwrap();
    refuses(&gate, "policy_changed");
    assert_eq!(changes(&rig, "j").len(), 1);
    assert_eq!(rig.ledger.releases("orders").unwrap().len(), 2);
    rig.is_clean();
}

/// The newest release vouches for those before it: their keys need not be trusted any more.
#[test]
fn a_releasers_key_can_be_replaced() {
    on_each(|rig| {
        let lost = Key::from_seed(&[52; 32]);
        let day = 0..86_400_000;
        let chain = Chain::default().within(&old(), OnChange::Finish, day.clone(), &lost);
        assert_eq!(chain.at(&*rig.ledger), Err("signer_untrusted"));
        release::submit(&*rig.ledger, &trust_in(&lost), &chain.envelopes).unwrap();
        refuses_to_open(rig, &old(), "j", "signer_untrusted");
        let renewed = chain.clone().then(&new(), OnChange::Finish);
        assert_eq!(renewed.at(&*rig.ledger), Ok(2));
        goes_on(&try_open(rig, &new(), "j").unwrap());
        // Whoever has the old key can add nothing.
        let stolen = renewed.within(&old(), OnChange::Finish, day, &lost);
        assert_eq!(stolen.at(&*rig.ledger), Err("signer_untrusted"));
        rig.is_clean();
    });
}

#[test]
fn only_a_releasers_signature_counts() {
    on_each(|rig| {
        let day = 0..86_400_000;
        let by =
            |key: &Key| Chain::default().within(&old(), OnChange::Finish, day.clone(), key).at(&*rig.ledger);
        assert_eq!(by(&author()), Err("role_mismatch"));
        assert_eq!(by(&Key::from_seed(&[53; 32])), Err("signer_untrusted"));
        assert_eq!(Chain::default().at(&*rig.ledger), Err("policy_release_required"));
        assert_eq!(rig.ledger.releases("orders").unwrap(), []);
        let mut chain = Chain::default().then(&old(), OnChange::Finish);
        chain.envelopes[0] = signed(&old());
        assert_eq!(chain.at(&*rig.ledger), Err("payload_type"));
    });
}
