//! On what a job stands: its token, its approvals, and that nobody revoked them.

use serde_json::json;
use wpc::ledger::{Body, Ledger, Proof, RevocationKey, Revoked as RevokedEntry, Verdict};
use wpc::{
    Challenge, DynamicGate, Identity, Key, Outcome, Possession, Presented, SelfIssued, Trust, approval, token,
};
use wpc_evidence::statement::{Granted, Membership, Nonce, Revocation, Revoked, Statement as _, approve};
use wpc_model::{Approver, Bind, Hash, Measured, Policy, Terms, Uses, encode};

use crate::clock::START_MS;
use crate::policy::{author, manage, policy, ready, send, signed};
use crate::rig::{Rig, job, on_each};

pub(crate) fn issuer() -> Key {
    Key::from_seed(&[31; 32])
}

pub(crate) fn agent() -> Key {
    Key::from_seed(&[32; 32])
}

/// Ann, who holds two keys.
fn ann() -> [Key; 2] {
    [Key::from_seed(&[4; 32]), Key::from_seed(&[41; 32])]
}

fn bob() -> Key {
    Key::from_seed(&[42; 32])
}

fn personnel() -> Key {
    Key::from_seed(&[43; 32])
}

pub(crate) fn revoker() -> Key {
    Key::from_seed(&[44; 32])
}

pub(crate) fn trust() -> Trust {
    Trust::parse(json!({"v": 1, "principals": principals()}).to_string().as_bytes()).unwrap()
}

/// Everybody, each in one role.
pub(crate) fn principals() -> Vec<serde_json::Value> {
    let did = |key: &Key| key.did().to_string();
    let principal = |name: &str, keys: &[Key], role: &str| json!({"name": name, "keys": keys.iter().map(did).collect::<Vec<_>>(), "roles": [role]});
    vec![
        principal("alice", &[author()], "policy_author"),
        principal("issuer", &[issuer()], "token_issuer"),
        principal("ann", &ann(), "approver"),
        principal("bob", &[bob()], "approver"),
        principal("agent", &[agent()], "approver"),
        principal("personnel", &[personnel()], "membership_issuer"),
        principal("revoker", &[revoker()], "revoker"),
    ]
}

/// The tests' policy, which pins its token, and lets people approve `manage` as `terms` say.
fn pinned(terms: Terms) -> Policy {
    let mut policy = policy();
    (policy.auth.pin_policy_hash, policy.auth.job_scoped_binding) = (true, true);
    policy.approvals = vec![wpc_model::Approval::new(
        "bus",
        vec!["manage".to_owned()],
        vec![wpc_model::Target::Any],
        vec![],
        terms,
    )];
    policy.normalise()
}

fn terms(by: Vec<Approver>, quorum: u32) -> Terms {
    Terms { by, quorum, within_ms: 60_000, uses: Uses::Times(1), bind: Bind::Arguments }
}

fn by(key: &Key) -> Approver {
    Approver::Did(key.did().to_string())
}

pub(crate) fn anns() -> Policy {
    pinned(terms(vec![by(&ann()[0]), by(&bob()), by(&agent())], 1))
}

/// A token of the agent's for `job` under `policy`.
pub(crate) fn issued(rig: &Rig, policy: &Policy, name: &str) -> SelfIssued {
    let hash = Hash::of(&encode(policy));
    SelfIssued::new(&issuer(), &agent(), &*rig.ledger, &job(name), hash, 900).unwrap()
}

pub(crate) fn open(rig: &Rig, policy: &Policy, name: &str) -> DynamicGate {
    let (artifact, trust) = (signed(policy), trust());
    let token = issued(rig, policy, name);
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening_for(token.identity())).unwrap()
}

#[track_caller]
pub(crate) fn refused(gate: &DynamicGate, call: wpc_model::Call) -> &'static str {
    gate.begin_sync(call).map(|running| panic!("admitted {running:?}")).unwrap_err().code()
}

fn kinds(rig: &Rig, name: &str) -> Vec<&'static str> {
    rig.log(&job(name)).iter().map(|entry| entry.body.kind()).collect()
}

#[test]
fn a_job_is_opened_by_its_token_and_the_log_says_so() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        let log = rig.log(&job("j"));
        assert_eq!(kinds(rig, "j"), ["opened", "token", "attempt", "outcome"]);
        let (Body::Opened(opened), Body::Token(taken)) = (&log[0].body, &log[1].body) else { panic!() };
        assert_eq!(opened.agent, agent().did().to_string());
        assert_eq!((taken.issuer, taken.proof), (issuer().did(), Proof::Dpop));
        assert_eq!(taken.exp - taken.iat, 900);
        let Body::Attempt(attempt) = &log[2].body else { panic!() };
        assert_eq!(attempt.jti.as_ref(), Some(&taken.jti));
        // What an auditor needs beside the log: the policy and the grant, and no token.
        for hash in [opened.policy_hash, taken.grant] {
            assert!(rig.ledger.document(&hash).unwrap().is_some());
        }
        rig.is_clean();
    });
}

#[test]
fn a_token_that_is_not_the_jobs_agents_and_policys_opens_nothing() {
    on_each(|rig| {
        let (policy, trust) = (anns(), trust());
        let artifact = signed(&policy);
        let place = ready(&artifact, &trust, &rig.ledger, "j");
        let code =
            |identity: Identity<'_>| DynamicGate::open(place.opening_for(identity)).unwrap_err().code();
        let good = issued(rig, &policy, "j");
        let (compact, grant) = (good.issued().token.as_str(), good.issued().grant.as_slice());
        let bearer = || Presented { token: compact, grant, possession: Possession::Bearer };
        assert_eq!(code(Identity::local(job("j"), "agent-1")), "token_required");
        assert_eq!(code(Identity::Token(bearer())), "proof_required");
        let grant_text = std::str::from_utf8(grant).unwrap();
        assert_eq!(code(Identity::Token(Presented { token: grant_text, ..bearer() })), "token_is_grant");
        assert_eq!(code(Identity::Token(Presented { token: "", ..bearer() })), "token_malformed");

        // A stolen token, without the agent's key.
        let thief = Key::from_seed(&[66; 32]);
        let challenge = Challenge::mint().unwrap();
        let purpose =
            token::possession::Purpose::Session { ledger: rig.ledger.did(), nonce: challenge.nonce() };
        let now_s = START_MS / 1_000;
        let proof = token::possession::prove(&thief, &purpose, compact, now_s).unwrap();
        let possession = Possession::Proof { challenge, proof: &proof };
        assert_eq!(code(Identity::Token(Presented { possession, ..bearer() })), "proof_other_key");
        // A proof over another challenge.
        let other = Challenge::mint().unwrap();
        let purpose = token::possession::Purpose::Session { ledger: rig.ledger.did(), nonce: other.nonce() };
        let proof = token::possession::prove(&agent(), &purpose, compact, now_s).unwrap();
        let possession = Possession::Proof { challenge: Challenge::mint().unwrap(), proof: &proof };
        assert_eq!(code(Identity::Token(Presented { possession, ..bearer() })), "proof_other_request");

        // Another policy's, another ledger's, another issuer's, another job's grant.
        let another = issued(rig, &pinned(terms(vec![by(&bob())], 1)), "j");
        assert_eq!(code(another.identity()), "token_wrong_policy");
        let elsewhere = wpc::MemoryLedger::with_clock(Key::from_seed(&[99; 32]), rig.clock.clone()).unwrap();
        let hash = Hash::of(&encode(&policy));
        let of = |issuer: &Key, ledger: &dyn Ledger, name: &str, lifetime_s| {
            SelfIssued::new(issuer, &agent(), ledger, &job(name), hash, lifetime_s).unwrap()
        };
        assert_eq!(code(of(&issuer(), &elsewhere, "j", 900).identity()), "token_wrong_ledger");
        assert_eq!(code(of(&thief, &*rig.ledger, "j", 900).identity()), "token_issuer_untrusted");
        assert_eq!(code(of(&author(), &*rig.ledger, "j", 900).identity()), "token_issuer_role");
        assert_eq!(code(of(&issuer(), &*rig.ledger, "j", 901).identity()), "token_lifetime");
        let mixed = of(&issuer(), &*rig.ledger, "k", 900);
        let Identity::Token(mixed) = mixed.identity() else { panic!() };
        assert_eq!(code(Identity::Token(Presented { grant, ..mixed })), "claims_mismatch");
        assert!(rig.ledger.jobs().unwrap().is_empty(), "nothing was recorded");
        // What it was all compared with.
        assert!(DynamicGate::open(place.opening_for(good.identity())).is_ok());
    });
}

#[test]
fn an_expired_token_admits_nothing_and_another_one_goes_on() {
    on_each(|rig| {
        let policy = anns();
        let gate = open(rig, &policy, "j");
        rig.clock.pass(899_999);
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        rig.clock.pass(1);
        assert_eq!(refused(&gate, send("orders", &[1])), "token_expired");
        // Another agent's token, or another job's, does not take its place.
        let hash = Hash::of(&encode(&policy));
        let stranger = Key::from_seed(&[66; 32]);
        let other = SelfIssued::new(&issuer(), &stranger, &*rig.ledger, &job("j"), hash, 900).unwrap();
        assert_eq!(gate.renew(other.presented()).unwrap_err().code(), "job_agent_differs");
        let other = issued(rig, &policy, "k");
        assert_eq!(gate.renew(other.presented()).unwrap_err().code(), "token_wrong_job");
        assert_eq!(refused(&gate, send("orders", &[1])), "token_expired");
        gate.renew(issued(rig, &policy, "j").presented()).unwrap();
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        let expected =
            ["opened", "token", "attempt", "outcome", "refused", "refused", "token", "attempt", "outcome"];
        assert_eq!(kinds(rig, "j"), expected);
        rig.is_clean();
    });
}

#[test]
fn one_token_serves_one_job() {
    on_each(|rig| {
        let policy = anns();
        let _first = open(rig, &policy, "j");
        // The same name and issuer for another job: somebody issues carelessly.
        let Body::Token(taken) = rig.log(&job("j"))[1].body.clone() else { panic!() };
        crate::rig::open(&*rig.ledger, &job("k"));
        let again =
            rig.ledger.append(&job("k"), &mut |_| vec![wpc::ledger::Step::Entry(Body::Token(taken.clone()))]);
        assert_eq!(again.unwrap_err().code(), "token_repeated");
        rig.is_clean();
    });
}

/// What `key` signs of the first call that waits.
fn sign_first(rig: &Rig, name: &str, key: &Key) -> Vec<u8> {
    let request = approval::requests(&*rig.ledger, &trust(), &job(name)).unwrap().remove(0);
    sign_it(&request, key, START_MS + 60_000)
}

fn sign_it(request: &wpc_evidence::statement::ApprovalRequest, key: &Key, not_after: i64) -> Vec<u8> {
    let granted = Granted {
        bind: Bind::Arguments,
        uses: Uses::Times(1),
        issued_at: request.requested_at,
        not_after,
        nonce: Nonce::mint().unwrap(),
    };
    approve(key, request, granted).unwrap()
}

fn submit(rig: &Rig, name: &str, envelope: &[u8]) -> Result<Hash, &'static str> {
    approval::submit(&*rig.ledger, &trust(), &job(name), envelope, &[]).map_err(|error| error.code())
}

#[test]
fn a_refused_call_may_begin_once_when_somebody_named_approved_it() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        let request = approval::requests(&*rig.ledger, &trust(), &job("j")).unwrap().remove(0);
        assert_eq!((request.action.as_str(), request.rules.len()), ("manage", 1));
        let envelope = sign_it(&request, &ann()[0], START_MS + 60_000);
        let hash = submit(rig, "j", &envelope).unwrap();
        assert_eq!(submit(rig, "j", &envelope), Err("approval_replayed"));
        // Another call than the one that was approved.
        assert_eq!(refused(&gate, manage("temp-1")), "default_deny");
        gate.begin_sync(manage("orders")).unwrap().finish_sync(Outcome::Done);
        let log = rig.log(&job("j"));
        let used = log.iter().find_map(|entry| match &entry.body {
            Body::Attempt(attempt) if matches!(attempt.verdict, Verdict::Allow { .. }) => {
                Some(attempt.approvals.clone())
            }
            _ => None,
        });
        assert_eq!(used, Some(vec![hash]));
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        rig.is_clean();
    });
}

#[test]
fn an_approval_that_does_not_fit_counts_for_nothing() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        let other = open(rig, &anns(), "k");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        assert_eq!(refused(&other, manage("orders")), "approval_required");
        // Somebody who is not trusted, or in another role.
        assert_eq!(
            submit(rig, "j", &sign_first(rig, "j", &Key::from_seed(&[77; 32]))),
            Err("signer_untrusted")
        );
        assert_eq!(submit(rig, "j", &sign_first(rig, "j", &author())), Err("role_mismatch"));
        // Of another job's call.
        let of_other = sign_first(rig, "k", &bob());
        assert_eq!(submit(rig, "j", &of_other), Err("approval_wrong_call"));
        // One byte of it changed: its signature is no more.
        let mut changed = sign_first(rig, "j", &bob());
        let at = changed.len() / 2;
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(submit(rig, "j", &changed).is_err());
        // The agent approves itself; nobody is fooled.
        submit(rig, "j", &sign_first(rig, "j", &agent())).unwrap();
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        // It lasts longer than the policy lets it.
        let request = approval::requests(&*rig.ledger, &trust(), &job("j")).unwrap().remove(0);
        submit(rig, "j", &sign_it(&request, &bob(), START_MS + 60_001)).unwrap();
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        // It fits, and then its time is over.
        submit(rig, "j", &sign_it(&request, &bob(), START_MS + 60_000)).unwrap();
        rig.clock.pass(60_000);
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        rig.is_clean();
    });
}

#[test]
fn two_keys_of_one_person_are_no_quorum_of_two() {
    on_each(|rig| {
        let [first, second] = ann();
        let gate = open(rig, &pinned(terms(vec![by(&first), by(&second), by(&bob())], 2)), "j");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        submit(rig, "j", &sign_first(rig, "j", &first)).unwrap();
        submit(rig, "j", &sign_first(rig, "j", &second)).unwrap();
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        submit(rig, "j", &sign_first(rig, "j", &bob())).unwrap();
        gate.begin_sync(manage("orders")).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

#[test]
fn a_role_counts_as_its_issuer_says() {
    on_each(|rig| {
        let role = Approver::Role { role: "treasurer".into(), issuer: personnel().did().to_string() };
        let gate = open(rig, &pinned(terms(vec![role], 1)), "j");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        let member = |role: &str, who: &Key| Membership {
            role: role.to_owned(),
            member: who.did(),
            not_before: START_MS - 1,
            not_after: START_MS + 1_000_000,
        };
        let with = |membership: Membership| {
            let statement = membership.sign(&[personnel()]).unwrap();
            let envelope = sign_first(rig, "j", &bob());
            approval::submit(&*rig.ledger, &trust(), &job("j"), &envelope, &[statement]).unwrap();
        };
        with(member("clerk", &bob()));
        with(member("treasurer", &ann()[0]));
        with(Membership { not_after: START_MS, ..member("treasurer", &bob()) });
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        with(member("treasurer", &bob()));
        gate.begin_sync(manage("orders")).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

pub(crate) fn revoke(rig: &Rig, revoked: Revoked) -> u64 {
    let (trust, at) = (trust(), START_MS);
    let next = approval::next_revocation(&*rig.ledger, &trust, revoked, at).unwrap();
    approval::revoke(&*rig.ledger, &trust, &next.sign(&[revoker()]).unwrap()).unwrap()
}

#[test]
fn what_was_revoked_admits_nothing_more() {
    on_each(|rig| {
        let policy = anns();
        let hash = Hash::of(&encode(&policy));
        let jti = |name: &str| match &rig.log(&job(name))[1].body {
            Body::Token(taken) => taken.jti.clone(),
            other => panic!("{other:?}"),
        };
        let gates: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| open(rig, &policy, name)).collect();
        let works = |gate: &DynamicGate| {
            gate.begin_sync(send("orders", &[1])).map(|one| one.finish_sync(Outcome::Done))
        };
        gates.iter().for_each(|gate| works(gate).unwrap());

        assert_eq!(revoke(rig, Revoked::Job(job("a"))), 1);
        assert_eq!(works(&gates[0]).unwrap_err().code(), "job_revoked");
        works(&gates[1]).unwrap();
        revoke(rig, Revoked::Jti { issuer: issuer().did(), jti: jti("b") });
        assert_eq!(works(&gates[1]).unwrap_err().code(), "token_revoked");
        // Another token of the same job is another token.
        rig.clock.pass(1_000);
        gates[1].renew(issued(rig, &policy, "b").presented()).unwrap();
        works(&gates[1]).unwrap();
        // Of an agent and of an issuer's key: what was issued until then.
        revoke(rig, Revoked::Agent(agent().did().to_string()));
        assert_eq!(works(&gates[2]).unwrap_err().code(), "agent_revoked");
        rig.clock.pass(2_000);
        gates[2].renew(issued(rig, &policy, "c").presented()).unwrap();
        works(&gates[2]).unwrap();
        revoke(rig, Revoked::IssuerKey(issuer().did()));
        assert_eq!(works(&gates[2]).unwrap_err().code(), "issuer_revoked");
        // A policy: for ever, for every job under it.
        revoke(rig, Revoked::Policy(hash));
        for gate in &gates[1..] {
            assert_eq!(works(gate).unwrap_err().code(), "policy_revoked");
        }
        // Each log names what stopped it, once.
        let named: Vec<_> = rig
            .log(&job("a"))
            .into_iter()
            .filter_map(|entry| match entry.body {
                Body::Revoked(revoked) => Some(revoked),
                _ => None,
            })
            .collect();
        let expected = RevokedEntry { what: "job".to_owned(), value: "a".to_owned(), revocation_seq: 1 };
        assert_eq!(named, [expected]);
        rig.is_clean();
    });
}

#[test]
fn a_revocation_follows_the_one_before_and_is_a_revokers() {
    on_each(|rig| {
        let trust = trust();
        let next = approval::next_revocation(&*rig.ledger, &trust, Revoked::Job(job("j")), START_MS).unwrap();
        let by = |key: &Key, statement: &Revocation| {
            approval::revoke(&*rig.ledger, &trust, &statement.sign(std::slice::from_ref(key)).unwrap())
                .map_err(|error| error.code())
        };
        assert_eq!(by(&issuer(), &next), Err("role_mismatch"));
        assert_eq!(by(&Key::from_seed(&[5; 32]), &next), Err("signer_untrusted"));
        assert_eq!(
            by(&revoker(), &Revocation { seq: 2, prev: Some(Hash::of(b"")), ..next.clone() }),
            Err("revocation_gap")
        );
        assert_eq!(by(&revoker(), &next), Ok(1));
        assert!(by(&revoker(), &next).is_err(), "the same again does not follow itself");
        let rows = rig.ledger.revocations(0).unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].revocation, RevocationKey::of(&Revoked::Job(job("j"))));
    });
}

#[test]
fn an_agent_that_is_revoked_again_loses_the_tokens_that_it_got_since() {
    on_each(|rig| {
        let policy = anns();
        let gate = open(rig, &policy, "j");
        for revoked in [Revoked::Agent(agent().did().to_string()), Revoked::IssuerKey(issuer().did())] {
            for _ in 0..2 {
                revoke(rig, revoked.clone());
                assert!(["agent_revoked", "issuer_revoked"].contains(&refused(&gate, send("orders", &[1]))));
                rig.clock.pass(2_000);
                gate.renew(issued(rig, &policy, "j").presented()).unwrap();
                gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
            }
        }
        assert_eq!(rig.ledger.revocations(0).unwrap().len(), 4);
        rig.is_clean();
    });
}

#[test]
fn a_withdrawn_approval_does_not_count() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        let hash = submit(rig, "j", &sign_first(rig, "j", &bob())).unwrap();
        revoke(rig, Revoked::Approval(hash));
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
    });
}

#[test]
fn an_approval_is_not_used_up_by_a_call_that_is_refused_for_another_reason() {
    on_each(|rig| {
        let mut policy = anns();
        let limit = wpc_model::Limit::new(
            "bus",
            wpc_model::Measure::Calls,
            vec!["manage".to_owned(), "send".to_owned()],
            vec![wpc_model::Target::Any],
            1,
            wpc_model::Window::Sliding { ms: 1_000 },
        );
        policy.tools.get_mut("bus").unwrap().limits.push(limit);
        let policy = policy.normalise();
        let gate = open(rig, &policy, "j");
        assert_eq!(refused(&gate, manage("orders")), "approval_required");
        submit(rig, "j", &sign_first(rig, "j", &bob())).unwrap();
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        assert_eq!(refused(&gate, manage("orders")), "limit_exceeded");
        rig.clock.pass(1_000);
        gate.begin_sync(manage("orders")).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

#[test]
fn a_loop_of_refusals_does_not_fill_the_ledger() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        for _ in 0..1_000 {
            assert_eq!(refused(&gate, send("prod", &[1])), "explicit_deny");
        }
        assert_eq!(rig.log(&job("j")).len(), 102);
        // What is allowed still is, and the others are told with it.
        rig.clock.pass(1_000);
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        let log = rig.log(&job("j"));
        let Body::Suppressed(suppressed) = &log[102].body else { panic!("{:?}", log[102]) };
        assert_eq!((suppressed.count, suppressed.code.as_str()), (900, "explicit_deny"));
        assert_eq!(running.attempt_seq(), 103);
        running.finish_sync(Outcome::Done);
        assert_eq!(refused(&gate, send("prod", &[1])), "explicit_deny");
        gate.close().unwrap();
        rig.is_clean();
    });
}

#[test]
fn a_loop_of_what_is_no_call_does_not_fill_it_either() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        for _ in 0..1_000 {
            let no = gate.begin_json_sync(b"{", Measured::Refuse).map(drop).unwrap_err();
            assert_eq!(no.code(), "not_json");
        }
        // One cap for both.
        assert_eq!(refused(&gate, send("prod", &[1])), "explicit_deny");
        assert_eq!(rig.log(&job("j")).len(), 102);
        rig.clock.pass(1_000);
        assert!(gate.begin_json_sync(b"[]", Measured::Refuse).is_err());
        let log = rig.log(&job("j"));
        let Body::Suppressed(suppressed) = &log[102].body else { panic!("{:?}", log[102]) };
        assert_eq!((suppressed.count, suppressed.code.as_str()), (901, "explicit_deny"));
        assert!(matches!(&log[103].body, Body::Refused(_)) && log.len() == 104);
        gate.close().unwrap();
        rig.is_clean();
    });
}

#[test]
fn values_can_be_erased_and_the_log_still_holds() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        assert!(!rig.ledger.openings(&job("j")).unwrap().is_empty());
        assert_eq!(rig.ledger.erase(&job("j")).unwrap_err().code(), "job_open");
        gate.close().unwrap();
        rig.ledger.erase(&job("j")).unwrap();
        assert!(rig.ledger.openings(&job("j")).unwrap().is_empty());
        rig.is_clean();
    });
}

#[test]
fn a_head_is_signed_and_covers_every_entry() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        let leaves: Vec<_> = rig
            .ledger
            .entries(&job("j"), 0, 100)
            .unwrap()
            .iter()
            .map(|bytes| wpc_evidence::merkle::leaf_hash(bytes))
            .collect();
        let note = rig.ledger.job_checkpoint(&job("j")).unwrap();
        let checkpoint = note.verify(rig.ledger.did()).unwrap();
        assert_eq!(checkpoint.size, 4);
        let path = wpc_evidence::merkle::inclusion_proof(&leaves, 2).unwrap();
        assert!(wpc_evidence::merkle::verify_inclusion(leaves[2], 2, 4, &path, checkpoint.root));
        // The ledger's own log: the job was opened, has come so far, and is closed.
        assert_eq!(rig.ledger.checkpoint().unwrap().unverified().size, 1);
        assert_eq!(rig.ledger.anchor().unwrap().unverified().size, 2);
        assert_eq!(rig.ledger.anchor().unwrap().unverified().size, 2);
        gate.close().unwrap();
        assert_eq!(rig.ledger.leaves(0, 10).unwrap().len(), 3);
        rig.is_clean();
    });
}

#[test]
fn an_opening_shows_what_the_log_commits_to() {
    on_each(|rig| {
        let gate = open(rig, &anns(), "j");
        gate.begin_sync(send("orders", &[7])).unwrap().finish_sync(Outcome::Done);
        let Body::Attempt(attempt) = rig.log(&job("j"))[2].body.clone() else { panic!() };
        assert_eq!(attempt.facts.len(), 1);
        let openings = rig.ledger.openings(&job("j")).unwrap();
        for fact in &attempt.facts {
            let row = openings.iter().find(|row| row.seq == 2 && row.name == fact.name).unwrap();
            let opening = wpc_evidence::commitment::Opening::decode(&row.opening).unwrap();
            assert!(opening.check(&fact.commitment));
        }
    });
}
