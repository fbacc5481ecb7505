//! Entries have one spelling.

use std::collections::BTreeMap;

use wpc_model::{Attestation, Counter, Hash, OnChange, Owner, Reason, RuleId, Truth};

use super::{
    Attempt, Body, Charged, ClockAccepted, Closed, Closing, Engine, Entry, EntryError, Fact, FactsBy, Given,
    Instance, MAX_ENTRY_BYTES, ModelCall, Opened, PolicyChanged, Proof, Revoked, Seen, Settled, Suppressed,
    Taken, Untyped, Verdict,
};
use crate::outcome::{Outcome, Provider};
use crate::{CallId, JobId, Key};

fn call(letter: char) -> CallId {
    CallId::parse(&format!("call_{}a", letter.to_string().repeat(25))).unwrap()
}

fn entry(seq: u64, body: Body) -> Entry {
    Entry {
        ledger: Key::from_seed(&[7; 32]).did(),
        instance: Instance::parse(&format!("inst_{}", "a".repeat(26))).unwrap(),
        job: JobId::parse("job_1").unwrap(),
        seq,
        at: 1_767_323_045_678,
        body,
    }
}

fn attempt(resource: Option<Seen>, verdict: Verdict) -> Body {
    let (tool, action) = ("azure_service_bus".to_owned(), "send".to_owned());
    let approvals = match &verdict {
        Verdict::Allow { .. } => vec![Hash([1; 32]), Hash([2; 32])],
        Verdict::Deny { .. } => vec![],
    };
    Body::Attempt(Attempt {
        call: call('b'),
        tool,
        action,
        resource,
        engine: Engine::Generated,
        verdict,
        jti: Some("token-1".to_owned()),
        args_root: Hash::of(b"arguments"),
        facts: vec![Fact { name: "messages".to_owned(), commitment: Hash::of(b"messages") }],
        attested: vec![
            Attestation {
                source: RuleId([1; 16]),
                holds: vec![Truth::True, Truth::False, Truth::Unknown, Truth::True],
            },
            Attestation { source: RuleId([2; 16]), holds: vec![Truth::Unknown] },
        ],
        approvals,
        revocation_seq: 3,
    })
}

fn settled(outcome: Outcome, provider: Option<Provider>) -> Body {
    let facts_by = FactsBy::Encoded;
    Body::Outcome(Settled {
        call: call('b'),
        attempt_seq: 1,
        outcome,
        provider,
        late: false,
        facts_by,
        facts: vec![],
        duration_ms: 12,
        charges: vec![],
    })
}

fn gives_back(charged: Charged) -> Body {
    let Body::Outcome(settled) = settled(Outcome::Done, None) else { panic!() };
    let facts = vec![Fact { name: "result.plan".to_owned(), commitment: Hash::of(b"plan") }];
    Body::Outcome(Settled { charges: vec![charged], facts, late: true, ..settled })
}

/// One of each kind, and of each shape that a kind has.
fn examples() -> Vec<Entry> {
    let rule = RuleId::of(b"a rule");
    let limit = RuleId::of(b"a limit");
    let counter = Counter::of(limit);
    let charge = Charged { counter, before: 199, amount: 1, window_ms: None };
    let keyed = Counter::keyed(limit, Hash::of(b"a key"));
    let named = Seen::Named { kind: "queue".to_owned(), names: vec!["orders-staging".to_owned()] };
    let other = Seen::Other { kind: "queue".to_owned(), commitment: Hash::of(b"names") };
    let code = || "described_differs".to_owned();
    let provider = |status: Option<&str>, id: Option<&str>| {
        Some(Provider { status: status.map(str::to_owned), id: id.map(str::to_owned) })
    };
    let bodies = vec![
        Body::Opened(Opened {
            agent: "agent \"7\"\u{2028}".to_owned(),
            policy: "asb-send-orders-staging".to_owned(),
            policy_hash: Hash::of(b"a policy"),
            release_seq: Some(7),
            tool_version: Some(Hash::of(b"a program")),
            charges: Vec::new(),
        }),
        attempt(
            Some(named),
            Verdict::Allow {
                rule,
                charges: vec![charge, Charged { counter: keyed, window_ms: Some(60_000), ..charge }],
            },
        ),
        attempt(Some(other), Verdict::Deny { reason: Reason::LimitExceeded, rule: Some(limit) }),
        attempt(None, Verdict::Deny { reason: Reason::DefaultDeny, rule: None }),
        Body::Refused(Untyped {
            code: "unknown_argument".to_owned(),
            raw_bytes: 1_048_577,
            raw_commitment: Some(Hash::of(b"a raw call")),
        }),
        Body::Refused(Untyped { code: "unknown_tool".to_owned(), raw_bytes: 0, raw_commitment: None }),
        Body::ModelCall(ModelCall {
            receipt: Hash::of(b"a receipt"),
            signer: Key::from_seed(&[10; 32]).did(),
            receipt_id: "rcpt_1".to_owned(),
            span: Some("span_1".to_owned()),
            charges: vec![charge, Charged { counter: keyed, ..charge }],
        }),
        Body::ModelCall(ModelCall {
            receipt: Hash::of(b"a receipt"),
            signer: Key::from_seed(&[10; 32]).did(),
            receipt_id: "rcpt_2".to_owned(),
            span: None,
            charges: vec![charge],
        }),
        settled(Outcome::Done, provider(Some("accepted"), Some("7"))),
        settled(Outcome::Failed { code: code() }, provider(Some("amqp:not-found"), None)),
        Body::Opened(Opened {
            agent: "agent".to_owned(),
            policy: "p".to_owned(),
            policy_hash: Hash::of(b"a policy"),
            release_seq: None,
            tool_version: None,
            charges: vec![Charged { counter: keyed, before: 0, amount: 1, window_ms: None }],
        }),
        gives_back(Charged { counter: Counter { owner: Owner::Agent, ..keyed }, amount: -1, ..charge }),
        settled(Outcome::Unknown { code: code() }, None),
        settled(Outcome::Abandoned, None),
        Body::Token(Taken {
            issuer: Key::from_seed(&[8; 32]).did(),
            jti: "token-1".to_owned(),
            grant: Hash::of(b"a grant"),
            scope_hash: Hash::of(b"a scope"),
            iat: 1_767_323_045,
            exp: 1_767_323_945,
            proof: Proof::Dpop,
        }),
        Body::Approval(Given {
            approval: Hash::of(b"an approval"),
            approver: Key::from_seed(&[9; 32]).did(),
            nonce: "n".to_owned(),
            request: Hash::of(b"a request"),
            not_after: 1_767_323_945_000,
            memberships: vec![Hash([1; 32])],
        }),
        Body::Revoked(Revoked { what: "job".to_owned(), value: "job_1".to_owned(), revocation_seq: 1 }),
        Body::Suppressed(Suppressed {
            code: "default_deny".to_owned(),
            count: 900,
            first_at: 1_767_323_045_000,
            last_at: 1_767_323_045_678,
        }),
        Body::ClockAccepted(ClockAccepted {
            wall: 1_767_323_045_678,
            ledger_at: 1_767_323_000_000,
            by: "operator".to_owned(),
        }),
        Body::Opened(Opened {
            agent: "a".to_owned(),
            policy: "p".to_owned(),
            policy_hash: Hash::of(b"a policy"),
            release_seq: None,
            tool_version: None,
            charges: Vec::new(),
        }),
        Body::Closed(Closed {
            reason: Closing::Completed,
            entries: 20,
            root: Hash::of(b"root"),
            counts: BTreeMap::from([("attempt".to_owned(), 3), ("opened".to_owned(), 1)]),
            unsettled: vec![call('b'), call('c')],
            totals: BTreeMap::from([(limit, 200), (rule, 0)]),
        }),
        Body::PolicyChanged(PolicyChanged {
            from: Hash::of(b"a policy"),
            to: Hash::of(b"another policy"),
            release_seq: 4,
            running: OnChange::Drain,
        }),
    ];
    (0..).zip(bodies).map(|(seq, body)| entry(seq, body)).collect()
}

#[test]
fn the_bytes_of_each_kind_are_these() {
    let lines: Vec<_> =
        examples().iter().map(|entry| String::from_utf8(entry.encode().unwrap()).unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_was_encoded_is_decoded() {
    for entry in examples() {
        assert_eq!(Entry::decode(&entry.encode().unwrap()), Ok(entry));
    }
}

#[test]
fn the_bytes_are_canonical_json() {
    for entry in examples() {
        let bytes = entry.encode().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        // serde_json sorts members and writes no spaces; our names and numbers need no more.
        assert_eq!(String::from_utf8(bytes).unwrap(), serde_json::to_string(&value).unwrap());
    }
}

/// Every change of one byte is refused, or is another entry in its own one spelling.
#[test]
fn no_two_spellings_are_one_entry() {
    for entry in examples() {
        let bytes = entry.encode().unwrap();
        for at in 0..bytes.len() {
            for change in
                [b' ', b'0', b'"', b'A', b',', b'}', b'\\', 0, 0xff, bytes[at] ^ 1, bytes[at] ^ 0x20]
            {
                let mut changed = bytes.clone();
                changed[at] = change;
                match Entry::decode(&changed) {
                    Ok(other) => assert_eq!(other.encode().as_ref(), Ok(&changed)),
                    Err(error) => assert!(["malformed", "not_canonical"].contains(&error.code())),
                }
            }
            assert!(Entry::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}

#[track_caller]
fn refuses(text: &str, expect: EntryError) {
    assert_eq!(Entry::decode(text.as_bytes()), Err(expect), "{text}");
}

#[test]
fn unknown_repeated_and_reordered_members_are_refused() {
    let text = String::from_utf8(entry(4, examples()[4].body.clone()).encode().unwrap()).unwrap();
    refuses(&text.replace("\"v\":1", "\"v\":1,\"w\":1"), EntryError::NotCanonical { at: text.len() - 1 });
    refuses(&text.replace("\"v\":1", "\"v\":1,\"v\":1"), EntryError::NotCanonical { at: text.len() - 1 });
    refuses(&format!("{text} "), EntryError::NotCanonical { at: text.len() });
    refuses(&format!(" {text}"), EntryError::NotCanonical { at: 0 });
    refuses(&text.replace("\"v\":1", "\"v\":2"), EntryError::Member("v"));
    refuses(&text.replace("\"v\":1", "\"v\":1.0"), EntryError::Member("v"));
    refuses(&text.replace("\"seq\":4", "\"seq\":-4"), EntryError::Member("seq"));
    refuses(&text.replace("\"seq\":4", "\"seq\":9007199254740992"), EntryError::Member("seq"));
    refuses(&text.replace("\"refused\"", "\"other\""), EntryError::Member("kind"));
    refuses(&text.replace("unknown_argument", "Unknown argument"), EntryError::Member("code"));
    refuses(&text.replace("2026-01-02", "2026-02-30"), EntryError::Member("at"));
    refuses("[]", EntryError::Json);
    refuses("", EntryError::Json);
    refuses(&"[".repeat(10_000), EntryError::Json);
    refuses(&" ".repeat(MAX_ENTRY_BYTES + 1), EntryError::TooLong);
}

#[test]
fn nothing_out_of_bounds_is_written() {
    #[track_caller]
    fn check(body: Body, expect: EntryError) {
        assert_eq!(entry(1, body).encode(), Err(expect));
    }
    let opening = |agent: &str, charges| {
        let (agent, policy) = (agent.to_owned(), "p".to_owned());
        Body::Opened(Opened {
            agent,
            policy,
            policy_hash: Hash::of(b""),
            release_seq: None,
            tool_version: None,
            charges,
        })
    };
    let opened = |agent: &str| opening(agent, Vec::new());
    check(opened(""), EntryError::Member("agent"));
    check(opened("a\nb"), EntryError::Member("agent"));
    check(opened(&"a".repeat(513)), EntryError::Member("agent"));
    let charge = Charged {
        counter: Counter::of(RuleId::of(b"")),
        before: 1,
        amount: wpc_model::MAX_INTEGER,
        window_ms: None,
    };
    let charges = vec![charge];
    check(opening("a", charges.clone()), EntryError::Member("charges"));
    check(opening("a", vec![Charged { amount: -1, ..charge }]), EntryError::Member("charges"));
    check(attempt(None, Verdict::Allow { rule: RuleId::of(b""), charges }), EntryError::Member("charges"));
    check(
        Body::Refused(Untyped { code: "x".repeat(65), raw_bytes: 0, raw_commitment: None }),
        EntryError::Member("code"),
    );
    let empty = Some(Provider { status: None, id: None });
    check(settled(Outcome::Done, empty), EntryError::Member("provider"));
    let long = Some(Provider { status: Some("x".repeat(257)), id: None });
    check(settled(Outcome::Done, long), EntryError::Member("provider"));
    let with = |attested| {
        let Body::Attempt(one) = attempt(None, Verdict::Deny { reason: Reason::DefaultDeny, rule: None })
        else {
            panic!()
        };
        Body::Attempt(Attempt { attested, ..one })
    };
    let one = |byte, holds: &[Truth]| Attestation { source: RuleId([byte; 16]), holds: holds.to_vec() };
    let unknown = || one(1, &[Truth::Unknown]);
    check(with(vec![one(1, &[])]), EntryError::Member("attested"));
    check(with(vec![unknown(), unknown()]), EntryError::Member("attested"));
    check(with(vec![one(2, &[Truth::True]), unknown()]), EntryError::Member("attested"));
    let without = String::from_utf8(entry(1, with(vec![])).encode().unwrap()).unwrap();
    assert!(!without.contains("attested"));
    let text = String::from_utf8(entry(1, with(vec![unknown()])).encode().unwrap()).unwrap();
    for holds in ["true", "T", "tv", ""] {
        let other = text.replace(r#""holds":"u""#, &format!(r#""holds":"{holds}""#));
        assert!(other != text && Entry::decode(other.as_bytes()).is_err(), "{other}");
    }
    assert_eq!(Entry { at: -1, ..entry(0, opened("a")) }.encode(), Err(EntryError::Member("at")));
}
