//! `test` blocks run: what held, what did not and why, and what of the policy was reached.

use wpc_compiler::{Code, Colour, Found, Parameters, Ran, Source, Tested, render_all};

/// A policy with everything that decides, and room for tests.
const ORDERS: &str = r#"
use azure_service_bus

policy orders {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to queue("orders"), queue("refunds") when {
            message_bytes <= 128 KiB
            properties has "schema_version"
        }
        require send { message_bytes <= 256 KiB; properties.size <= 3 }
        limit messages of send to 5 per job
        limit calls of send to 2 per minute
        deny send to queue("orders-prod")
        allow complete on queue("orders")
        require approval of complete { by did("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"); within 30 min }
    }
    token { pin policy }
}
"#;

fn source(steps: &str) -> Source {
    Source::new("t.wpc", format!("{ORDERS}\ntest \"t\" {{\n{steps}\n}}\n"))
}

#[track_caller]
fn tested(source: &Source) -> Tested {
    wpc_compiler::test(source, &Parameters::new(), |_| Box::new(()), |_| true)
        .unwrap_or_else(|found| panic!("{}", render_all(&found, source, Colour::Plain)))
}

#[track_caller]
fn ran(steps: &str) -> Ran {
    tested(&source(steps)).tests.remove(0)
}

/// `send` to `queue` of messages with these sizes in KiB.
fn send(queue: &str, sizes: &[u32]) -> String {
    let message =
        |size: &u32| format!("{{ message_bytes: {size} KiB; properties: {{ \"schema_version\": \"1\" }} }}");
    let messages: Vec<_> = sizes.iter().map(message).collect();
    format!("send to queue(\"{queue}\") {{ messages: [{}] }}", messages.join(", "))
}

/// Every expectation of `steps` holds; the decision is the one that was expected and no other.
#[track_caller]
fn check(steps: &str) {
    let ran = ran(steps);
    assert!(!ran.expectations.is_empty());
    let found: Vec<_> = ran.expectations.iter().map(|one| (one.line, &one.expected, &one.found)).collect();
    assert!(ran.passed(), "{found:?}");
}

/// The decisions of `steps`, `allow` or the reason.
#[track_caller]
fn decided(steps: &str) -> Vec<&'static str> {
    ran(steps).expectations.iter().map(|one| one.found.reason().unwrap_or("allow")).collect()
}

#[test]
fn each_reason_can_be_expected() {
    let (good, large) = (send("orders", &[1]), send("orders", &[129]));
    check(&format!("call {good}\nexpect allow"));
    check(&format!("call {large}\nexpect deny default_deny\nexpect deny"));
    check(&format!("call {}\nexpect deny explicit_deny", send("orders-prod", &[1])));
    check("call complete on queue(\"orders\") { messages: 1 }\nexpect deny approval_required");
    check(&format!("call {}\nexpect deny limit_exceeded", send("orders", &[1; 6])));
}

#[test]
fn another_decision_or_reason_is_a_failure() {
    let good = send("orders", &[1]);
    for (steps, found) in [
        (format!("call {good}\nexpect deny"), "allow"),
        (format!("call {}\nexpect allow", send("orders", &[129])), "default_deny"),
        (format!("call {}\nexpect deny explicit_deny", send("orders", &[129])), "default_deny"),
        (format!("call {}\nexpect deny default_deny", send("ORDERS-prod", &[1])), "explicit_deny"),
    ] {
        let ran = ran(&steps);
        assert!(!ran.passed(), "{steps}");
        assert_eq!(ran.expectations[0].found.reason().unwrap_or("allow"), found, "{steps}");
    }
}

#[test]
fn an_action_that_no_statement_names_is_denied_by_default() {
    assert_eq!(decided("call peek from queue(\"orders\") { messages: 1 }\nexpect deny"), ["default_deny"]);
}

#[test]
fn what_the_gate_would_not_read_is_no_decision() {
    let long = format!("call {}\nexpect deny", send("orders", &[1; 10_001]));
    let ran = ran(&long);
    assert!(
        matches!(&ran.expectations[0].found, Found::Malformed { code: "too_large", .. }),
        "{:?}",
        ran.expectations[0].found
    );
    assert!(ran.passed(), "it is refused all the same");
}

#[test]
fn earlier_calls_are_charged_and_so_are_calls_that_were_allowed() {
    let (one, two) = (send("orders", &[1]), send("refunds", &[1, 1]));
    assert_eq!(
        decided(&format!("given {one}\ncall {one}\nexpect allow\ncall {one}\nexpect allow")),
        ["allow", "limit_exceeded"],
        "two calls a minute"
    );
    let later = "at \"2026-01-01T01:00:00Z\"";
    assert_eq!(
        decided(&format!("given {two}\ntimes 2\ncall {one} {later}\nexpect allow\ncall {one}\nexpect allow")),
        ["allow", "limit_exceeded"],
        "five messages a job, over both queues"
    );
    let large = send("orders", &[129]);
    assert_eq!(
        decided(&format!(
            "call {large}\nexpect deny\ncall {large}\nexpect deny\ncall {one}\nexpect allow\ncall {one}\nexpect allow"
        )),
        ["default_deny", "default_deny", "allow", "allow"],
        "refused calls charge nothing"
    );
}

#[test]
fn an_earlier_call_that_failed_is_charged_too() {
    let one = send("orders", &[1]);
    for outcome in ["done", "failed", "unknown"] {
        assert_eq!(
            decided(&format!("given {one}\ntimes 2\noutcome {outcome}\ncall {one}\nexpect allow")),
            ["limit_exceeded"]
        );
    }
}

#[test]
fn time_stands_still_until_a_step_moves_it() {
    let one = send("orders", &[1]);
    let given = format!("given {one} at \"2026-03-01T09:00:00Z\"\ntimes 2");
    let call = format!("call {one}\nexpect allow");
    assert_eq!(decided(&format!("{given}\n{call}")), ["limit_exceeded"]);
    assert_eq!(decided(&format!("{given}\nclock \"2026-03-01T09:00:59.999Z\"\n{call}")), ["limit_exceeded"]);
    assert_eq!(decided(&format!("{given}\nclock \"2026-03-01T09:01:00Z\"\n{call}")), ["allow"]);
    assert_eq!(
        decided(&format!("{given}\ncall {one} at \"2026-03-01T09:01:00Z\"\nexpect allow\n{call}\n{call}")),
        ["allow", "allow", "limit_exceeded"]
    );
}

#[test]
fn every_failing_condition_of_the_nearest_rule_is_told_with_its_place() {
    let text = "call send to queue(\"orders\") { messages: [
        { message_bytes: 1 KiB; properties: { \"schema_version\": \"1\" } },
        { message_bytes: 200 KiB; properties: { \"a\": \"1\"; \"b\": \"2\"; \"c\": \"3\"; \"d\": \"4\" } }
    ] }\nexpect allow";
    let source = source(text);
    let tested = tested(&source);
    let rule = tested.tests[0].expectations[0].rule.as_ref().expect("there is a nearest rule");
    let written = |span: wpc_compiler::Span| {
        source.text().get(span.start as usize..span.end as usize).expect("within the source")
    };
    assert_eq!(
        written(rule.place.expect("it was written here")),
        "allow send to queue(\"orders\"), queue(\"refunds\")"
    );
    let failing: Vec<_> = rule
        .failing
        .iter()
        .map(|one| (one.line, written(one.place.expect("written here")), one.failing.element))
        .collect();
    assert_eq!(
        failing,
        [
            (7, "message_bytes <= 128 KiB", Some(1)),
            (8, "properties has \"schema_version\"", Some(1)),
            (10, "properties.size <= 3", Some(1)),
        ]
    );
}

/// What the steps cover, statement and condition, by the words they begin with.
#[track_caller]
fn covered(steps: &str) -> Vec<String> {
    let coverage = tested(&source(steps)).coverage;
    let statements = coverage.statements.iter().flat_map(|one| {
        let conditions = one.conditions.iter().filter(|condition| condition.decided);
        let own = one.decided.then(|| one.name.clone());
        own.into_iter().chain(conditions.map(|condition| condition.text.clone()))
    });
    statements.collect()
}

#[test]
fn a_statement_is_covered_when_it_decides() {
    let allow = "allow send to queue(\"orders\"), queue(\"refunds\")";
    assert_eq!(covered(&format!("call {}\nexpect allow", send("orders", &[1]))), [allow]);
    assert_eq!(covered(&format!("call {}\nexpect allow", send("other", &[1]))), [""; 0]);
    assert_eq!(
        covered(&format!("call {}\nexpect allow", send("orders-prod", &[1]))),
        ["deny send to queue(\"orders-prod\")"]
    );
    assert_eq!(
        covered("call complete on queue(\"orders\") { messages: 1 }\nexpect allow"),
        ["allow complete on queue(\"orders\")", "require approval of complete"]
    );
    assert_eq!(
        covered(&format!("call {}\nexpect allow", send("orders", &[1; 6]))),
        [allow, "limit messages of send to 5 per job"]
    );
}

#[test]
fn a_condition_is_covered_when_it_alone_decides() {
    let call = |size: &str, properties: &str| {
        format!(
            "call send to queue(\"orders\") {{ messages: [{{ message_bytes: {size}; properties: {{ {properties} }} }}] }}\nexpect allow"
        )
    };
    let good = "\"schema_version\": \"1\"";
    assert_eq!(covered(&call("129 KiB", good)), ["message_bytes <= 128 KiB"]);
    assert_eq!(covered(&call("1 KiB", "")), ["properties has \"schema_version\""]);
    assert_eq!(covered(&call("129 KiB", "")), [""; 0], "either would have refused it");
    let many = format!("{good}; \"a\": \"\"; \"b\": \"\"; \"c\": \"\"");
    assert_eq!(covered(&call("1 KiB", &many)), ["require send", "properties.size <= 3"]);
}

#[test]
fn only_what_decides_is_counted() {
    let coverage = tested(&source(&format!("call {}\nexpect allow", send("orders", &[1])))).coverage;
    let all: Vec<_> =
        coverage.statements.iter().map(|one| (one.kind.word(), one.line, one.conditions.len())).collect();
    // The require's bound on `message_bytes` is looser than the allow's and is part of no rule.
    assert_eq!(
        all,
        [
            ("allow", 6, 2),
            ("require", 10, 1),
            ("limit", 11, 0),
            ("limit", 12, 0),
            ("deny", 13, 0),
            ("allow", 14, 0),
            ("approval", 15, 0),
        ]
    );
    assert_eq!((coverage.all(), coverage.covered(), coverage.percent()), (10, 1, 10));
}

#[test]
fn given_calls_cover_nothing() {
    let (given, other) = (send("orders-prod", &[1]), send("other", &[1]));
    assert_eq!(covered(&format!("given {given}\ncall {other}\nexpect deny")), [""; 0]);
}

#[test]
fn tests_are_chosen_by_name() {
    let source = Source::new(
        "t.wpc",
        format!(
            "{ORDERS}test \"one\" {{ call {0}\nexpect allow }}\ntest \"two\" {{ call {0}\nexpect allow }}\n",
            send("orders", &[1])
        ),
    );
    let tested = wpc_compiler::test(&source, &Parameters::new(), |_| Box::new(()), |name| name == "two")
        .expect("it compiles");
    let names: Vec<_> = tested.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!((names, tested.skipped), (vec!["two"], 1));
}

#[test]
fn tests_without_a_policy_are_said_and_not_ignored() {
    let text =
        "tool mail { action send { to: list<email> } }\ntest \"a\" { call send { to: [] }\nexpect deny }\n";
    let source = Source::new("mail.wpc", text.replace("to:", "recipients:"));
    let found = wpc_compiler::test(&source, &Parameters::new(), |_| Box::new(()), |_| true)
        .expect_err("nothing decides");
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::TestWithoutPolicy]);
    let source = Source::new("empty.wpc", "");
    let found = wpc_compiler::test(&source, &Parameters::new(), |_| Box::new(()), |_| true)
        .expect_err("nothing decides");
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), [Code::NoPolicy]);
}

#[test]
fn nothing_is_allowed_outside_the_times_at_which_a_policy_is_valid() {
    let valid = "valid { from \"2026-03-01T00:00:00Z\"; until \"2026-04-01T00:00:00Z\" }\n    token {";
    let orders = ORDERS.replace("token {", valid);
    let (good, denied) = (send("orders", &[1]), send("orders-prod", &[1]));
    let steps = format!(
        "call {good} at \"2026-02-28T23:59:59.999Z\"\nexpect deny policy_not_valid
        call {good} at \"2026-03-01T00:00:00Z\"\nexpect allow
        call {denied} at \"2026-04-01T00:00:00Z\"\nexpect deny policy_not_valid"
    );
    let source = Source::new("t.wpc", format!("{orders}\ntest \"t\" {{\n{steps}\n}}\n"));
    let ran = tested(&source).tests.remove(0);
    assert_eq!(ran.expectations.len(), 3);
    assert!(ran.passed(), "{:?}", ran.expectations);
}

/// Two people, of whom the policy names the first.
const ANNA: &str = "did(\"did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7\")";
const BERT: &str = "did(\"did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd\")";

#[test]
fn a_call_that_was_approved_goes_ahead_once() {
    let call = "call complete on queue(\"orders\") { messages: 1 }";
    let check = |steps: &str, expect: &[&str]| assert_eq!(decided(steps), expect, "{steps}");
    check(
        &format!("{call}\napproved by {ANNA}\nexpect allow\n{call}\nexpect allow"),
        &["allow", "approval_required"],
    );
    check(&format!("{call}\napproved by {BERT}\nexpect allow"), &["approval_required"]);
    check(&format!("requester {ANNA}\n{call}\napproved by {ANNA}\nexpect allow"), &["approval_required"]);
    let late = format!("{call} at \"2026-03-01T09:30:00Z\"\napproved by {ANNA} at");
    check(&format!("{late} \"2026-03-01T09:00:00Z\"\nexpect allow"), &["approval_required"]);
    check(&format!("{late} \"2026-03-01T09:00:00.001Z\"\nexpect allow"), &["allow"]);
}

/// A policy about whose calls they are and what came before.
const JOBS: &str = r#"
tool deploy {
    resource target(name: text) = "deploy/{name}"
    action plan on target { } result { revision: text trusted }
    action apply on target { revision: text }
    action read, send on target { }
}

policy jobs {
    tool deploy {
        allow plan, read, send on target("a")
        allow apply on target("a")
        limit concurrent plan to 1
        limit calls of read to 2 per hour per agent
        separate read from send
        before apply do plan with same resource, revision == plan.revision
    }
    token { pin policy }
}
"#;

#[track_caller]
fn of_jobs(steps: &str) -> (Vec<&'static str>, Vec<String>) {
    let source = Source::new("t.wpc", format!("{JOBS}\ntest \"t\" {{\n{steps}\n}}\n"));
    let tested = tested(&source);
    let found =
        tested.tests[0].expectations.iter().map(|one| one.found.reason().unwrap_or("allow")).collect();
    let statements =
        tested.coverage.statements.iter().filter(|one| one.decided && one.kind.word() != "allow");
    (found, statements.map(|one| one.name.clone()).collect())
}

#[test]
fn what_is_in_flight_takes_its_place_until_it_ends() {
    let plan = "plan on target(\"a\")";
    let (found, covered) = of_jobs(&format!("given {plan}\noutcome unknown\ncall {plan}\nexpect deny"));
    assert_eq!((found, covered), (vec!["limit_exceeded"], vec!["limit concurrent plan to 1".to_owned()]));
    assert_eq!(of_jobs(&format!("given {plan}\noutcome failed\ncall {plan}\nexpect deny")).0, ["allow"]);
    let twice = format!("call {plan}\noutcome unknown\nexpect allow\ncall {plan}\nexpect deny");
    assert_eq!(of_jobs(&twice).0, ["allow", "limit_exceeded"]);
}

#[test]
fn an_agents_other_jobs_count_and_another_agents_do_not() {
    let read = "read on target(\"a\")";
    let earlier = format!("given {read}\ntimes 2\njob \"another\"");
    assert_eq!(of_jobs(&format!("{earlier}\ncall {read}\nexpect deny")).0, ["limit_exceeded"]);
    assert_eq!(of_jobs(&format!("{earlier}\nagent \"another\"\ncall {read}\nexpect deny")).0, ["allow"]);
}

#[test]
fn what_came_before_decides_in_its_own_job() {
    let (read, send) = ("read on target(\"a\")", "send on target(\"a\")");
    let (found, covered) = of_jobs(&format!("given {read}\ncall {send}\nexpect deny order_denied"));
    assert_eq!((found, covered), (vec!["order_denied"], vec!["separate read from send".to_owned()]));
    assert_eq!(of_jobs(&format!("given {read}\njob \"another\"\ncall {send}\nexpect deny")).0, ["allow"]);
}

#[test]
fn a_result_is_what_a_later_call_must_agree_with() {
    let plan = "given plan on target(\"a\")";
    let apply =
        |revision: &str| format!("call apply on target(\"a\") {{ revision: \"{revision}\" }}\nexpect deny");
    assert_eq!(of_jobs(&apply("r7")).0, ["order_denied"]);
    assert_eq!(of_jobs(&format!("{plan}\nresult {{ revision: \"r7\" }}\n{}", apply("r7"))).0, ["allow"]);
    assert_eq!(
        of_jobs(&format!("{plan}\nresult {{ revision: \"r7\" }}\n{}", apply("r8"))).0,
        ["order_denied"]
    );
    assert_eq!(of_jobs(&format!("{plan}\noutcome failed\n{}", apply("r7"))).0, ["order_denied"]);
}
