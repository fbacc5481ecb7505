//! How types, values and lists of names are said in messages.

use wpc_grammar::syntax::Value;
use wpc_model::Type;

use crate::unit;

/// Names listed before the rest is only counted.
const SHOWN: usize = 12;

/// `` `a`, `b` or `c` ``.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    series(names, "or")
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn all_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    series(names, "and")
}

fn series<'a>(names: impl IntoIterator<Item = &'a str>, last_word: &str) -> String {
    let all: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if all.len() > SHOWN {
        let shown: Vec<&str> = all.iter().take(SHOWN).map(String::as_str).collect();
        return format!("{} {last_word} {} more", shown.join(", "), all.len() - SHOWN);
    }
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {last_word} {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// `1 value`, `2 values`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// A type as it is written in an interface.
pub(crate) fn describe(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Count => "count".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Duration => "duration".to_owned(),
        Type::Decimal { scale } => format!("decimal<{scale}>"),
        Type::Money { currency } => format!("money<{currency}>"),
        Type::Text => "text".to_owned(),
        Type::Host => "host".to_owned(),
        Type::Did => "did".to_owned(),
        Type::Email => "email".to_owned(),
        Type::Url => "url".to_owned(),
        Type::Ip => "ip".to_owned(),
        Type::Path => "path".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Json => "json".to_owned(),
        Type::EntityName { max } => format!("entity_name<{max}>"),
        Type::Choice(words) if words.len() <= SHOWN => format!("choice {{ {} }}", words.join(", ")),
        Type::Choice(words) => format!("choice of {} words", words.len()),
        Type::List(member) => format!("list<{}>", describe(member)),
        Type::Set(member) => format!("set<{}>", describe(member)),
        Type::Map(member) => format!("map<{}>", describe(member)),
        Type::Record(name) => name.clone(),
        Type::Batch(record) => format!("batch<{record}>"),
    }
}

/// What a value is, by its form alone.
pub(crate) fn describe_value(value: &Value) -> String {
    match value {
        Value::Bool(held, _) => format!("`{held}`"),
        Value::Quantity(quantity) => {
            format!("{} `{}`", unit::describe_quantity(quantity), unit::written(quantity))
        }
        Value::Text(_) => "a string".to_owned(),
        Value::List(..) => "a list".to_owned(),
        Value::Object(..) => "an object".to_owned(),
        Value::Made(made) => format!("`{}(…)`", made.name.text),
        Value::Path(path) if path.steps.is_empty() => format!("the word `{}`", path.head.text),
        Value::Path(_) => "a path".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(one_of([]), "nothing");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b"]), "`a` or `b`");
        assert_eq!(all_of(["a", "b", "c"]), "`a`, `b` and `c`");
        let many: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert!(one_of(many.iter().map(String::as_str)).ends_with("`11` or 8 more"));
    }
}
