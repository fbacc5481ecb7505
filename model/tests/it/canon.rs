//! Canonical JSON against another implementation of RFC 8785.

use proptest::prelude::*;
use wpc_model::MAX_INTEGER;
use wpc_model::canon::{Compare, Json, Sink, Writer};

#[track_caller]
fn check(json: &Json, expect: &str) {
    assert_eq!(String::from_utf8(json.encode()).unwrap(), expect);
}

#[test]
fn members_are_sorted_by_utf_16_code_units() {
    // RFC 8785 section 3.2.3: its own example, values shortened.
    let keys = ["\u{20ac}", "\r", "\u{fb33}", "1", "\u{1f600}", "\u{80}", "\u{f6}"];
    let object = Json::object(keys.map(|key| (key, Json::Null)));
    check(
        &object,
        "{\"\\r\":null,\"1\":null,\"\u{80}\":null,\"\u{f6}\":null,\"\u{20ac}\":null,\"\u{1f600}\":null,\"\u{fb33}\":null}",
    );
}

#[test]
fn strings_have_one_escape_form() {
    // RFC 8785 section 3.2.2.2.
    check(
        &Json::from("\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f}\"\\/\u{7f}\u{2028}\u{20ac}"),
        "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\\"\\\\/\u{7f}\u{2028}\u{20ac}\"",
    );
}

#[test]
fn numbers_are_plain_integers() {
    check(&Json::array([0, -1, MAX_INTEGER, -MAX_INTEGER]), "[0,-1,9007199254740991,-9007199254740991]");
}

#[test]
fn empty_things_are_short() {
    check(&Json::object::<&str>([]), "{}");
    check(&Json::array::<bool>([]), "[]");
    check(&Json::from(true), "true");
}

#[test]
fn a_string_in_parts_is_one_string() {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes).text_of(|text| ["a\"", "", "b"].into_iter().for_each(|part| text.part(part)));
    assert_eq!(bytes, br#""a\"b""#);
}

fn any_json() -> impl Strategy<Value = Json> {
    let text = || {
        prop_oneof!["\\PC{0,4}", "[\\x00-\\x7f]{0,4}", any::<String>(), Just("\u{1f600}\u{e000}".to_owned())]
    };
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(Json::Integer),
        (-3_i64..=3).prop_map(Json::Integer),
        text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            proptest::collection::btree_map(text(), inner, 0..6).prop_map(Json::Object),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn serde_jcs_writes_the_same_bytes(json in any_json()) {
        let bytes = json.encode();
        let tree: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(serde_jcs::to_string(&tree).unwrap(), String::from_utf8(bytes).unwrap());
    }

    #[test]
    fn comparing_finds_the_first_difference(json in any_json(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let bytes = json.encode();
        let difference = |expected: &[u8]| {
            let mut compare = Compare::new(expected);
            json.write(Writer::new(&mut compare));
            compare.difference()
        };
        prop_assert_eq!(difference(&bytes), None);
        let at = at.index(bytes.len());
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << bit;
        prop_assert_eq!(difference(&flipped), Some(at));
        prop_assert_eq!(difference(&bytes[..at]), Some(at));
        let longer = [bytes.as_slice(), b" "].concat();
        prop_assert_eq!(difference(&longer), Some(bytes.len()));
    }
}

#[test]
fn what_follows_a_difference_changes_nothing() {
    let mut compare = Compare::new(b"abc");
    compare.put(b"ax");
    compare.put(b"bc");
    assert_eq!(compare.difference(), Some(1));
}
