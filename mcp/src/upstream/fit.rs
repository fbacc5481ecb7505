//! A call's arguments as the server behind the gate wants them spelled.

use serde_json::{Map, Number, Value as Json};

/// Where the server's schema wants a number and ours writes an exact decimal as text, a number; where it
/// demands a member that may be `null` and the call leaves it out, `null`.
/// A name that policies cannot have was imported with a `_` behind it.
pub(crate) fn fit(arguments: Map<String, Json>, schema: &Map<String, Json>) -> Map<String, Json> {
    let properties = schema.get("properties").and_then(Json::as_object);
    let known = |name: &str| properties.is_some_and(|properties| properties.contains_key(name));
    let named = arguments.into_iter().map(|(name, value)| match name.strip_suffix('_') {
        Some(own) if known(own) && !known(&name) => (own.to_owned(), value),
        _ => (name, value),
    });
    let mut arguments: Map<String, Json> = named.collect();
    for (name, value) in &mut arguments {
        if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
            *value = fitted(std::mem::take(value), schema);
        }
    }
    let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
    for name in required.filter_map(Json::as_str) {
        let may_be_null = properties.and_then(|properties| properties.get(name)).is_some_and(nullable);
        if may_be_null && !arguments.contains_key(name) {
            arguments.insert(name.to_owned(), Json::Null);
        }
    }
    arguments
}

fn fitted(value: Json, schema: &Json) -> Json {
    match value {
        Json::String(text) if is_of(schema, &["number", "integer"]) && !is_of(schema, &["string"]) => {
            number(&text).map_or(Json::String(text), Json::Number)
        }
        Json::Object(members) => {
            match schema.as_object().filter(|schema| schema.contains_key("properties")) {
                Some(schema) => Json::Object(fit(members, schema)),
                None => Json::Object(members),
            }
        }
        Json::Array(items) => match schema.get("items") {
            Some(schema) => items.into_iter().map(|item| fitted(item, schema)).collect(),
            None => Json::Array(items),
        },
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value,
    }
}

fn number(text: &str) -> Option<Number> {
    let whole = text.trim_end_matches('0').strip_suffix('.').filter(|_| text.contains('.')).unwrap_or(text);
    let whole = whole.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse().ok().and_then(Number::from_f64))
}

/// A number as a decimal with so many fraction digits, if it has no more.
pub(crate) fn decimal(number: &Number, scale: u8) -> Option<String> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = usize::from(scale);
    let kept = fraction.trim_end_matches('0');
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if kept.len() > digits || !is_plain(kept) || !is_plain(whole.strip_prefix('-').unwrap_or(whole)) {
        return None;
    }
    Some(if digits == 0 { whole.to_owned() } else { format!("{whole}.{kept:0<digits$}") })
}

fn is_of(schema: &Json, types: &[&str]) -> bool {
    match schema.get("type") {
        Some(Json::String(one)) => types.contains(&one.as_str()),
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).any(|one| types.contains(&one)),
        _ => alternatives(schema).any(|one| is_of(one, types)),
    }
}

fn nullable(schema: &Json) -> bool {
    is_of(schema, &["null"])
}

fn alternatives(schema: &Json) -> impl Iterator<Item = &Json> {
    ["anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word).and_then(Json::as_array)).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decimals_are_numbers_and_what_may_be_null_is() {
        let schema = json!({
            "properties": {
                "a": { "type": "number" },
                "b": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "c": { "type": "string" },
                "d": { "type": "object", "properties": { "e": { "type": "array", "items": { "type": "integer" } } } },
            },
            "required": ["a", "b", "c"],
        });
        let (Json::Object(schema), Json::Object(arguments)) =
            (schema, json!({ "a": "25.50", "d": { "e": ["3.00", "x"] } }))
        else {
            panic!("objects")
        };
        assert_eq!(
            Json::Object(fit(arguments, &schema)),
            json!({ "a": 25.5, "b": null, "d": { "e": [3, "x"] } })
        );
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        assert_eq!(decimal(&number("25.5"), 2).as_deref(), Some("25.50"));
        assert_eq!(decimal(&number("-3"), 1).as_deref(), Some("-3.0"));
        assert_eq!((decimal(&number("0.125"), 2), decimal(&number("1e300"), 2)), (None, None));
        let Json::Object(taken) = json!({ "properties": { "day": {}, "x_": {}, "x": {} } }) else {
            panic!("object")
        };
        let Json::Object(arguments) = json!({ "day_": 1, "x_": 2 }) else { panic!("object") };
        assert_eq!(Json::Object(fit(arguments, &taken)), json!({ "day": 1, "x_": 2 }));
    }
}
