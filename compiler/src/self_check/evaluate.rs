//! A second reading of LANGUAGE.md sections 2 and 6, over statements as they were written.
//!
//! Truth is `Option<bool>`, `None` for unknown. Nothing here calls the reference interpreter; only
//! the matching of patterns and the parts of addresses are shared, which lowering does not touch.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{
    Action, Call, Cidr, Comparison, Condition, Measure, Part, Quantifier, Regex, Sealed, Situation, Step,
    Test, Truth, Type, Value, glob, is_under_domain, is_under_path, part,
};

use super::{Asked, Charged, InOrder};
use crate::checked::{Order, Placed, Sequence, Slot, Target, Tool};

/// What the statements say of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Allow,
    ExplicitDeny,
    DefaultDeny,
}

/// Statements to look at, by index.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) allows: Vec<usize>,
    pub(super) denies: Vec<usize>,
    pub(super) requires: Vec<usize>,
}

impl Written {
    pub(super) fn len(&self) -> usize {
        self.allows.len() + self.denies.len() + self.requires.len()
    }
}

/// What the `written` statements of `tool` say of `call`.
pub(super) fn verdict(tool: &Tool, written: &Written, call: &Call, now: Situation<'_>) -> Verdict {
    let Some(action) = tool.known.interface().actions.get(&call.action) else { return Verdict::DefaultDeny };
    let hits = written.denies.iter().filter_map(|id| tool.denies.get(*id)).any(|deny| {
        deny.actions.include(&call.action)
            && both(on(&deny.targets, call), of_one(&deny.conditions, action, call, now)) != Some(false)
    });
    if hits {
        return Verdict::ExplicitDeny;
    }
    let allowed = written.allows.iter().filter_map(|id| tool.allows.get(*id)).any(|allow| {
        allow.actions.include(&call.action)
            && on(&allow.targets, call) == Some(true)
            && of_every(&allow.conditions, action, call, now) == Some(true)
    });
    let dutiful = written.requires.iter().filter_map(|id| tool.requires.get(*id)).all(|require| {
        !require.actions.include(&call.action)
            || on(&require.targets, call) == Some(false)
            || of_every(&require.conditions, action, call, now) == Some(true)
    });
    if allowed && dutiful { Verdict::Allow } else { Verdict::DefaultDeny }
}

/// What `call` charges; `None` if an amount cannot be told.
pub(super) fn demands(tool: &Tool, call: &Call) -> Option<BTreeSet<Charged>> {
    let action = tool.known.interface().actions.get(&call.action)?;
    let mut charged = BTreeSet::new();
    for limit in &tool.limits {
        let speaks = limit.actions.iter().any(|action| **action == *call.action)
            && on(&limit.targets, call) != Some(false);
        if speaks {
            limit.per.by.iter().map(|name| call.arguments.get(name)).collect::<Option<Vec<_>>>()?;
            let amount = match &limit.measure {
                Measure::Calls => 1,
                Measure::Argument(name) => amount(name, action, call)?,
            };
            charged.insert((limit.measure.clone(), limit.max, limit.per.clone(), amount));
        }
    }
    Some(charged)
}

fn amount(name: &str, action: &Action, call: &Call) -> Option<i64> {
    let natural = |number: i64| (number >= 0).then_some(number);
    match call.arguments.get(name) {
        Some(Value::Int(number)) => natural(*number),
        Some(Value::List(elements)) => i64::try_from(elements.len()).ok(),
        Some(_) => None,
        None => {
            let elements = elements(action, call)?;
            elements
                .iter()
                .try_fold(0_i64, |sum, fields| sum.checked_add(natural(fields.get(name)?.as_int()?)?))
        }
    }
}

/// Which sides of a `separate` `call` is of, and what it waits for or is waited for by. A set:
/// identical orders are one, and sides have no order.
pub(super) fn ordered(orders: &[Order], call: &Call) -> Vec<InOrder> {
    let mut all = BTreeSet::new();
    for order in orders {
        match &order.sequence {
            Sequence::Separate(sides) => {
                let mut of = sides.each_ref().map(|side| {
                    side.iter().any(|doing| {
                        doing.tool == call.tool
                            && doing.actions.iter().any(|action| **action == *call.action)
                            && on(&doing.targets, call) != Some(false)
                    })
                });
                of.sort_unstable();
                if of != [false; 2] {
                    all.insert((of, None));
                }
            }
            Sequence::Before(before) => {
                let mut pair = [&before.later, &before.earlier].into_iter();
                if pair.any(|one| one.tool == call.tool && one.action == call.action) {
                    let mut before = before.clone();
                    before.same = before.same.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
                    all.insert(([false; 2], Some(before)));
                }
            }
        }
    }
    all.into_iter().collect()
}

/// Whose approval `call` needs.
pub(super) fn asked(tool: &Tool, call: &Call, now: Situation<'_>) -> BTreeSet<Asked> {
    let Some(action) = tool.known.interface().actions.get(&call.action) else { return BTreeSet::new() };
    let asking = tool.approvals.iter().filter(|approval| {
        approval.actions.iter().any(|name| **name == *call.action)
            && both(on(&approval.targets, call), of_one(&approval.conditions, action, call, now))
                != Some(false)
    });
    asking
        .map(|approval| (approval.terms.by.clone(), approval.terms.quorum, approval.terms.within_ms))
        .collect()
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(false) || b == Some(false) {
        Some(false)
    } else if a.is_none() || b.is_none() {
        None
    } else {
        Some(true)
    }
}

fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    truths.fold(Some(true), both)
}

fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    negated(all(truths.map(negated)))
}

fn negated(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

/// Whether a statement speaks of the call's resource.
fn on(targets: &[Target], call: &Call) -> Option<bool> {
    any(targets.iter().map(|target| match (target, &call.resource) {
        (Target::Any, _) => Some(true),
        (Target::Of { .. }, None) => Some(false),
        (Target::Of { kind, slots, .. }, Some(resource)) => {
            if **kind != *resource.kind || slots.len() != resource.names.len() {
                return Some(false);
            }
            all(slots.iter().zip(&resource.names).map(|(slot, name)| named(slot, name)))
        }
    }))
}

/// A name in another letter case is neither the one that is written nor another.
fn named(slot: &Slot, name: &str) -> Option<bool> {
    let lower = name.to_ascii_lowercase();
    let (is, might_be) = match slot {
        Slot::Any => (true, true),
        Slot::OneOf(names) => {
            (names.iter().any(|one| one == name), names.iter().any(|one| one.to_ascii_lowercase() == lower))
        }
        Slot::Like(pattern) => (glob(pattern, name), glob(&pattern.to_ascii_lowercase(), &lower)),
    };
    if is {
        Some(true)
    } else if might_be {
        None
    } else {
        Some(false)
    }
}

/// The elements of the batch, if the action has one.
fn elements<'c>(action: &Action, call: &'c Call) -> Option<Vec<&'c BTreeMap<String, Value>>> {
    let (name, _) = action.arguments.iter().find(|(_, field)| matches!(field.ty, Type::Batch(_)))?;
    let Some(Value::List(elements)) = call.arguments.get(name) else { return Some(Vec::new()) };
    Some(elements.iter().filter_map(Value::as_map).collect())
}

/// Conditions of an allow or require: on the call, and on every element.
fn of_every(conditions: &[Placed], action: &Action, call: &Call, now: Situation<'_>) -> Option<bool> {
    all(conditions.iter().map(|placed| {
        let condition = &placed.condition;
        match elements(action, call) {
            Some(elements) if !is_of_call(placed, action) => {
                all(elements.into_iter().map(|element| holds(condition, element, now)))
            }
            _ => holds(condition, &call.arguments, now),
        }
    }))
}

/// Conditions of a deny or an approval: on the call, and together on one element.
fn of_one(conditions: &[Placed], action: &Action, call: &Call, now: Situation<'_>) -> Option<bool> {
    let of_call = |placed: &&Placed| is_of_call(placed, action);
    let Some(elements) = elements(action, call).filter(|_| !conditions.iter().all(|one| of_call(&one)))
    else {
        return all(conditions.iter().map(|placed| holds(&placed.condition, &call.arguments, now)));
    };
    let outer =
        all(conditions.iter().filter(of_call).map(|placed| holds(&placed.condition, &call.arguments, now)));
    let inner = any(elements.into_iter().map(|element| {
        all(conditions
            .iter()
            .filter(|one| !of_call(one))
            .map(|placed| holds(&placed.condition, element, now)))
    }));
    both(outer, inner)
}

/// Whether a condition is on the call or the clock, not on an element.
fn is_of_call(placed: &Placed, action: &Action) -> bool {
    let name = &placed.condition.subject.name;
    name == "clock" || action.arguments.contains_key(name)
}

/// What a subject finds.
#[derive(Clone, Copy)]
enum Seen<'v> {
    Value(&'v Value),
    Number(i64),
    Text(&'v str),
    /// It is in this sealed value, so far from it.
    Sealed(&'v Sealed, &'v [Step]),
    Absent,
    /// It is there, and so is a key that differs in letter case only.
    Twice,
    /// Only such a key is there, or an address may be read in two ways.
    Unclear,
}

fn holds(condition: &Condition, fields: &BTreeMap<String, Value>, now: Situation<'_>) -> Option<bool> {
    let (subject, test) = (&condition.subject, &condition.test);
    if subject.name == "clock" {
        let time = clock(&subject.steps, now)?;
        return passes(condition, Seen::Value(&time), now);
    }
    let start = fields.get(&subject.name).map_or(Seen::Absent, Seen::Value);
    let Some(quantifier) = subject.quantifier else {
        return passes(condition, along(start, &subject.steps), now);
    };
    let mut rest = subject.steps.as_slice();
    let mut at = start;
    let mut walked = 0;
    // The first list on the way is the one that is meant.
    let members = loop {
        if let Seen::Value(Value::List(members)) = at {
            break members;
        }
        if let Seen::Value(Value::Sealed(sealed)) = at {
            return told(sealed, Some(quantifier), rest, test);
        }
        let (_, after) = rest.split_first()?;
        walked += 1;
        rest = after;
        at = along(start, subject.steps.get(..walked)?);
    };
    let of_members = members.iter().map(|member| passes(condition, along(Seen::Value(member), rest), now));
    match quantifier {
        Quantifier::Each => all(of_members),
        Quantifier::Some => any(of_members),
    }
}

/// What the clock says.
fn clock(steps: &[Step], now: Situation<'_>) -> Option<Value> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    const MS_PER_DAY: i64 = 24 * 60 * 60 * 1000;
    match steps {
        [Step::Field(part)] if part == "time" => Some(Value::Int(now.moment.now_ms.rem_euclid(MS_PER_DAY))),
        [Step::Field(part)] if part == "weekday" => {
            // The first of January 1970 was a Thursday.
            let day = (now.moment.now_ms.div_euclid(MS_PER_DAY) + 3).rem_euclid(7);
            DAYS.get(usize::try_from(day).ok()?).copied().map(Value::text)
        }
        _ => None,
    }
}

/// What stands at the end of a path.
fn along<'v>(start: Seen<'v>, steps: &'v [Step]) -> Seen<'v> {
    let mut seen = start;
    let mut twice = false;
    for (index, step) in steps.iter().enumerate() {
        seen = match (step, seen) {
            (_, Seen::Absent | Seen::Unclear | Seen::Sealed(..)) => break,
            (_, Seen::Value(Value::Sealed(_))) if twice => Seen::Unclear,
            (_, Seen::Value(Value::Sealed(sealed))) => {
                Seen::Sealed(sealed, steps.get(index..).unwrap_or_default())
            }
            (Step::Size, Seen::Text(text)) => counted(text.len()),
            (Step::Size, Seen::Value(Value::Text(text))) => counted(text.len()),
            (Step::Size, Seen::Value(Value::List(members))) => counted(members.len()),
            (Step::Size, Seen::Value(Value::Map(members))) => counted(members.len()),
            (Step::Field(name), Seen::Value(Value::Map(members))) => {
                members.get(name).map_or(Seen::Absent, Seen::Value)
            }
            (Step::Field(name), Seen::Value(Value::Text(address))) => match part(address, name) {
                Some(Part::Text(text)) => Seen::Text(text),
                Some(Part::Number(number)) => Seen::Number(number),
                None => Seen::Unclear,
            },
            (Step::Key(key), Seen::Value(Value::Map(members))) => {
                twice |= nearly(members, key);
                members.get(key).map_or(Seen::Absent, Seen::Value)
            }
            _ => Seen::Unclear,
        };
    }
    match (seen, twice) {
        (Seen::Value(_) | Seen::Number(_) | Seen::Text(_), true) => Seen::Twice,
        (Seen::Absent, true) => Seen::Unclear,
        (seen, _) => seen,
    }
}

fn counted<'v>(size: usize) -> Seen<'v> {
    i64::try_from(size).map_or(Seen::Unclear, Seen::Number)
}

/// Whether a key differs from `key` in letter case only.
fn nearly(members: &BTreeMap<String, Value>, key: &str) -> bool {
    members.keys().any(|other| other != key && other.eq_ignore_ascii_case(key))
}

/// What the gate found of a sealed value.
fn told(sealed: &Sealed, quantifier: Option<Quantifier>, rest: &[Step], test: &Test) -> Option<bool> {
    let same = |one: &wpc_model::Question| {
        (one.quantifier, one.steps.as_slice(), &one.test) == (quantifier, rest, test)
    };
    let (_, truth) = sealed.answers().iter().find(|(question, _)| same(question))?;
    known(*truth)
}

fn known(truth: Truth) -> Option<bool> {
    match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown => None,
    }
}

fn passes(condition: &Condition, seen: Seen<'_>, now: Situation<'_>) -> Option<bool> {
    let test = &condition.test;
    let read;
    let value = match seen {
        Seen::Unclear => return None,
        Seen::Sealed(sealed, rest) => return told(sealed, None, rest, test),
        Seen::Twice => {
            let asked = matches!(test, Test::Present | Test::Absent);
            return asked.then_some(*test == Test::Present);
        }
        Seen::Absent => {
            let asked = matches!(test, Test::Present | Test::Absent);
            return asked.then_some(*test == Test::Absent);
        }
        Seen::Number(number) => {
            read = Value::Int(number);
            &read
        }
        Seen::Text(text) => {
            read = Value::text(text);
            &read
        }
        Seen::Value(value) => value,
    };
    if let Value::Sealed(sealed) = value
        && !matches!(test, Test::Present | Test::Absent)
    {
        return told(sealed, None, &[], test);
    }
    match test {
        Test::Present => Some(true),
        Test::Absent => Some(false),
        Test::Compare(comparison, constant) => {
            let order = value.cmp(constant);
            Some(match comparison {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::AtMost => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::AtLeast => order.is_ge(),
            })
        }
        Test::From(sources) => {
            let asked = now.sources?;
            any(sources.iter().map(|source| known(asked.came_from(source, value))))
        }
        Test::Conforms(_) => known(now.conformance?.conforms(condition, value)),
        Test::In(constants) => Some(constants.iter().any(|one| one == value)),
        Test::NotIn(constants) => Some(constants.iter().all(|one| one != value)),
        Test::Like(pattern) => value.as_text().map(|text| glob(pattern, text)),
        Test::Matches(pattern) => Some(Regex::new(pattern)?.matches(value.as_text()?)),
        Test::UnderDomain(of) => one_of(of, value, |of, text| Some(is_under_domain(text, of))),
        Test::UnderPath(of) => one_of(of, value, |of, text| Some(is_under_path(text, of))),
        Test::WithinCidr(blocks) => one_of(blocks, value, |of, text| Some(Cidr::parse(of)?.contains(text))),
        Test::Has(wanted) => all(wanted.iter().map(|one| member(value, one))),
        Test::Lacks(unwanted) => all(unwanted.iter().map(|one| negated(member(value, one)))),
    }
}

/// Whether a text stands in some relation to one of the constants.
fn one_of(constants: &[Value], value: &Value, is: fn(&str, &str) -> Option<bool>) -> Option<bool> {
    let text = value.as_text()?;
    any(constants.iter().map(|of| is(of.as_text()?, text)))
}

fn member(value: &Value, one: &Value) -> Option<bool> {
    match (value, one) {
        (Value::Map(members), Value::Text(key)) if members.contains_key(key) => Some(true),
        (Value::Map(members), Value::Text(key)) if nearly(members, key) => None,
        (Value::Map(_), Value::Text(_)) => Some(false),
        (Value::List(members), one) => Some(members.contains(one)),
        _ => None,
    }
}
