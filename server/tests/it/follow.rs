//! Gates that follow the control plane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use wpc::ledger::{Followed, Ledger, MemoryLedger};
use wpc::{DynamicGate, Follow as _, Identity, JobId, Key, OpenError, Opening, Outcome};
use wpc_client::Follower;
use wpc_client::wire::{Checkpoint, Revoke, RevokeToken, SubmitApproval};
use wpc_evidence::statement::{
    ApprovalRequest, Granted, Nonce, Revocation, Revoked, Statement as _, approve,
};
use wpc_model::{Bind, OnChange, Uses};

use crate::world::{
    AGENT, ALICE, AUDITOR, AUTHOR, GATE, Job, OPERATOR, OTHER_GATE, PLANE, World, asked, call, key, now_ms,
    open, orders, policy, signed, trust, until,
};

const SOON: Duration = Duration::from_secs(20);

fn granted() -> Granted {
    let issued_at = now_ms();
    Granted {
        bind: Bind::Arguments,
        uses: Uses::Times(1),
        issued_at,
        not_after: issued_at + 600_000,
        nonce: Nonce::mint().unwrap(),
    }
}

#[test]
fn a_job_from_its_token_to_its_bundle() {
    a_whole_job(&World::new());
}

pub(crate) fn a_whole_job(world: &World) {
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let issued = world.issue(policy.hash());
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(SOON));
    let artifact = world.client(GATE).artifact(policy.hash(), &trust()).unwrap();
    let gate = open(&ledger, &artifact, &issued).unwrap();
    gate.begin_sync(call("send", "staging")).unwrap().finish_sync(Outcome::Done);
    // A call that people must approve goes to the control plane, and their signature comes back.
    assert_eq!(gate.begin_sync(call("purge", "staging")).unwrap_err().code(), "approval_required");
    let alice = world.client(ALICE);
    until("the request", || !alice.requests(None, None).unwrap().requests.is_empty());
    let waiting = alice.requests(Some(gate.job()), None).unwrap().requests.remove(0);
    let request = ApprovalRequest::decode(&serde_json::to_vec(&waiting.request).unwrap()).unwrap();
    assert_eq!(request.hash().unwrap().to_string(), waiting.request_hash);
    let envelope = approve(&key(ALICE), &request, granted()).unwrap();
    let submitted =
        SubmitApproval { approval: serde_json::from_slice(&envelope).unwrap(), memberships: Vec::new() };
    assert!(!alice.approve(&submitted).unwrap().existed);
    assert!(alice.approve(&submitted).unwrap().existed);
    until("the approval", || gate.begin_sync(call("purge", "staging")).is_ok());
    // Revoked mid-run: the next call is refused, and the log says why.
    let revoked = RevokeToken { token: Some(issued.token.clone()), ..RevokeToken::default() };
    world.client(OPERATOR).revoke_token(&revoked).unwrap();
    until("the revocation", || {
        gate.begin_sync(call("send", "staging")).is_err_and(|refused| refused.code() == "token_revoked")
    });
    gate.close().unwrap();
    follower.push().unwrap();
    let checkpoint = world.client(AUDITOR).checkpoint(&key(GATE).did()).unwrap().unwrap();
    let note = wpc_evidence::checkpoint::SignedCheckpoint::parse(&checkpoint.checkpoint).unwrap();
    assert_eq!(note.cosigners(&trust()).keys().copied().collect::<Vec<_>>(), ["witness"]);
    let bundle = wpc::bundle::of_job(&*ledger, &key(GATE), gate.job(), Some(&note)).unwrap();
    let stored = world.client(GATE).put_bundle(&bundle).unwrap();
    assert!(stored.closed, "{stored:?}");
    let auditor = world.client(AUDITOR);
    let query = [("resource", "staging".to_owned()), ("policy_hash_b64u", policy.hash().to_string())];
    let found = auditor.evidence(&query).unwrap();
    assert_eq!((found.bundles, found.without_bundle), (vec![stored.clone()], Vec::new()));
    let fetched = auditor.bundle(wpc_model::Hash::from_text(&stored.bundle_hash).unwrap()).unwrap();
    assert_eq!(fetched, bundle);
    let census = auditor.census(&[]).unwrap();
    assert_eq!((census.jobs, census.complete, census.wanting), (1, 1, Vec::new()));
}

#[test]
fn a_lift_reaches_gates_as_the_revocation_did() {
    let world = World::new();
    let Job { ledger, gate, follower: _follower, .. } = world.job();
    let send = || gate.begin_sync(call("send", "staging")).map(|one| one.finish_sync(Outcome::Done));
    send().unwrap();
    let says = |kind: &str| {
        let asked = Revoke { kind: kind.to_owned(), value: key(AGENT).did().to_string(), reason: None };
        world.client(OPERATOR).revoke(&asked).unwrap()
    };
    says("agent");
    until("the revocation", || send().is_err_and(|refused| refused.code() == "agent_revoked"));
    says("agent_lifted");
    until("the lift", || send().is_ok());
    says("agent");
    until("the second revocation", || send().is_err_and(|refused| refused.code() == "agent_revoked"));
    gate.close().unwrap();
    let bundle = wpc::bundle::of_job(&*ledger, &key(GATE), gate.job(), None).unwrap();
    let report = wpc::bundle::verify(&bundle, &trust(), &wpc::bundle::Options::default());
    assert_eq!(report.findings, []);
    assert!(report.counts.allowed >= 2);
}

#[test]
fn a_job_is_open_at_one_ledger() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let mut both = asked(policy.hash());
    both.mission_id = Some("job_both".to_owned());
    let issued = world.client(OPERATOR).issue(&both).unwrap();
    let (first, follower) = world.gate(GATE);
    assert!(follower.wait(SOON));
    let gate = open(&first, &signed(&policy), &issued).unwrap();
    // It may be joined where it is.
    open(&first, &signed(&policy), &issued).unwrap();
    // A second store of the same ledger's key: what was counted in the first does not count there.
    let (second, _other) = world.gate(GATE);
    let refused = open(&second, &signed(&policy), &issued).unwrap_err();
    assert_eq!(refused.code(), "job_open_elsewhere");
    assert!(matches!(refused, OpenError::Follow(_)));
    // And another ledger cannot take it for its own.
    let leaf = wpc_model::Hash::of(b"leaf");
    let elsewhere = world.client(OTHER_GATE).open_job(gate.job(), leaf).unwrap_err();
    assert_eq!(elsewhere.code(), "job_open_elsewhere");
}

#[test]
fn a_ledger_that_was_put_back_is_found_out() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(SOON));
    open(&ledger, &signed(&policy), &world.issue(policy.hash())).unwrap();
    follower.push().unwrap();
    drop(follower);
    // An older copy: here one that knows nothing.
    let (ledger, follower) = world.gate(GATE);
    until("the refusal", || follower.push().is_err_and(|error| error.code == "ledger_behind_checkpoint"));
    until("every call's refusal", || {
        let gate = open(&ledger, &signed(&policy), &world.issue(policy.hash()));
        gate.is_ok_and(|gate| {
            gate.begin_sync(call("send", "staging"))
                .is_err_and(|refused| refused.code() == "ledger_behind_checkpoint")
        })
    });
}

#[test]
fn two_that_share_a_ledger_are_not_behind_each_other() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(key(GATE)).unwrap());
    let follower = || Follower::start(world.client(GATE), Arc::clone(&ledger), trust()).unwrap();
    let (one, other) = (follower(), follower());
    assert!(one.wait(SOON) && other.wait(SOON));
    let followed: Arc<dyn Ledger> = Arc::new(Followed::new(Arc::clone(&ledger), one.following()));
    let tokens: Vec<_> = (0..80).map(|_| world.issue(policy.hash())).collect();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Each looks at what is known, the log grows, and the other pushes meanwhile.
        let pushing = [&one, &other].map(|follower| {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    follower.push().unwrap();
                }
            })
        });
        for tokens in tokens.chunks(20) {
            let (followed, policy) = (&followed, &policy);
            scope.spawn(move || {
                for issued in tokens {
                    open(followed, &signed(policy), issued).unwrap().close().unwrap();
                }
            });
        }
        until("all jobs", || ledger.jobs().unwrap().len() == tokens.len());
        done.store(true, Ordering::SeqCst);
        for pushing in pushing {
            pushing.join().unwrap();
        }
    });
    assert!(one.wait(SOON) && other.wait(SOON));
}

/// A ledger in which so many jobs were opened and closed before anybody followed for it: two leaves each.
fn with_a_past(jobs: usize) -> Arc<dyn Ledger> {
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(key(GATE)).unwrap());
    let one = |of, role| format!(r#"{{"name":"{role}","keys":["{}"],"roles":["{role}"]}}"#, key(of).did());
    let text =
        format!(r#"{{"v":1,"principals":[{},{}]}}"#, one(AUTHOR, "policy_author"), one(GATE, "ledger"));
    let early = wpc::Trust::parse(text.as_bytes()).unwrap();
    let artifact = signed(&policy(|text| text.replace("pin policy; bind job", "")));
    for _ in 0..jobs {
        let identity = Identity::local(JobId::mint().unwrap(), "billing");
        let opening = Opening { artifact: &artifact, trust: &early, ledger: Arc::clone(&ledger), identity };
        DynamicGate::open(opening).unwrap().close().unwrap();
    }
    ledger
}

#[test]
fn a_ledger_with_a_long_past_is_pushed_in_pieces() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let issued = world.issue(policy.hash());
    // More leaves than one push takes.
    let ledger = with_a_past(600);
    let follower = Follower::start(world.client(GATE), Arc::clone(&ledger), trust()).unwrap();
    assert!(follower.wait(SOON));
    follower.push().unwrap();
    let known = world.client(AUDITOR).checkpoint(&key(GATE).did()).unwrap().unwrap();
    assert_eq!(known.size, 1_200);
    let followed: Arc<dyn Ledger> = Arc::new(Followed::new(ledger, follower.following()));
    open(&followed, &signed(&policy), &issued).unwrap();
}

#[test]
fn a_ledger_that_was_put_back_within_a_push_is_found_out() {
    let world = World::new();
    world.release(&orders(), OnChange::Finish);
    let ledger = with_a_past(100);
    let leaves = ledger.leaves(0, 150).unwrap();
    let leaves: Vec<_> = leaves.into_iter().map(|leaf| String::from_utf8(leaf).unwrap()).collect();
    let checkpoint = ledger.anchor().unwrap().to_string();
    let taken = world.client(GATE).push(&Checkpoint { checkpoint, first: 0, leaves }).unwrap();
    assert_eq!((taken.size, taken.checkpoint.as_str()), (150, ""));
    // No head covers them, so nobody is told of them as the ledger's log; and yet they were pushed.
    assert!(world.client(AUDITOR).checkpoint(&key(GATE).did()).unwrap().is_none());
    assert_eq!(world.client(AUDITOR).census(&[]).unwrap().jobs, 0);
    let shorter = with_a_past(50);
    let follower = Follower::start(world.client(GATE), Arc::clone(&shorter), trust()).unwrap();
    assert_eq!(follower.push().unwrap_err().code, "ledger_behind_checkpoint");
    until("the refusal", || follower.following().may_begin() == Err("ledger_behind_checkpoint"));
}

#[test]
fn nothing_begins_when_nobody_can_be_heard() {
    let mut world = World::new();
    let Job { policy, issued, ledger, gate, follower: _follower } = world.job();
    assert!(gate.begin_sync(call("send", "staging")).is_ok());
    let port = world.stop();
    let stale = || {
        gate.begin_sync(call("send", "staging")).is_err_and(|refused| refused.code() == "revocation_stale")
    };
    until("staleness", stale);
    // No job is opened either.
    let Err(refused) = open(&ledger, &signed(&policy), &issued) else { panic!("opened") };
    assert_eq!(refused.code(), "control_plane_unavailable");
    // And it goes on when it is back, with what was revoked meanwhile.
    assert_ne!(port, 0);
    world.restart_at(port);
    let job = gate.job().to_string();
    let revoke = Revoke { kind: "job".to_owned(), value: job, reason: None };
    world.client(OPERATOR).revoke(&revoke).unwrap();
    until("the revocation", || {
        gate.begin_sync(call("send", "staging")).is_err_and(|refused| refused.code() == "job_revoked")
    });
}

#[test]
fn a_newer_release_reaches_the_jobs_that_run() {
    let mut world = World::new();
    let old = orders();
    let new = policy(|text| text.replace(r#"queue("staging"), queue("other")"#, r#"queue("other")"#));
    let send = |gate: &wpc::DynamicGate| {
        gate.begin_sync(call("send", "other")).map(|one| one.finish_sync(Outcome::Done))
    };
    world.release(&old, OnChange::Finish);
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(SOON));
    let (issued, again) = (world.issue(old.hash()), world.issue(old.hash()));
    let gate = open(&ledger, &signed(&old), &issued).unwrap();
    send(&gate).unwrap();
    // What nobody released begins no job, whoever signed it.
    let Err(refused) = open(&ledger, &signed(&new), &issued) else { panic!("opened") };
    assert_ne!(refused.code(), "control_plane_unavailable");
    world.release(&new, OnChange::Drain);
    until("the release", || send(&gate).is_err_and(|refused| refused.code() == "policy_changed"));
    let Err(refused) = open(&ledger, &signed(&old), &again) else { panic!("opened") };
    assert_eq!(refused.code(), "policy_rolled_back");
    // One that comes while nobody listens is found when somebody does: back to the old one, by a new release.
    let port = world.stop();
    world.restart_at(port);
    world.release(&old, OnChange::Finish);
    until("the release back", || send(&gate).is_ok());
}

#[test]
fn a_stream_that_lifts_what_was_not_revoked_is_never_believed_again() {
    let world = World::new();
    let Job { ledger, follower, gate, .. } = world.job();
    let send = || gate.begin_sync(call("send", "staging")).map(|one| one.finish_sync(Outcome::Done));
    send().unwrap();
    // No control plane of ours signs such a one: somebody else has its key and its store.
    let other = Revoke { kind: "job".to_owned(), value: "job_other".to_owned(), reason: None };
    let first = serde_json::to_vec(&world.client(OPERATOR).revoke(&other).unwrap().envelope).unwrap();
    let prev = Some(Revocation::verify(&first, &trust()).unwrap().hash);
    until("the revocation", || ledger.revocations(0).unwrap().len() == 1);
    let (at, agent) = (now_ms(), key(AGENT).did().to_string());
    let lift = Revocation { seq: 2, prev, at, revoked: Revoked::AgentLifted(agent.clone()) };
    let hash = wpc_model::Hash::of(&lift.encode().unwrap());
    let body = lift.sign(&[key(PLANE)]).unwrap();
    let database = rusqlite::Connection::open(world.folder.path().join("plane.db")).unwrap();
    let sql = "INSERT INTO revocation (seq, at, kind, value, hash, reason, principal, body) \
               VALUES (2, ?1, 'agent_lifted', ?2, ?3, '', 'plane', ?4)";
    database.execute(sql, rusqlite::params![at, agent, hash.0, body]).unwrap();
    until("the refusal", || send().is_err_and(|refused| refused.code() == "lift_unfounded"));
    assert_eq!(ledger.revocations(0).unwrap().len(), 1);
    assert!(!follower.wait(Duration::from_secs(3)));
}

#[test]
fn a_stream_of_another_revoker_is_not_heard() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let stranger = Key::from_seed(&[99; 32]);
    let text = format!(
        r#"{{"v":1,"principals":[{{"name":"r","keys":["{}"],"roles":["revoker"]}},{{"name":"g","keys":["{}"],"roles":["ledger"]}}]}}"#,
        stranger.did(),
        key(GATE).did()
    );
    let trust = wpc::Trust::parse(text.as_bytes()).unwrap();
    let ledger = std::sync::Arc::new(wpc::MemoryLedger::new(key(GATE)).unwrap());
    let follower = wpc_client::Follower::start(world.client(GATE), ledger, trust).unwrap();
    assert!(!follower.wait(Duration::from_secs(3)));
}
