//! Nodes that answer requests: `$cbs` and every entity's `$management`.

mod cbs;
mod filters;
mod management;
mod sessions;

use crate::amqp::Connection;
use crate::broker::refusal::Refusal;
use crate::message::{APPLICATION_PROPERTIES, Message, PROPERTIES, VALUE};
use crate::wire::value::Value;

/// Where clients put their tokens.
pub(crate) const CBS: &str = "$cbs";

/// What follows an entity's path in its management node's address.
pub(crate) const MANAGEMENT: &str = "/$management";

/// One request.
#[derive(Debug)]
pub(crate) struct Request<'m> {
    message: &'m Message,
    /// Its body.
    pub(crate) body: &'m Value,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    code: i32,
    condition: Option<String>,
    description: String,
    /// Whatever the request asked for. Never left out: some clients wait for a body.
    body: Value,
}

impl<'m> Request<'m> {
    pub(crate) fn read(message: &'m Message) -> Self {
        Self { message, body: message.section(VALUE) }
    }

    /// An application property.
    pub(crate) fn property(&self, name: &str) -> Option<&'m Value> {
        self.message.entry(APPLICATION_PROPERTIES, name)
    }

    /// A text property.
    pub(crate) fn text(&self, name: &str) -> Option<&'m str> {
        self.property(name).and_then(Value::as_text)
    }

    /// A text in the body's map.
    pub(crate) fn body_text(&self, name: &str) -> Option<&'m str> {
        self.body.entry(name).and_then(Value::as_text)
    }

    /// A number in the body's map.
    pub(crate) fn body_integer(&self, name: &str) -> Option<i64> {
        self.body.entry(name).and_then(Value::as_integer)
    }

    pub(crate) fn reply_to(&self) -> Option<&'m str> {
        self.message.section(PROPERTIES).field(4).as_text()
    }

    /// The message that answers it.
    pub(crate) fn reply(&self, at: &str, answer: Answer) -> Message {
        // `$cbs` spells these with hyphens, management nodes in camel case.
        let [code, condition, description] = if at == CBS {
            ["status-code", "error-condition", "status-description"]
        } else {
            ["statusCode", "errorCondition", "statusDescription"]
        };
        let mut status = vec![
            (Value::text(code), Value::Int(answer.code)),
            (Value::text(description), Value::text(answer.description)),
        ];
        if let Some(text) = answer.condition {
            status.push((Value::text(condition), Value::symbol(text)));
        }
        let properties = self.message.section(PROPERTIES);
        let properties = vec![
            Value::Null,
            Value::Null,
            properties.field(4).clone(),
            Value::Null,
            Value::Null,
            properties.field(0).clone(),
        ];
        Message::of(vec![
            (PROPERTIES, Value::List(properties)),
            (APPLICATION_PROPERTIES, Value::Map(status)),
            (VALUE, answer.body),
        ])
    }
}

impl Answer {
    /// An answer with an empty map for a body.
    pub(crate) fn status(code: i32, description: &str) -> Self {
        Self { code, condition: None, description: description.to_owned(), body: Value::Map(Vec::new()) }
    }

    pub(crate) fn busy() -> Self {
        let condition = Some("com.microsoft:server-busy".to_owned());
        Self { condition, ..Self::status(503, "too busy") }
    }

    fn of(body: Vec<(&str, Value)>) -> Self {
        let body = body.into_iter().map(|(key, value)| (Value::text(key), value)).collect();
        Self { body: Value::Map(body), ..Self::status(200, "OK") }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self { condition: Some(refusal.condition), ..Self::status(refusal.status, &refusal.description) }
    }
}

/// Answers a request at `at`.
pub(crate) fn answer(at: &str, request: &Request<'_>, connection: &mut Connection) -> Answer {
    if at == CBS {
        return cbs::put(request, connection);
    }
    let entity = at.strip_suffix(MANAGEMENT).unwrap_or(at);
    management::answer(entity, request, &connection.broker).unwrap_or_else(Answer::from)
}
