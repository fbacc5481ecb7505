//! A typed call as JSON: the form that [`Call::from_json`](super::Call) reads.

use std::collections::BTreeMap;

use super::reader::SEALED;
use super::{Call, Given};
use crate::canon::Json;
use crate::{Field, Interface, Policy, Type, Value, decimal_text, instant_text, minor_digits};

impl Call {
    /// The call as JSON. Sealed values are written as `"sealed"`, or as what was found of them. What the
    /// policy's interfaces do not know is written by its shape.
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
            (Value::Sealed(sealed), _) if sealed.answers().is_empty() => Json::from(SEALED),
            (Value::Sealed(sealed), _) => Json::object([(SEALED, sealed.to_json())]),
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

impl Interface {
    /// A value of `ty` as it stands in a call in JSON.
    #[must_use]
    pub fn given(&self, value: &Value, ty: &Type) -> Given {
        given(Shown { interface: Some(self) }.value(value, Some(ty)))
    }
}

fn given(json: Json) -> Given {
    match json {
        Json::Null => Given::Null,
        Json::Bool(value) => Given::Bool(value),
        Json::Integer(number) => Given::Integer(number),
        Json::Text(text) => Given::Text(text),
        Json::Array(items) => Given::List(items.into_iter().map(given).collect()),
        Json::Object(members) => {
            Given::Map(members.into_iter().map(|(name, value)| (name, given(value))).collect())
        }
    }
}
