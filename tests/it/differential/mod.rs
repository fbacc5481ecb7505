//! Everything that decides decides alike: the reference interpreter, code that was generated from
//! policy text through both doors, and the engine that indexes an artifact.
//!
//! The build script draws 200 policies from `WPC_SEED`; the tests draw `WPC_CASES` calls.

mod bus;
mod corpus;
mod desk;
mod drawn;
mod engines;
mod facts;
mod generated;
mod table;

use std::env;

use wpc_compiler::{Parameters, compile};
use wpc_model::{Call, Policy, encode};

use crate::random::dice::Random;
use crate::random::{self, Family};
use drawn::Fields;
use engines::{Engines, Seen, resource};
use generated::{POLICIES, SEED};
use table::Listed;

/// Pairs of a policy and a call when `WPC_CASES` does not say how many.
const CASES: u64 = 40_000;

fn cases() -> u64 {
    env::var("WPC_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

fn compare(listed: &Listed, calls: u64, random: &mut Random, seen: &mut Seen) {
    let engines = match listed.artifact {
        Some(artifact) => Engines::open(artifact),
        None => {
            let source = random::source(format!("{}.wpc", listed.name), listed.text.to_owned());
            Engines::open(&encode(&compile(&source, &Parameters::new()).unwrap().policy))
        }
    };
    assert_eq!(engines.policy.hash().to_string(), listed.hash, "code and artifact of {}", listed.name);
    for _ in 0..calls {
        listed.compare(&engines, random, seen);
    }
}

#[test]
fn generated_code_and_engine_rule_as_the_reference_interpreter_does() {
    println!("policies from WPC_SEED={SEED}");
    let (mut random, mut seen) = (Random::new(SEED), Seen::default());
    let calls = cases().div_ceil(u64::try_from(POLICIES.len()).unwrap());
    for listed in POLICIES {
        compare(listed, calls, &mut random, &mut seen);
    }
    println!("{seen:?}");
    let Seen { allow, explicit_deny, failed_condition, unclear_resource, nothing_near } = seen;
    let all = allow + explicit_deny + failed_condition + unclear_resource + nothing_near;
    for (what, count) in [
        ("allow", allow),
        ("explicit_deny", explicit_deny),
        ("failed_condition", failed_condition),
        ("unclear_resource", unclear_resource),
        ("nothing_near", nothing_near),
    ] {
        assert!(count * 50 > all, "only {count} of {all} rulings are {what}");
    }
}

#[test]
fn both_doors_give_code_that_rules_alike() {
    let (mut random, mut seen) = (Random::new(SEED), Seen::default());
    for listed in corpus::BOTH_DOORS {
        compare(listed, cases() / 100, &mut random, &mut seen);
    }
    assert!(seen.allow > 0 && seen.explicit_deny > 0 && seen.failed_condition > 0, "{seen:?}");
}

#[test]
fn policies_that_were_never_seen_before_compile_and_read_back() {
    let (mut random, mut seen) = (Random::new(SEED ^ 1), 0);
    let families = [Family::bus().unwrap(), Family::desk().unwrap()];
    let mut extended = 0_u32;
    for family in &families {
        let mut before: Option<Policy> = None;
        for index in 0..cases().div_ceil(2_000).min(500) {
            let (text, compiled) = family
                .policy(&mut random, &format!("fresh{index}"))
                .unwrap_or_else(|refusal| panic!("WPC_SEED={SEED}: {refusal}"));
            // One that was drawn before is extended, where both mean the same by the tool.
            let parents = before.replace(compiled.policy.clone()).into_iter().collect();
            let extending = Policy { parents, ..compiled.policy.clone() };
            let policy = if extending.check().is_ok() { extending } else { compiled.policy };
            extended += u32::from(!policy.parents.is_empty());
            let engines = Engines::open(&encode(&policy));
            assert_eq!(engines.policy, policy, "{text}");
            for (name, tool) in &engines.policy.tools {
                for (action, about) in tool.interface.actions.iter().cycle().take(50) {
                    let call = Call {
                        tool: name.clone(),
                        action: action.clone(),
                        resource: resource(&mut random, tool, &about.kinds).map(|(resource, _)| resource),
                        arguments: Fields::draw(&mut random, &tool.interface, about)
                            .values(&tool.interface, &about.arguments),
                    };
                    let _ = engines.ruling(&call, wpc_model::Moment::at(0), &|| text.clone());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 0 && extended > 0);
}
