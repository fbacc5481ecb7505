//! Commitments are those of SECURITY.md 1.1, made again by another program, and open to one value only.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wpc_model::canon::Json;
use wpc_model::{
    Action, Auth, Call, Evidence, Field, Hash, Interface, Measured, Policy, Resource, Settings, Tool, Type,
    Value, arbitrary,
};

use super::{
    ABSENT, JobSecret, MAX_OPENING_BYTES, Opening, OpeningError, RESOURCE, SEALED, Salt, UNKNOWN, args_root,
    bound_root, commit, commit_resource, commitments,
};
use crate::CallId;

fn secret() -> JobSecret {
    JobSecret::from_bytes(&std::array::from_fn(|index| u8::try_from(index).unwrap()))
}

fn id(letter: char) -> CallId {
    CallId::parse(&format!("call_{}a", letter.to_string().repeat(25))).unwrap()
}

fn field(ty: Type) -> Field {
    Field { ty, optional: false, measured: false, sealed: false, must_state: false }
}

/// A tool with one argument of each sort.
fn policy() -> Policy {
    let optional = |ty| Field { optional: true, ..field(ty) };
    let arguments = [
        ("at", field(Type::Time)),
        ("body", Field { sealed: true, ..optional(Type::Json) }),
        ("count", field(Type::Count)),
        ("note", optional(Type::Text)),
        ("to", field(Type::List(Box::new(Type::Email)))),
    ];
    let action = Action {
        wire: None,
        preposition: None,
        kinds: vec![],
        classes: vec![],
        arguments: arguments.map(|(name, field)| (name.to_owned(), field)).into(),
        results: BTreeMap::new(),
    };
    let interface = Interface {
        name: "mail".into(),
        scope: None,
        kinds: BTreeMap::new(),
        records: BTreeMap::new(),
        classes: BTreeMap::new(),
        actions: BTreeMap::from([("send".into(), action)]),
        constraints: BTreeMap::new(),
    };
    let tool = Tool { interface, scope: vec![], allow: vec![], deny: vec![], limits: vec![] };
    Policy {
        schemas: std::collections::BTreeMap::new(),
        name: "p".into(),
        tools: BTreeMap::from([("mail".into(), tool)]),
        auth: Auth {
            max_ttl_seconds: 900,
            pin_policy_hash: true,
            job_scoped_binding: true,
            proof_of_possession: true,
        },
        approvals: vec![],
        evidence: Evidence::default(),
        orders: vec![],
        settings: Settings::default(),
        parents: vec![],
    }
}

fn call() -> Call {
    let arguments = [
        ("at", Value::Int(1_767_323_045_678)),
        ("body", Value::SEALED),
        ("count", Value::Int(3)),
        ("to", Value::List(vec![Value::text("a@example.com")])),
    ];
    Call {
        tool: "mail".into(),
        action: "send".into(),
        resource: None,
        arguments: arguments.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

/// Computed by a program in another language, out of the words of SECURITY.md 1.1 alone.
#[test]
fn commitments_are_these() {
    let committed = commit(&call(), &policy(), &secret(), &id('b'));
    let all: Vec<_> = committed
        .openings
        .iter()
        .map(|one| (one.name.as_str(), one.ty.as_str(), one.salt.to_string(), one.commitment().to_string()))
        .collect();
    let expected = [
        ("at", "time", "fiGQjMwQQxUd799CVshFVA", "pSgUaX90oktanGeprWSmoa66xaRic0iaYXFPlvMaoKg"),
        ("body", SEALED, "zhtZzKIQE_ui_4v2FCReUA", "2CiSGGNGV82k3dFm27HIvZtaAUQzOGBAsu05fgjS8TE"),
        ("count", "count", "zgmVh_3WuJ9StqrFNaeDjg", "Kol5dDN14ZniCtQ_lMl2iYo8Ue58x5cUke4UQ3UJk4Q"),
        ("note", ABSENT, "bPFGAgDzdh8TsHY26fz60g", "wo1JQCzR6qF1bsP8nUYUoGlusgTtz4ObWvnt_XZzN1I"),
        (
            "to",
            r#"{"list":"email"}"#,
            "it41AKMCAgxeb7zTOrsEmQ",
            "xoQuTroniYt_N3JNCg7ahZzwq8YuWpAN4mXmaufPlo8",
        ),
    ];
    let expected: Vec<_> =
        expected.map(|(name, ty, salt, hash)| (name, ty, salt.to_owned(), hash.to_owned())).into();
    assert_eq!(all, expected);
    assert_eq!(committed.args_root.to_string(), "2fiWY9Wvdsr76ibcBKv3f0XIqDYX6GHVPxFfXsEWf-A");
    let names = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<_>>();
    let bound = |of: &[&str]| bound_root(&committed.commitments, &names(of)).map(|root| root.to_string());
    assert_eq!(bound(&["count", "to"]).as_deref(), Some("OvdzyKhmrPnzVPRzdBjuyzG0S7mj5UVuQDnuvGsLOKY"));
    assert_eq!(bound(&[]).as_deref(), Some("xRjhQ9KTD5bC63e-c4COyuDC-g5JBWaxSotgGSLDCKg"));
    assert_eq!(bound(&["at", "body", "count", "note", "to"]), Some(committed.args_root.to_string()));
    for refused in [names(&["to", "count"]), names(&["to", "to"]), names(&["other"])] {
        assert_eq!(bound_root(&committed.commitments, &refused), None, "{refused:?}");
    }
}

#[test]
fn a_resource_is_committed_to_apart_from_arguments_and_kept_if_it_is_short() {
    let named = |name: &str| Resource { kind: "queue".into(), names: vec![name.into()] };
    let (hash, opening) = commit_resource(&named("a"), &secret(), &id('b'));
    assert_eq!(hash.to_string(), "O0xGjIr3CNl-1De6B40y_zEP4-1p__p6XfaZefs8_j4");
    let opening = opening.unwrap();
    assert!(opening.check(&hash));
    assert_eq!((opening.name.as_str(), opening.ty.as_str()), (RESOURCE, RESOURCE));
    assert!(wpc_model::check_name(RESOURCE).is_err(), "an argument may have this name");
    // {"kind":"queue","names":["…"]} around the name.
    let room = super::MAX_NAMED_BYTES - r#"{"kind":"queue","names":[""]}"#.len();
    assert!(commit_resource(&named(&"a".repeat(room)), &secret(), &id('b')).1.is_some());
    assert!(commit_resource(&named(&"a".repeat(room + 1)), &secret(), &id('b')).1.is_none());
    // What a name needs in JSON counts.
    assert!(commit_resource(&named(&"\u{1}".repeat(room / 2)), &secret(), &id('b')).1.is_none());
}

#[test]
fn equal_values_look_different_everywhere() {
    let one = commit(&call(), &policy(), &secret(), &id('b'));
    let other = commit(&call(), &policy(), &secret(), &id('c'));
    let elsewhere = commit(&call(), &policy(), &JobSecret::from_bytes(&[7; 32]), &id('b'));
    for name in one.commitments.keys() {
        assert_ne!(one.commitments[name], other.commitments[name]);
        assert_ne!(one.commitments[name], elsewhere.commitments[name]);
    }
    let salts: std::collections::BTreeSet<_> = one.openings.iter().map(|opening| opening.salt.0).collect();
    assert_eq!(salts.len(), one.openings.len());
    assert_eq!(one, commit(&call(), &policy(), &secret(), &id('b')));
}

#[test]
fn what_the_policy_does_not_know_is_committed_to_all_the_same() {
    let known = commit(&call(), &policy(), &secret(), &id('b'));
    let mut more = call();
    more.arguments.insert("bcc".to_owned(), Value::text("b"));
    let committed = commit(&more, &policy(), &secret(), &id('b'));
    assert_eq!((committed.openings[1].name.as_str(), committed.openings[1].ty.as_str()), ("bcc", UNKNOWN));
    assert_eq!(committed.openings[1].value, Json::from("b"));
    assert_ne!(committed.args_root, known.args_root);
    let other = Call { action: "other".to_owned(), ..call() };
    let committed = commit(&other, &policy(), &secret(), &id('b'));
    assert_eq!(committed.commitments.len(), other.arguments.len());
}

#[test]
fn two_openings_of_one_name_are_none() {
    let mut openings = commit(&call(), &policy(), &secret(), &id('b')).openings;
    assert!(commitments(&openings).is_some());
    openings.push(openings[0].clone());
    assert_eq!(commitments(&openings), None);
}

#[test]
fn a_secret_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", secret()), "JobSecret");
    assert_eq!(secret().expose()[31], 31);
    assert_ne!(JobSecret::mint().unwrap().expose(), JobSecret::mint().unwrap().expose());
}

#[test]
fn salts_have_one_spelling() {
    let text = Salt([255; 16]).to_string();
    assert_eq!((text.as_str(), Salt::from_text(&text)), ("_____________________w", Some(Salt([255; 16]))));
    for other in ["", "_____________________x", "_____________________w==", "//////////////////////", "AAAA"]
    {
        assert_eq!(Salt::from_text(other), None, "{other}");
    }
}

#[test]
fn only_the_bytes_of_an_opening_are_one() {
    #[track_caller]
    fn refuses(text: &str, error: OpeningError) {
        assert_eq!(Opening::decode(text.as_bytes()), Err(error), "{text}");
    }
    let opening = commit(&call(), &policy(), &secret(), &id('b')).openings.remove(2);
    let text = String::from_utf8(opening.encode()).unwrap();
    assert_eq!(text, r#"{"name":"count","salt":"zgmVh_3WuJ9StqrFNaeDjg","type":"count","value":3}"#);
    for value in
        ["3.0", "3e0", "9007199254740992", "-9007199254740992", "1.5", "[1e400]", "18446744073709551615"]
    {
        let other = text.replace(":3}", &format!(":{value}}}"));
        assert!(Opening::decode(other.as_bytes()).is_err(), "{value}");
    }
    refuses(&text.replace(":3}", ":9007199254740992}"), OpeningError::Member("value"));
    refuses(&text.replace("{\"name", "{\"more\":1,\"name"), OpeningError::NotCanonical { at: 2 });
    refuses(&text.replace(":3}", ":3,\"value\":3}"), OpeningError::NotCanonical { at: text.len() - 1 });
    refuses(&text.replace(",\"value\":3", ""), OpeningError::Member("value"));
    refuses(&text.replace("zgm", "zg"), OpeningError::Member("salt"));
    refuses(&format!("{text} "), OpeningError::NotCanonical { at: text.len() });
    refuses("[]", OpeningError::Member("arguments"));
    refuses("", OpeningError::Json);
    refuses(&"[".repeat(100_000), OpeningError::Json);
    refuses(&" ".repeat(MAX_OPENING_BYTES + 1), OpeningError::TooLong);
    for (error, code) in [
        (OpeningError::TooLong, "too_large"),
        (OpeningError::Json, "malformed"),
        (OpeningError::Member("value"), "malformed"),
        (OpeningError::NotCanonical { at: 0 }, "not_canonical"),
    ] {
        assert_eq!(error.code(), code);
    }
}

/// The call of its openings: what an auditor replays.
fn reopened(call: &Call, openings: &[Opening], policy: &Policy) -> Call {
    let value = |opening: &Opening| match opening.ty.as_str() {
        ABSENT => None,
        SEALED => Some((opening.name.clone(), Json::from("sealed"))),
        _ => Some((opening.name.clone(), opening.value.clone())),
    };
    let arguments = Json::object(openings.iter().filter_map(value));
    let Json::Object(mut members) = call.to_json(policy) else { panic!() };
    members.insert("arguments".to_owned(), arguments);
    Call::from_json(&Json::Object(members).encode(), policy, Measured::Accept).unwrap()
}

proptest! {
    #[test]
    fn openings_say_the_whole_call_and_open_nothing_else((policy, call) in arbitrary::policy_and_call()) {
        let committed = commit(&call, &policy, &secret(), &id('b'));
        let arguments = &policy.tools[&call.tool].interface.actions[&call.action].arguments;
        prop_assert!(committed.commitments.keys().eq(arguments.keys()));
        prop_assert_eq!(commitments(&committed.openings), Some(committed.commitments.clone()));
        prop_assert_eq!(args_root(&committed.commitments), committed.args_root);
        for opening in &committed.openings {
            let commitment = committed.commitments[&opening.name];
            prop_assert!(opening.check(&commitment));
            prop_assert_eq!(Opening::decode(&opening.encode()), Ok(opening.clone()));
            let others = [
                Opening { value: Json::from("another"), ..opening.clone() },
                Opening { ty: "another".to_owned(), ..opening.clone() },
                Opening { name: "another".to_owned(), ..opening.clone() },
                Opening { salt: Salt([0; 16]), ..opening.clone() },
            ];
            prop_assert!(others.iter().all(|other| other == opening || !other.check(&commitment)));
        }
        // What the gate found of sealed values is attested, and in no opening.
        let mut unread = call.clone();
        unread.each_sealed(&policy, &mut |_, sealed| *sealed = wpc_model::Sealed::UNREAD);
        prop_assert_eq!(reopened(&call, &committed.openings, &policy), unread);
    }

    #[test]
    fn a_flipped_byte_is_another_opening_or_none(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        let opening = commit(&call(), &policy(), &secret(), &id('b')).openings.remove(4);
        let mut bytes = opening.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        if let Ok(other) = Opening::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
            prop_assert!(!other.check(&opening.commitment()));
            prop_assert_ne!(other.commitment(), Hash::of(b""));
        }
    }
}
