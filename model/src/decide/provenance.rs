//! Which values a job remembers the source of, as counters: one of each source and value.
//!
//! ```text
//! statement of the source, key = value under the job's secret    + 1 the first time it is seen
//! "labels"                                                        + how many were new
//! "labels are full"                                               + 1 when there was no room for them
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::counter::{Charging, Counter};
use super::history::History;
use crate::call::read_alone;
use crate::source::label_of;
use crate::{
    Call, Condition, Given, Hash, MAX_LABELS_PER_JOB, Policy, RuleId, Source, Sources, Test, Truth, Value,
    Window,
};

/// Whoever has a job's history knows where its values came from.
impl<H: History + ?Sized> Sources for H {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        let seen = |counter: Counter| self.total(&counter, None).map(|times| times > 0);
        let Some(key) = self.salted(label_of(value)) else { return Truth::Unknown };
        match (seen(Counter::keyed(source.statement(), key)), seen(full())) {
            (Some(true), _) => Truth::True,
            (Some(false), Some(false)) => Truth::False,
            // Not remembered, but neither are others that came from there.
            _ => Truth::Unknown,
        }
    }
}

/// The values whose source a policy asks for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Provenance {
    input: BTreeSet<Source>,
    /// By tool and action.
    results: BTreeMap<(String, String), BTreeSet<Source>>,
}

/// The job's input has more values than a job may remember. They are more than
/// [`MAX_LABELS_PER_JOB`], or the job's history cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyLabels;

impl Provenance {
    /// What `policy` asks for, and what it extends.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let mut found = Self::default();
        for source in policy.conditions().filter_map(Condition::sources).flatten() {
            match source {
                Source::Input { .. } => {
                    found.input.insert(source.clone());
                }
                Source::Result { tool, action, .. } => {
                    let of_action = found.results.entry((tool.clone(), action.clone())).or_default();
                    of_action.insert(source.clone());
                }
            }
        }
        found
    }

    /// Every source that the policy names.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.input.iter().chain(self.results.values().flatten())
    }

    /// The counter of how many values a job remembers.
    #[must_use]
    pub fn remembered() -> Counter {
        count()
    }

    /// Whether the policy asks for the job's input.
    #[must_use]
    pub fn asks_for_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// What remembering the job's input charges: every text and number in it, as each type that it can
    /// be read as and the policy asks for. Keys of objects, truth values and numbers with fractions are
    /// no values.
    ///
    /// # Errors
    ///
    /// [`TooManyLabels`] only if there is no room for all of them, or the history cannot be read.
    pub fn of_input(&self, input: &Given, history: &dyn History) -> Result<Vec<Charging>, TooManyLabels> {
        let mut leaves = Vec::new();
        collect_leaves(input, &mut leaves);
        let labels = self.input.iter().flat_map(|source| {
            let read = |leaf: &&Given| Some((source, read_alone((*leaf).clone(), source.ty())?));
            leaves.iter().filter_map(read).collect::<Vec<_>>()
        });
        charges(labels.collect(), history).ok_or(TooManyLabels)
    }

    /// What remembering the result of `call` charges. If there is no room for all of it, none is
    /// remembered, and the job notes that it does not remember everything.
    #[must_use]
    pub fn of_result(
        &self,
        call: &Call,
        result: &BTreeMap<String, Value>,
        history: &dyn History,
    ) -> Vec<Charging> {
        // No call has names so long that a look-up by borrowed ones would pay.
        let asked = self.results.get(&(call.tool.clone(), call.action.clone()));
        let Some(asked) = asked else { return Vec::new() };
        let mut labels = Vec::new();
        for source in asked {
            let Source::Result { field, .. } = source else { continue };
            let mut values = Vec::new();
            if let Some(value) = result.get(field) {
                collect_values(value, &mut values);
            }
            labels.extend(values.into_iter().map(|value| (source, value.clone())));
        }
        charges(labels, history).unwrap_or_else(|| {
            let before = history.total(&full(), None);
            let note = |before| Charging { counter: full(), window: Window::Job, before, amount: 1 };
            before.map(note).into_iter().collect()
        })
    }
}

fn statement(word: &str) -> Counter {
    Counter::of(RuleId::of(word.as_bytes()))
}

/// How many values the job remembers.
fn count() -> Counter {
    statement("labels")
}

/// Whether it does not remember all that it should.
fn full() -> Counter {
    statement("labels are full")
}

/// One charge for each label that is new, and one for their number; `None` if there is no room.
fn charges(labels: Vec<(&Source, Value)>, history: &dyn History) -> Option<Vec<Charging>> {
    let statements: BTreeMap<&Source, RuleId> =
        labels.iter().map(|(source, _)| (*source, source.statement())).collect();
    let mut counters = BTreeSet::new();
    for (source, value) in &labels {
        let counter = Counter::keyed(*statements.get(source)?, history.salted(label_of(value))?);
        if history.total(&counter, None)? == 0 {
            counters.insert(counter);
        }
    }
    if counters.is_empty() {
        return Some(Vec::new());
    }
    let (before, amount) = (history.total(&count(), None)?, i64::try_from(counters.len()).ok()?);
    if before.checked_add(amount)? > i64::try_from(MAX_LABELS_PER_JOB).ok()? {
        return None;
    }
    let one = |counter| Charging { counter, window: Window::Job, before: 0, amount: 1 };
    let number = Charging { counter: count(), window: Window::Job, before, amount };
    Some(counters.into_iter().map(one).chain([number]).collect())
}

fn collect_leaves<'g>(given: &'g Given, leaves: &mut Vec<&'g Given>) {
    match given {
        Given::Text(_) | Given::Integer(_) => leaves.push(given),
        Given::List(members) => members.iter().for_each(|member| collect_leaves(member, leaves)),
        Given::Map(members) => members.values().for_each(|member| collect_leaves(member, leaves)),
        Given::Null | Given::Bool(_) | Given::OtherNumber(_) => {}
    }
}

fn collect_values<'v>(value: &'v Value, values: &mut Vec<&'v Value>) {
    match value {
        Value::List(members) => members.iter().for_each(|member| collect_values(member, values)),
        Value::Map(members) => members.values().for_each(|member| collect_values(member, values)),
        Value::Int(_) | Value::Text(_) => values.push(value),
        Value::Bool(_) | Value::Sealed(_) => {}
    }
}

impl Condition {
    /// The sources that it demands, if it demands any.
    #[must_use]
    pub fn sources(&self) -> Option<&[Source]> {
        if let Test::From(sources) = &self.test { Some(sources) } else { None }
    }
}

impl Policy {
    /// The conditions of all rules and approvals, of the policy and of all that it extends.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.layers().flat_map(Self::own_conditions)
    }

    fn own_conditions(&self) -> impl Iterator<Item = &Condition> {
        let rules = self.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
        let of_approvals = self.approvals.iter().flat_map(|approval| &approval.conditions);
        rules.flat_map(|rule| rule.conditions.iter()).chain(of_approvals)
    }

    /// The schemas that its own conditions name.
    pub(crate) fn schemas_named(&self) -> impl Iterator<Item = &Hash> {
        self.own_conditions().filter_map(Condition::schema)
    }

    /// Whether what its sources say is there: a result's field that is trusted and has values of
    /// that type; and where it is not, which.
    pub(crate) fn missing_source(&self) -> Option<Source> {
        let is_there = |source: &Source| {
            let Source::Result { tool, action, field, ty } = source else { return true };
            let action = self.tools.get(tool).and_then(|tool| tool.interface.actions.get(action));
            let field = action.and_then(|action| action.results.get(field)).filter(|field| field.trusted);
            field.and_then(|field| field.ty.result_source_type()).as_ref() == Some(ty)
        };
        let mut sources = self.own_conditions().filter_map(Condition::sources).flatten();
        sources.find(|source| !is_there(source)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Provenance, Source};
    use crate::{Given, History as _, Past, Sources as _, Truth, Type, Value, Who};

    const WHO: Who<'static> = Who { job: "job", agent: "agent" };

    fn emails() -> Source {
        Source::Input { ty: Type::Email }
    }

    #[test]
    fn a_leaf_of_the_input_is_read_as_each_type_that_is_asked_for() {
        let input = [emails(), Source::Input { ty: Type::Text }, Source::Input { ty: Type::Count }];
        let asked = Provenance { input: input.into_iter().collect(), ..Provenance::default() };
        let mut past = Past::new();
        let leaf = |text: &str| Given::Text(text.to_owned());
        let given = Given::List(vec![leaf("a@B.example"), Given::Integer(5), leaf("7"), Given::Bool(true)]);
        let charges = asked.of_input(&given, &past.at(WHO, 1)).unwrap();
        past.charge(WHO, 1, &charges);
        let now = past.at(WHO, 2);
        let text = |text: &str| Value::text(text);
        assert_eq!(now.came_from(&emails(), &text("a@b.example")), Truth::True);
        assert_eq!(now.came_from(&emails(), &text("a@B.example")), Truth::False);
        assert_eq!(now.came_from(&Source::Input { ty: Type::Text }, &text("a@B.example")), Truth::True);
        assert_eq!(now.came_from(&Source::Input { ty: Type::Count }, &Value::Int(5)), Truth::True);
        assert_eq!(now.came_from(&Source::Input { ty: Type::Count }, &Value::Int(7)), Truth::False);
        assert_eq!(now.came_from(&Source::Input { ty: Type::Int }, &Value::Int(5)), Truth::False);
        let other = Who { job: "other", ..WHO };
        assert_eq!(past.at(other, 2).came_from(&emails(), &text("a@b.example")), Truth::False);
        // Once is enough.
        assert_eq!(asked.of_input(&given, &now).unwrap(), []);
        assert_eq!(now.now(), 2);
    }

    #[test]
    fn past_its_bound_a_job_no_longer_says_no() {
        let asked = Provenance { input: [emails()].into(), ..Provenance::default() };
        let many =
            |count: usize| Given::List((0..count).map(|n| Given::Text(format!("a{n}@b.example"))).collect());
        let past = Past::new();
        assert!(asked.of_input(&many(super::MAX_LABELS_PER_JOB), &past.at(WHO, 1)).is_ok());
        assert!(asked.of_input(&many(super::MAX_LABELS_PER_JOB + 1), &past.at(WHO, 1)).is_err());

        let field =
            Source::Result { tool: "t".into(), action: "a".into(), field: "f".into(), ty: Type::Count };
        let results = [(("t".to_owned(), "a".to_owned()), [field.clone()].into())].into();
        let asked = Provenance { results, ..Provenance::default() };
        let call = crate::Call { tool: "t".into(), action: "a".into(), resource: None, arguments: [].into() };
        let result = |range: std::ops::Range<i64>| {
            [("f".to_owned(), Value::List(range.map(Value::Int).collect()))].into()
        };
        let mut past = Past::new();
        for (range, amount) in [(0..9_000, 9_000), (8_000..10_000, 1_000), (9_990..10_001, 0)] {
            let charges = asked.of_result(&call, &result(range), &past.at(WHO, 1));
            assert_eq!(charges.iter().filter(|charge| charge.counter.key.is_some()).count(), amount);
            past.charge(WHO, 1, &charges);
        }
        let now = past.at(WHO, 1);
        assert_eq!(now.came_from(&field, &Value::Int(9_999)), Truth::True);
        assert_eq!(now.came_from(&field, &Value::Int(10_000)), Truth::Unknown);
    }
}
