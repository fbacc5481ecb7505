//! Requests about the rules of a subscription.

use super::management::map;
use super::{Answer, Request};
use crate::broker::Broker;
use crate::broker::refusal::Refusal;
use crate::broker::rule::{Filter, Rule};
use crate::wire::value::Value;

/// Descriptors of the objects in the answer to `enumerate-rules`.
const RULE: u64 = 0x0137_0000_0004;
const NO_ACTION: u64 = 0x0137_0000_0005;
const SQL_ACTION: u64 = 0x0137_0000_0006;
const SQL_FILTER: u64 = 0x0137_0000_0006;
const TRUE_FILTER: u64 = 0x0137_0000_0007;
const FALSE_FILTER: u64 = 0x0137_0000_0008;
const CORRELATION_FILTER: u64 = 0x0137_0000_0009;

/// The standard properties of a correlation filter: a request's names and the administration API's, in
/// the order of the answer.
const CORRELATION: [(&str, &str); 8] = [
    ("correlation-id", "CorrelationId"),
    ("message-id", "MessageId"),
    ("to", "To"),
    ("reply-to", "ReplyTo"),
    ("label", "Label"),
    ("session-id", "SessionId"),
    ("reply-to-session-id", "ReplyToSessionId"),
    ("content-type", "ContentType"),
];

pub(super) fn add(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let name = request.body_text("rule-name").ok_or(Refusal::BODY)?;
    let description = request.body.entry("rule-description").ok_or(Refusal::BODY)?;
    let filter = if let Some(sql) = description.entry("sql-filter") {
        let text = sql.entry("expression").and_then(Value::as_text).ok_or(Refusal::BODY)?;
        Filter::Sql(text.to_owned())
    } else if let Some(correlation) = description.entry("correlation-filter") {
        read_correlation(correlation)
    } else if description.entry("false-filter").is_some() {
        Filter::False
    } else {
        Filter::True
    };
    if !filter.is_known() {
        return Err(Refusal::NOT_SERVED.into());
    }
    let action = description.entry("sql-rule-action").and_then(|action| action.entry("expression"));
    let action = action.and_then(Value::as_text).map(str::to_owned);
    broker.add_rule(entity, Rule { name: name.to_owned(), filter, action })?;
    Ok(Answer::status(200, "OK"))
}

fn read_correlation(correlation: &Value) -> Filter {
    let text = |key: &str| correlation.entry(key).and_then(Value::as_text).map(str::to_owned);
    let standard =
        CORRELATION.iter().filter_map(|(key, name)| Some(((*name).to_owned(), text(key)?))).collect();
    let properties = correlation.entry("properties").map(Value::entries).unwrap_or_default().iter();
    let properties =
        properties.filter_map(|(key, value)| Some((key.as_text()?.to_owned(), value.as_text()?.to_owned())));
    Filter::Correlation { standard, properties: properties.collect() }
}

pub(super) fn remove(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    broker.remove_rule(entity, request.body_text("rule-name").ok_or(Refusal::BODY)?)?;
    Ok(Answer::status(200, "OK"))
}

pub(super) fn list(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let skip = usize::try_from(request.body_integer("skip").unwrap_or(0)).unwrap_or(0);
    let top = usize::try_from(request.body_integer("top").unwrap_or(100)).unwrap_or(0);
    let rules: Vec<Value> = broker
        .rules(entity)?
        .into_iter()
        .skip(skip)
        .take(top)
        .map(|rule| map(vec![("rule-description", describe(&rule))]))
        .collect();
    if rules.is_empty() {
        return Ok(Answer::status(204, "no rules"));
    }
    Ok(Answer::of(vec![("rules", Value::List(rules))]))
}

fn describe(rule: &Rule) -> Value {
    let filter = match &rule.filter {
        Filter::True => Value::composite(TRUE_FILTER, Vec::new()),
        Filter::False => Value::composite(FALSE_FILTER, Vec::new()),
        Filter::Sql(text) => Value::composite(SQL_FILTER, vec![Value::text(text.as_str()), Value::Int(20)]),
        Filter::Correlation { standard, properties } => {
            let mut fields: Vec<Value> = CORRELATION
                .iter()
                .map(|(_, name)| {
                    let found = standard.iter().find(|(known, _)| known == name);
                    found.map_or(Value::Null, |(_, value)| Value::text(value.as_str()))
                })
                .collect();
            let properties = properties.iter().map(|(key, value)| (Value::text(key), Value::text(value)));
            fields.push(Value::Map(properties.collect()));
            Value::composite(CORRELATION_FILTER, fields)
        }
    };
    let action = match &rule.action {
        Some(text) => Value::composite(SQL_ACTION, vec![Value::text(text.as_str()), Value::Int(20)]),
        None => Value::composite(NO_ACTION, Vec::new()),
    };
    Value::composite(RULE, vec![filter, action, Value::text(rule.name.as_str()), Value::Timestamp(0)])
}
