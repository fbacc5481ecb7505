//! What must hold of every policy: order, spelling and names change no hash, and lowering changes
//! no meaning.

use proptest::prelude::*;
use wpc_compiler::{Code, Compiled, Effort, Parameters, Source, compile};
use wpc_model::{Comparison, Measure, Policy, Slot, Target, Test, Tool, Value, Window};

use crate::sketch::{Sketch, Style, sketch, style, text};

fn compiled(sketch: &Sketch, style: &Style) -> Result<Compiled, TestCaseError> {
    let text = text(sketch, style);
    let source = Source::new("p.wpc", &text);
    match compile(&source, &Parameters::new()) {
        Ok(compiled) => Ok(compiled),
        Err(found) => {
            // A sketch may forbid what it demands in another statement: that is no policy.
            let codes: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
            prop_assert!(codes.iter().all(|code| *code == Code::NeverApplies), "{codes:?}\n{text}");
            Err(TestCaseError::reject("contradicts itself"))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn order_spelling_labels_comments_and_names_leave_the_hash_alone(sketch in sketch(), style in style()) {
        let plain = compiled(&sketch, &Style::PLAIN)?;
        let styled = compiled(&sketch, &style)?;
        prop_assert_eq!(&plain.policy, &styled.policy, "\n{}\n{}", text(&sketch, &Style::PLAIN), text(&sketch, &style));
        prop_assert_eq!(plain.policy.hash(), styled.policy.hash());
    }

    #[test]
    fn every_rule_has_an_origin_and_every_origin_a_rule(sketch in sketch()) {
        let compiled = compiled(&sketch, &Style::PLAIN)?;
        let policy = &compiled.policy;
        let rules = policy.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny)).map(|rule| rule.id);
        let limits = policy.tools.values().flat_map(|tool| &tool.limits).map(|limit| limit.id);
        let approvals = policy.approvals.iter().map(|approval| approval.id);
        let mut ids: Vec<_> = rules.chain(limits).chain(approvals).collect();
        ids.sort();
        prop_assert_eq!(ids, compiled.map.origins.keys().copied().collect::<Vec<_>>());
    }

    #[test]
    fn what_is_compiled_is_valid_and_reads_back(sketch in sketch()) {
        let policy = compiled(&sketch, &Style::PLAIN)?.policy;
        prop_assert_eq!(policy.check(), Ok(()));
        prop_assert_eq!(wpc_model::decode(&wpc_model::encode(&policy)), Ok(policy));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn lowering_keeps_every_meaning(sketch in sketch()) {
        prop_assert_eq!(compiled(&sketch, &Style::PLAIN)?.self_check(Effort::Full), Ok(()));
    }
}

/// Changes a lowered policy as a defect of the compiler could, and expects the doubt to see it.
#[track_caller]
fn notices(what: &str, change: impl Fn(&mut Tool), whole: impl Fn(&mut Policy)) {
    let source = Source::new(
        "p.wpc",
        r#"
        use azure_service_bus
        policy p {
            tool azure_service_bus at namespace("contoso.example") {
                allow send to queue(["orders", "refunds"]) when {
                    message_bytes <= 1 KiB
                    properties has ["trace", "id"]
                    properties lacks "cookie"
                    content_type in ["json", "xml"]
                    messages.size <= 5
                }
                allow peek from queue("orders") when { messages <= 5 }
                require send to queue("orders") { session_id is present }
                deny send to queue(like "re*") when { properties["trace"] == "off" }
                limit messages of send to 9 per job
                limit message_bytes of send on queue("orders") to 1 MiB per hour
                require approval of send when { message_bytes > 512 B } { by did("did:web:a.example"); within 1 h }
            }
        }
        "#,
    );
    let mut compiled = compile(&source, &Parameters::new()).expect("it is sound");
    compiled.policy.tools.values_mut().for_each(&change);
    whole(&mut compiled.policy);
    // Ids and order are put right, so that only the meaning is wrong.
    compiled.policy = renewed(&compiled.policy);
    match (compiled.self_check(Effort::Full), what) {
        (outcome, "nothing") => assert_eq!(outcome, Ok(())),
        (Ok(()), what) => panic!("not noticed: {what}"),
        (Err(found), what) => {
            assert_eq!(found.code, Code::SelfCheck, "{what}");
            assert!(found.message.contains("became"), "{what}: {}", found.message);
        }
    }
}

/// The policy with every id made anew.
fn renewed(policy: &Policy) -> Policy {
    use wpc_model::{Approval, Effect, Limit, Rule, Terms};
    let mut policy = policy.clone();
    for (name, tool) in &mut policy.tools {
        for (effect, rules) in [(Effect::Allow, &mut tool.allow), (Effect::Deny, &mut tool.deny)] {
            for rule in rules {
                *rule = Rule::new(
                    name,
                    effect,
                    rule.action.clone(),
                    rule.target.clone(),
                    rule.conditions.clone(),
                );
            }
        }
        for limit in &mut tool.limits {
            let per = limit.per();
            let Limit { measure, actions, targets, max, .. } = limit.clone();
            *limit = Limit::new(name, measure, actions, targets, max, per);
        }
    }
    for approval in &mut policy.approvals {
        let Approval { tool, actions, targets, conditions, by, quorum, within_ms, uses, bind, .. } =
            approval.clone();
        *approval =
            Approval::new(&tool, actions, targets, conditions, Terms { by, quorum, within_ms, uses, bind });
    }
    policy.normalise()
}

fn nothing<T>(_: &mut T) {}

/// Changes the tests of all allows.
fn tests(change: impl Fn(&mut Test)) -> impl Fn(&mut Tool) {
    move |tool| {
        for rule in &mut tool.allow {
            let mut conditions = rule.conditions.to_vec();
            conditions.iter_mut().for_each(|condition| change(&mut condition.test));
            rule.conditions = conditions.into();
        }
    }
}

#[test]
fn the_self_check_is_content_with_what_did_not_change() {
    notices("nothing", nothing, nothing);
}

#[test]
fn the_self_check_notices_a_lost_or_invented_rule() {
    notices("a deny is lost", |tool| tool.deny.clear(), nothing);
    notices("an allow is lost", |tool| drop(tool.allow.pop()), nothing);
    notices(
        "an allow is of any queue",
        |tool| tool.allow.iter_mut().for_each(|rule| rule.target = Target::Any),
        nothing,
    );
    notices(
        "a name is another",
        |tool| {
            for rule in &mut tool.allow {
                if let Target::Of { slots, .. } = &mut rule.target {
                    *slots = vec![Slot::Exact("orders".into())];
                }
            }
        },
        nothing,
    );
}

#[test]
fn the_self_check_notices_a_changed_condition() {
    notices(
        "a require is not joined",
        |tool| {
            for rule in &mut tool.allow {
                rule.conditions =
                    rule.conditions.iter().filter(|one| one.test != Test::Present).cloned().collect();
            }
        },
        nothing,
    );
    notices(
        "a bound is one too high",
        tests(|test| {
            if let Test::Compare(Comparison::AtMost, Value::Int(bound)) = test {
                *bound += 1;
            }
        }),
        nothing,
    );
    notices(
        "a bound is strict",
        tests(|test| {
            if let Test::Compare(comparison, _) = test {
                *comparison = Comparison::Less;
            }
        }),
        nothing,
    );
    notices(
        "a key is lost",
        tests(|test| {
            if let Test::Has(keys) = test {
                keys.pop();
            }
        }),
        nothing,
    );
    notices(
        "a key is in another case",
        tests(|test| {
            if let Test::Lacks(keys) = test {
                *keys = vec![Value::text("Cookies")];
            }
        }),
        nothing,
    );
    notices(
        "a constant is lost",
        tests(|test| {
            if let Test::In(constants) = test {
                constants.pop();
            }
        }),
        nothing,
    );
}

#[test]
fn the_self_check_notices_a_changed_limit_or_approval() {
    notices("a limit is lost", |tool| drop(tool.limits.pop()), nothing);
    notices("a limit is higher", |tool| tool.limits.iter_mut().for_each(|limit| limit.max += 1), nothing);
    notices(
        "a limit is per job",
        |tool| tool.limits.iter_mut().for_each(|limit| limit.window = Window::Job),
        nothing,
    );
    notices(
        "a limit counts calls",
        |tool| tool.limits.iter_mut().for_each(|limit| limit.measure = Measure::Calls),
        nothing,
    );
    notices("an approval is lost", nothing, |policy| policy.approvals.clear());
    notices("an approval is not asked for", nothing, |policy| {
        for approval in &mut policy.approvals {
            approval.targets = vec![Target::Of { kind: "topic".into(), slots: vec![Slot::Any] }];
        }
    });
    notices("more people must approve", nothing, |policy| {
        policy.approvals.iter_mut().for_each(|approval| approval.quorum += 1);
    });
}
