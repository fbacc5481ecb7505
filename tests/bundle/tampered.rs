//! Nothing that was changed passes for what it was.

use std::env;

use serde_json::Value;
use wpc::bundle::{Code, Options, Parts, Report, Stage, Verdict, verify};
use wpc::ledger::{Attempt, Body, Closing, Entry, Verdict as Decided};
use wpc::{Key, Trust, sign};
use wpc_model::{Hash, Reason, RuleId};

use crate::forged::{head, signed, with};
use crate::told::told;
use crate::world::{
    World, agent, alice, author, issuer, ledger_key, plan, revoker, trust, trust_of, witness,
};

pub(crate) fn report(bundle: &[u8]) -> Report {
    verify(bundle, &trust(), &Options::default())
}

#[track_caller]
pub(crate) fn refuses(bundle: &[u8], code: Code) -> Report {
    let report = report(bundle);
    let found: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(report.verdict() == Verdict::Refused && found.contains(&code), "{code}: {}", told(&report));
    report
}

#[track_caller]
pub(crate) fn refuses_parts(parts: &Parts, code: Code) -> Report {
    refuses(&signed(parts), code)
}

/// Changes each of these bytes, by one bit and to something else.
fn change_bytes(bundle: &[u8], places: impl Iterator<Item = usize>) {
    let trust = trust();
    for at in places {
        for to in [bundle[at] ^ 1, bundle[at] ^ 0x20, b' ', b'"', 0] {
            let mut changed = bundle.to_owned();
            changed[at] = to;
            if changed != bundle {
                let report = verify(&changed, &trust, &Options::default());
                assert_eq!(report.verdict(), Verdict::Refused, "byte {at} to {to:#x}");
            }
        }
    }
}

#[test]
fn no_byte_may_change() {
    let bundle = World::memory().closed().bundle();
    // The ends, where the envelope's own members are, and a sample between.
    let ends = (0..32).chain(bundle.len() - 260..bundle.len());
    change_bytes(&bundle, ends.chain((32..bundle.len()).step_by(bundle.len() / 64)));
    for length in (0..bundle.len()).step_by(bundle.len() / 64) {
        assert_eq!(report(&bundle[..length]).verdict(), Verdict::Refused, "{length}");
    }
    for more in ["\n", " ", "}", "{}"] {
        let longer = [&bundle, more.as_bytes()].concat();
        assert_eq!(report(&longer).verdict(), Verdict::Refused, "{more:?}");
    }
}

#[test]
#[ignore = "every byte takes minutes, WPC_CASES of them less: cargo test --release -p wpc-tests --test bundle -- --ignored"]
fn no_byte_at_all_may_change() {
    let bundle = World::memory().closed().bundle();
    let step = env::var("WPC_CASES").map_or(1, |cases| bundle.len().div_ceil(cases.parse().unwrap()).max(1));
    change_bytes(&bundle, (0..bundle.len()).step_by(step));
}

/// The payload's bytes are signed, so only who holds the ledger's key gets further; then each part by
/// itself must not be what it is not.
#[test]
fn no_byte_of_the_payload_may_change_even_if_it_is_signed_again() {
    let world = World::memory().closed();
    let bundle = world.bundle();
    let payload = payload(&bundle);
    let every = env::var("WPC_EVERY_BYTE").is_ok();
    let step = if every { 1 } else { payload.len() / 512 };
    for at in (0..payload.len()).step_by(step) {
        for to in [payload[at] ^ 1, b' '] {
            let mut changed = payload.clone();
            changed[at] = to;
            if changed == payload {
                continue;
            }
            let again = sign(wpc::bundle::RUN_TYPE, &changed, &[ledger_key()]);
            let report = report(&again);
            let (from, until) = (at.saturating_sub(60), (at + 30).min(payload.len()));
            let place = String::from_utf8_lossy(&payload[from..until]);
            assert_eq!(report.verdict(), Verdict::Refused, "byte {at} to {to:#x} in {place}");
        }
    }
}

pub(crate) fn payload(bundle: &[u8]) -> Vec<u8> {
    wpc::Envelope::verify(bundle, wpc::bundle::RUN_TYPE, &trust(), wpc::Role::Ledger).unwrap().payload
}

/// What may be done to a list of entries.
fn changes(entries: &[Vec<u8>]) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut all = Vec::new();
    for at in 0..entries.len() {
        let mut deleted = entries.to_owned();
        deleted.remove(at);
        all.push((format!("without {at}"), deleted));
        let mut repeated = entries.to_owned();
        repeated.insert(at, entries[at].clone());
        all.push((format!("{at} twice"), repeated));
        all.push((format!("the first {at}"), entries[..at].to_owned()));
        all.push((format!("all but the first {at}"), entries[at..].to_owned()));
        if at > 0 {
            let mut swapped = entries.to_owned();
            swapped.swap(at - 1, at);
            all.push((format!("{at} before {}", at - 1), swapped));
        }
    }
    all.retain(|(_, changed)| changed != entries);
    all
}

#[test]
fn no_entry_may_be_left_out_repeated_or_moved() {
    let parts = World::memory().closed().parts();
    let mut inconsistent = 0;
    for (what, entries) in changes(&parts.entries) {
        let opens = entries.first() == parts.entries.first();
        let openings =
            parts.openings.iter().filter(|(seq, _)| usize::try_from(*seq).unwrap() < entries.len());
        let changed =
            Parts { openings: openings.cloned().collect(), entries: entries.clone(), ..parts.clone() };
        if !opens {
            assert!(wpc::bundle::create(&changed, &ledger_key()).is_err(), "{what}");
            continue;
        }
        // Under the old head, and under one that the ledger's key signed for them.
        let old = report(&signed(&changed));
        assert_eq!(old.verdict(), Verdict::Refused, "{what}");
        assert!(old.findings.iter().all(|finding| finding.stage <= Stage::Log), "{what}: {}", told(&old));
        let again = report(&signed(&Parts { checkpoint: head(&entries), ..changed }));
        assert_eq!(again.verdict(), Verdict::Refused, "{what}");
        inconsistent += usize::from(again.findings.iter().any(|finding| finding.code == Code::Inconsistent));
    }
    assert!(inconsistent > 100, "the ledger's own log sees it: {inconsistent}");
}

/// Whoever holds the ledger's key may end the job earlier than it ended. Only what is cosigned stands
/// against that, and the verifier says so.
#[test]
fn a_shorter_log_that_the_ledger_closed_is_named_as_resting_on_its_key() {
    let world = World::memory().closed();
    let cosigned = world.ledger.anchor().unwrap().cosign(&witness(), 1_767_225_700).unwrap();
    let whole = wpc::bundle::of_job(&*world.ledger, &ledger_key(), world.job(), Some(&cosigned)).unwrap();
    let demanding = trust_of("gateway", 1);
    let report = verify(&whole, &demanding, &Options::default());
    assert_eq!((report.verdict(), report.counts.trailing), (Verdict::Verified, 0), "{}", told(&report));
    assert_eq!(report.witnesses, [("witness".to_owned(), 1_767_225_700)].into());

    let parts = wpc::bundle::parts(&*world.ledger, world.job(), Some(&cosigned)).unwrap();
    let cut = shorter(&world);
    // With the cosigned leaf of the longer log:
    let stale = Parts { leaves: parts.leaves, ledger_checkpoint: parts.ledger_checkpoint, ..cut.clone() };
    refuses_parts(&stale, Code::Inconsistent);
    // Without one:
    let report = verify(&signed(&cut), &demanding, &Options::default());
    assert_eq!(report.verdict(), Verdict::Incomplete, "{}", told(&report));
    let gap = report.gaps.iter().find(|gap| gap.code == Code::GapNotWitnessed).unwrap();
    assert_eq!((gap.count, gap.accepted), (Some(4), None));
}

/// Opened, a token, one denied call, and closed by whoever holds the key.
pub(crate) fn shorter(world: &World) -> Parts {
    let other = World::memory();
    other.denied(plan("db", "a note", 1), "default_deny");
    other.gate.close().unwrap();
    assert_eq!(other.job(), world.job());
    other.parts()
}

#[test]
fn entries_after_the_cosigned_ones_are_counted() {
    let world = World::memory();
    world.planned("web", "h");
    let cosigned = world.ledger.anchor().unwrap().cosign(&witness(), 1_767_225_700).unwrap();
    world.planned("web", "h");
    world.gate.close().unwrap();
    let bundle = wpc::bundle::of_job(&*world.ledger, &ledger_key(), world.job(), Some(&cosigned)).unwrap();
    let report = verify(&bundle, &trust_of("gateway", 1), &Options::default());
    assert_eq!((report.verdict(), report.counts.trailing), (Verdict::Incomplete, 3), "{}", told(&report));
    let accept = [Code::GapNotWitnessed].into();
    let report = verify(&bundle, &trust_of("gateway", 1), &Options { accept, ..Options::default() });
    assert_eq!(report.verdict(), Verdict::Verified);
    // Somebody else's cosignature is none.
    let strange =
        world.ledger.checkpoint().unwrap().cosign(&Key::from_seed(&[77; 32]), 1_767_225_700).unwrap();
    let bundle = wpc::bundle::of_job(&*world.ledger, &ledger_key(), world.job(), Some(&strange)).unwrap();
    assert_eq!(verify(&bundle, &trust(), &Options::default()).counts.trailing, 7);
}

#[test]
fn only_the_ledger_signs() {
    let world = World::memory().closed();
    let bundle = world.bundle();
    let payload = payload(&bundle);
    refuses(&payload, Code::Malformed);
    refuses(b"{}", Code::Malformed);
    refuses(b"", Code::Malformed);
    let envelope: Value = serde_json::from_slice(&bundle).unwrap();
    let mut unsigned = envelope.clone();
    unsigned["signatures"] = Value::Array(vec![]);
    refuses(unsigned.to_string().as_bytes(), Code::Malformed);
    // The members in another order, or with spaces, would be another spelling.
    refuses(serde_json::to_string_pretty(&envelope).unwrap().as_bytes(), Code::NotCanonical);

    let by = |key: Key| sign(wpc::bundle::RUN_TYPE, &payload, &[key]);
    for key in [author(), issuer(), alice(), revoker(), witness()] {
        refuses(&by(key), Code::RoleMismatch);
    }
    refuses(&by(agent()), Code::SignerUntrusted);
    refuses(&sign(wpc::POLICY_TYPE, &payload, &[ledger_key()]), Code::PayloadType);
    // Another ledger of the same trust file.
    let other = Key::from_seed(&[55; 32]);
    let text = format!(
        r#"{{"v":1,"principals":[{{"name":"gate-2","keys":["{}"],"roles":["ledger"]}}]}}"#,
        other.did()
    );
    let trust = Trust::parse(text.as_bytes()).unwrap();
    let report = verify(&by(other), &trust, &Options::default());
    assert_eq!(report.findings[0].code, Code::SignerUntrusted);
    // Nobody in the trust file.
    let report = verify(&bundle, &trust, &Options::default());
    assert_eq!(report.findings[0].code, Code::SignerUntrusted);
}

#[test]
fn documents_that_others_signed_or_of_other_jobs_are_refused() {
    let world = World::memory().closed();
    let parts = world.parts();
    // Another job of the same ledger, with documents of its own.
    let elsewhere = world.another("job-other");
    let foreign = wpc::bundle::parts(&*world.ledger, elsewhere.job(), None).unwrap();
    refuses_parts(&Parts { grants: foreign.grants.clone(), ..parts.clone() }, Code::GrantMissing);
    let both = [parts.grants.clone(), foreign.grants].concat();
    refuses_parts(&Parts { grants: both, ..parts.clone() }, Code::ClaimsMismatch);
    let mut entries = parts.entries.clone();
    entries.insert(2, foreign.entries[0].clone());
    refuses_parts(&Parts { entries, ..parts.clone() }, Code::WrongJob);
    refuses_parts(&Parts { checkpoint: foreign.checkpoint, ..parts.clone() }, Code::WrongJob);
    refuses_parts(&Parts { leaves: foreign.leaves, ..parts.clone() }, Code::WrongJob);
    let job_as_ledger = Parts { ledger_checkpoint: parts.checkpoint.clone(), ..parts.clone() };
    refuses_parts(&job_as_ledger, Code::OriginMismatch);

    // Grants, policies and approvals by who may not sign them.
    let resigned = |envelope: &[u8], ty: &str, key: Key| {
        let value: Value = serde_json::from_slice(envelope).unwrap();
        let payload = decoded(value["payload"].as_str().unwrap());
        sign(ty, &payload, &[key])
    };
    let policy = resigned(&parts.policy, wpc::POLICY_TYPE, issuer());
    refuses_parts(&Parts { policy, ..parts.clone() }, Code::RoleMismatch);
    let grant = resigned(&parts.grants[0], wpc::token::grant::GRANT_TYPE, agent());
    let grants = vec![grant, parts.grants[1].clone()];
    refuses_parts(&Parts { grants, ..parts.clone() }, Code::SignerUntrusted);
    let approval = resigned(&parts.approvals[0], wpc_evidence::statement::APPROVAL_TYPE, ledger_key());
    let approvals = vec![approval, parts.approvals[1].clone()];
    refuses_parts(&Parts { approvals, ..parts.clone() }, Code::RoleMismatch);
    // One kind of statement is not another.
    refuses_parts(&Parts { approvals: parts.grants.clone(), ..parts.clone() }, Code::RoleMismatch);
    refuses_parts(&Parts { approvals: parts.memberships.clone(), ..parts.clone() }, Code::RoleMismatch);

    // Documents that are not there, or there twice.
    refuses_parts(&Parts { grants: vec![], ..parts.clone() }, Code::GrantMissing);
    refuses_parts(&Parts { approvals: vec![], ..parts.clone() }, Code::ApprovalWrongCall);
    refuses_parts(&Parts { requests: vec![], ..parts.clone() }, Code::ApprovalWrongCall);
    refuses_parts(&Parts { memberships: vec![], ..parts.clone() }, Code::ApprovalWrongCall);
    let grants = [parts.grants.clone(), parts.grants.clone()].concat();
    refuses_parts(&Parts { grants, ..parts.clone() }, Code::NotCanonical);
    // Another signed policy than the one that the job was opened under.
    let mut other = crate::world::policy();
    other.name = "other".to_owned();
    let policy = sign(wpc::POLICY_TYPE, &wpc_model::encode(&other), &[author()]);
    refuses_parts(&Parts { policy, ..parts }, Code::PolicyHash);
}

pub(crate) fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn what_is_shown_must_be_what_was_committed_to() {
    let parts = World::memory().closed().parts();
    type Openings = Vec<(u64, Vec<u8>)>;
    let changed = |change: &dyn Fn(&mut Openings)| {
        let mut openings = parts.openings.clone();
        change(&mut openings);
        Parts { openings, ..parts.clone() }
    };
    let note = parts
        .openings
        .iter()
        .position(|(_, opening)| String::from_utf8_lossy(opening).contains("a note"))
        .unwrap();
    let other = |openings: &mut Vec<(u64, Vec<u8>)>| {
        let text = String::from_utf8(openings[note].1.clone()).unwrap();
        openings[note].1 = text.replace("a note", "a mote").into_bytes();
    };
    refuses_parts(&changed(&other), Code::CommitmentMismatch);
    refuses_parts(&changed(&|openings| openings[note].0 += 2), Code::CommitmentMismatch);
    refuses_parts(&changed(&|openings| openings.swap(note, note + 1)), Code::CommitmentMismatch);
    let repeat = |openings: &mut Vec<(u64, Vec<u8>)>| openings.insert(note, openings[note].clone());
    refuses_parts(&changed(&repeat), Code::CommitmentMismatch);
    let strange = |openings: &mut Vec<(u64, Vec<u8>)>| openings.last_mut().unwrap().0 = 1 << 40;
    refuses_parts(&changed(&strange), Code::CommitmentMismatch);
    // What is not shown is named, once for each decision or outcome that it leaves open.
    for at in 0..parts.openings.len() {
        let report = report(&signed(&changed(&|openings| drop(openings.remove(at)))));
        // A result that nobody can place belongs to no call that can be asked again.
        assert!((1..=2).contains(&report.counts.withheld), "{}", told(&report));
        assert_eq!(report.verdict(), Verdict::Incomplete);
    }
    let none = report(&signed(&Parts { openings: vec![], ..parts.clone() }));
    assert_eq!(none.verdict(), Verdict::Incomplete);
    assert!(none.counts.withheld > 10, "{}", told(&none));
}

/// The first attempt that fits, and its place.
pub(crate) fn attempt(entries: &mut [Entry], fits: impl Fn(&Attempt) -> bool) -> (usize, &mut Attempt) {
    let found = entries.iter_mut().enumerate().find_map(|(at, entry)| match &mut entry.body {
        Body::Attempt(attempt) if fits(attempt) => Some((at, attempt)),
        _ => None,
    });
    found.unwrap()
}

pub(crate) fn denied(of: Reason) -> impl Fn(&Attempt) -> bool {
    move |attempt| matches!(attempt.verdict, Decided::Deny { reason, .. } if reason == of)
}

pub(crate) fn allowed(attempt: &Attempt) -> bool {
    matches!(attempt.verdict, Decided::Allow { .. })
}

/// All signatures are right here; the decisions are not.
#[test]
fn decisions_that_do_not_follow_are_found() {
    let parts = World::memory().live().parts();
    assert_eq!(report(&signed(&with(&parts, |_| ()))).found, 0);
    let rule = RuleId::of(b"no such rule");
    let differs = |change: &dyn Fn(&mut Vec<Entry>)| {
        let report = refuses_parts(&with(&parts, |entries| change(entries)), Code::DecisionDiffers);
        assert!(report.findings.iter().all(|finding| finding.stage == Stage::Replay), "{}", told(&report));
    };
    for reason in [Reason::ExplicitDeny, Reason::DefaultDeny, Reason::OrderDenied, Reason::LimitExceeded] {
        differs(&|entries| {
            attempt(entries, denied(reason)).1.verdict = Decided::Allow { rule, charges: vec![] };
        });
        differs(&|entries| {
            let reason = Reason::PolicyNotValid;
            attempt(entries, denied(Reason::DefaultDeny)).1.verdict = Decided::Deny { reason, rule: None };
        });
        differs(&|entries| {
            attempt(entries, denied(reason)).1.verdict = Decided::Deny { reason, rule: Some(rule) };
        });
    }
    differs(&|entries| {
        let (_, attempt) = attempt(entries, allowed);
        let Decided::Allow { rule: of, .. } = &mut attempt.verdict else { panic!() };
        *of = rule;
    });
    // A call that needed approvals, without them.
    let unapproved = with(&parts, |entries| {
        attempt(entries, |attempt| !attempt.approvals.is_empty()).1.approvals.clear();
    });
    refuses_parts(&unapproved, Code::Quorum);
    // The same with one of two.
    let one = with(&parts, |entries| {
        attempt(entries, |attempt| !attempt.approvals.is_empty()).1.approvals.truncate(1);
    });
    refuses_parts(&one, Code::Quorum);
    // A call that needed none.
    let both = with(&parts, |entries| {
        let approvals = attempt(entries, |attempt| !attempt.approvals.is_empty()).1.approvals.clone();
        let last = entries.iter_mut().rev().find_map(|entry| match &mut entry.body {
            Body::Attempt(attempt) if allowed(attempt) => Some(attempt),
            _ => None,
        });
        last.unwrap().approvals = approvals;
    });
    refuses_parts(&both, Code::ApprovalReplayed);
}

#[test]
fn charges_that_do_not_follow_are_found() {
    let parts = World::memory().live().parts();
    let charges = |change: &dyn Fn(&mut Vec<wpc::ledger::Charged>)| {
        let forged = with(&parts, |entries| {
            let (_, attempt) = attempt(entries, |attempt| allowed(attempt) && attempt.action == "plan");
            let Decided::Allow { charges, .. } = &mut attempt.verdict else { panic!() };
            change(charges);
        });
        refuses_parts(&forged, Code::ChargeDiffers);
    };
    charges(&|charges| charges.clear());
    charges(&|charges| {
        charges.remove(0);
    });
    charges(&|charges| charges.reverse());
    charges(&|charges| charges[0].amount = 0);
    charges(&|charges| charges[0].before = 1);
    charges(&|charges| charges[0].window_ms = Some(1_000));
    charges(&|charges| charges[0].counter.owner = wpc_model::Owner::Agent);
    charges(&|charges| charges.push(charges[0]));
    // Of a counter of the agent, which other jobs charge too: never less than this job did, nor too much.
    let of_agent = |change: &dyn Fn(usize, &mut wpc::ledger::Charged), code| {
        let forged = with(&parts, |entries| {
            let mut number = 0;
            for entry in entries {
                if let Body::Attempt(Attempt { verdict: Decided::Allow { charges, .. }, .. }) =
                    &mut entry.body
                {
                    for charged in charges.iter_mut() {
                        if charged.counter.owner == wpc_model::Owner::Agent {
                            change(number, charged);
                            number += 1;
                        }
                    }
                }
            }
            assert_eq!(number, 3);
        });
        let report = report(&signed(&forged));
        let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes.first().copied(), code, "{}", told(&report));
    };
    of_agent(&|_, _| (), None);
    of_agent(&|_, charged| charged.before += 2, None);
    of_agent(&|_, charged| charged.before += 3, Some(Code::DecisionDiffers));
    of_agent(&|number, charged| charged.before -= i64::from(number == 2), Some(Code::ChargeDiffers));
    of_agent(&|_, charged| charged.amount = 2, Some(Code::ChargeDiffers));
    // Outcomes: what is given back, and what a `before` waits for.
    let outcome = |done: bool| {
        let forged = with(&parts, |entries| {
            let found = entries.iter_mut().find_map(|entry| match &mut entry.body {
                Body::Outcome(settled)
                    if (settled.outcome == wpc::Outcome::Done) == done && !settled.charges.is_empty() =>
                {
                    Some(settled)
                }
                _ => None,
            });
            found.unwrap().charges.clear();
        });
        refuses_parts(&forged, Code::ChargeDiffers);
    };
    outcome(true);
    outcome(false);
}

#[test]
fn a_log_that_cannot_be_is_refused() {
    let parts = World::memory().closed().parts();
    let refuses = |change: &dyn Fn(&mut Vec<Entry>), code| {
        refuses_parts(&with(&parts, |entries| change(entries)), code);
    };
    refuses(&|entries| entries[5].at = 0, Code::TimeBackwards);
    refuses(&|entries| entries[5].seq = 6, Code::SeqGap);
    refuses(&|entries| entries[5].job = wpc::JobId::parse("other").unwrap(), Code::WrongJob);
    let open = World::memory().live().parts();
    let foreign = with(&open, |entries| entries[5].ledger = author().did());
    refuses_parts(&foreign, Code::LedgerMismatch);
    let last = parts.entries.len() - 1;
    refuses(
        &|entries| {
            let (seq, at) = (entries[last].seq + 1, entries[last].at);
            entries.push(Entry { seq, at, ..entries[2].clone() });
        },
        Code::AfterClosed,
    );
    for change in [
        (|closed| closed.root = Hash::of(b"another")) as fn(&mut wpc::ledger::Closed),
        |closed| {
            closed.counts.remove("attempt");
        },
        |closed| {
            closed.totals.pop_first();
        },
        |closed| closed.unsettled = vec![wpc::CallId::parse(&format!("call_{}a", "b".repeat(25))).unwrap()],
    ] {
        refuses(
            &|entries| {
                let Body::Closed(closed) = &mut entries[last].body else { panic!() };
                change(closed);
            },
            Code::ClosedTotals,
        );
    }
    let reason = with(&parts, |entries| {
        let Body::Closed(closed) = &mut entries[last].body else { panic!() };
        closed.reason = Closing::Expired;
    });
    assert_eq!(report(&signed(&reason)).found, 0, "why a job was closed is the ledger's to say");
    let settled = |entries: &mut Vec<Entry>| {
        let mut seq = 0;
        let found = entries.iter_mut().find_map(|entry| {
            seq = entry.seq;
            if let Body::Outcome(settled) = &mut entry.body { Some(settled) } else { None }
        });
        found.unwrap().attempt_seq = 0;
    };
    refuses(&settled, Code::OutcomeUnmatched);
    // The entry's own bytes: another spelling of the same.
    let mut spaced = parts.clone();
    let text = String::from_utf8(spaced.entries[3].clone()).unwrap();
    spaced.entries[3] = text.replacen("\",\"", "\", \"", 1).into_bytes();
    let bundle = wpc::bundle::create(&spaced, &ledger_key());
    assert!(bundle.is_err());
}
