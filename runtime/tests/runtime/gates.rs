//! What a gate decides, records, and says.

use std::sync::Arc;
use std::thread;

use wpc::ledger::{
    Body, Closing, Entry, FactsBy, Ledger, MAX_ENTRIES_PER_JOB, MemoryLedger, Seen, Step, Untyped, Verdict,
};
use wpc::{
    BEGIN_WITHIN, DynamicGate, DynamicRunning, JobId, Key, OpenError, Outcome, POLICY_TYPE, Provider,
    Refused, Report, sign,
};
use wpc_evidence::commitment::Opening;
use wpc_model::canon::Json;
use wpc_model::{Call, Hash, Measured, Reason, encode};

use crate::clock::START_MS;
use crate::policy::{AGENT, manage, ping, policy, queue, ready, send, signed, trust};
use crate::rig::{self, Rig, job, on_each};

fn open(rig: &Rig, name: &str) -> DynamicGate {
    let (artifact, trust) = (signed(&policy()), trust());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening()).unwrap()
}

/// The code of a refusal; the call may not have been admitted.
#[track_caller]
fn refused(result: Result<DynamicRunning, Refused>) -> Refused {
    result.map(|running| panic!("admitted {running:?}")).unwrap_err()
}

#[track_caller]
fn refuses(gate: &DynamicGate, call: Call, code: &str) {
    assert_eq!(refused(gate.begin_sync(call)).code(), code);
}

fn last(rig: &Rig, name: &str) -> Entry {
    rig.log(&job(name)).pop().unwrap()
}

fn kinds(rig: &Rig, name: &str) -> Vec<String> {
    rig.log(&job(name)).iter().map(|entry| entry.body.kind().to_owned()).collect()
}

#[test]
fn an_admitted_call_leaves_an_attempt_and_an_outcome() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let running = gate.begin_sync(send("orders", &[10, 100])).unwrap();
        assert_eq!((running.attempt_seq(), running.call().action.as_str()), (1, "send"));
        let Body::Attempt(attempt) = last(rig, "j").body else { panic!() };
        assert_eq!(attempt.call, *running.call_id());
        let named = Seen::Named { kind: "queue".to_owned(), names: vec!["orders".to_owned()] };
        assert_eq!(
            (attempt.tool.as_str(), attempt.action.as_str(), attempt.resource),
            ("bus", "send", Some(named))
        );
        let Verdict::Allow { charges, .. } = attempt.verdict else { panic!() };
        assert_eq!(
            charges.iter().map(|charge| (charge.before, charge.amount, charge.window_ms)).collect::<Vec<_>>(),
            [(0, 2, None)]
        );
        rig.clock.pass(40);
        let id = running.call_id().clone();
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Done);
        let Body::Outcome(settled) = last(rig, "j").body else { panic!() };
        assert_eq!((settled.call, settled.attempt_seq, settled.outcome), (id, 1, Outcome::Done));
        assert_eq!((settled.provider, settled.facts_by, settled.duration_ms), (None, FactsBy::Declared, 40));
        assert_eq!(kinds(rig, "j"), ["opened", "attempt", "outcome"]);
        rig.is_clean();
    });
}

#[test]
fn a_denied_call_leaves_one_entry_and_says_why_to_operators_alone() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let tool = policy().tools.remove("bus").unwrap();
        for (call, reason, rule, detail) in [
            (send("prod", &[1]), Reason::ExplicitDeny, Some(tool.deny[0].id), None),
            (send("other", &[1]), Reason::DefaultDeny, None, None),
            (
                send("orders", &[1, 101]),
                Reason::DefaultDeny,
                tool.allow
                    .iter()
                    .find(|rule| {
                        rule.target == queue(wpc_model::Slot::Exact("orders".to_owned()))
                            && rule.action.as_deref() == Some("send")
                    })
                    .map(|rule| rule.id),
                Some("bytes <= 100"),
            ),
            (manage("orders"), Reason::ApprovalRequired, Some(policy().approvals[0].id), None),
        ] {
            let before = rig.log(&job("j")).len();
            let no = refused(gate.begin_sync(call.clone()));
            assert_eq!((no.code(), no.detail().rule, no.is_denial()), (reason.code(), rule, true));
            assert_eq!(no.detail().condition.as_deref(), detail);
            assert_eq!(no.to_string(), format!("`{}` was refused by policy", call.action));
            assert_eq!(rig.log(&job("j")).len(), before + 1);
            let Body::Attempt(attempt) = last(rig, "j").body else { panic!() };
            assert_eq!(attempt.verdict, Verdict::Deny { reason, rule });
            assert_eq!(Some(&attempt.call), no.detail().call.as_ref());
        }
        rig.is_clean();
    });
}

#[test]
fn a_resource_that_the_policy_does_not_name_is_not_recorded_in_clear() {
    on_each(|rig| {
        let gate = open(rig, "j");
        gate.begin_sync(send("temp-secret", &[1])).unwrap().finish_sync(Outcome::Done);
        refuses(&gate, send("ORDERS", &[1]), "default_deny");
        let seen: Vec<_> = rig
            .log(&job("j"))
            .into_iter()
            .filter_map(|entry| match entry.body {
                Body::Attempt(attempt) => attempt.resource,
                _ => None,
            })
            .collect();
        assert_eq!(seen.len(), 2);
        for seen in seen {
            assert!(matches!(seen, Seen::Other { kind, .. } if kind == "queue"));
        }
        refuses(&gate, ping(i64::MAX), "out_of_range");
        let log = rig.ledger.entries(&job("j"), 0, 100).unwrap().concat();
        assert!(!String::from_utf8(log).unwrap().contains("secret"));
    });
}

#[test]
fn limits_are_charged_once_admitted_and_never_refunded() {
    on_each(|rig| {
        let gate = open(rig, "j");
        gate.begin_sync(send("orders", &[1; 3]))
            .unwrap()
            .finish_sync(Outcome::Failed { code: "lost".to_owned() });
        let no = refused(gate.begin_sync(send("orders", &[1; 3])));
        let limit = policy().tools["bus"].limits.iter().find(|limit| limit.max == 5).unwrap().id;
        assert_eq!(
            (no.code(), no.detail().rule, no.detail().frees_at),
            ("limit_exceeded", Some(limit), None)
        );
        drop(gate.begin_sync(send("orders", &[1; 2])).unwrap());
        refuses(&gate, send("orders", &[1]), "limit_exceeded");
        // What is refused for another reason charges nothing, and an empty batch costs nothing.
        gate.begin_sync(send("orders", &[])).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

#[test]
fn a_sliding_limit_says_when_it_frees_up() {
    on_each(|rig| {
        let gate = open(rig, "j");
        for _ in 0..3 {
            rig.clock.pass(100);
            gate.begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
        }
        let no = refused(gate.begin_sync(ping(1)));
        assert_eq!((no.code(), no.detail().frees_at), ("limit_exceeded", Some(START_MS + 1_100)));
        rig.clock.pass(799);
        refuses(&gate, ping(1), "limit_exceeded");
        rig.clock.pass(1);
        gate.begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
        // The other limit of the same call refuses it, so neither is charged.
        rig.clock.pass(5_000);
        refuses(&gate, ping(997), "limit_exceeded");
        gate.begin_sync(ping(996)).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

#[test]
fn of_64_threads_exactly_as_many_calls_begin_as_fit() {
    on_each(|rig| {
        let gates: Vec<_> = (0..4).map(|_| open(rig, "race")).collect();
        let admitted: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|n| {
                    let gate = &gates[n % gates.len()];
                    scope.spawn(move || {
                        gate.begin_sync(send("orders", &[1]))
                            .map(|running| running.finish_sync(Outcome::Done))
                            .is_ok()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(admitted, 5);
        assert_eq!(rig.log(&job("race")).len(), 1 + 64 + 5);
        rig.is_clean();
    });
}

#[test]
fn what_is_not_a_call_is_refused_and_recorded() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let text = r#"{"tool":"bus","action":"send","resource":{"kind":"queue","name":"orders"},"arguments":{"messages":[{"bytes":1,"tag":"t"}]}}"#;
        let json = |text: &str| gate.begin_json_sync(text.as_bytes(), Measured::Accept);
        let code = |result| refused(result).code().to_owned();
        let expected = [
            (text.replace("\"bus\"", "\"other\""), "unknown_tool"),
            (text.replace("send", "sned"), "unknown_action"),
            (text.replace("\"tag\"", "\"tga\""), "unknown_argument"),
            (text.replace("\"t\"", "7"), "wrong_type"),
            (text.replace("{\"tool\"", "{\"tool\":\"bus\",\"tool\""), "duplicate_key"),
            (text.replace("orders", "a//b"), "bad_name"),
            (format!("{text}x"), "not_json"),
            (" ".repeat(wpc_model::MAX_CALL_BYTES + 1), "too_large"),
        ];
        for (text, expect) in &expected {
            assert_eq!(code(json(text)), *expect, "{text:.200}");
            let entry = last(rig, "j");
            let Body::Refused(Untyped { code, raw_bytes, raw_commitment }) = entry.body else { panic!() };
            assert_eq!((code.as_str(), usize::try_from(raw_bytes).unwrap()), (*expect, text.len()));
            // Whoever has the bytes can show that these were refused; the log alone says nothing of them.
            let opening = rig.ledger.openings(&job("j")).unwrap().pop().unwrap();
            assert_eq!((opening.seq, opening.name.as_str()), (entry.seq, "`raw`"));
            let opening = Opening::decode(&opening.opening).unwrap();
            assert_eq!(opening.value, Json::from(Hash::of(text.as_bytes()).to_string()));
            assert_eq!(raw_commitment, Some(opening.commitment()));
        }
        // An agent does not say what the tool measures.
        assert_eq!(code(gate.begin_json_sync(text.as_bytes(), Measured::Refuse)), "measured_stated");
        assert_eq!(kinds(rig, "j").len(), 1 + expected.len() + 1);
        // Nor may it be missing when the call is decided.
        assert_eq!(
            code(gate.begin_json_sync(text.replace("\"bytes\":1,", "").as_bytes(), Measured::Refuse)),
            "missing_argument"
        );
        let Body::Refused(untyped) = last(rig, "j").body else { panic!() };
        assert!(untyped.raw_commitment.is_some());
        // What was not received as bytes is committed to nowhere.
        refuses(&gate, ping(i64::MAX), "out_of_range");
        let Body::Refused(untyped) = last(rig, "j").body else { panic!() };
        assert_eq!((untyped.raw_bytes, untyped.raw_commitment), (0, None));
        json(text).unwrap().finish_sync(Outcome::Done);
        let no = refused(json(&text.replace("send", "sned")));
        assert!(no.detail().cause.as_ref().unwrap().contains("sned"));
        assert_eq!(no.to_string(), "the call was refused by the gate");
        rig.is_clean();
    });
}

#[test]
fn a_report_beats_what_the_body_says() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let settled = |finish: &dyn Fn(DynamicRunning)| {
            finish(gate.begin_sync(send("orders", &[])).unwrap());
            let Body::Outcome(settled) = last(rig, "j").body else { panic!() };
            (settled.outcome, settled.provider)
        };
        let done = || Report::Done { status: Some("accepted".to_owned()), id: None };
        let accepted = Some(Provider { status: Some("accepted".to_owned()), id: None });
        let error = || Outcome::Unknown { code: "body_error".to_owned() };
        assert_eq!(settled(&|running| running.finish_sync(error())), (error(), None));
        let said = settled(&|running| {
            running.report(done());
            running.report(Report::Failed { code: "second".to_owned(), status: None });
            running.finish_sync(error());
        });
        assert_eq!(said, (Outcome::Done, accepted.clone()));
        // Even if the body never came back.
        assert_eq!(settled(&|running| running.report(done())), (Outcome::Done, accepted));
        assert_eq!(settled(&|running| drop(running)), (Outcome::Abandoned, None));
        // What does not fit an entry is cut or replaced, never lost.
        let long = "é".repeat(200);
        let said = settled(&|running| {
            running.report(Report::Failed { code: "Not A Code".to_owned(), status: Some(long.clone()) });
            running.finish_sync(Outcome::Done);
        });
        assert_eq!(
            said,
            (
                Outcome::Failed { code: "other".to_owned() },
                Some(Provider { status: Some("é".repeat(128)), id: None })
            )
        );
        rig.is_clean();
    });
}

#[test]
fn a_panicking_body_is_recorded_as_abandoned() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let panicked = thread::scope(|scope| {
            scope
                .spawn(|| {
                    let _running = gate.begin_sync(send("orders", &[1])).unwrap();
                    panic!("a bug in the body");
                })
                .join()
        });
        assert!(panicked.is_err());
        let Body::Outcome(settled) = last(rig, "j").body else { panic!() };
        assert_eq!(settled.outcome, Outcome::Abandoned);
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    });
}

#[test]
fn an_effect_begins_soon_after_its_admission_or_not_at_all() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        rig.clock.pass(u64::try_from(BEGIN_WITHIN.as_millis()).unwrap());
        running.begin_effect().unwrap();
        running.finish_sync(Outcome::Done);
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        rig.clock.pass(1_001);
        let no = running.begin_effect().unwrap_err();
        assert_eq!(
            (no.code(), no.is_denial(), no.detail().call.as_ref()),
            ("permit_expired", false, Some(running.call_id()))
        );
        running.finish_sync(Outcome::Unknown { code: "refused".to_owned() });
        let Body::Outcome(settled) = last(rig, "j").body else { panic!() };
        assert_eq!(settled.outcome, Outcome::Failed { code: "permit_expired".to_owned() });
        // The charge is kept.
        gate.begin_sync(send("orders", &[1; 3])).unwrap().finish_sync(Outcome::Done);
        refuses(&gate, send("orders", &[1]), "limit_exceeded");
    });
}

#[test]
fn an_opened_job_is_joined_by_the_same_policy_and_agent_alone() {
    on_each(|rig| {
        let (artifact, trust) = (signed(&policy()), trust());
        let first = open(rig, "j");
        drop(open(rig, "j"));
        assert_eq!(kinds(rig, "j"), ["opened"]);
        let Body::Opened(opened) = last(rig, "j").body else { panic!() };
        assert_eq!(
            (opened.agent.as_str(), opened.policy.as_str(), opened.policy_hash),
            (AGENT, "orders", policy().hash())
        );
        assert_eq!(first.policy_hash(), policy().hash());

        let code = |opening: wpc::Opening<'_>| DynamicGate::open(opening).unwrap_err().code();
        let mut other = policy();
        other.name = "other".to_owned();
        let (other, trust) = (signed(&other), trust);
        assert_eq!(code(ready(&other, &trust, &rig.ledger, "j").opening()), "job_policy_differs");
        let other_job = ready(&artifact, &trust, &rig.ledger, "k");
        let stranger = wpc::Identity::local(job("j"), "agent-2");
        assert_eq!(code(other_job.opening_for(stranger)), "job_agent_differs");
        for agent in [String::new(), "a\nb".to_owned(), "a".repeat(513)] {
            assert_eq!(code(other_job.opening_for(wpc::Identity::local(job("k"), agent))), "agent_name");
        }
        first.close().unwrap();
        assert_eq!(code(ready(&artifact, &trust, &rig.ledger, "j").opening()), "job_closed");
        refuses(&first, ping(1), "job_closed");
        assert_eq!(refused(first.begin_json_sync(b"", Measured::Accept)).code(), "job_closed");
        assert_eq!(first.close().unwrap_err().code(), "job_closed");
        assert_eq!(kinds(rig, "j"), ["opened", "closed"]);
        assert_eq!(rig.ledger.jobs(), Ok(vec![job("j")]));
        rig.is_clean();
    });
}

#[test]
fn an_artifact_that_does_not_hold_opens_nothing() {
    on_each(|rig| {
        let trust = trust();
        let bytes = encode(&policy());
        let code = |artifact: &[u8]| {
            DynamicGate::open(ready(artifact, &trust, &rig.ledger, "j").opening()).unwrap_err().code()
        };
        assert_eq!(code(&sign(POLICY_TYPE, &bytes, &[Key::from_seed(&[9; 32])])), "signer_untrusted");
        assert_eq!(code(&sign("application/json", &bytes, &[crate::policy::author()])), "payload_type");
        let spaced = [&bytes[..], b" "].concat();
        assert_eq!(code(&sign(POLICY_TYPE, &spaced, &[crate::policy::author()])), "not_canonical");
        assert_eq!(code(&sign(POLICY_TYPE, b"{}", &[crate::policy::author()])), "malformed");
        assert_eq!(code(b"{}"), "malformed");
        assert_eq!(rig.ledger.jobs(), Ok(vec![]));
    });
}

#[test]
fn a_job_with_as_many_entries_as_it_may_have_ends_once_its_calls_have() {
    let rig = rig::memory();
    let gate = open(&rig, "j");
    let running = gate.begin_sync(send("orders", &[1])).unwrap();
    rig.ledger
        .append(&job("j"), &mut |head| {
            let untyped = Untyped { code: "not_json".to_owned(), raw_bytes: 0, raw_commitment: None };
            let left = MAX_ENTRIES_PER_JOB - head.job().unwrap().size;
            vec![Step::Entry(Body::Refused(untyped)); usize::try_from(left).unwrap()]
        })
        .unwrap();
    refuses(&gate, ping(1), "job_exhausted");
    assert_eq!(refused(gate.begin_json_sync(b"", Measured::Accept)).code(), "job_exhausted");
    assert_eq!(u64::try_from(rig.log(&job("j")).len()).unwrap(), MAX_ENTRIES_PER_JOB);
    running.finish_sync(Outcome::Done);
    let log = rig.log(&job("j"));
    let [.., outcome, closed] = log.as_slice() else { panic!() };
    assert_eq!(outcome.body.kind(), "outcome");
    let Body::Closed(closed) = &closed.body else { panic!() };
    assert_eq!(
        (closed.reason, closed.entries, closed.unsettled.len()),
        (Closing::Exhausted, MAX_ENTRIES_PER_JOB + 1, 0)
    );
    refuses(&gate, ping(1), "job_closed");
    rig.is_clean();
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_owed() {
    on_each(|rig| {
        let (gate, other) = (open(rig, "j"), open(rig, "k"));
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        let dropped = gate.begin_sync(ping(2)).unwrap();
        rig.clock.jump(-60_000);
        running.finish_sync(Outcome::Done);
        drop(dropped);
        // As long as it is, nothing else may be asked.
        refuses(&gate, ping(1), "gate_faulted");
        assert_eq!(refused(gate.begin_json_sync(b"", Measured::Accept)).code(), "gate_faulted");
        assert_eq!(kinds(rig, "j"), ["opened", "attempt", "attempt"]);
        rig.clock.jump(60_000);
        // Other gates of the ledger go on, and so does a new one of this job.
        other.begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
        open(rig, "j").begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
        // And this one, once the ledger has the outcomes: what was sent has been counted.
        gate.begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
        let count = |kind: &str| kinds(rig, "j").iter().filter(|found| *found == kind).count();
        assert_eq!((count("opened"), count("attempt"), count("outcome")), (1, 4, 4));
        assert_eq!(rig.ledger.check().unwrap().unsettled, 0);
        rig.is_clean();
    });
}

#[test]
fn an_outcome_that_is_owed_is_recorded_though_nobody_asks() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        rig.clock.jump(-60_000);
        running.finish_sync(Outcome::Done);
        drop(gate);
        rig.clock.jump(60_000);
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while kinds(rig, "j") != ["opened", "attempt", "outcome"] {
            assert!(std::time::Instant::now() < until, "{:?}", kinds(rig, "j"));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        rig.is_clean();
    });
}

#[test]
fn an_outcome_that_is_owed_at_the_end_of_the_job_is_handed_in_before() {
    on_each(|rig| {
        let gate = open(rig, "j");
        let running = gate.begin_sync(send("orders", &[1])).unwrap();
        rig.clock.jump(-60_000);
        running.finish_sync(Outcome::Done);
        // Whoever closes asks again: a known outcome is not given up.
        assert_eq!(gate.close().unwrap_err().code(), "ledger_unavailable");
        rig.clock.jump(60_000);
        gate.close().unwrap();
        assert_eq!(kinds(rig, "j"), ["opened", "attempt", "outcome", "closed"]);
        rig.is_clean();
    });
}

#[test]
fn a_clock_behind_the_ledger_admits_nothing() {
    on_each(|rig| {
        let gate = open(rig, "j");
        rig.clock.jump(-5_001);
        let no = refused(gate.begin_sync(ping(1)));
        assert_eq!((no.code(), no.to_string().as_str()), ("clock_behind", "`ping` was refused by the gate"));
        rig.clock.jump(5_001);
        gate.begin_sync(ping(1)).unwrap().finish_sync(Outcome::Done);
    });
}

#[test]
fn two_jobs_of_one_ledger_do_not_share_limits() {
    on_each(|rig| {
        for name in ["j", "k"] {
            open(rig, name).begin_sync(send("orders", &[1; 5])).unwrap().finish_sync(Outcome::Done);
        }
        rig.is_clean();
    });
}

#[test]
fn nothing_shows_what_it_should_not() {
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(rig::key()).unwrap());
    let (artifact, trust) = (signed(&policy()), trust());
    let gate = DynamicGate::open(ready(&artifact, &trust, &ledger, "j").opening()).unwrap();
    let no = refused(gate.begin_sync(send("secret-queue", &[1_000])));
    assert_eq!(format!("{no:?}"), "Refused(default_deny: `send` was refused by policy)");
    assert!(!format!("{gate:?}").contains("contoso"), "{gate:?}");
    let error: OpenError = DynamicGate::open(ready(b"{", &trust, &ledger, "j").opening()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the signed policy is refused: not a DSSE envelope with 1 to 16 signatures"
    );
    assert_ne!(JobId::mint().unwrap(), JobId::mint().unwrap());
}
