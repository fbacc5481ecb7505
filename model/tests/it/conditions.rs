//! Conditions on addresses, paths, patterns, lists of records and the clock; and the ways in which
//! peers were got around.

use std::collections::BTreeMap;

use wpc_model::{
    Cidr, Comparison, Condition, Moment, Regex, Subject, Test, Truth, Type, Value, check_cidr, check_path,
    check_regex, check_url, fold_url, parse_time_of_day, part, time_of_day_text,
};

/// A Tuesday, 12:00.
const NOON: i64 = 1_767_700_800_000;

fn map(entries: &[(&str, Value)]) -> BTreeMap<String, Value> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn texts(all: &[&str]) -> Vec<Value> {
    all.iter().copied().map(Value::text).collect()
}

fn equals(value: impl Into<Literal>) -> Test {
    Test::Compare(Comparison::Equal, value.into().0)
}

/// Literals as values.
struct Literal(Value);

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self(Value::text(text))
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(Value::Int(number))
    }
}

#[track_caller]
fn check(subject: &str, test: Test, arguments: &[(&str, Value)], expect: Truth) {
    let condition = Condition { subject: Subject::from_text(subject).unwrap(), test };
    let said = condition.holds(&map(arguments), Moment::at(NOON));
    assert_eq!(said, expect, "{condition:?} of {arguments:?}");
    let prepared = wpc_model::Prepared::new(condition).holds(&map(arguments), Moment::at(NOON));
    assert_eq!(prepared, said, "prepared");
}

#[track_caller]
fn of_text(subject: &str, test: Test, text: &str, expect: Truth) {
    let name = subject.split(['.', ' ']).find(|word| !matches!(*word, "each" | "some")).unwrap();
    check(subject, test, &[(name, Value::text(text))], expect);
}

#[test]
fn parts_of_addresses_are_read_where_every_reader_agrees() {
    for (url, name, expect) in [
        ("https://a.example/x/y?q", "scheme", Some("https")),
        ("https://a.example/x/y?q", "host", Some("a.example")),
        ("https://a.example/x/y?q", "path", Some("/x/y")),
        ("https://a.example/x/y/", "path", Some("/x/y")),
        ("https://a.example/", "path", Some("/")),
        ("https://a.example/a%20b", "path", Some("/a%20b")),
        ("https://a.example/a%2Fb", "path", None),
        ("https://a.example/a%5Cb", "path", None),
        ("https://a.example/a%252Fb", "path", None),
        ("https://a.example/a%00", "path", None),
        ("https://a.example//a", "path", None),
        ("https://a.example/..;/a", "path", None),
        ("https://127.0.0.1/", "host", Some("127.0.0.1")),
        ("https://2130706433/", "host", None),
        ("https://0x7f.1/", "host", None),
        ("https://127.1/", "host", None),
        ("https://[::1]/", "host", None),
        ("a@b.example", "local", Some("a")),
        ("a@b.example", "domain", Some("b.example")),
        ("a@b.example", "host", None),
    ] {
        let found = match part(url, name) {
            Some(wpc_model::Part::Text(text)) => Some(text),
            Some(wpc_model::Part::Number(_)) | None => None,
        };
        assert_eq!(found, expect, "{name} of {url}");
    }
}

#[test]
fn a_port_that_is_not_written_is_that_of_the_scheme_or_unknown() {
    let at_least_0 = || Test::Compare(Comparison::AtLeast, Value::Int(0));
    of_text("u.port", equals(443), "https://a.example/", Truth::True);
    of_text("u.port", equals(80), "http://a.example/", Truth::True);
    of_text("u.port", equals(8080), "http://a.example:8080/", Truth::True);
    of_text("u.port", equals(8080), "http://[::1]:8080/", Truth::True);
    of_text("u.port", at_least_0(), "amqps://a.example/", Truth::Unknown);
    of_text("u.port", Test::Present, "amqps://a.example/", Truth::Unknown);
    check("u.port", at_least_0(), &[], Truth::Unknown);
}

#[test]
fn a_url_has_one_spelling() {
    for url in ["https://a.example/", "https://a.example:8443/x?y=%2f", "http://[::1]/", "https://a/b%2Fc"] {
        assert_eq!(check_url(url), Ok(()), "{url}");
        assert_eq!(fold_url(url), url);
    }
    for (written, folded) in [
        ("https://A.Example", "https://a.example/"),
        ("HTTPS://a.example:443/X", "https://a.example/X"),
        ("http://[::1]:80?q", "http://[::1]/?q"),
        ("https://a.example:/x", "https://a.example:/x"),
    ] {
        assert!(check_url(written).is_err(), "{written}");
        assert_eq!(fold_url(written), folded);
    }
    for url in [
        "https://a.example:443/",
        "https://a.example",
        "https://a.example/../x",
        "https://a.example/./x",
        "https://a.example/%2e",
        "https://a.example/%41",
        "https://a.example/%zz",
        "https://a.example/#x",
        "https://user@a.example/",
        "https://user:word@a.example/",
        "https://a.example:443@b.example/",
        "https://a.example:/",
        "https://a.example\\@b.example/",
        "//a.example/",
        "mailto:a@a.example",
    ] {
        assert!(check_url(url).is_err(), "{url}");
    }
}

#[test]
fn each_and_some_range_over_the_first_list_and_read_the_rest_in_each_member() {
    let line = |amount: i64, note: Option<&str>| {
        let mut fields = vec![("amount", Value::Int(amount)), ("tags", Value::List(texts(&["a"])))];
        fields.extend(note.map(|note| ("note", Value::text(note))));
        Value::Map(map(&fields))
    };
    let lines = |all: &[Value]| [("lines", Value::List(all.to_vec()))];
    let at_most = |most| Test::Compare(Comparison::AtMost, Value::Int(most));
    let two = lines(&[line(1, None), line(5, Some("x"))]);
    check("each lines.amount", at_most(5), &two, Truth::True);
    check("each lines.amount", at_most(4), &two, Truth::False);
    check("some lines.amount", at_most(4), &two, Truth::True);
    check("each lines.note", equals("x"), &two, Truth::Unknown);
    check("some lines.note", equals("x"), &two, Truth::True);
    check("some lines.note", equals("y"), &two, Truth::Unknown);
    check("some lines.note", Test::Absent, &two, Truth::True);
    check("each lines.note", Test::Present, &two, Truth::False);
    check("each lines.tags", Test::Has(texts(&["a"])), &two, Truth::True);
    check("each lines.tags.size", equals(1), &two, Truth::True);
    check("each lines.amount", at_most(0), &lines(&[]), Truth::True);
    check("some lines.amount", at_most(9), &lines(&[]), Truth::False);
    check("each lines.amount", at_most(9), &[], Truth::Unknown);
}

#[test]
fn blocks_hold_the_addresses_of_their_family() {
    let within = |blocks: &[&str]| Test::WithinCidr(texts(blocks));
    for (block, ip, expect) in [
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.3", true),
        ("10.1.2.3/32", "10.1.2.4", false),
        ("0.0.0.0/0", "255.255.255.255", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "::1", true),
        ("::/0", "10.0.0.1", false),
        ("::/0", "::ffff:10.0.0.1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false),
        ("::1/128", "::1", true),
    ] {
        of_text("ip", within(&[block]), ip, Truth::of(expect));
    }
    of_text("ip", within(&["192.0.2.0/24", "10.0.0.0/8"]), "10.0.0.1", Truth::True);
    check("ip", within(&["0.0.0.0/0"]), &[], Truth::Unknown);
    for text in [
        "10.0.0.1/8",
        "10.0.0.0",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "::FFFF/128",
        "::ffff:10.0.0.0/104",
        "/8",
        "",
    ] {
        assert!(check_cidr(text).is_err() && Cidr::parse(text).is_none(), "{text}");
    }
}

#[test]
fn under_path_goes_by_segments_and_nothing_gets_around_it() {
    let under = |of: &[&str]| Test::UnderPath(texts(of));
    of_text("p", under(&["/srv/data"]), "/srv/data", Truth::True);
    of_text("p", under(&["/srv/data"]), "/srv/data/a/b", Truth::True);
    of_text("p", under(&["/srv/data"]), "/srv/database", Truth::False);
    of_text("p", under(&["/srv/data"]), "/srv", Truth::False);
    of_text("p", under(&["/srv/data", "/tmp"]), "/tmp/x", Truth::True);
    of_text("p", under(&["/"]), "/anything", Truth::True);
    // What would get around it is no path, so no call has it.
    for path in ["/srv/data/../../etc", "/srv//data", "/srv/./data", "/srv/data/", "srv/data", "/srv/\n", ""]
    {
        assert!(check_path(path).is_err(), "{path:?}");
    }
}

#[test]
fn under_domain_goes_by_labels() {
    let under = |of: &[&str]| Test::UnderDomain(texts(of));
    of_text("h", under(&["example.com"]), "example.com", Truth::True);
    of_text("h", under(&["example.com"]), "a.b.example.com", Truth::True);
    of_text("h", under(&["example.com"]), "notexample.com", Truth::False);
    of_text("h", under(&["example.com"]), "example.com.evil.org", Truth::False);
    of_text("e.domain", under(&["example.com"]), "a@mail.example.com", Truth::True);
    of_text("u.host", under(&["example.com"]), "https://example.com.evil.org/", Truth::False);
    of_text("u.host", under(&["example.com"]), "https://evil.org/example.com", Truth::False);
}

#[test]
fn patterns_match_the_whole_value_newlines_included() {
    let matches = |pattern: &str| Test::Matches(pattern.to_owned());
    of_text("t", matches("a|ab"), "ab", Truth::True);
    of_text("t", matches("a"), "ab", Truth::False);
    of_text("t", matches("a"), "a\n", Truth::False);
    of_text("t", matches("secret.*"), "secret\nfile", Truth::True);
    of_text("t", matches(r"v[0-9]+(\.[0-9]+)*"), "v1.20.3", Truth::True);
    of_text("t", matches("[^/]+"), "a\nb", Truth::True);
    of_text("t", matches("."), "é", Truth::True);
    of_text("t", matches(""), "", Truth::True);
    of_text("t", matches("a{2,3}"), "aaa", Truth::True);
    of_text("t", matches(r"a\*\(b\)"), "a*(b)", Truth::True);
    check("t", matches(".*"), &[], Truth::Unknown);
}

#[test]
fn what_engines_read_differently_is_refused_where_it_stands() {
    for (pattern, at) in [
        ("^a", 0),
        ("a$", 1),
        (r"\ba", 0),
        (r"a\d", 1),
        (r"a\w", 1),
        (r"\p{L}", 0),
        ("(?i)a", 0),
        ("a(?=b)", 1),
        ("(?<n>a)", 0),
        (r"(a)\1", 3),
        ("a**", 1),
        ("a+?", 1),
        ("a{2}{3}", 1),
        ("a{", 1),
        ("a{3,2}", 1),
        ("a{1001}", 1),
        ("{", 0),
        ("*", 0),
        ("a|*", 2),
        ("(a", 0),
        ("a)", 1),
        ("[a", 0),
        ("[]", 0),
        ("[z-a]", 0),
        ("[[:alpha:]]", 1),
        ("[a&&b]", 2),
        (r"a\", 1),
        (r"\é", 0),
    ] {
        let found = check_regex(pattern).map_err(|error| error.at);
        assert_eq!(found, Err(at), "{pattern}");
        assert!(Regex::new(pattern).is_none());
    }
    assert!(check_regex("((a{1000}){1000}){1000}").is_err());
    assert!(check_regex(&"a".repeat(1_001)).is_err());
    assert!(check_regex(&"(".repeat(40)).is_err());
}

#[test]
fn a_pattern_that_takes_exponential_time_elsewhere_is_linear_here() {
    let classics = ["(a+)+", "(a|a)*", "(a|aa)+", "(a*)*b", "([a-z]+)*x", "(.*)(.*)(.*)(.*)(.*)y"];
    // 2^6400 steps would outlast everything: that this ends is the test.
    let text = format!("{}!", "a".repeat(6_400));
    for pattern in classics {
        assert!(!Regex::new(pattern).unwrap().matches(&text), "{pattern}");
    }
}

#[test]
fn the_clock_is_read_in_utc() {
    let at = |text: &str| Value::Int(parse_time_of_day(text).unwrap());
    check("clock.time", Test::Compare(Comparison::AtLeast, at("12:00")), &[], Truth::True);
    check("clock.time", Test::Compare(Comparison::Less, at("12:00")), &[], Truth::False);
    check("clock.weekday", equals("tuesday"), &[], Truth::True);
    check("clock.weekday", Test::In(texts(&["saturday", "sunday"])), &[], Truth::False);
    // What a call says of itself is not the clock.
    let forged = [("clock", Value::Map(map(&[("time", Value::Int(0))])))];
    check("clock.time", Test::Compare(Comparison::AtLeast, at("12:00")), &forged, Truth::True);
    for (text, ms) in [("00:00", Some(0)), ("23:59", Some(86_340_000)), ("24:00", None), ("9:00", None)] {
        assert_eq!(parse_time_of_day(text), ms, "{text}");
        assert_eq!(ms.map(time_of_day_text).as_deref().unwrap_or(text), text);
    }
    let days = (0..7).map(|day| Moment::at(day * 86_400_000 + 86_399_999).weekday());
    let week = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];
    assert!(days.eq(week));
    assert!(week.contains(&Moment::at(i64::MIN).weekday()) && week.contains(&Moment::at(i64::MAX).weekday()));
}

#[test]
fn a_deny_is_not_got_around_by_case_a_missing_key_a_newline_or_a_slash() {
    let deny = |subject: &str, test: Test, arguments: &[(&str, Value)]| {
        let condition = Condition { subject: Subject::from_text(subject).unwrap(), test };
        assert!(
            condition.holds(&map(arguments), Moment::at(NOON)).is_not_false(),
            "{condition:?} is got around by {arguments:?}"
        );
    };
    let header = |name: &str| [("headers", Value::Map(map(&[(name, Value::text("x"))])))];
    deny(r#"headers["cookie"]"#, equals("x"), &header("cookie"));
    deny(r#"headers["cookie"]"#, equals("x"), &header("Cookie"));
    deny(r#"headers["cookie"]"#, equals("x"), &header("other"));
    deny("headers", Test::Has(texts(&["cookie"])), &header("COOKIE"));
    deny("note", Test::Like("*secret*".to_owned()), &[("note", Value::text("a\nsecret\nb"))]);
    deny("note", Test::Like("a*b".to_owned()), &[("note", Value::text("a/x/b"))]);
    deny("note", Test::Matches(".*secret.*".to_owned()), &[("note", Value::text("a\nsecret"))]);
    deny("link.path", Test::UnderPath(texts(&["/admin"])), &[("link", Value::text("https://a//admin"))]);
    deny(
        "link.path",
        Test::UnderPath(texts(&["/admin"])),
        &[("link", Value::text("https://a/x/..%2Fadmin"))],
    );
    deny("link.host", equals("127.0.0.1"), &[("link", Value::text("https://2130706433/"))]);
    deny("link.host", equals("a.example"), &[]);
}

#[test]
fn the_parts_of_a_type_are_those_that_it_has() {
    for ty in [Type::Email, Type::Url] {
        assert!(ty.parts().iter().all(|name| ty.part(name).is_some()));
    }
    assert!(Type::Host.parts().is_empty() && Type::Email.part("host").is_none());
}
