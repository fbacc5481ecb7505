//! Sealed values with made-up answers, for calls that are drawn.

use std::collections::BTreeMap;

use super::{Question, Sealed, Seals};
use crate::{Call, Field, Interface, Policy, Truth, Type, Value};

/// Gives every sealed value of `call` an answer to each question that `policy` asks of it.
pub(crate) fn answered(policy: &Policy, mut call: Call, draw: &mut dyn FnMut(&Question) -> Truth) -> Call {
    let seals = Seals::of(policy, &call.tool, &call.action);
    let interface = policy.tools.get(&call.tool).map(|tool| &tool.interface);
    if let Some(interface) = interface.filter(|_| !seals.is_empty())
        && let Some(action) = interface.actions.get(&call.action)
    {
        Filling { seals: &seals, interface, draw }.fields(None, &action.arguments, &mut call.arguments);
    }
    call
}

struct Filling<'f> {
    seals: &'f Seals,
    interface: &'f Interface,
    draw: &'f mut dyn FnMut(&Question) -> Truth,
}

impl Filling<'_> {
    fn fields(
        &mut self,
        record: Option<&str>,
        fields: &BTreeMap<String, Field>,
        values: &mut BTreeMap<String, Value>,
    ) {
        for (name, value) in values {
            if let Some(field) = fields.get(name) {
                self.value((record, name), &field.ty, value);
            }
        }
    }

    fn value(&mut self, of: (Option<&str>, &str), ty: &Type, value: &mut Value) {
        match (value, ty) {
            (Value::Sealed(sealed), _) => {
                let questions: Vec<_> = self.seals.of_field(of.0, of.1).cloned().collect();
                *sealed = Sealed::new(questions.into_iter().map(|question| {
                    let truth = (self.draw)(&question);
                    (question, truth)
                }));
            }
            (Value::List(members), Type::List(member) | Type::Set(member)) => {
                members.iter_mut().for_each(|one| self.value(of, member, one));
                if matches!(ty, Type::Set(_)) {
                    members.sort_unstable();
                    members.dedup();
                }
            }
            (Value::List(elements), Type::Batch(record)) => {
                let ty = Type::Record(record.clone());
                elements.iter_mut().for_each(|one| self.value(of, &ty, one));
            }
            (Value::Map(members), Type::Map(member)) => {
                members.values_mut().for_each(|one| self.value(of, member, one));
            }
            (Value::Map(values), Type::Record(record)) => {
                if let Some(found) = self.interface.records.get(record) {
                    self.fields(Some(record), &found.fields, values);
                }
            }
            _ => {}
        }
    }
}
