//! The sealed values of a call, and where they stand.

use std::collections::BTreeMap;

use super::Sealed;
use crate::{Call, Field, Interface, Policy, Type, Value};

/// Where a sealed value stands in a call.
#[derive(Clone, Copy, Debug)]
pub struct SealedAt<'a> {
    /// The record whose field it is in; none for an argument.
    pub record: Option<&'a str>,
    /// The field or argument.
    pub field: &'a str,
    /// The names and, of lists, the indices that lead to it from the call's arguments.
    pub path: &'a [String],
}

impl Call {
    /// Visits every sealed value, as the policy's interfaces know them, in the order of their paths. Sets are
    /// sorted again afterwards.
    pub fn each_sealed(&mut self, policy: &Policy, visit: &mut dyn FnMut(SealedAt<'_>, &mut Sealed)) {
        let Some(interface) = policy.tools.get(&self.tool).map(|tool| &tool.interface) else { return };
        let Some(action) = interface.actions.get(&self.action) else { return };
        let mut walk = Walk { interface, path: Vec::new(), visit };
        walk.fields(None, &action.arguments, &mut self.arguments);
    }
}

struct Walk<'w> {
    interface: &'w Interface,
    path: Vec<String>,
    visit: &'w mut dyn FnMut(SealedAt<'_>, &mut Sealed),
}

impl Walk<'_> {
    fn fields(
        &mut self,
        record: Option<&str>,
        fields: &BTreeMap<String, Field>,
        values: &mut BTreeMap<String, Value>,
    ) {
        for (name, value) in values {
            if let Some(field) = fields.get(name) {
                self.step(name.clone(), (record, name), &field.ty, value);
            }
        }
    }

    fn step(&mut self, step: String, of: (Option<&str>, &str), ty: &Type, value: &mut Value) {
        self.path.push(step);
        self.value(of, ty, value);
        self.path.pop();
    }

    fn value(&mut self, of: (Option<&str>, &str), ty: &Type, value: &mut Value) {
        match (value, ty) {
            (Value::Sealed(sealed), _) => {
                (self.visit)(SealedAt { record: of.0, field: of.1, path: &self.path }, sealed);
            }
            (Value::List(members), Type::List(member) | Type::Set(member)) => {
                for (index, one) in members.iter_mut().enumerate() {
                    self.step(index.to_string(), of, member, one);
                }
                if matches!(ty, Type::Set(_)) {
                    members.sort_unstable();
                    members.dedup();
                }
            }
            (Value::List(elements), Type::Batch(record)) => {
                let ty = Type::Record(record.clone());
                for (index, one) in elements.iter_mut().enumerate() {
                    self.step(index.to_string(), of, &ty, one);
                }
            }
            (Value::Map(members), Type::Map(member)) => {
                for (key, one) in members {
                    self.step(key.clone(), of, member, one);
                }
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
