//! What is said of a refusal agrees with what decided it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wpc_model::arbitrary::policy_and_call;
use wpc_model::{
    Effect, Ending, History as _, Moment, Near, Past, Ruling, Truth, Who, conditions_hold, decisive, demands,
    failing, rule,
};

/// A Tuesday, 12:00.
const NOW: Moment = Moment::at(1_767_700_800_000);

proptest! {
    #[test]
    fn the_first_failing_condition_is_the_one_that_the_decision_names((policy, call) in policy_and_call()) {
        let tool = &policy.tools[&call.tool];
        let action = &tool.interface.actions[&call.action];
        if let Ruling::DefaultDeny { near: Some(Near { rule, condition: Some(first) }) } = rule(tool, &call, NOW) {
            let allow = &tool.allow[rule as usize];
            let all = failing(&allow.conditions, action, &call, NOW);
            prop_assert_eq!(all.first().map(|one| one.condition), Some(first));
        }
    }

    #[test]
    fn an_allow_holds_if_and_only_if_nothing_of_it_fails((policy, call) in policy_and_call()) {
        let tool = &policy.tools[&call.tool];
        let action = &tool.interface.actions[&call.action];
        for allow in &tool.allow {
            let holds = conditions_hold(&allow.conditions, action, &call, Effect::Allow, NOW).is_true();
            let all = failing(&allow.conditions, action, &call, NOW);
            prop_assert_eq!(holds, all.is_empty());
            prop_assert!(all.iter().all(|one| one.truth != Truth::True));
        }
    }

    #[test]
    fn a_condition_decides_if_the_rule_speaks_without_it_and_only_then((policy, call) in policy_and_call()) {
        let tool = &policy.tools[&call.tool];
        let action = &tool.interface.actions[&call.action];
        for (effect, rules) in [(Effect::Allow, &tool.allow), (Effect::Deny, &tool.deny)] {
            for rule in rules {
                let speaks = |conditions: &[wpc_model::Condition]| {
                    let truth = conditions_hold(conditions, action, &call, effect, NOW);
                    if effect == Effect::Allow { truth.is_true() } else { truth.is_not_false() }
                };
                let found = decisive(&rule.conditions, action, &call, effect, NOW);
                for index in 0..rule.conditions.len() {
                    let mut rest = rule.conditions.to_vec();
                    rest.remove(index);
                    let decides = !speaks(&rule.conditions) && speaks(&rest);
                    prop_assert_eq!(decides, found.contains(&(index as u32)));
                }
                // An allow that a single condition refuses has exactly that one failing.
                if effect == Effect::Allow && !found.is_empty() {
                    let all: Vec<_> = failing(&rule.conditions, action, &call, NOW).iter().map(|one| one.condition).collect();
                    prop_assert_eq!(all, found);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_call_that_happened_often_counts_like_as_many_calls((policy, call) in policy_and_call(), times in 1_u32..6, ending in 0_usize..3) {
        let who = Who { job: "a", agent: "b" };
        let nothing = BTreeMap::new();
        let ending = [Ending::Done(&nothing), Ending::Failed, Ending::Unknown][ending];
        let (mut once, mut often) = (Past::new(), Past::new());
        let together = once.happened(&policy, who, 1_000, &call, times, ending);
        let apart = (0..times).try_for_each(|_| often.happened(&policy, who, 1_000, &call, 1, ending));
        prop_assert_eq!(together, apart);
        if together.is_ok() {
            let tool = &policy.tools[&call.tool];
            for demand in demands(tool, &call).unwrap_or_default() {
                let bound = tool.limits[demand.limit as usize].bound(demand.key);
                let used = |past: &Past| past.at(who, 2_000).used(&bound, demand.amount);
                prop_assert_eq!(used(&once), used(&often));
            }
        }
    }
}
