//! What the endpoint keeps.

use std::collections::BTreeMap;

use fe2o3_amqp::types::messaging::annotations::{AnnotationKey, OwnedKey};
use fe2o3_amqp::types::messaging::message::DecodeIntoMessage;
use fe2o3_amqp::types::messaging::{Body, Message, MessageId};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use serde_amqp::read::SliceReader;

/// Message format of a batch: every data section is an encoded message.
///
/// Source: "Azure Service Bus AMQP 1.0 protocol guide" and all Azure SDKs.
pub(crate) const BATCH_FORMAT: u32 = 0x8001_3700;

/// One message that arrived.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// `message-id`, as text.
    pub message_id: Option<String>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `correlation-id`, as text.
    pub correlation_id: Option<String>,
    /// `group-id`, which Service Bus calls the session id.
    pub session_id: Option<String>,
    /// `subject`.
    pub subject: Option<String>,
    /// Application properties; values that are not text are shown as Rust would debug them.
    pub properties: BTreeMap<String, String>,
    /// The data sections, joined.
    pub body: Vec<u8>,
    /// `x-opt-scheduled-enqueue-time`, in Unix milliseconds.
    pub enqueue_at_ms: Option<i64>,
    /// Whether it came in a batch.
    pub batched: bool,
}

/// One scheduled message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheduled {
    /// Its sequence number in the entity.
    pub sequence_number: i64,
    /// The message.
    pub message: Received,
}

/// One token that was put at `$cbs`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What it is for, `sb://host/entity`.
    pub audience: String,
    /// `jwt` or `servicebus.windows.net:sastoken`.
    pub kind: String,
    /// The token itself.
    pub token: String,
    /// When it expires, in Unix milliseconds, if the client said so.
    pub expires_at_ms: Option<i64>,
}

impl Received {
    /// Reads one delivery: a message, or a batch of them.
    ///
    /// # Errors
    ///
    /// What is wrong with a batch's inner message.
    pub(crate) fn unpack(format: u32, message: Message<Body<Value>>) -> Result<Vec<Self>, String> {
        if format != BATCH_FORMAT {
            return Ok(vec![Self::read(message)]);
        }
        let Body::Data(sections) = message.body else {
            return Err("a batch has data sections only".to_owned());
        };
        sections.into_iter().map(|section| Ok(Self { batched: true, ..Self::decode(&section.0)? })).collect()
    }

    /// Reads one encoded message.
    ///
    /// # Errors
    ///
    /// What the decoder says.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        Body::<Value>::decode_message_from_reader(SliceReader::new(bytes))
            .map(Self::read)
            .map_err(|error| error.to_string())
    }

    fn read(message: Message<Body<Value>>) -> Self {
        let mut out = Self::default();
        if let Some(properties) = message.properties {
            out.message_id = properties.message_id.map(id);
            out.correlation_id = properties.correlation_id.map(id);
            out.content_type = properties.content_type.map(|symbol| symbol.0);
            out.session_id = properties.group_id;
            out.subject = properties.subject;
        }
        if let Some(properties) = message.application_properties {
            out.properties = properties.0.into_iter().map(|(key, value)| (key, text(value))).collect();
        }
        if let Some(annotations) = &message.message_annotations {
            let key = OwnedKey::from("x-opt-scheduled-enqueue-time");
            if let Some(Value::Timestamp(at)) = annotations.0.get(&key as &dyn AnnotationKey) {
                out.enqueue_at_ms = Some(at.milliseconds());
            }
        }
        out.body = match message.body {
            Body::Data(sections) => sections.into_iter().flat_map(|section| section.0.into_vec()).collect(),
            Body::Value(value) => format!("{:?}", value.0).into_bytes(),
            Body::Sequence(_) | Body::Empty => Vec::new(),
        };
        out
    }
}

fn id(id: MessageId) -> String {
    match id {
        MessageId::String(text) => text,
        MessageId::Ulong(_) | MessageId::Uuid(_) | MessageId::Binary(_) => format!("{id:?}"),
    }
}

fn text(value: SimpleValue) -> String {
    if let SimpleValue::String(text) = value { text } else { format!("{value:?}") }
}
