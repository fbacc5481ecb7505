//! What is said of two policies, form by form.

use wpc_analysis::{Direction, Part, Setting, Shown, Verdict, compare};
use wpc_compiler::{Parameters, Source, compile};
use wpc_model::{Effect, Policy, Rule, Slot, Target};

/// A tool with an argument of every sort.
const DESK: &str = r#"
tool desk {
    resource drawer(name: entity_name<260>) = "{name}"
    record item { weight: bytes; label: text?; marks: map<text> }
    action put on drawer { items: batch<item>; note: text?; mode: choice { fast, slow }; tags: set<text> }
    action take from drawer { number: count; to: host; labels: map<text>; numbers: list<int> }
    action clear on drawer
    action plan on drawer { number: count } result { number: count; note: text }
    action apply on drawer { number: count; note: text }
    action fetch on drawer { link: url; from: ip; mail: email; file: path; site: host; code: text; people: list<email> }
}
"#;

pub(crate) fn policy(body: &str) -> Policy {
    let text = format!(
        "{DESK}\npolicy p {{\n    tool desk {{\n{body}\n    }}\n    token {{ lifetime 15 min; pin policy; bind job }}\n}}\n"
    );
    match compile(&Source::new("test.wpc", text), &Parameters::new()) {
        Ok(compiled) => compiled.policy,
        Err(found) => panic!("{found:#?}"),
    }
}

/// `old` against `new`, and the other way round.
#[track_caller]
fn check(old: &str, new: &str, expect: Verdict) {
    let (old, new) = (policy(old), policy(new));
    let there = compare(&old, &new);
    assert_eq!(there.verdict, expect, "{:#?}", there.differences);
    let turned = match expect {
        Verdict::Narrower => Verdict::Wider,
        Verdict::Wider => Verdict::Narrower,
        Verdict::Equal | Verdict::Incomparable | Verdict::Undecided => expect,
    };
    assert_eq!(compare(&new, &old).verdict, turned);
}

#[test]
fn integers_are_intervals_with_holes() {
    let take = |conditions: &str| format!(r#"allow take from drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&take(old), &take(new), expect);
    of("number <= 5", "number < 6", Verdict::Equal);
    of("number <= 5", "number <= 4", Verdict::Narrower);
    of("number <= 5", "number <= 5; number != 3", Verdict::Narrower);
    of("number >= 1; number <= 2", "number in [1, 2]", Verdict::Equal);
    of("number <= 5", "number >= 5", Verdict::Incomparable);
}

#[test]
fn where_a_value_came_from_is_a_thing_by_itself() {
    let fetch = |conditions: &str| format!(r#"allow fetch on drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&fetch(old), &fetch(new), expect);
    of(r#"code == "a""#, r#"code == "a"; mail from [job.input]"#, Verdict::Narrower);
    of("mail from [job.input]", "mail from [job.input]; each people from [job.input]", Verdict::Undecided);
    of("mail from [job.input]", "site from [job.input]", Verdict::Undecided);
    of("mail from [job.input]", "mail from [job.input]; mail from [job.input]", Verdict::Equal);
    let all = r#"allow fetch on drawer("a")"#;
    check(all, &format!("{all}\ndeny fetch when {{ mail from [job.input] }}"), Verdict::Narrower);
    // Of elements too, where it only adds.
    let put = r#"allow put on drawer("a") when { mode == fast"#;
    check(&format!("{put} }}"), &format!("{put}; label from [job.input] }}"), Verdict::Narrower);
}

#[test]
fn several_rules_may_cover_one_together() {
    let halves = r#"
        allow take from drawer("a") when { number <= 5 }
        allow take from drawer("a") when { number > 5; to == "x.example" }
        allow take from drawer("a") when { number >= 6; to != "x.example" }"#;
    check(halves, r#"allow take from drawer("a")"#, Verdict::Equal);
    let gap = halves.replace(">= 6", ">= 7");
    check(&gap, r#"allow take from drawer("a")"#, Verdict::Wider);
}

#[test]
fn a_deny_takes_back_what_differs_in_letter_case_too() {
    let both = r#"
        allow clear on drawer("a")
        allow clear on drawer("A")"#;
    check(both, &format!("{both}\ndeny clear on drawer(\"a\")"), Verdict::Narrower);
    let denied = format!("{both}\ndeny clear on drawer(\"A\")");
    let nothing = "deny clear on any";
    check(&denied, nothing, Verdict::Equal);
}

#[test]
fn patterns_are_automata() {
    let any = |pattern: &str| format!(r#"allow clear on drawer(like "{pattern}")"#);
    check(&any("a*b*"), &any("a*"), Verdict::Wider);
    check(&any("*a*"), &any("?*a*"), Verdict::Narrower);
    check(&any("a*"), &any("*b"), Verdict::Incomparable);
    check(&any("a**"), &any("a*"), Verdict::Equal);
    // No name begins with a hyphen, has an empty part, or a part `subscriptions`: such an artifact can be
    // read, though the compiler makes none.
    let nothing = policy("deny clear on any");
    for pattern in ["-*", "*//*", "a/SUBSCRIPTIONS/*"] {
        let mut other = nothing.clone();
        let tool = other.tools.get_mut("desk").expect("it has the tool");
        let target = Target::Of { kind: "drawer".into(), slots: vec![Slot::Like(pattern.to_owned())] };
        tool.allow = vec![Rule::new("desk", Effect::Allow, Some("clear".into()), target, [])];
        assert_eq!(compare(&nothing, &other).verdict, Verdict::Equal);
        assert_eq!(compare(&other, &nothing).verdict, Verdict::Equal);
    }
}

#[test]
fn texts_are_told_apart_by_constants_patterns_and_size() {
    let take = |conditions: &str| format!(r#"allow take from drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&take(old), &take(new), expect);
    of(r#"to like "*.example""#, r#"to like "*.example"; to != "a.example""#, Verdict::Narrower);
    of(r#"to like "*""#, "number >= 0", Verdict::Equal);
    of(r#"to in ["a.example", "b.test"]; to like "*.example""#, r#"to == "a.example""#, Verdict::Equal);
    let put = |conditions: &str| format!(r#"allow put on drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&put(old), &put(new), expect);
    of("note.size <= 3", "note.size < 5; note.size != 4", Verdict::Equal);
    of(r#"note like "??""#, "note.size <= 8; note.size >= 2", Verdict::Wider);
    of(r#"note like "?"; note.size == 4"#, r#"note like "?"; note.size == 5"#, Verdict::Narrower);
}

#[test]
fn what_may_be_absent_is_neither_allowed_nor_not_denied() {
    let put = |conditions: &str| format!(r#"allow put on drawer("a") when {{ {conditions} }}"#);
    check(&put(r#"note == "x""#), &put(r#"note is present; note in ["x"]"#), Verdict::Equal);
    check(&put("note is absent"), &put(r#"note != "x""#), Verdict::Incomparable);
    let all = r#"allow put on drawer("a")"#;
    // An absent note is denied by both.
    check(
        &format!("{all}\ndeny put on any when {{ note == \"x\" }}"),
        &format!("{all}\ndeny put on any when {{ note in [\"x\", \"y\"] }}"),
        Verdict::Narrower,
    );
    check(
        &format!("{all}\ndeny put on any when {{ note == \"x\" }}"),
        &put("note is present"),
        Verdict::Wider,
    );
}

#[test]
fn keys_of_maps_differ_in_letter_case() {
    let take = |conditions: &str| format!(r#"allow take from drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&take(old), &take(new), expect);
    of(r#"labels has ["k"]"#, r#"labels["k"] is present"#, Verdict::Equal);
    of(r#"labels["k"] == "x""#, r#"labels["k"] == "x"; labels.size == 1"#, Verdict::Narrower);
    of(r#"labels["k"] like "*""#, r#"labels has ["k"]; labels["k"] in ["x", "y"]"#, Verdict::Narrower);
    of(r#"labels lacks ["k"]"#, r#"labels lacks ["K"]"#, Verdict::Equal);
    of(r#"labels.size <= 1"#, r#"labels.size <= 1; labels lacks ["a", "b"]"#, Verdict::Narrower);
    of(r#"labels has ["a", "b"]"#, r#"labels has ["a", "b"]; labels.size >= 2"#, Verdict::Equal);
}

#[test]
fn members_are_counted_and_quantified() {
    let take = |conditions: &str| format!(r#"allow take from drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&take(old), &take(new), expect);
    of("each numbers >= 1; numbers.size == 1", "some numbers >= 1; numbers.size == 1", Verdict::Equal);
    of("each numbers >= 1", "each numbers >= 1; numbers.size >= 1", Verdict::Narrower);
    of("some numbers == 1; some numbers == 2", "numbers has [1, 2]", Verdict::Equal);
    check(
        &take("some numbers == 1; some numbers == 2; numbers.size <= 1"),
        "deny clear on any",
        Verdict::Equal,
    );
    of("some numbers >= 1; some numbers <= 2; numbers.size == 1", "numbers.size == 1", Verdict::Wider);
    let put = |conditions: &str| format!(r#"allow put on drawer("a") when {{ {conditions} }}"#);
    check(
        &put(r#"each tags in ["x", "y"]; tags.size >= 2"#),
        &put(r#"tags has ["x", "y"]; tags.size == 2"#),
        Verdict::Equal,
    );
    check(&put(r#"each tags in ["x", "y"]; tags.size >= 3"#), "deny clear on any", Verdict::Equal);
}

#[test]
fn an_allow_is_of_every_element_and_a_deny_of_one() {
    let put = |conditions: &str| format!(r#"allow put on drawer("a") when {{ {conditions} }}"#);
    check(&put("weight <= 5 B"), &put("weight <= 4 B"), Verdict::Narrower);
    let all = r#"allow put on drawer("a")"#;
    // None is heavier: an absent label and another letter case of a key matter to the deny alone.
    check(&format!("{all}\ndeny put on any when {{ weight > 5 B }}"), &put("weight <= 5 B"), Verdict::Equal);
    check(
        &format!("{all}\ndeny put on any when {{ label == \"x\" }}"),
        &put("label != \"x\""),
        Verdict::Equal,
    );
    check(
        &format!("{all}\ndeny put on any when {{ weight > 5 B; label == \"x\" }}"),
        &put("weight <= 5 B"),
        Verdict::Narrower,
    );
    check(&put("items.size <= 0"), &put("items.size < 1"), Verdict::Equal);
}

#[test]
fn limits_are_compared_one_with_one() {
    let of = |old: &str, new: &str, expect| {
        let rule = "allow take from drawer([\"a\", \"b\"])\nallow clear on drawer(\"a\")";
        check(&format!("{rule}\n{old}"), &format!("{rule}\n{new}"), expect);
    };
    of("limit calls of take to 5 per job", "limit calls of take to 4 per job", Verdict::Narrower);
    of("limit calls of take to 5 per job", "", Verdict::Wider);
    of("limit calls of take to 5 per job", "limit calls of take, clear to 5 per job", Verdict::Narrower);
    of("limit calls of take to 50 per hour", "limit calls of take to 50 per job", Verdict::Narrower);
    of("limit calls of take to 60 per hour", "limit calls of take to 1 per minute", Verdict::Narrower);
    of("limit calls of take to 59 per hour", "limit calls of take to 1 per minute", Verdict::Incomparable);
    of("limit number of take to 5 per job", "limit number of take to 10 per job", Verdict::Wider);
    of(
        "limit number of take from drawer(\"a\") to 5 per job",
        "limit number of take to 5 per job",
        Verdict::Narrower,
    );
    of(
        "limit calls of take from drawer(like \"a*\") to 5 per job",
        "limit calls of take from drawer(\"a\") to 5 per job",
        Verdict::Equal,
    );
}

#[test]
fn orders_are_compared_one_with_one() {
    let rule = r#"
        allow take from drawer(["a", "b"])
        allow clear on drawer(["a", "b"])
        allow plan on drawer(["a", "b"])
        allow apply on drawer(["a", "b"])"#;
    let of = |old: &str, new: &str, expect| {
        check(&format!("{rule}\n{old}"), &format!("{rule}\n{new}"), expect);
    };
    of("", "separate take from clear", Verdict::Narrower);
    of("separate take from clear", "separate clear from take", Verdict::Equal);
    of("separate take from clear", "separate take, plan from clear", Verdict::Narrower);
    of(
        r#"separate take from drawer("a") from clear"#,
        r#"separate take from drawer(like "a*") from clear"#,
        Verdict::Equal,
    );
    of(r#"separate take from drawer("a") from clear"#, "separate take from clear", Verdict::Narrower);
    of("separate take from clear", "separate plan from apply", Verdict::Incomparable);
    // What nothing allows is kept apart from nothing.
    of("", "separate fetch from clear", Verdict::Equal);
    of("", "before apply do plan", Verdict::Narrower);
    of("", "before fetch do plan", Verdict::Equal);
    of("before apply do plan", "before apply do plan with same resource", Verdict::Narrower);
    of("before apply do plan", "before apply do plan with number == plan.number", Verdict::Narrower);
    of("before apply do plan", "before apply do plan with note == plan.note", Verdict::Narrower);
    of("before apply do plan", "before apply do plan within 5 min", Verdict::Narrower);
    of("before apply do plan within 9 min", "before apply do plan within 5 min", Verdict::Narrower);
    of("before apply do plan", "before apply do plan once", Verdict::Narrower);
    of("before apply do plan", "before apply do take", Verdict::Incomparable);
    of(
        "before apply do plan with same resource",
        "before apply do plan with number == plan.number",
        Verdict::Incomparable,
    );
    // Only by rows longer than those that are tried.
    of("before apply do plan once", "before apply do plan with same resource once", Verdict::Undecided);
}

#[test]
fn a_row_of_calls_shows_what_an_order_refuses() {
    let rule = "allow plan on drawer([\"a\", \"b\"])\nallow apply on drawer([\"a\", \"b\"])\n";
    let old = policy(&format!("{rule}before apply do plan"));
    let new = policy(&format!("{rule}before apply do plan with same resource within 5 min"));
    let found = compare(&old, &new);
    let [one] = found.differences.as_slice() else { panic!("{found:#?}") };
    let Shown::Row(steps) = &one.shown else { panic!("{one:#?}") };
    let actions: Vec<&str> = steps.iter().map(|step| step.case.call.action.as_str()).collect();
    assert_eq!(actions, ["plan", "apply"]);
    assert_eq!(one.part, Part::Order(new.orders[0].id));
}

#[test]
fn approvals_are_compared_by_who_must_have_signed() {
    let by = |who: &str| {
        format!("allow clear on drawer(\"a\")\nrequire approval of clear {{ by {who}; within 30 min }}",)
    };
    let [a, b, c] = [
        "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7",
        "did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd",
        "did:web:c.example",
    ]
    .map(|did| format!("did(\"{did}\")"));
    let of = |old: &str, new: &str, expect| check(&by(old), &by(new), expect);
    of(&format!("{a}, {b}; quorum 2"), &format!("{a}, {b}; quorum 1"), Verdict::Wider);
    of(&format!("{a}; quorum 1"), &format!("{a}, {b}; quorum 2"), Verdict::Narrower);
    of(&format!("{a}, {b}; quorum 1"), &format!("{a}, {c}; quorum 1"), Verdict::Incomparable);
    of(&format!("{a}, {b}; quorum 1"), &format!("{a}, {b}, {c}; quorum 2"), Verdict::Narrower);
    check("allow clear on drawer(\"a\")", &by(&format!("{a}; quorum 1")), Verdict::Narrower);
    let once = by(&format!("{a}; quorum 1"));
    check(&once, &once.replace("within", "uses 2; within"), Verdict::Wider);
    check(&once, &once.replace("30 min", "10 min"), Verdict::Narrower);
}

#[test]
fn a_token_that_demands_more_is_narrower() {
    let old = policy("deny clear on any");
    let mut new = old.clone();
    new.auth.max_ttl_seconds = 60;
    new.auth.pin_policy_hash = false;
    let found = compare(&old, &new);
    assert_eq!(found.verdict, Verdict::Incomparable);
    let parts: Vec<_> = found.differences.iter().map(|one| (one.direction, one.part.clone())).collect();
    let setting = |direction, setting| (direction, Part::Setting(setting));
    assert_eq!(
        parts,
        [setting(Direction::Wider, Setting::Pin), setting(Direction::Narrower, Setting::Lifetime)]
    );
}

#[test]
fn a_tool_in_another_place_is_another_tool() {
    let old = policy("allow clear on drawer(\"a\")");
    let mut new = old.clone();
    if let Some(tool) = new.tools.get_mut("desk") {
        tool.interface.name = "bench".to_owned();
    }
    assert_eq!(compare(&old, &new).verdict, Verdict::Incomparable);
}

#[test]
fn an_argument_of_another_type_is_shown_or_undecided() {
    let old = policy("allow take from drawer(\"a\")");
    let mut new = old.clone();
    let tool = new.tools.get_mut("desk").expect("it has the tool");
    let number = tool.interface.actions.get_mut("take").and_then(|take| take.arguments.get_mut("number"));
    number.expect("it has the argument").optional = true;
    let found = compare(&old, &new);
    // A call without it is a call of the new policy alone, and no call was lost that was looked for.
    let wider = |one: &&wpc_analysis::Difference| one.direction == Direction::Wider;
    assert!(matches!(found.differences.iter().find(wider).map(|one| &one.shown), Some(Shown::Call(_))));
    assert!(matches!(found.verdict, Verdict::Undecided | Verdict::Wider));
}

#[test]
fn past_the_budget_the_answer_is_undecided_with_the_rules() {
    // Each deny leaves open half of what is left, in a coordinate of its own: 2^20 boxes.
    let keys: Vec<String> = (0..20).map(|index| format!("k{index}")).collect();
    let denies = |values: [&str; 2]| -> String {
        keys.windows(2)
            .flat_map(|pair| {
                values.map(|value| {
                    format!("deny take on any when {{ labels has [\"{}\"]; labels[\"{}\"] == \"{value}\"; number > 1 }}\n", pair[0], pair[1])
                })
            })
            .collect()
    };
    let rule = "allow take from drawer(\"a\")\n";
    let old = policy(&format!("{rule}{}", denies(["x", "y"])));
    let new = policy(&format!("{rule}{}", denies(["y", "z"])));
    let found = compare(&old, &new);
    for one in &found.differences {
        if let Shown::Undecided(rules) = &one.shown {
            assert!(!rules.is_empty());
        }
    }
}

#[test]
fn addresses_are_compared_by_blocks_and_by_their_parts() {
    let fetch = |conditions: &str| format!(r#"allow fetch on drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&fetch(old), &fetch(new), expect);
    let halves = r#"
        allow fetch on drawer("a") when { `from` within cidr ["10.0.0.0/9"] }
        allow fetch on drawer("a") when { `from` within cidr ["10.128.0.0/9"] }"#;
    check(halves, &fetch(r#"`from` within cidr ["10.0.0.0/8"]"#), Verdict::Equal);
    of(r#"`from` within cidr ["10.0.0.0/8"]"#, r#"`from` within cidr ["10.1.0.0/16"]"#, Verdict::Narrower);
    of(r#"`from` within cidr ["10.0.0.0/8"]"#, r#"`from` == "10.1.2.3""#, Verdict::Narrower);
    of(r#"mail.domain == "x.example""#, r#"mail == "a@x.example""#, Verdict::Narrower);
    of(r#"mail.domain == "x.example"; mail.local == "a""#, r#"mail == "a@x.example""#, Verdict::Equal);
    of(r#"link.scheme == "https""#, r#"link.scheme == "https"; link.port == 443"#, Verdict::Narrower);
    of(r#"link.host under domain ["x.example"]"#, r#"link.host == "a.x.example""#, Verdict::Narrower);
    of(
        r#"each people.domain == "x.example""#,
        r#"each people.domain in ["x.example", "y.example"]"#,
        Verdict::Wider,
    );
}

#[test]
fn domains_paths_and_regular_expressions_are_automata() {
    let fetch = |conditions: &str| format!(r#"allow fetch on drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&fetch(old), &fetch(new), expect);
    of(r#"site under domain ["x.example"]"#, r#"site like "*.x.example""#, Verdict::Narrower);
    of(
        r#"site under domain ["x.example", "a.x.example"]"#,
        r#"site under domain ["x.example"]"#,
        Verdict::Equal,
    );
    of(r#"file under path ["/srv"]"#, r#"file under path ["/srv/data", "/srv"]"#, Verdict::Equal);
    of(r#"file under path ["/srv"]"#, r#"file like "/srv*""#, Verdict::Wider);
    of(r#"code matches "a|b""#, r#"code in ["a", "b"]"#, Verdict::Equal);
    of(r#"code matches "a+""#, r#"code like "a*""#, Verdict::Wider);
    of(r#"code matches "[a-c]{2}""#, r#"code matches "[a-d]{2}"; code.size == 2"#, Verdict::Wider);
    of(r#"code matches "(ab)*""#, r#"code matches "(ab)*(ab)?""#, Verdict::Equal);
    of(r#"code matches "[^a]""#, r#"code like "?"; code != "a""#, Verdict::Equal);
}

#[test]
fn the_clock_is_a_time_of_a_day_of_the_week() {
    let clear = |conditions: &str| format!(r#"allow clear on drawer("a") when {{ {conditions} }}"#);
    let of = |old: &str, new: &str, expect| check(&clear(old), &clear(new), expect);
    of(r#"clock.time < "18:00""#, r#"clock.time < "17:00""#, Verdict::Narrower);
    of(r#"clock.weekday in [monday, friday]"#, r#"clock.weekday == friday"#, Verdict::Narrower);
    of(
        r#"clock.time >= "00:00""#,
        "clock.weekday in [monday, tuesday, wednesday, thursday, friday, saturday, sunday]",
        Verdict::Equal,
    );
}
