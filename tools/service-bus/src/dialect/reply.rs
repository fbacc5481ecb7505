//! What `$cbs` and management nodes answer.

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};

/// One answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    /// As in HTTP.
    pub(crate) code: i32,
    /// Error condition, `com.microsoft:entity-disabled`, if there is one.
    pub(crate) condition: Option<String>,
    /// Why.
    pub(crate) description: String,
    /// What was asked for.
    pub(crate) body: Value,
}

impl Reply {
    /// Reads a reply; `None` if it has no status.
    ///
    /// `$cbs` spells the names with hyphens, management nodes in camel case.
    pub(crate) fn read(message: AmqpMessage<Body<Value>>) -> Option<Self> {
        let properties = message.application_properties?;
        let code = either(&properties, ["status-code", "statusCode"]).and_then(integer)?;
        Some(Self {
            code,
            condition: either(&properties, ["error-condition", "errorCondition"]).and_then(text),
            description: either(&properties, ["status-description", "statusDescription"])
                .and_then(text)
                .unwrap_or_default(),
            body: match message.body {
                Body::Value(AmqpValue(value)) => value,
                Body::Data(_) | Body::Sequence(_) | Body::Empty => Value::Null,
            },
        })
    }

    /// Whether what was asked for is done.
    pub(crate) fn is_done(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether nothing was done for sure: the request was wrong or not allowed. A broker that timed
    /// out or failed may have done it all the same.
    pub(crate) fn is_refusal(&self) -> bool {
        (400..500).contains(&self.code) && self.code != 408
    }
}

fn either<'a>(properties: &'a ApplicationProperties, names: [&str; 2]) -> Option<&'a SimpleValue> {
    names.into_iter().find_map(|name| properties.0.get(name))
}

fn integer(value: &SimpleValue) -> Option<i32> {
    if let SimpleValue::Int(code) = value { Some(*code) } else { None }
}

fn text(value: &SimpleValue) -> Option<String> {
    if let SimpleValue::String(text) = value {
        Some(text.clone())
    } else if let SimpleValue::Symbol(symbol) = value {
        Some(symbol.as_str().to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i32, done: bool, refusal: bool) {
        let reply = Reply { code, condition: None, description: String::new(), body: Value::Null };
        assert_eq!((reply.is_done(), reply.is_refusal()), (done, refusal), "{code}");
    }

    #[test]
    fn only_a_clear_no_means_that_nothing_was_done() {
        check(200, true, false);
        check(202, true, false);
        check(204, true, false);
        check(400, false, true);
        check(401, false, true);
        check(404, false, true);
        check(410, false, true);
        check(408, false, false);
        check(500, false, false);
        check(503, false, false);
        check(0, false, false);
        check(-200, false, false);
    }

    #[test]
    fn both_spellings_of_the_status_are_read() {
        for (code, description) in
            [("status-code", "status-description"), ("statusCode", "statusDescription")]
        {
            let properties =
                ApplicationProperties::builder().insert(code, 202_i32).insert(description, "ok").build();
            let body = Body::Value(AmqpValue(Value::Null));
            let message = AmqpMessage::builder().application_properties(properties).body(body).build();
            let reply = Reply::read(message).unwrap();
            assert_eq!((reply.code, reply.description.as_str()), (202, "ok"));
        }
        let silent = AmqpMessage::builder().body(Body::<Value>::Empty).build();
        assert_eq!(Reply::read(silent), None);
    }
}
