//! JSON Schemas that `conforms to` names: which may be used, and who answers for them.
//!
//! Nothing here runs a schema. The gate does, when a call is asked, and its answer is a fact of the call:
//!
//! ```text
//! gate      Conforming::of(policy, call, schemas) ──▶ answers ──▶ attempt.attested
//! replay    Attested::read(…)                     ──▶ the same answers
//! ```
//!
//! A schema is of the draft 2020-12, holds all that it refers to, and runs in time linear in the value
//! ([`check_schema`]). It stands once in the artifact, under the hash of its canonical JSON.

mod check;
mod keyword;
mod pattern;

pub use check::{
    MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, MAX_SCHEMA_PARTS, SchemaError, SchemaStep, check_schema,
};

use crate::{Condition, Given, Hash, Interface, Truth, Type, Value};

/// Most schemas of one policy.
pub const MAX_SCHEMAS: usize = 100;

/// Who runs a policy's schemas, which are known by their hashes. To one that is not known the answer is
/// [`Truth::Unknown`].
pub trait Schemas {
    /// Whether a JSON value conforms to `schema`.
    fn conforms(&self, schema: &Hash, value: &Given) -> Truth;

    /// The same of the value that a JSON text says. What is no JSON, says one key of an object twice, is
    /// longer than [`crate::MAX_CALL_BYTES`] or deeper than [`crate::MAX_CALL_DEPTH`] conforms to nothing.
    fn text_conforms(&self, schema: &Hash, text: &str) -> Truth;
}

/// Knows no schema.
impl Schemas for () {
    fn conforms(&self, _: &Hash, _: &Given) -> Truth {
        Truth::Unknown
    }

    fn text_conforms(&self, _: &Hash, _: &str) -> Truth {
        Truth::Unknown
    }
}

/// Who knows whether values of a call conform: the gate, or what it attested.
pub trait Conformance {
    /// Whether `value`, which stands in clear at the end of the condition's subject, conforms to the
    /// condition's schema; unknown if that was not found out.
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth;
}

/// Whether a value of `ty` that stands in clear conforms: a text as the JSON that it says, all else as
/// calls have it in JSON.
pub(crate) fn conformance(
    interface: &Interface,
    schemas: &dyn Schemas,
    schema: &Hash,
    ty: &Type,
    value: &Value,
) -> Truth {
    match (ty, value) {
        (Type::Text, Value::Text(text)) => schemas.text_conforms(schema, text),
        (Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Record(_), value) => {
            schemas.conforms(schema, &interface.given(value, ty))
        }
        _ => Truth::Unknown,
    }
}

impl Interface {
    /// Whether values of `ty` have a JSON form that a schema may be held against: texts, lists, sets, maps
    /// and records, nothing in which is sealed; and `json` itself.
    #[must_use]
    pub fn takes_schemas(&self, ty: &Type) -> bool {
        matches!(ty, Type::Text | Type::Json)
            || (matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Record(_))
                && self.is_clear(ty, &mut Vec::new()))
    }

    /// Whether nothing in values of `ty` is sealed.
    fn is_clear<'i>(&'i self, ty: &'i Type, seen: &mut Vec<&'i str>) -> bool {
        match ty {
            Type::Json => false,
            Type::List(member) | Type::Set(member) | Type::Map(member) => self.is_clear(member, seen),
            Type::Record(name) | Type::Batch(name) => {
                if seen.contains(&name.as_str()) {
                    return true;
                }
                seen.push(name);
                let fields = self.records.get(name).map(|record| record.fields.values());
                fields.into_iter().flatten().all(|field| !field.sealed && self.is_clear(&field.ty, seen))
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
            | Type::Choice(_) => true,
        }
    }
}
