//! The slice of a tool's interface.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::scalars::{Members, Text};
use crate::{
    Action, Class, Constraint, Field, Interface, Kind, Preposition, Record, Returned, Scope, Template, Type,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawInterface {
    #[serde(default)]
    actions: Members<RawAction>,
    #[serde(default)]
    classes: Members<RawClass>,
    #[serde(default)]
    constraints: Members<RawConstraint>,
    #[serde(default)]
    kinds: Members<RawTemplate>,
    name: String,
    #[serde(default)]
    records: Members<Members<RawField>>,
    scope: Option<RawScope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAction {
    #[serde(default)]
    arguments: Members<RawField>,
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
    preposition: Option<RawPreposition>,
    #[serde(default)]
    results: Members<RawReturned>,
    wire: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReturned {
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    trusted: bool,
    r#type: RawType,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    #[serde(default)]
    alone: bool,
    #[serde(default)]
    approved: bool,
    lifetime_ms: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    #[serde(default)]
    measured: bool,
    #[serde(default)]
    must_state: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    sealed: bool,
    r#type: RawType,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    parameters: Vec<(String, RawType)>,
    template: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScope {
    name: String,
    parameters: Vec<(String, RawType)>,
    template: String,
}

impl From<RawInterface> for Interface {
    fn from(raw: RawInterface) -> Self {
        let scope = raw.scope.map(|RawScope { name, parameters, template: text }| Scope {
            name,
            template: Template { parameters: typed(parameters), text },
        });
        let kind = |RawTemplate { parameters, template: text }| Kind {
            template: Template { parameters: typed(parameters), text },
        };
        Self {
            name: raw.name,
            scope,
            kinds: raw.kinds.each(kind),
            records: raw.records.each(|fields| Record { fields: fields.each(Into::into) }),
            classes: raw.classes.each(|RawClass { alone, approved, lifetime_ms }| Class {
                alone,
                approved,
                lifetime_ms,
            }),
            actions: raw.actions.each(Into::into),
            constraints: raw.constraints.each(|constraint| constraint.0),
        }
    }
}

impl<T> Members<T> {
    fn each<U>(self, make: impl Fn(T) -> U) -> std::collections::BTreeMap<String, U> {
        self.0.into_iter().map(|(name, value)| (name, make(value))).collect()
    }
}

fn typed(parameters: Vec<(String, RawType)>) -> Vec<(String, Type)> {
    parameters.into_iter().map(|(name, ty)| (name, ty.0)).collect()
}

impl From<RawAction> for Action {
    fn from(raw: RawAction) -> Self {
        Self {
            wire: raw.wire,
            preposition: raw.preposition.map(|preposition| preposition.0),
            kinds: raw.kinds,
            classes: raw.classes,
            arguments: raw.arguments.each(Into::into),
            results: raw.results.each(|RawReturned { optional, trusted, r#type }| Returned {
                ty: r#type.0,
                optional,
                trusted,
            }),
        }
    }
}

impl From<RawField> for Field {
    fn from(raw: RawField) -> Self {
        let RawField { measured, must_state, optional, sealed, r#type } = raw;
        Self { ty: r#type.0, optional, measured, sealed, must_state }
    }
}

struct RawPreposition(Preposition);

impl<'de> Deserialize<'de> for RawPreposition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Text::deserialize(deserializer)?;
        Preposition::from_word(&word.0).map(Self).ok_or_else(|| D::Error::custom("is no preposition"))
    }
}

struct RawConstraint(Constraint);

impl<'de> Deserialize<'de> for RawConstraint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (subject, operator) = <(String, Text<'de>)>::deserialize(deserializer)?;
        Constraint::from_operator(subject, &operator.0)
            .map(Self)
            .ok_or_else(|| D::Error::custom("is no constraint"))
    }
}

/// `"bytes"`, `{"entity_name":260}`, `{"list":"text"}`. Its depth is bounded by serde_json's own
/// limit of 128 here and by [`crate::MAX_TYPE_DEPTH`] later.
struct RawType(Type);

impl<'de> Deserialize<'de> for RawType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawType;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<RawType, E> {
                simple(word).map(RawType).ok_or_else(|| E::custom("is no type"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawType, A::Error> {
                let word = map.next_key::<Text<'de>>()?.unwrap_or_default();
                let ty = match &*word.0 {
                    "decimal" => Type::Decimal { scale: map.next_value()? },
                    "money" => Type::Money { currency: map.next_value()? },
                    "entity_name" => Type::EntityName { max: map.next_value()? },
                    "choice" => Type::Choice(map.next_value()?),
                    "list" => Type::List(Box::new(map.next_value::<RawType>()?.0)),
                    "set" => Type::Set(Box::new(map.next_value::<RawType>()?.0)),
                    "map" => Type::Map(Box::new(map.next_value::<RawType>()?.0)),
                    "record" => Type::Record(map.next_value()?),
                    "batch" => Type::Batch(map.next_value()?),
                    _ => return Err(A::Error::custom("is no type")),
                };
                match map.next_key::<Text<'de>>()? {
                    Some(_) => Err(A::Error::custom("a type has one member")),
                    None => Ok(RawType(ty)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// The type of a word that needs no more.
fn simple(word: &str) -> Option<Type> {
    Some(match word {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "count" => Type::Count,
        "bytes" => Type::Bytes,
        "duration" => Type::Duration,
        "text" => Type::Text,
        "host" => Type::Host,
        "did" => Type::Did,
        "email" => Type::Email,
        "url" => Type::Url,
        "ip" => Type::Ip,
        "path" => Type::Path,
        "time" => Type::Time,
        "json" => Type::Json,
        _ => return None,
    })
}
