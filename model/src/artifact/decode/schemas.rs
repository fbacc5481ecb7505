//! JSON Schemas, each as the JSON that it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::scalars::Members;
use crate::MAX_INTEGER;
use crate::canon::Json;

/// A JSON value without fractions. Its depth is bounded by serde_json's own limit of 128 here and by
/// [`crate::MAX_SCHEMA_DEPTH`] later.
#[derive(Debug)]
pub(super) struct RawJson(pub(super) Json);

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value without fractions")
            }

            fn visit_unit<E>(self) -> Result<RawJson, E> {
                Ok(RawJson(Json::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<RawJson, E> {
                Ok(RawJson(Json::Bool(value)))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<RawJson, E> {
                if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) {
                    return Ok(RawJson(Json::Integer(number)));
                }
                Err(E::invalid_value(Unexpected::Signed(number), &self))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<RawJson, E> {
                match i64::try_from(number) {
                    Ok(number) => self.visit_i64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_str<E>(self, text: &str) -> Result<RawJson, E> {
                Ok(RawJson(Json::Text(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawJson, A::Error> {
                let mut list = Vec::new();
                while let Some(RawJson(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(RawJson(Json::Array(list)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawJson, A::Error> {
                let members = serde::de::value::MapAccessDeserializer::new(map);
                let Members(members) = Members::<RawJson>::deserialize(members)?;
                Ok(RawJson(Json::Object(
                    members.into_iter().map(|(name, RawJson(value))| (name, value)).collect(),
                )))
            }
        }
        deserializer.deserialize_any(Read)
    }
}
