//! Conditions that are legal on an action.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use super::schemas::schemas;
use super::values::{KEYS, keys, value};
use crate::{
    Action, Comparison, Condition, Interface, Quantifier, Source, Step, Subject, SubjectType, Test, Type,
    Value,
};

/// Up to `most` conditions that are legal on `action`.
pub fn conditions(interface: &Interface, action: &Action, most: usize) -> BoxedStrategy<Vec<Condition>> {
    match condition(interface, action) {
        Some(one) => vec(one, 0..=most).boxed(),
        None => Just(Vec::new()).boxed(),
    }
}

/// A condition that is legal on `action`; `None` if the action has nothing to read.
pub fn condition(interface: &Interface, action: &Action) -> Option<BoxedStrategy<Condition>> {
    let legal = |subject: Subject| {
        let found = interface.subject_type(action, &subject).ok()?;
        let asked = Condition { subject: subject.clone(), test: Test::Present };
        let presence = asked.check(interface, action).is_ok();
        (!kinds_of_test(interface, &subject, &found, presence).is_empty())
            .then(|| (subject, found.ty.into_owned(), [found.sealed, found.shut], presence))
    };
    let all: Vec<_> = subjects(interface, action).into_iter().filter_map(legal).collect();
    let interface = interface.clone();
    let one = move |(subject, ty, [sealed, shut], presence): (Subject, Type, [bool; 2], bool)| {
        let found = SubjectType { ty: Cow::Owned(ty), sealed, shut };
        let kinds = kinds_of_test(&interface, &subject, &found, presence);
        let tests = Union::new(kinds.into_iter().map(|kind| kind.strategy(&interface, &found.ty)));
        tests.prop_map(move |test| Condition { subject: subject.clone(), test })
    };
    (!all.is_empty()).then(|| select(all).prop_flat_map(one).boxed())
}

/// Every subject up to three steps deep, with a few keys; and the clock's.
fn subjects(interface: &Interface, action: &Action) -> Vec<Subject> {
    let batch = action.batch().and_then(|(_, record)| interface.records.get(record));
    let names = action.arguments.keys().chain(batch.into_iter().flat_map(|record| record.fields.keys()));
    let mut ends: Vec<Subject> = names.map(|name| Subject::plain(name)).collect();
    let mut found = Vec::new();
    for _ in 0..=3 {
        ends.extend(
            ends.iter().flat_map(|subject| quantified(interface, action, subject)).collect::<Vec<_>>(),
        );
        found.extend(ends.iter().cloned());
        ends = ends.iter().flat_map(|subject| longer(interface, action, subject)).collect();
    }
    let of_clock = |part: &str| Subject {
        steps: vec![Step::Field(part.to_owned())],
        ..Subject::plain(crate::clock::CLOCK)
    };
    found.extend(["time", "weekday"].map(of_clock));
    found.retain(|subject| interface.subject_type(action, subject).is_ok());
    found
}

/// `each` and `some` of a list that a path ends at.
fn quantified(interface: &Interface, action: &Action, subject: &Subject) -> Vec<Subject> {
    let is_list = interface.subject_type(action, subject).is_ok_and(|found| found.ty.member().is_some());
    let with = |quantifier| Subject { quantifier: Some(quantifier), ..subject.clone() };
    if is_list && subject.quantifier.is_none() {
        [Quantifier::Each, Quantifier::Some].map(with).to_vec()
    } else {
        Vec::new()
    }
}

/// `subject` with one more step, in all ways that its type has.
fn longer(interface: &Interface, action: &Action, subject: &Subject) -> Vec<Subject> {
    let Ok(found) = interface.subject_type(action, subject) else { return Vec::new() };
    let mut steps = vec![Step::Size];
    if let Type::Map(_) = &*found.ty {
        steps.extend(KEYS.iter().take(3).map(|key| Step::Key((*key).to_owned())));
    }
    if let Type::Record(record) = &*found.ty {
        let fields = interface.records.get(record).into_iter().flat_map(|record| record.fields.keys());
        steps.extend(fields.cloned().map(Step::Field));
    }
    steps.extend(found.ty.parts().iter().map(|part| Step::Field((*part).to_owned())));
    let with = |step| {
        let steps = subject.steps.iter().cloned().chain([step]).collect();
        Subject { steps, ..subject.clone() }
    };
    steps.into_iter().map(with).collect()
}

/// Tests that are legal on the same types.
#[derive(Clone, Copy)]
enum Kind {
    Presence,
    Equality,
    Order,
    Membership,
    Contents,
    Pattern,
    Regex,
    Domain,
    Path,
    Block,
    From,
    Schema,
}

/// The tests that are legal on a subject; `presence` if it may be asked whether it is there.
fn kinds_of_test(
    interface: &Interface,
    subject: &Subject,
    found: &SubjectType<'_>,
    presence: bool,
) -> Vec<Kind> {
    let ty = &*found.ty;
    let presence = if presence { vec![Kind::Presence] } else { vec![] };
    if found.shut {
        return presence;
    }
    let scalar = ty.is_integer() || ty.is_text();
    let by_type = [
        (scalar || *ty == Type::Bool, Kind::Equality),
        (ty.is_integer(), Kind::Order),
        (scalar, Kind::Membership),
        (ty.is_container(), Kind::Contents),
        (ty.takes_patterns(), Kind::Pattern),
        (ty.takes_patterns() && !matches!(ty, Type::Choice(_)), Kind::Regex),
        (*ty == Type::Host, Kind::Domain),
        (*ty == Type::Path, Kind::Path),
        (*ty == Type::Ip, Kind::Block),
        (ty.source_type().is_some() && !found.sealed && !subject.is_of_clock(), Kind::From),
        (interface.takes_schemas(ty) && !subject.is_of_clock(), Kind::Schema),
    ];
    let legal = by_type.into_iter().filter(|(legal, _)| *legal).map(|(_, kind)| kind);
    presence.into_iter().chain(legal).collect()
}

impl Kind {
    fn strategy(self, interface: &Interface, ty: &Type) -> BoxedStrategy<Test> {
        let compare = |how: Vec<Comparison>| {
            (select(how), value(interface, ty))
                .prop_map(|(how, constant)| Test::Compare(how, constant))
                .boxed()
        };
        match self {
            Self::Presence => prop_oneof![Just(Test::Present), Just(Test::Absent)].boxed(),
            Self::Equality => compare(vec![Comparison::Equal, Comparison::NotEqual]),
            Self::Order => {
                compare(vec![Comparison::Less, Comparison::AtMost, Comparison::Greater, Comparison::AtLeast])
            }
            Self::Membership => either(vec(value(interface, ty), 1..=2).boxed(), Test::In, Test::NotIn),
            Self::Contents => {
                let members = ty.member().map_or_else(keys, |member| value(interface, member));
                either(vec(members, 1..=2).boxed(), Test::Has, Test::Lacks)
            }
            Self::Pattern => {
                select(PATTERNS.as_slice()).prop_map(|pattern| Test::Like(pattern.to_owned())).boxed()
            }
            Self::Regex => {
                select(REGEXES.as_slice()).prop_map(|pattern| Test::Matches(pattern.to_owned())).boxed()
            }
            Self::Domain => vec(value(interface, ty), 1..=2).prop_map(Test::UnderDomain).boxed(),
            Self::Path => vec(value(interface, ty), 1..=2).prop_map(Test::UnderPath).boxed(),
            Self::From => match ty.source_type() {
                Some(ty) => Just(Test::From(vec![Source::Input { ty }])).boxed(),
                None => Just(Test::Present).boxed(),
            },
            Self::Schema => {
                select(schemas().into_keys().collect::<Vec<_>>()).prop_map(Test::Conforms).boxed()
            }
            Self::Block => {
                let blocks = select(BLOCKS.as_slice()).prop_map(Value::text);
                vec(blocks, 1..=2).prop_map(Test::WithinCidr).boxed()
            }
        }
    }
}

/// One of two tests on a set.
fn either(
    sets: BoxedStrategy<Vec<Value>>,
    one: fn(Vec<Value>) -> Test,
    other: fn(Vec<Value>) -> Test,
) -> BoxedStrategy<Test> {
    (sets, any::<bool>()).prop_map(move |(set, first)| if first { one(set) } else { other(set) }).boxed()
}

/// Patterns, some with letters in another case.
pub(super) const PATTERNS: [&str; 8] = ["*", "a*", "A*", "?", "*b", "a\\*", "\\", "a?*"];

/// Patterns of `matches`, one of them slow for engines that try one way after another.
const REGEXES: [&str; 7] = ["a", ".*", "[ab]+", "(a+)+", "", "a|b", "/.*|a\\.b"];

/// Blocks of addresses, of both families.
const BLOCKS: [&str; 5] = ["10.0.0.0/31", "10.0.0.1/32", "0.0.0.0/0", "::/0", "::1/128"];
