//! A condition in words, for operators.

use wpc_model::canon::{Json, Writer};
use wpc_model::{Condition, Source, Test, Value, time_of_day_text};

/// `bytes <= 100`, `properties has ["a","b"]`, `tag like "x-*"`: the language's words, with numbers in
/// their base units and texts as JSON strings.
pub(super) fn of_condition(condition: &Condition) -> String {
    let subject = condition.subject.to_text();
    match &condition.test {
        Test::Present => format!("{subject} is present"),
        Test::Absent => format!("{subject} is absent"),
        Test::Compare(comparison, Value::Int(ms)) if condition.subject.is_of_clock() => {
            format!("{subject} {} {}", comparison.symbol(), text(&time_of_day_text(*ms)))
        }
        Test::Compare(comparison, constant) => {
            format!("{subject} {} {}", comparison.symbol(), value(constant))
        }
        Test::Conforms(schema) => format!("{subject} conforms to {schema}"),
        Test::From(sources) => {
            let origins: Vec<_> = sources.iter().map(Source::origin).collect();
            format!("{subject} from [{}]", origins.join(", "))
        }
        Test::In(constants) => format!("{subject} in {}", list(constants)),
        Test::NotIn(constants) => format!("{subject} not in {}", list(constants)),
        Test::Like(pattern) => format!("{subject} like {}", text(pattern)),
        Test::Has(constants) => format!("{subject} has {}", list(constants)),
        Test::Lacks(constants) => format!("{subject} lacks {}", list(constants)),
        Test::Matches(pattern) => format!("{subject} matches {}", text(pattern)),
        Test::UnderDomain(constants) => format!("{subject} under domain {}", list(constants)),
        Test::UnderPath(constants) => format!("{subject} under path {}", list(constants)),
        Test::WithinCidr(constants) => format!("{subject} within cidr {}", list(constants)),
    }
}

fn list(constants: &[Value]) -> String {
    let values: Vec<_> = constants.iter().map(value).collect();
    format!("[{}]", values.join(", "))
}

fn value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Text(value) => text(value),
        Value::List(members) => list(members),
        // No constant has these types.
        Value::Map(_) | Value::Sealed(_) => "…".to_owned(),
    }
}

fn text(text: &str) -> String {
    let mut bytes = Vec::new();
    Json::from(text).write(Writer::new(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use wpc_model::{Comparison, Condition, Source, Subject, Test, Type, Value};

    #[test]
    fn conditions_read_as_they_are_written() {
        #[track_caller]
        fn check(subject: &str, test: Test, expect: &str) {
            let condition = Condition { subject: Subject::from_text(subject).unwrap(), test };
            assert_eq!(super::of_condition(&condition), expect);
        }
        let texts = || vec![Value::text("a"), Value::text("b\"")];
        check("bytes", Test::Compare(Comparison::AtMost, Value::Int(100)), "bytes <= 100");
        check("on", Test::Compare(Comparison::NotEqual, Value::Bool(true)), "on != true");
        check("properties", Test::Has(texts()), r#"properties has ["a", "b\""]"#);
        check("properties", Test::Lacks(texts()), r#"properties lacks ["a", "b\""]"#);
        check("each tags", Test::In(texts()), r#"each tags in ["a", "b\""]"#);
        check("n", Test::NotIn(vec![Value::Int(1)]), "n not in [1]");
        check(r#"m["k"]"#, Test::Like("x-*".to_owned()), r#"m["k"] like "x-*""#);
        check("tags.size", Test::Present, "tags.size is present");
        check("tag", Test::Absent, "tag is absent");
        let six_pm = Value::Int(18 * 3_600_000);
        check("clock.time", Test::Compare(Comparison::Less, six_pm), r#"clock.time < "18:00""#);
        check("ip", Test::WithinCidr(texts()), r#"ip within cidr ["a", "b\""]"#);
        check("file", Test::UnderPath(texts()), r#"file under path ["a", "b\""]"#);
        check("host", Test::UnderDomain(texts()), r#"host under domain ["a", "b\""]"#);
        let field = Source::from_text(r#"contacts."the search".emails: email"#).unwrap();
        let sources = vec![Source::Input { ty: Type::Email }, field];
        check("each to", Test::From(sources), r#"each to from [job.input, contacts."the search".emails]"#);
        let schema = wpc_model::Hash::of(b"{}");
        check("body", Test::Conforms(schema), &format!("body conforms to {schema}"));
        check("tag", Test::Matches("a|b".to_owned()), r#"tag matches "a|b""#);
    }
}
