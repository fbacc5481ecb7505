//! Rules that can never apply: conditions that no call satisfies together.
//!
//! Looked for subject by subject: bounds that leave no number, constants of which none is left,
//! keys both demanded and forbidden, presence and absence. What is found is so; conditions on
//! several subjects may still exclude each other without being found.
//!
//! An allow can apply if its conditions can all be true; a deny if none of them need be false.
//! So an unknown counts for a deny, and only conditions on what is always there can exclude it.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::Span;
use wpc_model::{
    Comparison, Condition, Effect, MAX_INTEGER, Moment, Prepared, Step, Subject, Test, Type, Value, glob,
};

use super::Checker;
use crate::checked::{Head, Placed};
use crate::{Code, Diagnostic};

/// Patterns on one subject that are tried on its constants.
const MAX_PATTERNS: usize = 64;

/// The greatest `clock.time`, in milliseconds.
const LAST_OF_DAY: i64 = 86_399_999;

/// Two conditions of which one excludes the other; one alone if nothing satisfies it.
type Clash = (Span, Option<Span>);

impl Checker<'_, '_, '_> {
    /// Whether a rule with these conditions can ever apply; reports it otherwise.
    pub(super) fn can_apply(&mut self, conditions: &[Placed], effect: Effect, head: &Head) -> bool {
        let Some((span, cause)) = clash(conditions, effect) else { return true };
        let never = Diagnostic::error(
            Code::NeverApplies,
            span,
            "found a rule that can never apply",
            if cause.is_some() { "contradicts the other condition" } else { "is never so" },
        );
        let never = never.also_at(cause, "the other condition").of_rule(head.name());
        self.problems.report(never.help("correct one of the conditions, or remove the rule"));
        false
    }
}

fn clash(conditions: &[Placed], effect: Effect) -> Option<Clash> {
    let speaks = |placed: &&Placed| {
        let usable = effect == Effect::Allow || placed.definite;
        let presence = matches!(placed.condition.test, Test::Present | Test::Absent);
        placed.condition.subject.quantifier.is_none() && (usable || presence)
    };
    let mut placed: Vec<&Placed> = conditions.iter().filter(speaks).collect();
    placed.sort_by(|left, right| left.condition.subject.cmp(&right.condition.subject));
    let one_subject = |left: &&Placed, right: &&Placed| left.condition.subject == right.condition.subject;
    let found = placed.chunk_by(one_subject).find_map(|group| {
        presence(group, effect)
            .or_else(|| numbers(group))
            .or_else(|| constants(group))
            .or_else(|| members(group, effect))
    });
    found.or_else(|| if effect == Effect::Allow { keys(conditions) } else { None })
}

/// Absent and present, or absent and compared, or absent where it never is.
fn presence(group: &[&Placed], effect: Effect) -> Option<Clash> {
    let absent = group.iter().find(|placed| placed.condition.test == Test::Absent)?;
    if absent.definite {
        return Some((absent.span, None));
    }
    // Of what is absent, every condition but these two is unknown, which no allow can bear.
    let excludes = |test: &Test| *test == Test::Present || (effect == Effect::Allow && *test != Test::Absent);
    let other = group.iter().find(|placed| excludes(&placed.condition.test))?;
    Some(in_order(absent.span, other.span))
}

/// Bounds that leave no integer.
fn numbers(group: &[&Placed]) -> Option<Clash> {
    let ty = &group.first()?.ty;
    if !ty.is_integer() {
        return None;
    }
    let natural = matches!(ty, Type::Count | Type::Bytes | Type::Duration);
    let mut least: (i64, Option<Span>) = (if natural { 0 } else { -MAX_INTEGER }, None);
    let of_clock = group.first().is_some_and(|placed| placed.condition.subject.is_of_clock());
    let mut most: (i64, Option<Span>) = (if of_clock { LAST_OF_DAY } else { MAX_INTEGER }, None);
    for placed in group {
        let Test::Compare(comparison, Value::Int(bound)) = &placed.condition.test else { continue };
        let (from, to) = match comparison {
            Comparison::Equal => (Some(*bound), Some(*bound)),
            Comparison::AtLeast => (Some(*bound), None),
            Comparison::Greater => (Some(bound.saturating_add(1)), None),
            Comparison::AtMost => (None, Some(*bound)),
            Comparison::Less => (None, Some(bound.saturating_sub(1))),
            Comparison::NotEqual => (None, None),
        };
        if let Some(from) = from.filter(|from| *from > least.0) {
            least = (from, Some(placed.span));
        }
        if let Some(to) = to.filter(|to| *to < most.0) {
            most = (to, Some(placed.span));
        }
    }
    if least.0 <= most.0 {
        return None;
    }
    match (least.1, most.1) {
        (Some(a), Some(b)) if a != b => Some(in_order(a, b)),
        (Some(one), _) | (_, Some(one)) => Some((one, None)),
        (None, None) => None,
    }
}

/// `==`, `in`, and the words of a choice or bool: constants of which the other conditions leave
/// none.
fn constants(group: &[&Placed]) -> Option<Clash> {
    let ty = &group.first()?.ty;
    let mut left: Option<BTreeSet<Value>> = None;
    if let Type::Choice(words) = ty {
        left = Some(words.iter().map(Value::text).collect());
    } else if *ty == Type::Bool {
        left = Some([Value::Bool(false), Value::Bool(true)].into());
    }
    let mut named: Option<Span> = None;
    for placed in group {
        let accepted: BTreeSet<Value> = if let Test::In(constants) = &placed.condition.test {
            constants.iter().cloned().collect()
        } else if let Test::Compare(Comparison::Equal, constant) = &placed.condition.test {
            [constant.clone()].into()
        } else {
            continue;
        };
        let both = match left {
            Some(left) => left.intersection(&accepted).cloned().collect(),
            None => accepted,
        };
        if both.is_empty() {
            return Some(named.map_or((placed.span, None), |first| in_order(first, placed.span)));
        }
        left = Some(both);
        named = Some(placed.span);
    }
    let mut left = left?;
    let mut patterns = 0;
    for placed in group {
        match &placed.condition.test {
            Test::Compare(Comparison::NotEqual, constant) => left.retain(|value| value != constant),
            Test::Compare(comparison, bound) => {
                let fits = |value: &Value| Some(fits(*comparison, value.as_int()?, bound.as_int()?));
                left.retain(|value| fits(value) != Some(false));
            }
            Test::NotIn(constants) => left.retain(|value| constants.binary_search(value).is_err()),
            Test::Like(pattern) if patterns < MAX_PATTERNS => {
                patterns += 1;
                left.retain(|value| value.as_text().is_some_and(|text| glob(pattern, text)));
            }
            test @ (Test::Matches(_) | Test::UnderDomain(_) | Test::UnderPath(_) | Test::WithinCidr(_))
                if patterns < MAX_PATTERNS =>
            {
                patterns += 1;
                let prepared = Prepared::new(Condition { subject: Subject::plain("it"), test: test.clone() });
                let fits = |value: &Value| {
                    prepared
                        .holds(&BTreeMap::from([("it".to_owned(), value.clone())]), Moment::at(0))
                        .is_true()
                };
                left.retain(fits);
            }
            Test::Like(_)
            | Test::Matches(_)
            | Test::UnderDomain(_)
            | Test::UnderPath(_)
            | Test::WithinCidr(_)
            | Test::Conforms(_)
            | Test::From(_)
            | Test::In(_)
            | Test::Has(_)
            | Test::Lacks(_)
            | Test::Present
            | Test::Absent => {}
        }
        if left.is_empty() {
            let cause = named.filter(|first| *first != placed.span);
            return Some(cause.map_or((placed.span, None), |first| in_order(first, placed.span)));
        }
    }
    None
}

fn fits(comparison: Comparison, number: i64, bound: i64) -> bool {
    match comparison {
        Comparison::Equal => number == bound,
        Comparison::NotEqual => number != bound,
        Comparison::Less => number < bound,
        Comparison::AtMost => number <= bound,
        Comparison::Greater => number > bound,
        Comparison::AtLeast => number >= bound,
    }
}

/// Keys or members both demanded and forbidden. A key in another letter case makes both unknown,
/// which is enough for a deny.
fn members(group: &[&Placed], effect: Effect) -> Option<Clash> {
    let is_map = matches!(group.first()?.ty, Type::Map(_));
    if is_map && effect == Effect::Deny {
        return None;
    }
    let mut forbidden: BTreeMap<Value, Span> = BTreeMap::new();
    for placed in group {
        if let Test::Lacks(members) = &placed.condition.test {
            forbidden.extend(members.iter().map(|member| (folded(member, is_map), placed.span)));
        }
    }
    group.iter().find_map(|placed| {
        let Test::Has(members) = &placed.condition.test else { return None };
        let other = members.iter().find_map(|member| forbidden.get(&folded(member, is_map)))?;
        Some(in_order(placed.span, *other))
    })
}

/// A key's value demanded where the map must lack the key, its absence where it must have it, and
/// its value where the map must also have it in another letter case, which makes it unknown.
fn keys(conditions: &[Placed]) -> Option<Clash> {
    let mut maps: BTreeMap<(&str, &[Step]), OfMap> = BTreeMap::new();
    for placed in conditions {
        let Subject { quantifier: None, name, steps } = &placed.condition.subject else { continue };
        match (&placed.condition.test, steps.split_last()) {
            (Test::Has(keys), _) => {
                let map = maps.entry((name, steps)).or_default();
                keys.iter().filter_map(Value::as_text).for_each(|key| map.demand(key, placed.span));
            }
            (Test::Lacks(keys), _) => {
                let map = maps.entry((name, steps)).or_default();
                let keys = keys.iter().filter_map(Value::as_text).map(str::to_ascii_lowercase);
                map.forbidden.extend(keys.map(|key| (key, placed.span)));
            }
            (test, Some((Step::Key(key), outer))) if *test != Test::Absent => {
                maps.entry((name, outer)).or_default().demand(key, placed.span);
            }
            _ => {}
        }
    }
    conditions.iter().find_map(|placed| {
        let Subject { quantifier: None, name, steps } = &placed.condition.subject else { return None };
        let (Step::Key(key), outer) = steps.split_last()? else { return None };
        let map = maps.get(&(name.as_str(), outer))?;
        let test = &placed.condition.test;
        let (absent, present) = (*test == Test::Absent, *test == Test::Present);
        // Absent: not if this very key must be there. Compared: not if another spelling must be.
        let other = map.demanded(key).find(|(exact, _)| !present && absent == (*exact == key));
        let forbidden = || map.forbidden.get(&key.to_ascii_lowercase()).filter(|_| !absent);
        let other = other.map(|(_, span)| span).or_else(|| forbidden().copied())?;
        Some(in_order(placed.span, other))
    })
}

/// What conditions say of the keys of one map.
#[derive(Default)]
struct OfMap {
    /// Keys that must be there, by their lower-case form.
    demanded: BTreeMap<String, BTreeMap<String, Span>>,
    /// Keys that must not be there, in lower case.
    forbidden: BTreeMap<String, Span>,
}

impl OfMap {
    fn demand(&mut self, key: &str, span: Span) {
        self.demanded.entry(key.to_ascii_lowercase()).or_default().insert(key.to_owned(), span);
    }

    /// The keys that must be there and differ from `key` in letter case at most.
    fn demanded(&self, key: &str) -> impl Iterator<Item = (&str, Span)> + use<'_> {
        let spellings = self.demanded.get(&key.to_ascii_lowercase());
        spellings.into_iter().flatten().map(|(exact, span)| (exact.as_str(), *span))
    }
}

/// Keys compare without ASCII letter case, members as they are.
fn folded(value: &Value, is_key: bool) -> Value {
    match value.as_text().filter(|_| is_key) {
        Some(key) => Value::Text(key.to_ascii_lowercase()),
        None => value.clone(),
    }
}

/// The later of two places, and the earlier as its cause.
fn in_order(a: Span, b: Span) -> Clash {
    (a.max(b), Some(a.min(b)))
}
