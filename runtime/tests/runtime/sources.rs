//! Where values came from: what a gate remembers of a job's input and of results, and what it decides on it.

use wpc::ledger::{Attempt, Body, Entry, Verdict};
use wpc::{DynamicGate, Input, Ledger, MemoryLedger, OpenError, Outcome, SqliteLedger};
use wpc_model::{
    Action, Approval, Approvals, Approver, Attested, Bind, Call, Condition, Decision, Effect, Field,
    Interface, MAX_LABELS_PER_JOB, Measured, Moment, Needs, Past, Policy, Quantifier, Refusal, Returned,
    Rule, Situation, Source, Subject, Target, Terms, Test, Tool, Truth, Type, Uses, Value, Who, admit,
    rulings,
};

use crate::policy::{self, ready, signed, trust};
use crate::rig::{Rig, did, job, key, log, on_each};

fn field(ty: Type) -> Field {
    Field { ty, optional: false, measured: false, sealed: false, must_state: false }
}

/// `search` gives e-mail addresses and numbers, `send` takes some, `shout` takes them too and is
/// approved where one of them is the job's.
fn interface() -> Interface {
    let action = |arguments: &[(&str, Type)], results: &[(&str, Type, bool)]| Action {
        wire: None,
        preposition: None,
        kinds: vec![],
        classes: vec![],
        arguments: arguments.iter().map(|(name, ty)| ((*name).to_owned(), field(ty.clone()))).collect(),
        results: results
            .iter()
            .map(|(name, ty, trusted)| {
                let returned = Returned { ty: ty.clone(), optional: true, trusted: *trusted };
                ((*name).to_owned(), returned)
            })
            .collect(),
    };
    let emails = || Type::List(Box::new(Type::Email));
    let found = [("emails", emails(), true), ("counts", Type::List(Box::new(Type::Count)), true)];
    Interface {
        name: "mail".to_owned(),
        scope: None,
        kinds: [].into(),
        records: [].into(),
        classes: [].into(),
        actions: [
            ("search".to_owned(), action(&[], &found)),
            ("send".to_owned(), action(&[("to", emails()), ("count", Type::Count)], &[])),
            ("shout".to_owned(), action(&[("to", emails())], &[])),
            ("whisper".to_owned(), action(&[("to", emails())], &[])),
        ]
        .into(),
        constraints: [].into(),
    }
}

fn of_search(field: &str, ty: Type) -> Source {
    Source::Result { tool: "mail".to_owned(), action: "search".to_owned(), field: field.to_owned(), ty }
}

fn from(quantifier: Option<Quantifier>, name: &str, sources: Vec<Source>) -> Condition {
    Condition { subject: Subject { quantifier, ..Subject::plain(name) }, test: Test::From(sources) }
}

fn sourced() -> Policy {
    let rule = |effect, action: &str, conditions| {
        Rule::new("mail", effect, Some(action.into()), Target::Any, conditions)
    };
    let input = || Source::Input { ty: Type::Email };
    let allow = vec![
        rule(Effect::Allow, "search", vec![]),
        rule(
            Effect::Allow,
            "send",
            vec![
                from(Some(Quantifier::Each), "to", vec![input(), of_search("emails", Type::Email)]),
                from(None, "count", vec![of_search("counts", Type::Count)]),
            ],
        ),
        rule(Effect::Allow, "shout", vec![]),
        rule(Effect::Allow, "whisper", vec![]),
    ];
    // Nobody whispers to whom the job names.
    let deny = vec![rule(Effect::Deny, "whisper", vec![from(Some(Quantifier::Some), "to", vec![input()])])];
    let tool = Tool { interface: interface(), scope: vec![], allow, deny, limits: vec![] };
    let by = vec![Approver::Did(did().to_string())];
    let terms = Terms { by, quorum: 1, within_ms: 60_000, uses: Uses::Times(1), bind: Bind::Arguments };
    let conditions = vec![from(Some(Quantifier::Some), "to", vec![input()])];
    let approvals =
        vec![Approval::new("mail", vec!["shout".to_owned()], vec![Target::Any], conditions, terms)];
    let tools = [("mail".to_owned(), tool)].into();
    Policy { tools, approvals, orders: vec![], ..policy::policy() }.normalise()
}

fn call(action: &str, to: &[&str], count: Option<i64>) -> Call {
    let mut arguments = std::collections::BTreeMap::new();
    if action != "search" {
        arguments.insert("to".to_owned(), Value::List(to.iter().copied().map(Value::text).collect()));
    }
    arguments.extend(count.map(|count| ("count".to_owned(), Value::Int(count))));
    Call { tool: "mail".to_owned(), action: action.to_owned(), resource: None, arguments }
}

/// A policy that asks for no source itself, and extends [`sourced`].
fn extending() -> Policy {
    let mut policy = Policy { approvals: vec![], parents: vec![sourced()], ..sourced() };
    let allow = |action: &str| Rule::new("mail", Effect::Allow, Some(action.into()), Target::Any, vec![]);
    for tool in policy.tools.values_mut() {
        tool.allow = ["search", "send", "shout", "whisper"].map(allow).into();
        tool.deny = vec![];
    }
    policy.normalise()
}

fn try_open(rig: &Rig, name: &str, input: &str) -> Result<DynamicGate, OpenError> {
    try_open_under(&sourced(), rig, name, input)
}

fn try_open_under(policy: &Policy, rig: &Rig, name: &str, input: &str) -> Result<DynamicGate, OpenError> {
    assert_eq!(policy.check(), Ok(()));
    assert_eq!(wpc_model::decode(&wpc_model::encode(policy)).as_ref(), Ok(policy));
    let (artifact, trust) = (signed(policy), trust());
    let input = if input.is_empty() { Input::NONE } else { Input::from_json(input.as_bytes()).unwrap() };
    DynamicGate::open_with_input(ready(&artifact, &trust, &rig.ledger, name).opening(), &input)
}

fn open(rig: &Rig, name: &str, input: &str) -> DynamicGate {
    try_open(rig, name, input).unwrap()
}

/// The code of a refusal, or `allow`.
fn asked(gate: &DynamicGate, call: Call) -> &'static str {
    match gate.begin_sync(call) {
        Ok(running) => {
            running.begin_effect().unwrap();
            running.finish_sync(Outcome::Done);
            "allow"
        }
        Err(refused) => refused.code(),
    }
}

/// Decides every attempt of a job again, from its entry and the openings alone: without the job's secret,
/// and without the ledger. Gives the codes.
fn replayed(policy: &Policy, rig: &Rig, name: &str) -> Vec<&'static str> {
    let openings = rig.ledger.openings(&job(name)).unwrap();
    let replay = |entry: Entry| {
        let Body::Attempt(attempt) = entry.body else { return None };
        let arguments = openings.iter().filter(|one| one.seq == entry.seq).map(|one| {
            let opening: serde_json::Value = serde_json::from_slice(&one.opening).unwrap();
            (one.name.clone(), opening["value"].clone())
        });
        let arguments: serde_json::Map<_, _> = arguments.collect();
        let json =
            serde_json::json!({"tool": attempt.tool, "action": attempt.action, "arguments": arguments});
        let call = Call::from_json(json.to_string().as_bytes(), policy, Measured::Accept).unwrap();
        let attested = Attested::read(policy, &call, &attempt.attested).unwrap();
        let situation = Situation::attested(Moment::at(entry.at), &attested);
        let (rulings, needs) = (rulings(policy, &call, situation), Needs::of(policy, &call, situation));
        let (nobody, nothing) = (Approvals::NONE, Past::new());
        let history = nothing.at(Who { job: name, agent: policy::AGENT }, entry.at);
        let (verdict, code) = match admit(policy, &call, &rulings, &needs, &nobody, &history).decision {
            Decision::Allow { rule } => (Verdict::Allow { rule, charges: vec![] }, "allow"),
            Decision::Deny(refusal) => {
                let Refusal { reason, rule, .. } = refusal;
                (Verdict::Deny { reason, rule }, reason.code())
            }
        };
        assert_eq!(verdict, attempt.verdict, "{call:?}, {attested:?}");
        // Other answers are answers to something else.
        let mut others = attempt.attested.clone();
        if let Some(last) = others.last_mut() {
            last.holds.push(Truth::True);
            assert_eq!(Attested::read(policy, &call, &others), None);
            assert_eq!(Attested::read(policy, &call, &[]), None);
        }
        Some(code)
    };
    log(&*rig.ledger, &job(name)).into_iter().filter_map(replay).collect()
}

#[test]
fn every_attempt_can_be_decided_again_from_its_entry() {
    for policy in [sourced(), extending()] {
        on_each(|rig| {
            let gate = try_open_under(&policy, rig, "j", r#"["a@b.example", "c@b.example"]"#).unwrap();
            let mut codes = vec!["allow"];
            search(&gate, &["d@b.example"], &[5], Outcome::Done);
            for (action, to, count, code) in [
                ("send", &["a@b.example", "d@b.example"][..], Some(5), "allow"),
                ("send", &[], Some(5), "allow"),
                ("send", &["a@b.example", "e@b.example"], Some(5), "default_deny"),
                ("send", &["a@b.example", "a@b.example"], Some(6), "default_deny"),
                ("whisper", &["d@b.example"], None, "allow"),
                ("whisper", &["d@b.example", "c@b.example"], None, "explicit_deny"),
                ("shout", &["d@b.example"], None, "allow"),
                ("shout", &["d@b.example", "a@b.example"], None, "approval_required"),
            ] {
                assert_eq!(asked(&gate, call(action, to, count)), code, "{action} {to:?}");
                codes.push(code);
            }
            assert_eq!(replayed(&policy, rig, "j"), codes);
            let attested = log(&*rig.ledger, &job("j")).into_iter().filter_map(|entry| match entry.body {
                Body::Attempt(attempt) => Some(attempt.attested.iter().map(|one| one.holds.len()).sum()),
                _ => None,
            });
            // Of a value one answer for each source, however often it stands in the call.
            assert_eq!(attested.collect::<Vec<usize>>(), [0, 5, 1, 5, 3, 1, 2, 1, 2]);
            rig.is_clean();
        });
    }
}

#[test]
fn what_nobody_knows_any_more_is_attested_as_that() {
    let rig = crate::rig::sqlite();
    let gate = open(&rig, "j", r#"["a@b.example"]"#);
    let other = rusqlite::Connection::open(rig.path.as_ref().unwrap()).unwrap();
    other.execute("UPDATE job SET secret = NULL", []).unwrap();
    // Unknown is neither a reason to allow nor one not to deny.
    assert_eq!(asked(&gate, call("send", &["a@b.example"], Some(5))), "default_deny");
    assert_eq!(asked(&gate, call("whisper", &["c@b.example"], None)), "explicit_deny");
    let last = log(&*rig.ledger, &job("j")).pop().unwrap();
    let Body::Attempt(Attempt { attested, .. }) = last.body else { panic!() };
    assert_eq!(attested.into_iter().map(|one| one.holds).collect::<Vec<_>>(), [[Truth::Unknown]]);
    assert_eq!(replayed(&sourced(), &rig, "j"), ["default_deny", "explicit_deny"]);
}

/// A search that gives these.
fn search(gate: &DynamicGate, emails: &[&str], counts: &[i64], outcome: Outcome) {
    let running = gate.begin_sync(call("search", &[], None)).unwrap();
    running.begin_effect().unwrap();
    let emails = emails.iter().copied().map(Value::text).collect();
    running.returned("emails", Value::List(emails)).unwrap();
    running.returned("counts", Value::List(counts.iter().copied().map(Value::Int).collect())).unwrap();
    running.finish_sync(outcome);
}

#[test]
fn a_value_must_have_come_from_the_input_or_a_result() {
    on_each(|rig| {
        let gate = open(rig, "j", r#"{"who": ["a@B.example", {"more": "c@b.example"}], "n": 5}"#);
        let send = |to: &[&str], count| asked(&gate, call("send", to, Some(count)));
        assert_eq!(send(&["a@b.example"], 5), "default_deny", "5 is the job's, not the search's");
        search(&gate, &["d@b.example"], &[5], Outcome::Failed { code: "down".to_owned() });
        assert_eq!(send(&["a@b.example"], 5), "default_deny", "what failed found nothing");
        search(&gate, &["d@b.example"], &[5, 6], Outcome::Done);
        assert_eq!(send(&["a@b.example", "c@b.example", "d@b.example"], 5), "allow");
        assert_eq!(send(&["d@b.example"], 6), "allow");
        assert_eq!(send(&["d@b.example"], 7), "default_deny");
        assert_eq!(send(&["a@b.example", "e@b.example"], 5), "default_deny");
        assert_eq!(send(&["A@b.example"], 5), "default_deny", "letter case counts before the @");
        assert_eq!(send(&[], 5), "allow", "each of nothing");

        let refused = gate.begin_sync(call("send", &["e@b.example"], Some(5))).unwrap_err();
        let condition = refused.detail().condition.clone().unwrap();
        assert_eq!(condition, "each to from [job.input, mail.search.emails]");

        let other = open(rig, "other", "");
        search(&other, &[], &[5], Outcome::Done);
        assert_eq!(asked(&other, call("send", &["d@b.example"], Some(5))), "default_deny", "another job");
        rig.is_clean();
    });
}

#[test]
fn denies_and_approvals_ask_for_sources_too() {
    on_each(|rig| {
        let gate = open(rig, "j", r#"["a@b.example"]"#);
        assert_eq!(asked(&gate, call("whisper", &["c@b.example"], None)), "allow");
        assert_eq!(asked(&gate, call("whisper", &["c@b.example", "a@b.example"], None)), "explicit_deny");
        assert_eq!(asked(&gate, call("shout", &["c@b.example"], None)), "allow");
        assert_eq!(asked(&gate, call("shout", &["a@b.example"], None)), "approval_required");
        rig.is_clean();
    });
}

#[test]
fn the_input_is_fixed_when_the_job_is_opened() {
    on_each(|rig| {
        let _first = open(rig, "j", r#"["a@b.example", "c@b.example"]"#);
        let again = open(rig, "j", r#"{"some": "c@B.example"}"#);
        assert_eq!(asked(&again, call("whisper", &["a@b.example"], None)), "explicit_deny");
        open(rig, "j", "");
        assert_eq!(try_open(rig, "j", r#"["d@b.example"]"#).unwrap_err().code(), "job_input_differs");
        let many: Vec<String> = (0..=MAX_LABELS_PER_JOB).map(|n| format!("a{n}@b.example")).collect();
        let many = |count: usize| serde_json::to_string(&many[..count]).unwrap();
        assert_eq!(
            try_open(rig, "k", &many(MAX_LABELS_PER_JOB + 1)).unwrap_err().code(),
            "job_input_too_large"
        );
        assert_eq!(rig.ledger.jobs().unwrap(), [job("j")], "nothing was recorded");
        open(rig, "k", &many(MAX_LABELS_PER_JOB));
        rig.is_clean();
    });
}

#[test]
fn past_the_bound_nothing_more_is_remembered_and_nothing_is_denied_to_be_from_somewhere() {
    on_each(|rig| {
        let many: Vec<String> = (0..MAX_LABELS_PER_JOB - 1).map(|n| format!("a{n}@b.example")).collect();
        let gate = open(rig, "j", &serde_json::to_string(&many).unwrap());
        assert_eq!(asked(&gate, call("whisper", &["x@b.example"], None)), "allow");
        search(&gate, &["x@b.example"], &[5], Outcome::Done);
        // There was room for one of the two, so neither is remembered.
        assert_eq!(asked(&gate, call("send", &["x@b.example"], Some(5))), "default_deny");
        assert_eq!(asked(&gate, call("whisper", &["y@b.example"], None)), "explicit_deny");
        search(&gate, &[], &[5], Outcome::Done);
        assert_eq!(asked(&gate, call("send", &["a0@b.example"], Some(5))), "allow");
        rig.is_clean();
    });
}

#[test]
fn a_field_of_another_type_is_no_source() {
    on_each(|rig| {
        let gate = open(rig, "j", "");
        let running = gate.begin_sync(call("search", &[], None)).unwrap();
        running.begin_effect().unwrap();
        assert!(running.returned("emails", Value::List(vec![Value::text("not one")])).is_err());
        assert!(running.returned("emails", Value::text("a@b.example")).is_err());
        running.returned("counts", Value::List(vec![Value::Int(5)])).unwrap();
        running.finish_sync(Outcome::Done);
        assert_eq!(asked(&gate, call("send", &["a@b.example"], Some(5))), "default_deny");
        assert_eq!(asked(&gate, call("send", &[], Some(5))), "allow");
    });
}

/// The keys in the entries of a job.
fn keys(ledger: &dyn Ledger, name: &str) -> Vec<wpc_model::Hash> {
    let charges = log(ledger, &job(name)).into_iter().flat_map(|entry| entry.body.charges().to_vec());
    charges.filter_map(|charge| charge.counter.key).collect()
}

#[test]
fn entries_say_nothing_of_the_values() {
    on_each(|rig| {
        let input = r#"["a@b.example"]"#;
        for name in ["j", "k"] {
            let gate = open(rig, name, input);
            search(&gate, &["a@b.example"], &[5], Outcome::Done);
            assert!(matches!(log(&*rig.ledger, &job(name))[0].body, Body::Opened(_)));
        }
        let (j, k) = (keys(&*rig.ledger, "j"), keys(&*rig.ledger, "k"));
        assert_eq!((j.len(), k.len()), (3, 3));
        assert!(j.iter().all(|key| !k.contains(key)), "the same values, under other secrets");
        // Nor can values be tried against them: nothing that is not secret gives these keys.
        let other = MemoryLedger::new(key()).unwrap();
        let other = Rig { ledger: std::sync::Arc::new(other), ..crate::rig::memory() };
        let gate = open(&other, "j", input);
        search(&gate, &["a@b.example"], &[5], Outcome::Done);
        assert!(j.iter().all(|key| !keys(&*other.ledger, "j").contains(key)));
    });
}

#[test]
fn a_job_is_remembered_by_the_next_process() {
    let rig = crate::rig::sqlite();
    search(&open(&rig, "j", r#"["a@b.example"]"#), &["c@b.example"], &[5], Outcome::Done);
    let path = rig.path.clone().unwrap();
    let again = SqliteLedger::open_with_clock(&path, key(), rig.clock.clone()).unwrap();
    let again = crate::rig::new(std::sync::Arc::new(again), rig.clock.clone(), None, None);
    let gate = open(&again, "j", r#"["a@b.example"]"#);
    assert_eq!(asked(&gate, call("send", &["a@b.example", "c@b.example"], Some(5))), "allow");
    assert_eq!(asked(&gate, call("send", &["d@b.example"], Some(5))), "default_deny");
    again.is_clean();
}
