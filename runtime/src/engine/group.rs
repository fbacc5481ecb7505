//! Conditions on the same arguments, evaluated together.
//!
//! The reference evaluates each condition by itself; here the tests of one argument share its
//! look-up, and all `has` and `lacks` of one map share a pass over its keys. Conditions of other
//! shapes are evaluated by the reference itself, on constants that were read once ([`Prepared`]).

use std::collections::BTreeMap;

use wpc_model::{Comparison, Condition, Prepared, Situation, Test, Truth, Value};

use super::keys::{Bits, KeySet, Present};

/// A conjunction of conditions on the arguments of a call or the fields of an element.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// In the order of their conditions: groups are of neighbours.
    groups: Vec<Group>,
    /// Index of the first condition.
    first: Option<u32>,
}

/// The conditions on one argument.
#[derive(Debug)]
struct Group {
    name: String,
    keys: KeySet,
    tests: Vec<Numbered>,
}

/// A condition with its index in the rule's list.
#[derive(Debug)]
struct Numbered {
    index: u32,
    quick: Quick,
    condition: Prepared,
}

/// What is faster than the reference. Each holds for one shape of value; others take the slow way.
#[derive(Clone, Copy, Debug)]
enum Quick {
    /// A plain argument with a whole number.
    Compare(Comparison, i64),
    /// `has` of a plain argument that is a map.
    Has(Bits),
    /// `lacks` of a plain argument that is a map.
    Lacks(Bits),
    /// None of these.
    Never,
}

impl Groups {
    /// Groups conditions, each with its index in the rule's list. They are sorted by subject, so those
    /// on one argument are neighbours, most of the time.
    pub(super) fn new(conditions: &[(u32, &Condition)]) -> Self {
        let groups = conditions.chunk_by(|(_, left), (_, right)| left.subject.name == right.subject.name);
        let first = conditions.first().map(|(index, _)| *index);
        Self { groups: groups.filter_map(Group::new).collect(), first }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Index of the first condition.
    pub(super) fn first(&self) -> Option<u32> {
        self.first
    }

    /// Index of the first condition that is not true of `fields`.
    #[inline]
    pub(super) fn first_not_true(
        &self,
        fields: &BTreeMap<String, Value>,
        situation: Situation<'_>,
    ) -> Option<u32> {
        self.groups.iter().find_map(|group| group.first(fields, situation, |truth| !truth.is_true()))
    }

    /// Whether no condition is false of `fields`.
    #[inline]
    pub(super) fn may_hold(&self, fields: &BTreeMap<String, Value>, situation: Situation<'_>) -> bool {
        self.groups
            .iter()
            .all(|group| group.first(fields, situation, |truth| !truth.is_not_false()).is_none())
    }
}

impl Group {
    fn new(conditions: &[(u32, &Condition)]) -> Option<Self> {
        let (_, first) = conditions.first()?;
        let mut group = Self { name: first.subject.name.clone(), keys: KeySet::default(), tests: Vec::new() };
        for &(index, condition) in conditions {
            let quick = group.quick(condition).unwrap_or(Quick::Never);
            group.tests.push(Numbered { index, quick, condition: Prepared::new(condition.clone()) });
        }
        Some(group)
    }

    fn quick(&mut self, condition: &Condition) -> Option<Quick> {
        let subject = &condition.subject;
        if subject.quantifier.is_some() || !subject.steps.is_empty() || subject.is_of_clock() {
            return None;
        }
        match &condition.test {
            Test::Compare(comparison, Value::Int(constant)) => Some(Quick::Compare(*comparison, *constant)),
            Test::Has(keys) => Some(Quick::Has(self.keys.add(&texts(keys)?)?)),
            Test::Lacks(keys) => Some(Quick::Lacks(self.keys.add(&texts(keys)?)?)),
            Test::Compare(..)
            | Test::Conforms(_)
            | Test::From(_)
            | Test::Absent
            | Test::Present
            | Test::In(_)
            | Test::NotIn(_)
            | Test::Like(_)
            | Test::Matches(_)
            | Test::UnderDomain(_)
            | Test::UnderPath(_)
            | Test::WithinCidr(_) => None,
        }
    }

    /// Index of the first condition whose truth is `wanted`.
    #[inline]
    fn first(
        &self,
        fields: &BTreeMap<String, Value>,
        situation: Situation<'_>,
        wanted: impl Fn(Truth) -> bool,
    ) -> Option<u32> {
        let value = fields.get(&self.name);
        let present = match value {
            Some(Value::Map(members)) => self.keys.present(members),
            _ => Present::default(),
        };
        let found = self.tests.iter().find(|Numbered { quick, condition, .. }| {
            wanted(match (*quick, value) {
                (Quick::Compare(comparison, constant), Some(Value::Int(value))) => {
                    compare(comparison, *value, constant)
                }
                (Quick::Has(wanted), Some(Value::Map(_))) => present.has(wanted),
                (Quick::Lacks(unwanted), Some(Value::Map(_))) => present.lacks(unwanted),
                _ => condition.holds(fields, situation),
            })
        });
        found.map(|one| one.index)
    }
}

fn compare(comparison: Comparison, value: i64, constant: i64) -> Truth {
    Truth::of(match comparison {
        Comparison::Equal => value == constant,
        Comparison::NotEqual => value != constant,
        Comparison::Less => value < constant,
        Comparison::AtMost => value <= constant,
        Comparison::Greater => value > constant,
        Comparison::AtLeast => value >= constant,
    })
}

impl Present {
    /// Whether all of `wanted` are there.
    fn has(self, wanted: Bits) -> Truth {
        if self.exact & wanted == wanted {
            Truth::True
        } else if (self.exact | self.other_case) & wanted == wanted {
            Truth::Unknown
        } else {
            Truth::False
        }
    }

    /// Whether none of `unwanted` is there.
    fn lacks(self, unwanted: Bits) -> Truth {
        if self.exact & unwanted != 0 {
            Truth::False
        } else if self.other_case & unwanted != 0 {
            Truth::Unknown
        } else {
            Truth::True
        }
    }
}

fn texts(keys: &[Value]) -> Option<Vec<&str>> {
    keys.iter().map(Value::as_text).collect()
}
