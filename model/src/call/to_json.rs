//! A typed call as JSON: the form that [`Call::from_json`](super::Call) reads.

use std::collections::BTreeMap;

use super::Call;
use crate::canon::Json;
use crate::{Field, Interface, Policy, Type, Value, decimal_text, instant_text, minor_digits};

/// What stands where a value is sealed.
const SEALED: &str = "sealed";

impl Call {
    /// The call as JSON. Sealed values are written as `"sealed"`. What the policy's interfaces do
    /// not know is written by its shape.
    #[must_use]
    pub fn to_json(&self, policy: &Policy) -> Json {
        let interface = policy.tools.get(&self.tool).map(|tool| &tool.interface);
        let action = interface.and_then(|interface| interface.actions.get(&self.action));
        let shown = Shown { interface };
        let arguments = shown.fields(&self.arguments, action.map(|action| &action.arguments));
        let mut members = vec![("action", Json::from(self.action.as_str())), ("arguments", arguments)];
        if let Some(resource) = &self.resource {
            let kind = interface.and_then(|interface| interface.kinds.get(&resource.kind));
            let parameters = kind.map(|kind| kind.template.parameters.as_slice()).unwrap_or_default();
            let names = parameters
                .iter()
                .zip(&resource.names)
                .map(|((name, _), text)| (name.as_str(), text.as_str()));
            let all = names.chain([("kind", resource.kind.as_str())]);
            members.push(("resource", Json::object(all.map(|(name, text)| (name, Json::from(text))))));
        }
        members.push(("tool", Json::from(self.tool.as_str())));
        Json::object(members)
    }
}

pub(super) struct Shown<'p> {
    pub(super) interface: Option<&'p Interface>,
}

impl Shown<'_> {
    pub(super) fn fields(
        &self,
        values: &BTreeMap<String, Value>,
        fields: Option<&BTreeMap<String, Field>>,
    ) -> Json {
        let ty = |name: &String| fields.and_then(|fields| fields.get(name)).map(|field| &field.ty);
        Json::object(values.iter().map(|(name, value)| (name.as_str(), self.value(value, ty(name)))))
    }

    fn value(&self, value: &Value, ty: Option<&Type>) -> Json {
        match (value, ty) {
            (Value::Int(scaled), Some(Type::Decimal { scale })) => Json::Text(decimal_text(*scaled, *scale)),
            (Value::Int(minor), Some(Type::Money { currency })) => {
                Json::Text(decimal_text(*minor, minor_digits(currency)))
            }
            (Value::Int(at), Some(Type::Time)) => Json::Text(instant_text(*at)),
            (Value::Int(number), _) => Json::Integer(*number),
            (Value::Bool(value), _) => Json::Bool(*value),
            (Value::Text(text), _) => Json::from(text.as_str()),
            (Value::Sealed, _) => Json::from(SEALED),
            (Value::List(members), ty) => {
                let record;
                let member = match ty {
                    Some(Type::List(member) | Type::Set(member)) => Some(&**member),
                    Some(Type::Batch(name)) => {
                        record = Type::Record(name.clone());
                        Some(&record)
                    }
                    _ => None,
                };
                Json::Array(members.iter().map(|one| self.value(one, member)).collect())
            }
            (Value::Map(members), Some(Type::Map(member))) => {
                let show =
                    |(key, value): (&String, &Value)| (key.clone(), self.value(value, Some(&**member)));
                Json::Object(members.iter().map(show).collect())
            }
            (Value::Map(members), ty) => {
                let name = ty.and_then(|ty| if let Type::Record(name) = ty { Some(name) } else { None });
                let record = name.and_then(|name| self.interface?.records.get(name));
                self.fields(members, record.map(|record| &record.fields))
            }
        }
    }
}
