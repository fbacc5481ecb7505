//! Policies that extend others, compared: no answer may be contradicted by a call.

use proptest::collection::vec;
use proptest::prelude::*;
use wpc_analysis::{Comparison, Direction, Part, Shown, Verdict, compare};
use wpc_model::{Call, Moment, Policy, arbitrary, rulings};

const NOW: Moment = Moment::at(1_767_700_800_000);

/// A policy that extends others, three that were made of it, and calls.
fn related() -> impl Strategy<Value = (Policy, [Policy; 3], Vec<Call>)> {
    arbitrary::extending().prop_flat_map(|policy| {
        let calls = vec(arbitrary::call(&policy), 0..=8);
        let mut less = policy.clone();
        for tool in less.tools.values_mut() {
            tool.allow.truncate(tool.allow.len() / 2);
        }
        let mut fewer = policy.clone();
        fewer.parents.pop();
        let alone = Policy { parents: Vec::new(), ..policy.clone() };
        (Just(policy), Just([less, fewer, alone]), calls)
    })
}

/// Whether the rules of all layers allow the call.
fn allows(policy: &Policy, call: &Call, moment: Moment) -> bool {
    call.is_complete(policy) && rulings(policy, call, moment).allow()
}

fn holds(old: &Policy, new: &Policy, calls: &[Call]) -> Result<Comparison, TestCaseError> {
    let found = compare(old, new);
    if matches!(found.verdict, Verdict::Equal | Verdict::Narrower) {
        for call in calls {
            prop_assert!(!allows(new, call, NOW) || allows(old, call, NOW), "{:?} of {:?}", found, call);
        }
    }
    for one in &found.differences {
        let (more, less) = if one.direction == Direction::Wider { (new, old) } else { (old, new) };
        if let Shown::Call(case) = &one.shown {
            prop_assert!(allows(more, &case.call, case.moment) && !allows(less, &case.call, case.moment));
        }
    }
    Ok(found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_is_contradicted((policy, others, calls) in related()) {
        prop_assert_eq!(holds(&policy, &policy, &calls)?.verdict, Verdict::Equal);
        for other in others {
            holds(&policy, &other, &calls)?;
            let found = holds(&other, &policy, &calls)?;
            // What extends more is never said to be wider for it.
            let parents = found.differences.iter().filter(|one| matches!(one.part, Part::Parent(_)));
            for one in parents {
                prop_assert!(one.direction == Direction::Narrower && one.shown == Shown::Itself);
            }
        }
    }

    #[test]
    fn one_more_parent_is_narrower_and_one_less_is_not_decided(policy in arbitrary::extending()) {
        let alone = Policy { parents: Vec::new(), ..policy.clone() };
        prop_assert_eq!(compare(&alone, &policy).verdict, Verdict::Narrower);
        let back = compare(&policy, &alone).verdict;
        prop_assert!(matches!(back, Verdict::Undecided | Verdict::Wider), "{:?}", back);
    }
}
