//! What a decision reads of a call.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wpc_model::{
    Approval, Approver, Before, Bind, Limit, Measure, Needs, Order, Origin, Owner, Past, Per, Policy, Same,
    Sequence, Target, Terms, Test, ToolAction, Uses, Who, Window, arbitrary, reads, rule, settle,
};

use crate::example::{TOOL, allow, at_most, condition, deny, example, policy, queue};

#[track_caller]
fn check(policy: &Policy, action: &str, expect: &[&str]) {
    let expect: BTreeSet<_> = expect.iter().copied().map(str::to_owned).collect();
    assert_eq!(reads(policy, TOOL, action), expect, "{action}");
}

fn approval(actions: &[&str], bind: Bind) -> Approval {
    let actions = actions.iter().copied().map(str::to_owned).collect();
    let by = vec![Approver::Did("did:web:ann".into())];
    let terms = Terms { by, quorum: 1, within_ms: 1, uses: Uses::Times(1), bind };
    Approval::new(TOOL, actions, vec![Target::Any], vec![], terms)
}

#[test]
fn a_field_of_an_element_is_read_in_its_batch() {
    check(&example(), "send", &["messages"]);
    check(&example(), "manage", &[]);
    // Of an action that only an approval speaks of, whatever it binds.
    check(&example(), "deadletter_purge", &["messages"]);
    check(&example(), "peek", &[]);
}

#[test]
fn conditions_read_whatever_they_do() {
    let mode = || condition("mode", Test::Present);
    let only_bytes = policy(vec![allow("send", queue("a"), vec![at_most(1)])], vec![], vec![]);
    check(&only_bytes, "send", &["messages"]);
    check(&only_bytes, "receive", &[]);
    let denied = policy(
        vec![allow("receive", queue("a"), vec![])],
        vec![deny("receive", queue("a"), vec![mode()])],
        vec![],
    );
    check(&denied, "receive", &["mode"]);
    let clock = condition("clock.weekday", Test::In(vec![wpc_model::Value::text("mon")]));
    check(&policy(vec![allow("receive", queue("a"), vec![clock])], vec![], vec![]), "receive", &[]);
}

#[test]
fn limits_read_what_they_measure_and_count_by() {
    let per = Per { window: Window::Job, owner: Owner::Job, by_resource: true, by: vec!["mode".into()] };
    let limit =
        |measure| Limit::new(TOOL, measure, vec!["receive".into()], vec![Target::Any], 9, per.clone());
    check(&policy(vec![], vec![], vec![limit(Measure::Calls)]), "receive", &["mode"]);
    let measured = limit(Measure::Argument("messages".into()));
    check(&policy(vec![], vec![], vec![measured]), "receive", &["messages", "mode"]);
}

#[test]
fn approvals_read_what_they_bind() {
    let with =
        |bind| Policy { approvals: vec![approval(&["receive"], bind)], ..policy(vec![], vec![], vec![]) };
    check(&with(Bind::Arguments), "receive", &["messages", "mode"]);
    check(&with(Bind::Some(vec!["mode".into()])), "receive", &["mode"]);
    check(&with(Bind::Some(vec![])), "receive", &[]);
    check(&with(Bind::Arguments), "peek", &[]);
}

#[test]
fn a_before_reads_what_must_agree_on_both_sides() {
    let action = |action: &str| ToolAction { tool: TOOL.into(), action: action.into() };
    let same = |argument: &str, with| Same { argument: argument.into(), with };
    let before = Before {
        later: action("schedule"),
        earlier: action("receive"),
        same_resource: false,
        same: vec![
            same("at", Origin::Argument("mode".into())),
            same("messages", Origin::Result("id".into())),
        ],
        within_ms: None,
        once: false,
    };
    let orders = vec![Order::new(Sequence::Before(before))];
    let policy = Policy { orders, ..policy(vec![], vec![], vec![]) };
    check(&policy, "schedule", &["at", "messages"]);
    check(&policy, "receive", &["mode"]);
    check(&policy, "peek", &[]);
}

#[test]
fn of_what_the_policy_does_not_know_nothing_is_read() {
    assert_eq!(reads(&example(), "other", "send"), BTreeSet::new());
    check(&example(), "other", &[]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Without the arguments that nothing reads, a call is decided and charged alike.
    #[test]
    fn what_is_not_read_decides_nothing(
        (policy, call) in arbitrary::policy_and_call(),
        moment in arbitrary::moment(),
    ) {
        let read = reads(&policy, &call.tool, &call.action);
        let mut rest = call.clone();
        rest.arguments.retain(|name, _| read.contains(name));
        let tool = &policy.tools[&call.tool];
        prop_assert_eq!(rule(tool, &rest, moment), rule(tool, &call, moment));
        let (of_rest, of_call) = (Needs::of(&policy, &rest, moment), Needs::of(&policy, &call, moment));
        prop_assert_eq!(&of_rest, &of_call);
        let (past, who) = (Past::default(), Who { job: "j", agent: "a" });
        let result = BTreeMap::new();
        let settled = |call| settle(&policy, call, &[], Some(&result), &past.at(who, 0));
        prop_assert_eq!(settled(&rest), settled(&call));
    }
}
