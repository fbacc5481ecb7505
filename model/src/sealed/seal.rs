//! What is asked of sealed values, and the answers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Question, Sealed};
use crate::schema::conformance;
use crate::{
    Action, Call, Condition, Conformance, Field, Given, Interface, Moment, Policy, Schemas, Situation, Test,
    Truth, Type, Value,
};

/// A sealed value, as far as its tool shows it to the gate.
#[derive(Clone, Copy, Debug)]
pub enum Content<'c> {
    /// The value.
    Given(&'c Given),
    /// A text: the value itself where the field is of texts, else JSON that says the value.
    Text(&'c str),
    /// Something that is no text.
    Unreadable,
}

/// What a policy, and all that it extends, asks of the sealed values in the calls of one action.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seals {
    /// By record and field; the arguments themselves are of no record.
    asked: BTreeMap<Option<String>, BTreeMap<String, BTreeSet<Question>>>,
}

impl Seals {
    /// Nothing is asked.
    pub const NONE: Self = Self { asked: BTreeMap::new() };

    /// What the rules and approvals of `action` ask.
    #[must_use]
    pub fn of(policy: &Policy, tool: &str, action: &str) -> Self {
        let mut seals = Self::default();
        for layer in policy.layers() {
            let Some(interface) = layer.tools.get(tool).map(|tool| &tool.interface) else { continue };
            let Some(found) = interface.actions.get(action) else { continue };
            for condition in layer.conditions_of(tool, action) {
                if let Some((record, field, question)) = interface.question(found, condition) {
                    let of_record = seals.asked.entry(record.map(str::to_owned)).or_default();
                    of_record.entry(field.to_owned()).or_default().insert(question);
                }
            }
        }
        seals
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// What is asked of a field of `record`, or of an argument.
    pub fn of_field(&self, record: Option<&str>, field: &str) -> impl Iterator<Item = &Question> {
        let records = self.asked.iter().filter(move |(of, _)| of.as_deref() == record);
        records.filter_map(move |(_, fields)| fields.get(field)).flatten()
    }

    /// The answers that evidence has of a sealed value; what is not asked here is left out.
    pub(crate) fn reopen(
        &self,
        record: Option<&str>,
        field: &str,
        answers: &BTreeMap<String, Given>,
    ) -> Sealed {
        let answer = |question: &Question| {
            let truth = match answers.get(question.id().to_text().as_str())? {
                Given::Bool(answer) => Truth::of(*answer),
                Given::Null => Truth::Unknown,
                Given::Integer(_)
                | Given::OtherNumber(_)
                | Given::Text(_)
                | Given::List(_)
                | Given::Map(_) => return None,
            };
            Some((question.clone(), truth))
        };
        Sealed::new(self.of_field(record, field).filter_map(answer))
    }

    /// Whether every sealed value of a call has an answer to each question: only then can a policy that
    /// asks them decide the call as its gate would have.
    #[must_use]
    pub fn are_answered(&self, call: &Call, interface: &Interface) -> bool {
        let Some(action) = interface.actions.get(&call.action) else { return true };
        self.is_empty() || self.fields_are(None, &action.arguments, &call.arguments, interface)
    }

    fn fields_are(
        &self,
        record: Option<&str>,
        fields: &BTreeMap<String, Field>,
        values: &BTreeMap<String, Value>,
        interface: &Interface,
    ) -> bool {
        values.iter().all(|(name, value)| {
            fields.get(name).is_none_or(|field| self.value_is((record, name), &field.ty, value, interface))
        })
    }

    fn value_is(&self, of: (Option<&str>, &str), ty: &Type, value: &Value, interface: &Interface) -> bool {
        match (value, ty) {
            (Value::Sealed(sealed), _) => {
                let is_there = |question: &Question| sealed.answers().iter().any(|(one, _)| one == question);
                self.of_field(of.0, of.1).all(is_there)
            }
            (Value::List(members), Type::List(member) | Type::Set(member)) => {
                members.iter().all(|one| self.value_is(of, member, one, interface))
            }
            (Value::List(elements), Type::Batch(record)) => {
                let ty = Type::Record(record.clone());
                elements.iter().all(|one| self.value_is(of, &ty, one, interface))
            }
            (Value::Map(members), Type::Map(member)) => {
                members.values().all(|one| self.value_is(of, member, one, interface))
            }
            (Value::Map(values), Type::Record(record)) => interface
                .records
                .get(record)
                .is_none_or(|found| self.fields_are(Some(record), &found.fields, values, interface)),
            _ => true,
        }
    }
}

impl Policy {
    /// Whether the policy, or what it extends, asks more of a sealed value than whether it is there.
    #[must_use]
    pub fn asks_of_sealed(&self) -> bool {
        self.layers().any(|layer| {
            layer.tools.iter().any(|(name, tool)| {
                let mut actions = tool.interface.actions.iter();
                actions.any(|(of, action)| {
                    let mut all = layer.conditions_of(name, of);
                    all.any(|condition| tool.interface.question(action, condition).is_some())
                })
            })
        })
    }

    /// Conditions of this policy alone that rules and approvals of an action have.
    pub(crate) fn conditions_of(&self, tool: &str, action: &str) -> impl Iterator<Item = &Condition> {
        let rules = self.tools.get(tool).into_iter().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
        let rules = rules.filter(move |rule| rule.action.as_deref().is_none_or(|of| of == action));
        let approvals = self
            .approvals
            .iter()
            .filter(move |approval| approval.tool == tool && approval.actions.iter().any(|of| of == action));
        let of_rules = rules.flat_map(|rule| rule.conditions.iter());
        of_rules.chain(approvals.flat_map(|approval| &approval.conditions))
    }
}

impl Interface {
    /// What `condition` asks of a sealed value: of a field of this record, or of an argument of `action`.
    /// `None` if it reads none, or asks no more than whether it is there.
    #[must_use]
    pub fn question<'i>(
        &'i self,
        action: &'i Action,
        condition: &'i Condition,
    ) -> Option<(Option<&'i str>, &'i str, Question)> {
        let Condition { subject, test } = condition;
        let mut field = self.field(action, &subject.name)?;
        let mut record = match action.batch() {
            Some((_, record)) if !action.arguments.contains_key(&subject.name) => Some(record),
            Some(_) | None => None,
        };
        let (mut name, mut quantifier) = (subject.name.as_str(), subject.quantifier);
        let (mut ty, mut rest) = (&field.ty, subject.steps.as_slice());
        while !field.sealed && *ty != Type::Json {
            if let Some(member) = ty.member().filter(|_| quantifier.is_some()) {
                (ty, quantifier) = (member, None);
                continue;
            }
            let (step, after) = rest.split_first()?;
            rest = after;
            match (step, ty) {
                (crate::Step::Key(_), Type::Map(member)) => ty = member,
                (crate::Step::Field(of), Type::Record(found)) => {
                    field = self.records.get(found)?.fields.get(of)?;
                    (record, name, ty) = (Some(found.as_str()), of, &field.ty);
                }
                _ => return None,
            }
        }
        let is_presence = matches!(test, Test::Present | Test::Absent);
        if is_presence && rest.is_empty() && quantifier.is_none() {
            return None;
        }
        Some((record, name, Question { quantifier, steps: rest.to_vec(), test: test.clone() }))
    }

    /// Whether a condition on `action` is answered by the gate alone: it asks where a value came from, whether
    /// it conforms to a schema, or what a sealed value says.
    #[must_use]
    pub fn is_attested(&self, action: &Action, condition: &Condition) -> bool {
        condition.sources().is_some()
            || condition.schema().is_some()
            || self.question(action, condition).is_some()
    }
}

/// Reads sealed values on behalf of one action of a policy.
#[derive(Clone, Copy)]
pub struct Sealing<'s> {
    /// The interface of the action's tool.
    pub interface: &'s Interface,
    /// The action.
    pub action: &'s Action,
    /// What is asked.
    pub seals: &'s Seals,
    /// Who knows the policy's schemas.
    pub schemas: &'s dyn Schemas,
}

impl std::fmt::Debug for Sealing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealing").field("seals", &self.seals).finish_non_exhaustive()
    }
}

impl Sealing<'_> {
    /// What is found of a value of `field` of `record`, or of an argument where that is `None`. What is
    /// not of the field's type has no answers but unknown.
    #[must_use]
    pub fn seal(self, record: Option<&str>, field: &str, content: Content<'_>) -> Sealed {
        let mut asked = self.seals.of_field(record, field).peekable();
        let fields = match record {
            None => Some(&self.action.arguments),
            Some(record) => self.interface.records.get(record).map(|record| &record.fields),
        };
        let found = fields.and_then(|fields| fields.get(field));
        let Some(found) = found.filter(|_| asked.peek().is_some()) else { return Sealed::UNREAD };
        if !found.sealed || found.ty == Type::Json {
            return Sealed::new(asked.map(|question| (question.clone(), self.of_json(question, content))));
        }
        let value = self.typed(&found.ty, content);
        let answers = asked.map(|question| {
            let answer =
                value.as_ref().map_or(Truth::Unknown, |value| self.of_value(question, &found.ty, value));
            (question.clone(), answer)
        });
        Sealed::new(answers)
    }

    fn of_json(self, question: &Question, content: Content<'_>) -> Truth {
        let Question { quantifier: None, steps, test: Test::Conforms(schema) } = question else {
            return Truth::Unknown;
        };
        match content {
            _ if !steps.is_empty() => Truth::Unknown,
            Content::Given(given) => self.schemas.conforms(schema, given),
            Content::Text(text) => self.schemas.text_conforms(schema, text),
            // As what is no JSON does.
            Content::Unreadable => self.schemas.text_conforms(schema, ""),
        }
    }

    fn of_value(self, question: &Question, ty: &Type, value: &Value) -> Truth {
        let inside = Inside { interface: self.interface, ty, schemas: self.schemas };
        let situation = Situation { conformance: Some(&inside), ..Moment::at(0).into() };
        question.condition().holds(&BTreeMap::from([(String::new(), value.clone())]), situation)
    }

    fn typed(self, ty: &Type, content: Content<'_>) -> Option<Value> {
        let given = match content {
            Content::Given(given) => given.clone(),
            Content::Unreadable => return None,
            Content::Text(text) if ty.is_text() => Given::Text(text.to_owned()),
            #[cfg(feature = "serde")]
            Content::Text(text) => Given::from_json(text.as_bytes()).ok()?,
            #[cfg(not(feature = "serde"))]
            Content::Text(_) => return None,
        };
        self.interface.read(given, ty, crate::place::Place::Root).ok()
    }
}

/// Conformance of what stands in a value that is being sealed.
struct Inside<'a> {
    interface: &'a Interface,
    ty: &'a Type,
    schemas: &'a dyn Schemas,
}

impl Conformance for Inside<'_> {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        let Condition { subject, test: Test::Conforms(schema) } = condition else { return Truth::Unknown };
        let start = Cow::Borrowed(self.ty);
        let found = self.interface.path_type(start, false, subject.quantifier.is_some(), &subject.steps);
        found.map_or(Truth::Unknown, |found| {
            conformance(self.interface, self.schemas, schema, &found.ty, value)
        })
    }
}
