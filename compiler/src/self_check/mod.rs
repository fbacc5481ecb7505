//! The compiler's doubt of itself (LANGUAGE.md section 8).
//!
//! The statements as the author wrote them, requires apart and lists not expanded, are evaluated
//! by [`evaluate`], a second reading of the language, and compared with what
//! the interpreter says of the lowered policy: for each rule at its own boundaries, one condition
//! flipped at a time, and for calls drawn at random. A difference means that lowering changed a
//! meaning, and nothing may be signed.

mod address;
mod build;
mod cases;
mod changed;
mod evaluate;
mod focus;
mod pool;
mod random;

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{
    self as model, Call, Condition, Conformance, Measure, Moment, Policy, Ruling, Sealed, Seals, Situation,
    Source, Sources, Truth,
};

use crate::checked::{Checked, Order, Tool};
use crate::compiled::Compiled;
use crate::{Code, Diagnostic};

use evaluate::Verdict;
use focus::Focus;
use pool::Pool;
use random::Random;

/// How much of a policy to compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effort {
    /// What every compilation does, macros included: boundaries of the first 64 rules of each
    /// tool, and 100 random calls.
    Quick,
    /// What `wpc compile` does before it writes an artifact: boundaries of every rule, and 10,000
    /// random calls. Rules that differ in their resource alone share the boundaries of their
    /// conditions, each with boundaries of its own resource. Policies whose patterns make every call
    /// meet thousands of rules are compared until a fixed amount of work is done.
    Full,
}

impl Effort {
    const fn rules(self) -> usize {
        match self {
            Self::Quick => 64,
            Self::Full => usize::MAX,
        }
    }

    const fn random_calls(self) -> usize {
        match self {
            Self::Quick => 100,
            Self::Full => 10_000,
        }
    }

    /// Steps of all comparisons together: statements and rules met, and for each constant of theirs the
    /// values of the call that it may have to be compared with.
    const fn work(self) -> usize {
        match self {
            Self::Quick => 1_000_000,
            Self::Full => 50_000_000,
        }
    }
}

/// Policies of more rules are held against the model's own rules by the full effort alone: who
/// reads an artifact does it too.
const CHECKED_AT_ONCE: usize = 4_096;

/// Seeds the random calls: the same policy is always compared on the same calls.
const SEED: u64 = 0x7770_635f_7365_6564;

impl Compiled {
    /// Compares what was written with what it was lowered to.
    ///
    /// # Errors
    ///
    /// [`Code::SelfCheck`], with the call on which they differ: a defect of the compiler.
    pub fn self_check(&self, effort: Effort) -> Result<(), Box<Diagnostic>> {
        self_check(&self.checked, &self.policy, effort)
    }
}

/// Compares a policy, and each that it extends.
pub(crate) fn self_check(checked: &Checked, policy: &Policy, effort: Effort) -> Result<(), Box<Diagnostic>> {
    for parent in &checked.parents {
        self_check(&parent.checked, &parent.policy, effort)?;
    }
    let tools = policy.layers().flat_map(|layer| layer.tools.values());
    let rules: usize = tools.map(|tool| tool.allow.len() + tool.deny.len()).sum();
    if (effort == Effort::Full || rules <= CHECKED_AT_ONCE)
        && let Err(invalid) = policy.check()
    {
        return Err(difference(checked, &invalid.to_string()));
    }
    let attested = policy.layers().any(asks_the_gate);
    let mut random = Random::new(SEED);
    let mut work = effort.work();
    for (name, tool) in &checked.tools {
        let Some(lowered) = policy.tools.get(name) else {
            return Err(difference(checked, &format!("tool `{name}` is gone")));
        };
        let pool = Pool::of(tool, lowered, effort.rules());
        let mut comparison = Comparison {
            name,
            tool,
            policy,
            orders: &checked.orders,
            focus: Focus::new(tool, lowered),
            attested,
            work: &mut work,
        };
        let compared = comparison
            .boundaries(&pool, effort.rules())
            .and_then(|()| comparison.random(&pool, &mut random, effort.random_calls()));
        match compared {
            Ok(()) => {}
            Err(Halt::Exhausted) => return Ok(()),
            Err(Halt::Differs(what)) => return Err(difference(checked, &what)),
        }
    }
    Ok(())
}

fn difference(checked: &Checked, what: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(
            Code::SelfCheck,
            checked.place,
            format!("the compiler contradicts itself: {what}"),
            "was compiled to something else than what it says",
        )
        .help("report this with the policy; nothing was compiled"),
    )
}

/// Why comparing ends early.
enum Halt {
    /// This differs, for a report.
    Differs(String),
    /// The effort is spent.
    Exhausted,
}

/// One tool as written and as lowered.
struct Comparison<'c> {
    name: &'c str,
    tool: &'c Tool,
    policy: &'c Policy,
    orders: &'c [Order],
    focus: Focus<'c>,
    /// Whether conditions ask what the gate alone answers.
    attested: bool,
    work: &'c mut usize,
}

/// Whether a condition of a policy asks what the gate alone answers.
fn asks_the_gate(policy: &Policy) -> bool {
    policy.tools.iter().any(|(name, tool)| {
        let of_rules = tool.allow.iter().chain(&tool.deny).flat_map(|rule| rule.conditions.iter());
        let approvals = policy.approvals.iter().filter(|one| one.tool == *name);
        let mut all = of_rules.chain(approvals.flat_map(|one| &one.conditions));
        let interface = &tool.interface;
        all.any(|one| interface.actions.values().any(|action| interface.is_attested(action, one)))
    })
}

/// What the gate alone knows, made up: where values came from, what they conform to, what sealed ones say.
#[derive(Clone, Copy, Debug)]
enum Light {
    /// All of it is so, or nothing.
    All(bool),
    /// Some is so, and some not.
    Some,
}

impl Light {
    fn at(&self, moment: Moment) -> Situation<'_> {
        Situation { moment, sources: Some(self), conformance: Some(self) }
    }

    fn on(self, question: &str) -> Truth {
        match self {
            Self::All(all) => Truth::of(all),
            Self::Some => {
                let first = model::Hash::of(question.as_bytes()).0.first().copied();
                Truth::of(first.is_some_and(|byte| byte.is_multiple_of(2)))
            }
        }
    }

    /// The call with an answer to everything that is asked of its sealed values.
    fn sealed(self, policy: &Policy, mut call: Call) -> Call {
        let seals = Seals::of(policy, &call.tool, &call.action);
        if !seals.is_empty() {
            call.each_sealed(policy, &mut |at, sealed| {
                let asked = seals.of_field(at.record, at.field);
                let path = at.path;
                *sealed = Sealed::new(asked.map(|one| (one.clone(), self.on(&format!("{path:?} {one:?}")))));
            });
        }
        call
    }
}

impl Conformance for Light {
    fn conforms(&self, condition: &Condition, value: &model::Value) -> Truth {
        self.on(&format!("{condition:?} {value:?}"))
    }
}

impl Sources for Light {
    fn came_from(&self, source: &Source, value: &model::Value) -> Truth {
        self.on(&format!("{} {value:?}", source.to_text()))
    }
}

/// All of them, and knowing nothing.
fn lights(attested: bool) -> &'static [Option<&'static Light>] {
    const ALL: &[Option<&Light>] =
        &[None, Some(&Light::All(true)), Some(&Light::All(false)), Some(&Light::Some)];
    if attested { ALL } else { &[None] }
}

impl Comparison<'_> {
    /// Each rule at its own boundaries, as written and as lowered.
    fn boundaries(&mut self, pool: &Pool, most: usize) -> Result<(), Halt> {
        let lowered = self.focus.whole();
        let boundaries = build::Boundaries { tool: self.name, interface: &lowered.interface, pool };
        let mut seen = cases::Seen::default();
        for case in cases::all(self.tool, lowered).take(most) {
            boundaries.each(&case, &mut seen, &mut |call| {
                pool.moments().iter().try_for_each(|moment| self.in_every_light(call, *moment))
            })?;
        }
        Ok(())
    }

    fn random(&mut self, pool: &Pool, random: &mut Random, calls: usize) -> Result<(), Halt> {
        for _ in 0..calls {
            let Some(call) = random.call(self.name, &self.focus.whole().interface, pool) else {
                return Ok(());
            };
            let moment = random.pick(pool.moments()).copied().unwrap_or(Moment::at(0));
            let light = random.pick(lights(self.attested)).copied().flatten();
            self.in_light(&call, moment, light)?;
        }
        Ok(())
    }

    /// Once for everything that the gate may know.
    fn in_every_light(&mut self, call: &Call, moment: Moment) -> Result<(), Halt> {
        lights(self.attested).iter().try_for_each(|light| self.in_light(call, moment, *light))
    }

    fn in_light(&mut self, call: &Call, moment: Moment, light: Option<&Light>) -> Result<(), Halt> {
        match light {
            None => self.compare(call, moment.into()),
            Some(light) => self.compare(&light.sealed(self.policy, call.clone()), light.at(moment)),
        }
    }

    fn compare(&mut self, call: &Call, moment: Situation<'_>) -> Result<(), Halt> {
        let (written, lowered) = self.focus.on(call);
        if *self.work == 0 {
            return Err(Halt::Exhausted);
        }
        let rules = lowered.allow.iter().chain(&lowered.deny);
        let constants: usize = rules.map(|rule| constants(&rule.conditions)).sum();
        let steps = 1 + written.len() + lowered.allow.len() + lowered.deny.len();
        let steps = steps.saturating_add(constants.saturating_mul(size(&call.arguments)));
        *self.work = self.work.saturating_sub(steps);
        let says = evaluate::verdict(self.tool, &written, call, moment);
        let means = match model::rule(lowered, call, moment) {
            Ruling::Allow { .. } => Verdict::Allow,
            Ruling::ExplicitDeny { .. } => Verdict::ExplicitDeny,
            Ruling::DefaultDeny { .. } => Verdict::DefaultDeny,
        };
        if says != means {
            return Err(Halt::Differs(format!("{says:?} became {means:?} on {call:?} at {moment:?}")));
        }
        let (says, means) = (evaluate::demands(self.tool, call), demands(self.focus.whole(), call));
        if says != means {
            return Err(Halt::Differs(format!(
                "charges {says:?} became {means:?} on {call:?} at {moment:?}"
            )));
        }
        let (says, means) = (evaluate::ordered(self.orders, call), ordered(self.policy, call));
        if says != means {
            return Err(Halt::Differs(format!("orders {says:?} became {means:?} on {call:?}")));
        }
        let (says, means) = (evaluate::asked(self.tool, call, moment), asked(self.policy, call, moment));
        if says != means {
            return Err(Halt::Differs(format!(
                "approvals {says:?} became {means:?} on {call:?} at {moment:?}"
            )));
        }
        Ok(())
    }
}

/// How many constants conditions hold.
fn constants(conditions: &[model::Condition]) -> usize {
    conditions.iter().filter_map(|condition| condition.test.set()).map(<[model::Value]>::len).sum()
}

/// How many values a call has.
fn size(arguments: &BTreeMap<String, model::Value>) -> usize {
    arguments.values().map(size_of).sum()
}

fn size_of(value: &model::Value) -> usize {
    match value {
        model::Value::List(members) => 1 + members.iter().map(size_of).sum::<usize>(),
        model::Value::Map(members) => 1 + size(members),
        model::Value::Bool(_) | model::Value::Int(_) | model::Value::Text(_) | model::Value::Sealed(_) => 1,
    }
}

/// A charge: what is counted, up to how much, over what and into which counters, and how much of it.
type Charged = (Measure, i64, model::Per, i64);

/// Charges of the lowered policy; `None` if undecided. A set: identical limits are one.
fn demands(tool: &model::Tool, call: &Call) -> Option<BTreeSet<Charged>> {
    let demands = model::demands(tool, call).ok()?;
    let charge = |demand: model::Demand| {
        let limit = tool.limits.get(demand.limit as usize)?;
        Some((limit.measure.clone(), limit.max, limit.per(), demand.amount))
    };
    demands.into_iter().map(charge).collect()
}

/// Which sides of a `separate` a call is of, and what it waits for or is waited for by.
type InOrder = ([bool; 2], Option<model::Before>);

fn ordered(policy: &Policy, call: &Call) -> Vec<InOrder> {
    let speaks = |side: &Vec<model::ToolActions>| side.iter().any(|one| one.speaks_of(call).is_not_false());
    let mut all: Vec<InOrder> = policy
        .orders
        .iter()
        .filter_map(|order| match &order.sequence {
            model::Sequence::Separate { sides: [first, second] } => {
                let mut sides = [speaks(first), speaks(second)];
                sides.sort_unstable();
                sides.contains(&true).then_some((sides, None))
            }
            model::Sequence::Before(before) => {
                before.speaks_of(call).then(|| ([false; 2], Some(before.clone())))
            }
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Who is asked, how many, for how long.
type Asked = (Vec<model::Approver>, u32, i64);

fn asked(policy: &Policy, call: &Call, moment: Situation<'_>) -> BTreeSet<Asked> {
    let approvals = model::approvals(policy, call, moment);
    let found = approvals.into_iter().filter_map(|index| policy.approvals.get(index as usize));
    found.map(|approval| (approval.by.clone(), approval.quorum, approval.within_ms)).collect()
}
