//! Calls at a rule's own boundaries: one that it speaks of and that satisfies its conditions, as far
//! as can be built, and beside it calls with one thing changed.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{
    Action, Call, Condition, Field, Interface, Moment, Quantifier, Resource, Slot, Step, Target, Test, Truth,
    Type, Value,
};

use super::Halt;
use super::address;
use super::cases::{Case, Seen};
use super::changed::{put, variants, without_quantifier};
use super::pool::{MAX_SIZE, Pool, neighbours, other_case, place};

/// Builds boundary calls for the rules of one tool.
pub(super) struct Boundaries<'b> {
    pub(super) tool: &'b str,
    pub(super) interface: &'b Interface,
    pub(super) pool: &'b Pool,
}

type Arguments = BTreeMap<String, Value>;

impl Boundaries<'_> {
    /// Gives `visit` the calls of a case, one after another: boundaries of its resource, and those of
    /// its conditions if they were not seen before.
    pub(super) fn each(
        &self,
        case: &Case,
        seen: &mut Seen,
        visit: &mut dyn FnMut(&Call) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let named = match &case.action {
            Some(name) => self.interface.actions.get_key_value(&**name),
            None => self.interface.actions.iter().next(),
        };
        let Some((name, action)) = named else { return Ok(()) };
        let build = || self.satisfying(action, &case.conditions);
        let Some((base, is_new)) = seen.meet(case, build) else { return Ok(()) };
        let call = |resource: Option<Resource>, arguments: Arguments| Call {
            tool: self.tool.to_owned(),
            action: name.clone(),
            resource,
            arguments,
        };
        let resources = self.resources(&case.target, action);
        let at = resources.first().cloned().flatten();
        let mut on = call(None, base.clone());
        for resource in resources {
            on.resource = resource;
            visit(&on)?;
        }
        if is_new {
            self.changed(action, &case.conditions, base, &mut |arguments| {
                visit(&call(at.clone(), arguments))
            })?;
        }
        Ok(())
    }

    /// The rule's resource first, then its neighbours.
    fn resources(&self, target: &Target, action: &Action) -> Vec<Option<Resource>> {
        let (kind, slots) = match target {
            Target::Of { kind, slots } => (kind.to_string(), slots.clone()),
            Target::Any => {
                let Some(kind) = action.kinds.first() else { return vec![None] };
                let parameters =
                    self.interface.kinds.get(kind).map_or(0, |kind| kind.template.parameters.len());
                (kind.clone(), vec![Slot::Any; parameters])
            }
        };
        let name = |slot: &Slot, index: usize| match slot {
            Slot::Exact(name) => name.clone(),
            Slot::Like(_) | Slot::Any => {
                let mut known = self.pool.names(&kind, index);
                known
                    .find(|name| slot.matches(name) == Truth::True)
                    .cloned()
                    .unwrap_or_else(|| "some".to_owned())
            }
        };
        let base: Vec<String> = slots.iter().enumerate().map(|(index, slot)| name(slot, index)).collect();
        let mut all = vec![base.clone()];
        for (index, one) in base.iter().enumerate() {
            for changed in [other_case(one), format!("{one}x")] {
                let mut names = base.clone();
                if let Some(name) = names.get_mut(index) {
                    *name = changed;
                }
                all.push(names);
            }
        }
        let mut resources: Vec<Option<Resource>> =
            all.into_iter().map(|names| Some(Resource { kind: kind.clone(), names })).collect();
        // The same names under another kind are another resource.
        let other = action.kinds.iter().find(|other| {
            **other != kind
                && self
                    .interface
                    .kinds
                    .get(*other)
                    .is_some_and(|found| found.template.parameters.len() == base.len())
        });
        resources.extend(other.map(|other| Some(Resource { kind: other.clone(), names: base })));
        resources
    }

    /// Arguments that satisfy the conditions, as far as they can be built one by one.
    fn satisfying(&self, action: &Action, conditions: &[Condition]) -> Arguments {
        action
            .arguments
            .iter()
            .filter_map(|(name, field)| {
                let Type::Batch(record) = &field.ty else {
                    return Some((name.clone(), self.build(field, name, &[], conditions)?));
                };
                let fields = self.interface.records.get(record).map(|record| &record.fields)?;
                let element = fields.iter().filter_map(|(name, field)| {
                    Some((name.clone(), self.build(field, name, &[], conditions)?))
                });
                let element = Value::Map(element.collect());
                let wanted = self.size_for(name, &[], conditions, 1).max(1);
                Some((name.clone(), Value::List(vec![element; wanted])))
            })
            .collect()
    }

    /// A value for a field; `None` leaves it out.
    fn build(&self, field: &Field, name: &str, steps: &[Step], conditions: &[Condition]) -> Option<Value> {
        let here: Vec<&Condition> = conditions
            .iter()
            .filter(|condition| condition.subject.name == name && condition.subject.steps.starts_with(steps))
            .collect();
        if field.optional && here.iter().all(|condition| condition.test == Test::Absent) {
            return None;
        }
        if field.sealed {
            return Some(Value::SEALED);
        }
        Some(self.value(&field.ty, name, steps, conditions))
    }

    fn value(&self, ty: &Type, name: &str, steps: &[Step], conditions: &[Condition]) -> Value {
        let exactly = || {
            conditions.iter().filter(|condition| {
                condition.subject.name == name
                    && condition.subject.steps == steps
                    && condition.subject.quantifier.is_none()
            })
        };
        match ty {
            Type::Json => Value::SEALED,
            Type::Map(member) => {
                let mut keys: BTreeSet<String> = BTreeSet::new();
                for condition in exactly() {
                    if let Test::Has(wanted) = &condition.test {
                        keys.extend(wanted.iter().filter_map(|one| one.as_text().map(str::to_owned)));
                    }
                }
                let below = conditions.iter().filter(|condition| condition.subject.name == name);
                keys.extend(below.filter(|condition| condition.test != Test::Absent).filter_map(
                    |condition| match condition.subject.steps.strip_prefix(steps)?.first()? {
                        Step::Key(key) => Some(key.clone()),
                        Step::Field(_) | Step::Size => None,
                    },
                ));
                let wanted = self.size_for(name, steps, conditions, keys.len());
                let spare = (0..).map(|index| format!("spare{index}"));
                let missing = wanted.saturating_sub(keys.len());
                keys.extend(spare.take(missing));
                let members = keys.into_iter().map(|key| {
                    let steps: Vec<Step> = steps.iter().cloned().chain([Step::Key(key.clone())]).collect();
                    let value = self.value(member, name, &steps, conditions);
                    (key, value)
                });
                Value::Map(members.collect())
            }
            Type::List(member) | Type::Set(member) => {
                let mut members: Vec<Value> = Vec::new();
                for condition in exactly() {
                    if let Test::Has(wanted) = &condition.test {
                        members.extend(wanted.iter().cloned());
                    }
                }
                let inside = |of: Quantifier| {
                    conditions.iter().filter(move |condition| {
                        condition.subject.name == name
                            && condition.subject.quantifier == Some(of)
                            && condition.subject.steps.starts_with(steps)
                    })
                };
                let member_of = |more: Option<&Condition>| {
                    let of_each = inside(Quantifier::Each).map(without_quantifier);
                    let of_member: Vec<Condition> = of_each.chain(more.map(without_quantifier)).collect();
                    self.value(member, name, steps, &of_member)
                };
                members.extend(inside(Quantifier::Some).map(|condition| member_of(Some(condition))));
                let wanted = self.size_for(name, steps, conditions, members.len());
                while members.len() < wanted {
                    members.push(member_of(None));
                }
                if matches!(ty, Type::Set(_)) {
                    members.sort();
                    members.dedup();
                }
                Value::List(members)
            }
            Type::Record(record) => {
                let fields = self.interface.records.get(record).map(|record| &record.fields);
                let built = fields.into_iter().flatten().filter_map(|(field_name, field)| {
                    let steps: Vec<Step> =
                        steps.iter().cloned().chain([Step::Field(field_name.clone())]).collect();
                    Some((field_name.clone(), self.build(field, name, &steps, conditions)?))
                });
                Value::Map(built.collect())
            }
            Type::Text if self.is_sized(name, steps, conditions) => {
                Value::Text("x".repeat(self.size_for(name, steps, conditions, 1)))
            }
            Type::Bool
            | Type::Int
            | Type::Count
            | Type::Bytes
            | Type::Duration
            | Type::Decimal { .. }
            | Type::Money { .. }
            | Type::Text
            | Type::Host
            | Type::Did
            | Type::Email
            | Type::Url
            | Type::Ip
            | Type::Path
            | Type::Time
            | Type::EntityName { .. }
            | Type::Choice(_)
            | Type::Batch(_) => {
                let made = self.address(ty, name, steps, conditions);
                made.unwrap_or_else(|| self.scalar(ty, name, steps, exactly()))
            }
        }
    }

    /// An address whose parts satisfy the conditions on them; `None` if there are none.
    fn address(&self, ty: &Type, name: &str, steps: &[Step], conditions: &[Condition]) -> Option<Value> {
        let mut made = address::plain(ty)?.to_owned();
        let mut any = false;
        for part in ty.parts() {
            let steps: Vec<Step> = steps.iter().cloned().chain([Step::Field((*part).to_owned())]).collect();
            let on_part = |condition: &&Condition| {
                let Condition { subject, .. } = condition;
                subject.name == name && subject.steps == steps && subject.quantifier.is_none()
            };
            if let Some(of) = ty.part(part).filter(|_| conditions.iter().any(|one| on_part(&one))) {
                let value = self.scalar(of, name, &steps, conditions.iter().filter(on_part));
                made = address::with(&made, part, &value).unwrap_or(made);
                any = true;
            }
        }
        any.then_some(Value::Text(made))
    }

    fn is_sized(&self, name: &str, steps: &[Step], conditions: &[Condition]) -> bool {
        self.sizes(name, steps, conditions).next().is_some()
    }

    fn sizes<'s>(
        &self,
        name: &'s str,
        steps: &'s [Step],
        conditions: &'s [Condition],
    ) -> impl Iterator<Item = &'s Condition> + use<'s> {
        conditions.iter().filter(move |condition| {
            condition.subject.name == name
                && condition.subject.quantifier.is_none()
                && condition
                    .subject
                    .steps
                    .split_last()
                    .is_some_and(|(last, outer)| *last == Step::Size && outer == steps)
        })
    }

    /// A size that satisfies the conditions on it, at least `least` if there are none.
    fn size_for(&self, name: &str, steps: &[Step], conditions: &[Condition], least: usize) -> usize {
        let tests: Vec<&Condition> = self.sizes(name, steps, conditions).collect();
        if tests.is_empty() {
            return least;
        }
        let fits = |size: &usize| {
            let size = Value::Int(i64::try_from(*size).unwrap_or(i64::MAX));
            tests.iter().all(|condition| satisfied(&condition.test, &size))
        };
        (least..=MAX_SIZE).find(fits).or_else(|| (0..least).rev().find(fits)).unwrap_or(least)
    }

    /// A single value that passes the tests of `conditions`, if one of the likely ones does.
    fn scalar<'s>(
        &self,
        ty: &Type,
        name: &str,
        steps: &[Step],
        conditions: impl Iterator<Item = &'s Condition>,
    ) -> Value {
        let conditions: Vec<&Condition> = conditions.collect();
        let usual = if let Type::Choice(words) = ty {
            words.iter().map(Value::text).collect()
        } else if *ty == Type::Bool {
            vec![Value::Bool(false), Value::Bool(true)]
        } else if ty.is_integer() {
            vec![Value::Int(0), Value::Int(1)]
        } else if ty.is_text() {
            vec![Value::text("some")]
        } else {
            vec![Value::SEALED]
        };
        let own: Vec<Value> = conditions.iter().flat_map(|condition| neighbours(&condition.test)).collect();
        let known = self.pool.values(&place(name, steps)).cloned();
        let candidates: Vec<Value> = own.into_iter().chain(usual).chain(known).collect();
        let passing =
            candidates.iter().find(|value| conditions.iter().all(|one| satisfied(&one.test, value)));
        passing.or(candidates.first()).cloned().unwrap_or(Value::SEALED)
    }

    /// `base` with one thing changed at a time, so that one condition or another fails.
    fn changed(
        &self,
        action: &Action,
        conditions: &[Condition],
        base: &Arguments,
        visit: &mut dyn FnMut(Arguments) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        for condition in conditions {
            let subject = &condition.subject;
            if !subject.is_of_element(action) {
                let optional = action.arguments.get(&subject.name).is_some_and(|field| field.optional);
                let variants = variants(condition, base.get(&subject.name)).into_iter();
                for value in variants.filter(|value| optional || value.is_some()) {
                    let mut changed = base.clone();
                    put(&mut changed, &subject.name, value);
                    visit(changed)?;
                }
                continue;
            }
            let Some((batch, record)) = action.batch() else { continue };
            let Some(Value::List(elements)) = base.get(batch) else { continue };
            let Some(Value::Map(element)) = elements.first() else { continue };
            // What is required is never left out: that is no call.
            let field =
                self.interface.records.get(record).and_then(|record| record.fields.get(&subject.name));
            let optional = field.is_some_and(|field| field.optional);
            let variants = variants(condition, element.get(&subject.name)).into_iter();
            for value in variants.filter(|value| optional || value.is_some()) {
                let mut other = element.clone();
                put(&mut other, &subject.name, value);
                // Alone, and beside one that satisfies: every element must, or one is enough.
                for batch_of in [vec![other.clone()], vec![element.clone(), other]] {
                    let mut changed = base.clone();
                    changed.insert(
                        batch.to_owned(),
                        Value::List(batch_of.into_iter().map(Value::Map).collect()),
                    );
                    visit(changed)?;
                }
            }
        }
        // Each optional argument left out.
        for (name, _) in action.arguments.iter().filter(|(_, field)| field.optional) {
            let mut changed = base.clone();
            if changed.remove(name).is_some() {
                visit(changed)?;
            }
        }
        Ok(())
    }
}

/// Whether one value passes a test, as the interpreter sees it: only to find likely values.
fn satisfied(test: &Test, value: &Value) -> bool {
    let subject = wpc_model::Subject { quantifier: None, name: "it".to_owned(), steps: Vec::new() };
    let condition = Condition { subject, test: test.clone() };
    condition.holds(&BTreeMap::from([("it".to_owned(), value.clone())]), Moment::at(0)).is_true()
}
