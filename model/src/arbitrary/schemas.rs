//! The schemas that drawn conditions name.

use std::collections::BTreeMap;

use crate::Hash;
use crate::canon::Json;

/// A few schemas, by hash. Nobody runs them: what values conform to is drawn too.
#[must_use]
pub fn schemas() -> BTreeMap<Hash, Json> {
    let of = |keyword: &str, value: Json| Json::object([(keyword, value)]);
    let all = [of("type", Json::from("object")), of("maxLength", Json::from(1_i64))];
    all.into_iter().map(|schema| (Hash::of(&schema.encode()), schema)).collect()
}
