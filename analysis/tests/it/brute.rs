//! Every answer against calls, histories and signers drawn at random: none may contradict it.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wpc_analysis::{Case, Direction, Part, Shown, Verdict, compare};
use wpc_model::{
    Approver, Charge, Condition, Conformance, Hash, Policy, Ruling, Situation, Source, Sources, Truth, Value,
    approvals, rule,
};

use crate::pairs::{Pair, charge, pair, times};

/// Pairs of policies when `WPC_CASES` does not say how many.
const CASES: u64 = 300;

fn cases() -> u64 {
    env::var("WPC_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

fn allows(policy: &Policy, case: &Case) -> bool {
    allows_in(policy, case, case.moment.into())
}

fn allows_in(policy: &Policy, Case { call, .. }: &Case, situation: Situation<'_>) -> bool {
    let tool = policy.tools.get(&call.tool);
    call.is_complete(policy)
        && tool.is_some_and(|tool| matches!(rule(tool, call, situation), Ruling::Allow { .. }))
}

/// Where values came from: some from here, some not, of some nobody knows.
#[derive(Debug)]
struct Drawn(u8);

impl Sources for Drawn {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        let text = format!("{} {} {value:?}", self.0, source.to_text());
        [Truth::True, Truth::False, Truth::Unknown][usize::from(Hash::of(text.as_bytes()).0[0] % 3)]
    }
}

/// What they conform to, the same.
impl Conformance for Drawn {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        let text = format!("{} {condition:?} {value:?}", self.0);
        [Truth::True, Truth::False, Truth::Unknown][usize::from(Hash::of(text.as_bytes()).0[0] % 3)]
    }
}

/// What may be known when a case is decided.
fn situations(case: &Case) -> Vec<Situation<'static>> {
    const DRAWN: [&Drawn; 4] = [&Drawn(0), &Drawn(1), &Drawn(2), &Drawn(3)];
    let known =
        DRAWN.map(|drawn| Situation { moment: case.moment, sources: Some(drawn), conformance: Some(drawn) });
    known.into_iter().chain([case.moment.into()]).collect()
}

#[derive(Debug, Default)]
struct Tally {
    pairs: u64,
    /// Pairs in which a policy asks what the gate alone answers.
    asking: u64,
    differences: u64,
    undecided: BTreeMap<&'static str, u64>,
    verdicts: BTreeMap<&'static str, u64>,
    calls: u64,
}

#[test]
fn no_call_no_history_and_no_signers_contradict_an_answer() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut tally = Tally::default();
    for _ in 0..cases() {
        let Pair { old, new, calls } = pair(24).new_tree(&mut runner).unwrap().current();
        let at = times(calls.len()).new_tree(&mut runner).unwrap().current();
        tally.asking += u64::from(asks_the_gate(&old) || asks_the_gate(&new));
        check(&old, &new, &calls, &at, &mut tally);
    }
    let Tally { pairs, asking, differences, undecided, verdicts, calls, .. } = tally;
    eprintln!(
        "{pairs} pairs ({asking} ask the gate), {differences} differences shown, {calls} calls, verdicts {verdicts:?}"
    );
    eprintln!("undecided parts {undecided:?}");
    let allow = undecided.get("allow").copied().unwrap_or(0);
    assert!(allow * 50 <= pairs, "more than 2 % of pairs have undecided rules: {allow} of {pairs}");
}

fn check(old: &Policy, new: &Policy, calls: &[Case], at: &[i64], tally: &mut Tally) {
    let found = compare(old, new);
    tally.pairs += 1;
    tally.calls += calls.len() as u64;
    *tally.verdicts.entry(found.verdict.word()).or_default() += 1;
    let context = || format!("old {old:#?}\nnew {new:#?}\nfound {found:#?}");
    for (direction, more, less) in [(Direction::Wider, new, old), (Direction::Narrower, old, new)] {
        let (mut rules, mut limits, mut approvals) = (false, false, false);
        for one in found.differences.iter().filter(|one| one.direction == direction) {
            let name = match one.part {
                Part::Allow { .. } => "allow",
                Part::Limit(_) => "limit",
                Part::Approval(_) => "approval",
                Part::Order(_) => "order",
                Part::Setting(_) => "setting",
                Part::Parent(_) => "parent",
            };
            match one.part {
                Part::Allow { .. } => rules = true,
                Part::Limit(_) => limits = true,
                Part::Approval(_) => approvals = true,
                Part::Order(_) | Part::Setting(_) | Part::Parent(_) => {}
            }
            match &one.shown {
                Shown::Undecided(by) => {
                    assert!(!by.is_empty() || name == "setting");
                    let name = if asks_the_gate(old) || asks_the_gate(new) { "asks the gate" } else { name };
                    *tally.undecided.entry(name).or_default() += 1;
                }
                Shown::Call(case) if name == "allow" => {
                    tally.differences += 1;
                    assert_eq!(case.call.conform(more), Ok(()), "{}", context());
                    assert!(allows(more, case) && !allows(less, case), "{case:?}\n{}", context());
                }
                Shown::Call(case) => {
                    tally.differences += 1;
                    let escapes = signer_sets().into_iter().any(|set| {
                        satisfied(more, case, case.moment.into(), &set)
                            && !satisfied(less, case, case.moment.into(), &set)
                    });
                    let terms = wpc_model::approvals(more, &case.call, case.moment).len() == 1;
                    assert!(allows(more, case) && (escapes || terms), "{case:?}\n{}", context());
                }
                Shown::Calls { case, times, apart_ms } => {
                    tally.differences += 1;
                    let admits = |policy: &Policy| {
                        let mut charges = Vec::new();
                        (0..i64::from(*times)).all(|index| {
                            let charged = charge(policy, &case.call, &charges, index * apart_ms);
                            charged.map(|more| charges.extend(more)).is_some()
                        })
                    };
                    if *times <= 1_100 {
                        assert!(
                            allows(more, case) && admits(more) && !admits(less),
                            "{case:?}\n{}",
                            context()
                        );
                    }
                }
                // Pairs have no orders; rows of calls are replayed where they are made.
                Shown::Row(steps) => assert!(name == "order" && !steps.is_empty()),
                Shown::Itself => {}
            }
        }
        let known =
            calls.iter().flat_map(|case| situations(case).into_iter().map(move |known| (case, known)));
        for (case, known) in known.filter(|(case, known)| allows_in(more, case, *known)) {
            assert!(rules || allows_in(less, case, known), "{direction:?} {case:?}\n{}", context());
            for set in signer_sets() {
                assert!(
                    approvals || !satisfied(more, case, known, &set) || satisfied(less, case, known, &set),
                    "{direction:?} {set:?} {case:?}\n{}",
                    context()
                );
            }
        }
        let (mut of_more, mut of_less): (Vec<Charge>, Vec<Charge>) = (Vec::new(), Vec::new());
        for (case, at) in calls.iter().zip(at) {
            // The job as the wider policy lets it go on.
            let call = &case.call;
            if !allows(more, case) {
                continue;
            }
            let Some(charged) = charge(more, call, &of_more, *at) else { continue };
            of_more.extend(charged);
            match charge(less, call, &of_less, *at) {
                Some(charged) => of_less.extend(charged),
                None => assert!(limits, "{direction:?} {call:?} at {at}\n{}", context()),
            }
        }
    }
    let shown = |direction| {
        let of = |one: &&wpc_analysis::Difference| {
            one.direction == direction && !matches!(one.shown, Shown::Undecided(_))
        };
        found.differences.iter().filter(of).count()
    };
    match found.verdict {
        Verdict::Equal => assert!(found.differences.is_empty()),
        Verdict::Wider => assert_eq!((shown(Direction::Wider) > 0, shown(Direction::Narrower)), (true, 0)),
        Verdict::Narrower => assert_eq!((shown(Direction::Wider), shown(Direction::Narrower) > 0), (0, true)),
        Verdict::Incomparable => assert!(shown(Direction::Wider) > 0 && shown(Direction::Narrower) > 0),
        Verdict::Undecided => {}
    }
}

/// Whether the gate alone answers some of its conditions: no call says where values came from, what they conform
/// to, or what a sealed one says.
fn asks_the_gate(policy: &Policy) -> bool {
    policy.asks_of_sealed()
        || policy.conditions().any(|condition| condition.sources().is_some() || condition.schema().is_some())
}

/// People: two with keys, two with a role.
const PEOPLE: [&str; 4] = ["did:key:a", "did:key:b", "boss one", "boss two"];

fn signer_sets() -> Vec<BTreeSet<&'static str>> {
    let of = |bits: u32| {
        PEOPLE.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, one)| *one).collect()
    };
    (0..16).map(of).collect()
}

/// Whether `people` meet every approval that `policy` asks for, no one signing for two of them.
fn satisfied(
    policy: &Policy,
    Case { call, .. }: &Case,
    known: Situation<'_>,
    people: &BTreeSet<&str>,
) -> bool {
    let asked = approvals(policy, call, known).into_iter().map(|index| &policy.approvals[index as usize]);
    let mut wanted: Vec<Vec<&str>> = Vec::new();
    for one in asked {
        let able: Vec<&str> = people
            .iter()
            .copied()
            .filter(|person| {
                one.by.iter().any(|approver| match approver {
                    Approver::Did(did) => did == person,
                    Approver::Role { .. } => person.starts_with("boss"),
                })
            })
            .collect();
        (0..one.quorum).for_each(|_| wanted.push(able.clone()));
    }
    assigned(&wanted, &mut BTreeSet::new())
}

fn assigned<'a>(wanted: &[Vec<&'a str>], used: &mut BTreeSet<&'a str>) -> bool {
    let Some((first, rest)) = wanted.split_first() else { return true };
    first.iter().any(|person| {
        if !used.insert(*person) {
            return false;
        }
        let met = assigned(rest, used);
        used.remove(person);
        met
    })
}
