//! The values around which a policy's answers change: its constants and their neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cases;
use crate::checked;
use wpc_model::{Cidr, Condition, MAX_INTEGER, Moment, Slot, Step, Subject, Target, Test, Tool, Value};

/// Neighbours kept for one place; a list of a thousand names has more than a check needs.
pub(super) const MAX_AT: usize = 64;
/// Sizes beyond this are not built.
pub(super) const MAX_SIZE: usize = 300;

/// Interesting values by place. A place is a subject without its quantifier, as text.
#[derive(Debug, Default)]
pub(super) struct Pool {
    values: BTreeMap<String, BTreeSet<Value>>,
    sizes: BTreeMap<String, BTreeSet<usize>>,
    /// Names of resources by kind and slot.
    names: BTreeMap<(String, usize), BTreeSet<String>>,
    /// Times around which what is said of the clock changes; at least one.
    moments: Vec<Moment>,
}

impl Pool {
    /// The pool of a tool, as written and as lowered; of `most` cases.
    pub(super) fn of(tool: &checked::Tool, lowered: &Tool, most: usize) -> Self {
        let mut pool = Self::default();
        let mut last: Option<Arc<[Condition]>> = None;
        for case in cases::all(tool, lowered).take(most) {
            pool.target(&case.target);
            // Neighbours in a list of resources share their conditions.
            if last.as_ref().is_none_or(|last| !Arc::ptr_eq(last, &case.conditions)) {
                for condition in &*case.conditions {
                    pool.condition(&condition.subject, &condition.test);
                }
                last = Some(case.conditions);
            }
        }
        pool.moments = pool.around_the_clock();
        pool
    }

    /// Times around which what is said of the clock changes; at least one.
    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The times of day that conditions name, and those beside them, on the days that they name and
    /// on another one.
    fn around_the_clock(&self) -> Vec<Moment> {
        const MS_PER_DAY: i64 = 86_400_000;
        let on_clock = |part: &str| place("clock", &[Step::Field(part.to_owned())]);
        let times: Vec<i64> = self.values(&on_clock("time")).filter_map(Value::as_int).collect();
        let times = if times.is_empty() { vec![0] } else { times };
        let named: Vec<&str> = self.values(&on_clock("weekday")).filter_map(Value::as_text).collect();
        let mut days: Vec<i64> =
            (0..7).filter(|day| named.contains(&Moment::at(day * MS_PER_DAY).weekday())).collect();
        days.extend((0..7).find(|day| !days.contains(day)));
        let moments = times.iter().flat_map(|time| days.iter().map(move |day| day * MS_PER_DAY + time));
        moments.take(MAX_AT).map(Moment::at).collect()
    }

    /// The values at a place, members of lists and keys of maps included.
    pub(super) fn values<'p>(&'p self, place: &str) -> impl Iterator<Item = &'p Value> + use<'p> {
        self.values.get(place).into_iter().flatten()
    }

    pub(super) fn sizes<'p>(&'p self, place: &str) -> impl Iterator<Item = usize> + use<'p> {
        self.sizes.get(place).into_iter().flatten().copied()
    }

    pub(super) fn names<'p>(&'p self, kind: &str, slot: usize) -> impl Iterator<Item = &'p String> + use<'p> {
        self.names.get(&(kind.to_owned(), slot)).into_iter().flatten()
    }

    fn target(&mut self, target: &Target) {
        let Target::Of { kind, slots } = target else { return };
        for (index, slot) in slots.iter().enumerate() {
            if self.names(kind, index).nth(MAX_AT).is_none() {
                let names = self.names.entry((kind.to_string(), index)).or_default();
                names.extend(neighbours_of_slot(slot));
            }
        }
    }

    fn condition(&mut self, subject: &Subject, test: &Test) {
        let place = place(&subject.name, &subject.steps);
        if let Some((Step::Size, outer)) = subject.steps.split_last() {
            let sizes = self.sizes.entry(self::place(&subject.name, outer)).or_default();
            let wanted =
                neighbours(test).into_iter().filter_map(|value| usize::try_from(value.as_int()?).ok());
            sizes.extend(wanted.filter(|size| *size <= MAX_SIZE));
            return;
        }
        if let Some((Step::Key(key), outer)) = subject.steps.split_last() {
            self.values.entry(self::place(&subject.name, outer)).or_default().extend(neighbours_of_text(key));
        }
        let values = self.values.entry(place).or_default();
        if values.len() < MAX_AT {
            values.extend(neighbours(test));
        }
    }
}

/// `properties["k"].size` of a name and steps.
pub(super) fn place(name: &str, steps: &[Step]) -> String {
    Subject { quantifier: None, name: name.to_owned(), steps: steps.to_vec() }.to_text()
}

/// The constants of a test and what stands just beside them.
pub(super) fn neighbours(test: &Test) -> Vec<Value> {
    match test {
        // Whatever the value, it may have come from there.
        Test::Absent | Test::Present | Test::From(_) => Vec::new(),
        Test::Compare(_, constant) => beside(constant),
        Test::Has(set) | Test::In(set) | Test::Lacks(set) | Test::NotIn(set) => {
            set.iter().take(MAX_AT).flat_map(beside).collect()
        }
        Test::Like(pattern) => {
            let one = instance(pattern);
            neighbours_of_text(&one).collect()
        }
        // A pattern without operators matches itself.
        Test::Matches(pattern) => neighbours_of_text(&pattern.replace('\\', "")).collect(),
        Test::UnderDomain(of) => texts(of, |of| vec![of.to_owned(), format!("a.{of}"), format!("x{of}")]),
        Test::UnderPath(of) => texts(of, |of| {
            let below = format!("{}/a", of.trim_end_matches('/'));
            vec![of.to_owned(), below, format!("{of}x"), "/".to_owned()]
        }),
        // What conforms to a schema is made up, as what comes from a source is.
        Test::Conforms(_) => Vec::new(),
        Test::WithinCidr(blocks) => texts(blocks, |block| {
            let ends = Cidr::parse(block).map(|block| [block.first(), block.last()]);
            ends.into_iter().flatten().chain(["0.0.0.0", "::", "203.0.113.9"].map(str::to_owned)).collect()
        }),
    }
}

/// What stands around each of some texts.
fn texts(constants: &[Value], around: impl Fn(&str) -> Vec<String>) -> Vec<Value> {
    let texts = constants.iter().take(MAX_AT).filter_map(Value::as_text);
    texts.flat_map(around).map(Value::Text).collect()
}

fn beside(constant: &Value) -> Vec<Value> {
    match constant {
        Value::Int(number) => [number - 1, *number, number + 1]
            .into_iter()
            .filter(|number| number.abs() <= MAX_INTEGER)
            .map(Value::Int)
            .collect(),
        Value::Text(text) => neighbours_of_text(text).collect(),
        Value::Bool(held) => vec![Value::Bool(*held), Value::Bool(!held)],
        Value::List(_) | Value::Map(_) | Value::Sealed(_) => Vec::new(),
    }
}

/// A text, in another letter case, and a longer one.
fn neighbours_of_text(text: &str) -> impl Iterator<Item = Value> + use<> {
    [text.to_owned(), other_case(text), format!("{text}x")].into_iter().map(Value::Text)
}

fn neighbours_of_slot(slot: &Slot) -> Vec<String> {
    let one = match slot {
        Slot::Any => return vec!["anything".to_owned()],
        Slot::Exact(name) => name.clone(),
        Slot::Like(pattern) => instance(pattern),
    };
    vec![other_case(&one), format!("{one}x"), one]
}

/// The text with the case of its first ASCII letter changed.
pub(super) fn other_case(text: &str) -> String {
    let mut changed = false;
    text.chars()
        .map(|c| {
            if changed || !c.is_ascii_alphabetic() {
                return c;
            }
            changed = true;
            if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
        })
        .collect()
}

/// A text that matches a pattern.
fn instance(pattern: &str) -> String {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => text.push_str("ab"),
            '?' => text.push('q'),
            '\\' => text.extend(chars.next()),
            other => text.push(other),
        }
    }
    text
}
