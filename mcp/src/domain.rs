//! What is known of a value that an allowed call may have: never less than what the rules admit.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::Value;

/// Bounds of one value. The default says nothing, so that everything is admitted.
///
/// A domain may admit more than the rules do, never less: what connects two arguments, two alternatives
/// or a value with the clock is left to the gate.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Domain {
    /// One of these.
    pub(crate) one_of: Option<BTreeSet<Value>>,
    /// At least and at most, of an integer.
    pub(crate) range: Bounds,
    /// Members of a list, set, map or batch; UTF-8 bytes of a text.
    pub(crate) size: Bounds,
    /// Regular expressions, all of which match.
    pub(crate) patterns: BTreeSet<String>,
    /// It must be there.
    pub(crate) present: bool,
    /// It must not be there.
    pub(crate) absent: bool,
    /// Keys that a map must not have.
    pub(crate) lacks: BTreeSet<String>,
    /// Of every member of a list, set or batch.
    pub(crate) members: Option<Box<Domain>>,
    /// Of the fields of a record and the keys of a map.
    pub(crate) fields: BTreeMap<String, Domain>,
}

/// A range of integers, each end of which may be open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) least: Option<i64>,
    pub(crate) most: Option<i64>,
}

impl Bounds {
    fn and(self, other: Self) -> Self {
        Self {
            least: self.least.into_iter().chain(other.least).max(),
            most: self.most.into_iter().chain(other.most).min(),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            least: self.least.zip(other.least).map(|(one, other)| one.min(other)),
            most: self.most.zip(other.most).map(|(one, other)| one.max(other)),
        }
    }

    fn is_empty(self) -> bool {
        matches!((self.least, self.most), (Some(least), Some(most)) if least > most)
    }
}

impl Domain {
    /// One of these values and no other.
    pub(crate) fn of(values: impl IntoIterator<Item = Value>) -> Self {
        Self { one_of: Some(values.into_iter().collect()), ..Self::default() }
    }

    /// What both admit.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.one_of = match (self.one_of, other.one_of) {
            (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
            (one, other) => one.or(other),
        };
        self.range = self.range.and(other.range);
        self.size = self.size.and(other.size);
        self.patterns.extend(other.patterns);
        self.present |= other.present;
        self.absent |= other.absent;
        self.lacks.extend(other.lacks);
        self.members = match (self.members, other.members) {
            (Some(one), Some(other)) => Some(Box::new(one.and(*other))),
            (one, other) => one.or(other),
        };
        for (name, field) in other.fields {
            let before = self.fields.remove(&name).unwrap_or_default();
            self.fields.insert(name, before.and(field));
        }
        self
    }

    /// What at least one of them admits, and maybe more.
    pub(crate) fn or(self, other: Self) -> Self {
        // Where it cannot be, nothing else is known of it.
        match (self.absent, other.absent) {
            (true, false) => return Self { present: false, ..other },
            (false, true) => return Self { present: false, ..self },
            (true, true) | (false, false) => {}
        }
        Self {
            one_of: self.one_of.zip(other.one_of).map(|(mut one, other)| {
                one.extend(other);
                one
            }),
            range: self.range.or(other.range),
            size: self.size.or(other.size),
            patterns: either(self.patterns, other.patterns),
            present: self.present && other.present,
            absent: self.absent,
            lacks: self.lacks.intersection(&other.lacks).cloned().collect(),
            members: self.members.zip(other.members).map(|(one, other)| Box::new(one.or(*other))),
            fields: both(self.fields, other.fields),
        }
    }

    /// Whether a value that must be there has no value that it may have.
    pub(crate) fn is_impossible(&self) -> bool {
        let none = self.one_of.as_ref().is_some_and(BTreeSet::is_empty);
        self.present && (self.absent || none || self.range.is_empty() || self.size.is_empty())
    }

    pub(crate) fn members_mut(&mut self) -> &mut Self {
        self.members.get_or_insert_default()
    }

    pub(crate) fn field_mut(&mut self, name: &str) -> &mut Self {
        self.fields.entry(name.to_owned()).or_default()
    }
}

/// Patterns of two alternatives: those that stand in both, else one that is either of the two.
fn either(one: BTreeSet<String>, other: BTreeSet<String>) -> BTreeSet<String> {
    if one == other {
        return one;
    }
    match (first_of_one(&one), first_of_one(&other)) {
        (Some(left), Some(right)) => [format!("{left}|{right}")].into(),
        _ => one.intersection(&other).cloned().collect(),
    }
}

fn first_of_one(patterns: &BTreeSet<String>) -> Option<&String> {
    if patterns.len() == 1 { patterns.first() } else { None }
}

/// Of the names that are known on both sides, what either admits.
pub(crate) fn both(
    one: BTreeMap<String, Domain>,
    mut other: BTreeMap<String, Domain>,
) -> BTreeMap<String, Domain> {
    let joined = one.into_iter().filter_map(|(name, one)| Some((name.clone(), one.or(other.remove(&name)?))));
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_most(most: i64) -> Domain {
        Domain { range: Bounds { least: None, most: Some(most) }, present: true, ..Domain::default() }
    }

    #[test]
    fn alternatives_admit_what_either_does() {
        assert_eq!(at_most(3).or(at_most(5)), at_most(5));
        assert_eq!(at_most(3).or(Domain::default()), Domain::default());
        let absent = Domain { absent: true, ..Domain::default() };
        assert_eq!(at_most(3).or(absent), Domain { present: false, ..at_most(3) });
    }

    #[test]
    fn what_must_be_there_and_can_have_no_value_is_impossible() {
        let least = Domain { range: Bounds { least: Some(4), most: None }, ..Domain::default() };
        assert!(at_most(3).and(least.clone()).is_impossible());
        assert!(!at_most(4).and(least).is_impossible());
        let one = |text| Domain { present: true, ..Domain::of([Value::text(text)]) };
        assert!(one("a").and(one("b")).is_impossible());
    }
}
