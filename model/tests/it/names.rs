//! Names, addresses, patterns, hashes, decimals and instants: texts with one spelling.

use proptest::prelude::*;
use wpc_model::{
    Hash, NameError, RuleId, Step, Subject, check_did, check_email, check_entity_name, check_host, check_ip,
    check_name, check_path, check_url, decimal_text, glob, glob_ignoring_case, instant_text, parse_decimal,
    parse_instant,
};

#[track_caller]
fn check(checker: impl Fn(&str) -> Result<(), NameError>, good: &[&str], bad: &[&str]) {
    for text in good {
        assert_eq!(checker(text), Ok(()), "{text:?}");
    }
    for text in bad {
        assert!(checker(text).is_err(), "{text:?} was accepted");
    }
}

#[test]
fn entity_names_cannot_stand_for_another_kind() {
    check(
        |name| check_entity_name(name, 260),
        &["a", "A.b_c-d/9", "subscriptionsx", "a/b/c"],
        &[
            "",
            "/a",
            "a/",
            "a//b",
            "a/./b",
            "..",
            "a/../b",
            "$DLQ",
            "a/$DeadLetterQueue",
            "a/SUBSCRIPTIONS/b",
            "a b",
            "é",
            "-a",
            "a-",
            "a?b",
        ],
    );
    check(|name| check_entity_name(name, 50), &["a", "a.b"], &["a/b", &"a".repeat(51)]);
    check(|name| check_entity_name(name, 260), &[&"a".repeat(260)], &[&"a".repeat(261)]);
}

#[test]
fn hosts_are_lower_case_ascii() {
    let long = ["a"; 127].join(".");
    check(
        check_host,
        &["a", "a.b", "xn--4ca.de", "1.2.3.4", &long],
        &[
            "",
            "A",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-.b",
            "a_b",
            "é",
            "a b",
            "a:1",
            &format!("{long}.b"),
            &"a".repeat(64),
        ],
    );
}

#[test]
fn addresses_have_one_spelling() {
    check(
        check_did,
        &["did:key:z6Mk", "did:web:a.b:c"],
        &["", "did:", "did:key:", "did:Key:a", "key:a", "did:key:a:", "did:key:a b"],
    );
    check(
        check_email,
        &["a.b+c@d.e"],
        &["", "a", "@b", "a@", "a@B", "a@b@c", ".a@b", "a..b@c", "a b@c", "\"a\"@b"],
    );
    check(
        check_url,
        &["https://a/", "https://a.b:444/c?d=e", "http://[::1]:443/", "http://[::1]/", "amqp://a:443/"],
        &[
            "",
            "a",
            "https://",
            "https://a",
            "https://a:443/",
            "https://a/#f",
            "https://a/./b",
            "https://a/%2e",
            "HTTPS://a",
            "https://A",
            "https://u@a",
            "https://u:p@a/",
            "https://a:0443",
            "https://a:",
            "https://a:65536",
            "https://a b",
            "https://a\\b",
            "https://é",
            "https://[::1]x",
            "https://[0:0::1]",
        ],
    );
    check(
        check_ip,
        &["1.2.3.4", "::1", "2001:db8::1"],
        &["", "1.2.3", "01.2.3.4", "::0:1", "2001:DB8::1", "1.2.3.4 "],
    );
    check(check_path, &["/", "/a", "/a b/é"], &["", "a", "//", "/a/", "/a//b", "/./a", "/a/..", "/a\0"]);
    check(
        check_name,
        &["a", "a-b", "create issue", "a1", "1a"],
        &["", "é", "a`b", "a\nb", "12", &"a".repeat(129)],
    );
}

#[test]
fn subjects_have_one_spelling() {
    let good = [
        "a",
        "each a",
        "some a_b",
        "a.size",
        "each a.b",
        "a[\"k\"]",
        "a[\"k\"].b[\"\"].size",
        "\"x y\"",
        "\"size\\n\".\"size\"",
        "each",
        "a.each",
        "\"\"",
        "size",
        "size.size",
        "a[\"\\u0000\u{e9}\"]",
    ];
    for text in good {
        let subject = Subject::from_text(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(subject.to_text(), text);
    }
    let bad = [
        "",
        " a",
        "a ",
        "each  a",
        "each ",
        "a.",
        "a[k]",
        "a[\"k]",
        "a[\"k\"",
        "\"a\"",
        "a.\"b\"",
        "a.size.b",
        "a[\"\\u0041\"]",
        "a[\"\\x\"]",
        "a[\"\\/\"]",
        "a[\"\\u000A\"]",
        "x y",
        "a-b",
        "1a",
        "a..b",
        "a[\"\\ud800\"]",
        "a[\"\\u00",
    ];
    for text in bad {
        // `a.size.b` reads as a path; whether it has a type is another question.
        let read = Subject::from_text(text);
        assert!(read.is_none() || text == "a.size.b", "{text:?} read as {read:?}");
    }
}

#[test]
fn decimals_have_exactly_their_digits() {
    for (text, scale, value) in [
        ("25.00", 2, 2_500),
        ("0.05", 2, 5),
        ("-0.05", 2, -5),
        ("0", 0, 0),
        ("-7", 0, -7),
        ("0.000000001", 9, 1),
    ] {
        assert_eq!(parse_decimal(text, scale), Some(value), "{text}");
        assert_eq!(decimal_text(value, scale), text);
    }
    for text in [
        "",
        "25",
        "25.0",
        "25.000",
        "025.00",
        "+1.00",
        "-0.00",
        ".50",
        "1,00",
        "1.0a",
        " 1.00",
        "2.5.00",
        "90071992547409.92",
    ] {
        assert_eq!(parse_decimal(text, 2), None, "{text}");
    }
}

#[test]
fn instants_are_in_utc() {
    for (text, at) in [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:00:00.000Z", 951_825_600_000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] {
        assert_eq!(parse_instant(text), Some(at), "{text}");
        assert_eq!(instant_text(at), text);
    }
    assert_eq!(parse_instant("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(parse_instant("1970-01-01T00:00:00.5Z"), Some(500));
    for text in [
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00+00:00",
        "1970-01-01t00:00:00z",
        "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2001-02-29T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.0000Z",
        "+970-01-01T00:00:00Z",
        "1970-01-01T00:00:00.-1Z",
        "é970-01-01T00:00:00Z",
    ] {
        assert_eq!(parse_instant(text), None, "{text}");
    }
}

/// The definition of a pattern, as plainly as it can be written.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['*', rest @ ..], text) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
        (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
        (['\\', literal, rest @ ..], [first, tail @ ..]) => literal == first && naive(rest, tail),
        (['?' | '\\', _, ..], []) => false,
        ([literal, rest @ ..], [first, tail @ ..]) => literal == first && naive(rest, tail),
        (_, []) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn patterns_match_as_their_definition_says(pattern in "[ab*?\\\\/é]{0,7}", text in "[abA*?\\\\/é\n]{0,7}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(glob(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        let folded = naive(&chars(&pattern.to_ascii_lowercase()), &chars(&text.to_ascii_lowercase()));
        prop_assert_eq!(glob_ignoring_case(&pattern, &text), folded);
    }

    #[test]
    fn subjects_read_back(quantifier in 0..3, name in "[a ]{0,2}|size|each|\\PC{1,3}", keys in proptest::collection::vec("\\PC{0,2}|size|[\\x00-\\x20\"\\\\]", 0..3), kind in any::<[u8; 3]>()) {
        let step = |(key, kind): (String, u8)| match kind % 3 {
            0 => Step::Size,
            1 => Step::Key(key),
            _ => Step::Field(key),
        };
        let quantifier = match quantifier {
            0 => None,
            1 => Some(wpc_model::Quantifier::Each),
            _ => Some(wpc_model::Quantifier::Some),
        };
        let subject = Subject { quantifier, name, steps: keys.into_iter().zip(kind).map(step).collect() };
        prop_assert_eq!(Subject::from_text(&subject.to_text()), Some(subject));
    }

    #[test]
    fn hashes_and_ids_read_back(bytes in any::<[u8; 32]>(), other in "[A-Za-z0-9_=+/-]{42,44}") {
        let hash = Hash(bytes);
        let text = hash.to_string();
        prop_assert_eq!(Hash::from_text(&text), Some(hash));
        prop_assert_eq!(text.len(), 43);
        let id = RuleId(bytes[..16].try_into().unwrap());
        prop_assert_eq!(RuleId::from_text(&id.to_string()), Some(id));
        if let Some(read) = Hash::from_text(&other) {
            prop_assert_eq!(read.to_string(), other);
        }
        prop_assert_eq!(RuleId::from_text(&text), None);
    }

    #[test]
    fn instants_read_back(at in -62_167_219_200_000_i64..=253_402_300_799_999) {
        prop_assert_eq!(parse_instant(&instant_text(at)), Some(at));
    }

    #[test]
    fn decimals_read_back(value in -9_007_199_254_740_991_i64..=9_007_199_254_740_991, scale in 0_u8..=9) {
        prop_assert_eq!(parse_decimal(&decimal_text(value, scale), scale), Some(value));
    }

    #[test]
    fn any_text_is_a_subject_or_not(text in any::<String>()) {
        if let Some(subject) = Subject::from_text(&text) {
            prop_assert_eq!(subject.to_text(), text);
        }
    }
}
