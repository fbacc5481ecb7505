//! Bytes to policy: what is refused, with which code, and where.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wpc_model::{DecodeCode, MAX_ARTIFACT_BYTES, Policy, arbitrary, decode, encode};

use crate::example::{TOOL, allow, at_most, conditions, example, policy, queue};

/// Canonical bytes of a JSON tree, by another implementation.
pub(crate) fn bytes(tree: &Json) -> Vec<u8> {
    serde_jcs::to_vec(tree).unwrap()
}

/// The example's artifact, edited: refused with `code` at `at`.
#[track_caller]
pub(crate) fn check(edit: impl FnOnce(&mut Json), expect: &str) {
    let mut tree: Json = serde_json::from_slice(&encode(&example())).unwrap();
    edit(&mut tree);
    let error = decode(&bytes(&tree)).unwrap_err();
    assert_eq!(error.to_string(), expect);
}

/// As [`check`], where only the code matters.
#[track_caller]
pub(crate) fn check_bytes(bytes: &[u8], code: DecodeCode) {
    assert_eq!(decode(bytes).unwrap_err().code, code);
}

pub(crate) fn tool(tree: &mut Json) -> &mut Json {
    &mut tree["tools"][TOOL]
}

#[test]
fn other_spellings_of_the_same_json_are_refused() {
    let good = String::from_utf8(encode(&example())).unwrap();
    let not_canonical = [
        format!(" {good}"),
        format!("{good}\n"),
        good.replacen(":", ": ", 1),
        good.replace("wpc_version", "wpc\\u005fversion"),
        good.replace("orders-staging\",\"id", "orders\\u002dstaging\",\"id"),
        good.replace("sb://contoso", "sb:\\/\\/contoso"),
        good.replacen("{\"approvals\"", "{\"wpc_version\":\"v1\",\"approvals\"", 1)
            .replace(",\"wpc_version\":\"v1\"}", "}"),
    ];
    for text in not_canonical {
        check_bytes(text.as_bytes(), DecodeCode::NotCanonical);
    }
    let malformed = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!("{good}x"),
        format!("{good}{good}"),
        good.replace("\"quorum\":1", "\"quorum\":1.0"),
        good.replace("\"quorum\":1", "\"quorum\":1e0"),
        good.replace("\"quorum\":1", "\"quorum\":01"),
        good.replace("\"quorum\":1", "\"quorum\":-1"),
        good.replace("\"quorum\":1", "\"quorum\":99999999999999999999"),
        good.replace("\"quorum\":1", "\"quorum\":1,\"quorum\":1"),
        good.replace("\"op\":\"manage\"", "\"op\":\"manage\",\"op\":\"manage\""),
        good.replace("\"max_message_bytes\":131072", "\"max_message_bytes\":1,\"max_message_bytes\":1"),
        good.replace("\"send\":{", "\"send\":{},\"send\":{"),
        good.replace("orders-staging\"]", "\\ud800\"]"),
        good.replace("131072", "131072.5"),
    ];
    for text in malformed {
        check_bytes(text.as_bytes(), DecodeCode::Malformed);
    }
    check_bytes(&good.as_bytes()[..good.len() - 1], DecodeCode::Malformed);
    check_bytes(&[good.as_bytes(), &[0xff]].concat(), DecodeCode::Malformed);
    check_bytes(format!("\u{feff}{good}").as_bytes(), DecodeCode::Malformed);
    check_bytes(&vec![b' '; MAX_ARTIFACT_BYTES + 1], DecodeCode::TooLarge);
}

#[test]
fn a_member_that_is_not_known_is_refused_wherever_it_stands() {
    /// Puts `"zz": 1` into every object of the tree, one after the other.
    fn places(tree: &Json, at: &str, out: &mut Vec<String>) {
        match tree {
            Json::Object(members) => {
                out.push(at.to_owned());
                members
                    .iter()
                    .for_each(|(name, one)| places(one, &format!("{at}/{}", name.replace('/', "~1")), out));
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(index, one)| places(one, &format!("{at}/{index}"), out));
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    let good: Json = serde_json::from_slice(&encode(&example())).unwrap();
    let mut all = Vec::new();
    places(&good, "", &mut all);
    assert!(all.len() > 50, "{all:?}");
    for place in all {
        let mut tree = good.clone();
        tree.pointer_mut(&place).unwrap().as_object_mut().unwrap().insert("zz".into(), json!(1));
        let error = decode(&bytes(&tree)).expect_err(&place);
        let expected = [DecodeCode::Malformed, DecodeCode::Invalid];
        assert!(expected.contains(&error.code), "{place}: {error}");
    }
}

#[test]
fn a_member_that_is_missing_is_refused_wherever_it_stood() {
    fn members(tree: &Json, at: &str, out: &mut Vec<(String, String)>) {
        match tree {
            Json::Object(all) => {
                for (name, one) in all {
                    out.push((at.to_owned(), name.clone()));
                    members(one, &format!("{at}/{name}"), out);
                }
            }
            Json::Array(items) => {
                items.iter().enumerate().for_each(|(index, one)| members(one, &format!("{at}/{index}"), out));
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    let good: Json = serde_json::from_slice(&encode(&example())).unwrap();
    let mut all = Vec::new();
    members(&good, "", &mut all);
    for (place, name) in all {
        let mut tree = good.clone();
        tree.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(&name);
        // Without it the artifact may be another policy's, never this one's.
        if let Ok(policy) = decode(&bytes(&tree)) {
            assert_ne!(policy, example(), "{place}/{name}");
            assert_eq!(encode(&policy), bytes(&tree), "{place}/{name}");
        }
    }
}

#[test]
fn another_version_is_named_as_such() {
    check(|tree| tree["wpc_version"] = json!("v2"), "unknown_version: $.wpc_version: is not `v1`");
    let newer = json!({"wpc_version": "v2", "new": {}});
    check_bytes(&bytes(&newer), DecodeCode::UnknownVersion);
    check_bytes(&bytes(&json!({"wpc_version": 1})), DecodeCode::Malformed);
}

#[test]
fn nesting_is_bounded_before_it_can_hurt() {
    let mut deep = r#"{"list":"#.repeat(100_000);
    deep.push_str("\"text\"");
    deep.push_str(&"}".repeat(100_000));
    let good = String::from_utf8(encode(&example())).unwrap();
    check_bytes(
        good.replacen("{\"type\":\"count\"}", &format!("{{\"type\":{deep}}}"), 1).as_bytes(),
        DecodeCode::Malformed,
    );
    check_bytes("[".repeat(1_000_000).as_bytes(), DecodeCode::Malformed);
    check_bytes(good.replace("131072", &"[".repeat(100_000)).as_bytes(), DecodeCode::Malformed);
}

#[test]
fn hoisting_more_or_less_than_the_rule_says_is_refused() {
    let two = policy(
        vec![allow("send", queue("a"), conditions()), allow("send", queue("b"), vec![at_most(1)])],
        vec![],
        vec![],
    );
    let mut tree: Json = serde_json::from_slice(&encode(&two)).unwrap();
    assert!(tool(&mut tree).get("constraints").is_none());
    tool(&mut tree)["constraints"] = json!({"max_message_bytes": 1});
    check_bytes(&bytes(&tree), DecodeCode::Invalid);
    let one = policy(vec![allow("send", queue("a"), vec![at_most(1)])], vec![], vec![]);
    let mut tree: Json = serde_json::from_slice(&encode(&one)).unwrap();
    tool(&mut tree).as_object_mut().unwrap().remove("constraints");
    tool(&mut tree)["allow"][0]["if"] = json!([["message_bytes", "<=", 1]]);
    check_bytes(&bytes(&tree), DecodeCode::NotCanonical);
}

#[test]
fn hoisted_constants_cannot_be_multiplied_beyond_measure() {
    // 600 different lists of conditions and 9,000 constants for each of them to share.
    let words: Vec<String> = (0..9_000).map(|word| format!("{word:05}")).collect();
    let one = |index: usize| json!({"entity": "*", "id": "r_AAAAAAAAAAAAAAAAAAAAAA", "if": [["message_bytes", "<", index]], "op": "send"});
    let mut tree: Json = serde_json::from_slice(&encode(&example())).unwrap();
    tool(&mut tree)["allow"] = (1..=600).map(one).collect();
    tool(&mut tree)["constraints"]["forbid_properties"] = json!(words);
    check_bytes(&bytes(&tree), DecodeCode::TooLarge);
}

/// Flips of `bits` in every byte: each is refused, or is another policy's artifact to the last byte.
fn flip(policy: &Policy, bits: impl Fn(usize) -> std::ops::Range<u32>) {
    let good = encode(policy);
    for at in 0..good.len() {
        for bit in bits(at) {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(found) = decode(&bytes) {
                assert_ne!(found, *policy, "bit {bit} of byte {at}");
                assert_eq!(encode(&found), bytes, "bit {bit} of byte {at}");
                assert_ne!(found.hash(), policy.hash());
            }
        }
    }
}

#[test]
fn every_flipped_byte_is_refused_or_is_another_policy() {
    flip(&example(), |at| {
        let bit = u32::try_from(at % 8).unwrap();
        bit..bit + 1
    });
    let mut small = example();
    let interface = &mut small.tools.get_mut(TOOL).unwrap().interface;
    interface.actions.retain(|name, _| name == "manage" || name == "send");
    interface.kinds.retain(|name, _| name == "queue");
    for action in interface.actions.values_mut() {
        action.kinds.retain(|name| name == "queue");
    }
    interface.classes.clear();
    interface.actions.values_mut().for_each(|action| action.classes.clear());
    small.approvals.clear();
    flip(&small, |_| 0..8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn edited_artifacts_are_refused_or_mean_what_they_say(
        policy in arbitrary::policy(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, "[0-9a-z\",:\\[\\]{}\\\\-]{0,3}"), 1..3),
    ) {
        let mut bytes = encode(&policy);
        for (at, cut, text) in edits {
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, text.bytes());
        }
        if let Ok(found) = decode(&bytes) {
            prop_assert_eq!(encode(&found), bytes);
        }
    }
}
