//! A message as bytes, and what those bytes say.

use std::collections::BTreeMap;

use fe2o3_amqp::types::messaging::annotations::{AnnotationKey, OwnedKey};
use fe2o3_amqp::types::messaging::message::DecodeIntoMessage;
use fe2o3_amqp::types::messaging::{
    ApplicationProperties, Body, Data, Message as AmqpMessage, MessageAnnotations, MessageId, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, SimpleValue, Symbol, Timestamp, Value};
use serde_amqp::read::SliceReader;
use serde_amqp::to_vec;

use crate::Message;

/// Longest message id, in characters (Service Bus quotas).
pub(crate) const MAX_MESSAGE_ID: usize = 128;

/// The annotation that says when a scheduled message becomes due.
const ENQUEUE_TIME: &str = "x-opt-scheduled-enqueue-time";

/// The bytes of one message: annotations, properties, application properties, body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Encoded(Vec<u8>);

/// Bytes that were read again.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Their message id.
    pub(crate) id: String,
    /// When the message becomes due, if it is scheduled, in Unix milliseconds.
    pub(crate) enqueue_at_ms: Option<i64>,
    /// All else that they say.
    pub(crate) content: Message,
    /// What to hand to the AMQP client: it encodes to exactly these bytes.
    pub(crate) message: AmqpMessage<Body<Value>>,
}

/// Bytes that are not a message as this crate writes them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CodecError;

impl From<serde_amqp::Error> for CodecError {
    fn from(_: serde_amqp::Error) -> Self {
        Self
    }
}

impl Encoded {
    /// Encodes a message with its id and, if it is to be scheduled, the time when it becomes due.
    pub(crate) fn new(message: &Message, id: &str, enqueue_at_ms: Option<i64>) -> Result<Self, CodecError> {
        let mut bytes = Vec::new();
        if let Some(at) = enqueue_at_ms {
            let at = Timestamp::from_milliseconds(at);
            let annotations =
                MessageAnnotations::builder().insert(ENQUEUE_TIME, Value::Timestamp(at)).build();
            bytes.append(&mut to_vec(&annotations)?);
        }
        bytes.append(&mut to_vec(&properties(message, id))?);
        if let Some(properties) = application_properties(message) {
            bytes.append(&mut to_vec(&properties)?);
        }
        bytes.append(&mut to_vec(&Data(Binary::from(message.body.clone())))?);
        Ok(Self(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads the bytes again.
    ///
    /// # Errors
    ///
    /// If they hold anything that a [`Message`] has no place for, or if what was read encodes to
    /// other bytes: nothing may be sent that was not looked at.
    pub(crate) fn open(&self) -> Result<Opened, CodecError> {
        let message = Body::<Value>::decode_message_from_reader(SliceReader::new(&self.0))?;
        let content = content(&message)?;
        let id =
            message.properties.as_ref().and_then(|all| text_id(all.message_id.as_ref())).ok_or(CodecError)?;
        let enqueue_at_ms = enqueue_at_ms(&message)?;
        if Self::new(&content, &id, enqueue_at_ms)? == *self {
            Ok(Opened { id, enqueue_at_ms, content, message })
        } else {
            Err(CodecError)
        }
    }
}

/// The length of the bare message with the longest message id; see [`Message::message_bytes`].
///
/// Counted from bytes: serde_amqp's `serialized_size` is wrong for lists of about 255 bytes.
pub(crate) fn measure(message: &Message) -> u64 {
    let longest = Encoded::new(message, &"0".repeat(MAX_MESSAGE_ID), None);
    // A message that cannot be encoded is larger than any bound, and is never sent.
    longest.ok().and_then(|encoded| u64::try_from(encoded.bytes().len()).ok()).unwrap_or(u64::MAX)
}

fn properties(message: &Message, id: &str) -> Properties {
    let mut properties = Properties::new();
    properties.message_id = Some(MessageId::String(id.to_owned()));
    properties.subject = message.subject.clone();
    properties.correlation_id = message.correlation_id.clone().map(MessageId::String);
    properties.content_type = message.content_type.clone().map(Symbol::from);
    properties.group_id = message.session_id.clone();
    properties
}

fn application_properties(message: &Message) -> Option<ApplicationProperties> {
    if message.properties.is_empty() {
        return None;
    }
    let mut properties = ApplicationProperties::default();
    for (name, value) in &message.properties {
        properties.0.insert(name.clone(), SimpleValue::String(value.clone()));
    }
    Some(properties)
}

fn content(message: &AmqpMessage<Body<Value>>) -> Result<Message, CodecError> {
    let properties = message.properties.as_ref().ok_or(CodecError)?;
    let mut all = BTreeMap::new();
    for (name, value) in message.application_properties.iter().flat_map(|properties| properties.0.iter()) {
        let SimpleValue::String(value) = value else { return Err(CodecError) };
        all.insert(name.clone(), value.clone());
    }
    let Body::Data(sections) = &message.body else { return Err(CodecError) };
    let mut sections = sections.iter();
    let (Some(body), None) = (sections.next(), sections.next()) else { return Err(CodecError) };
    Ok(Message {
        body: body.0.to_vec(),
        properties: all,
        content_type: properties.content_type.as_ref().map(|symbol| symbol.as_str().to_owned()),
        session_id: properties.group_id.clone(),
        correlation_id: text_id(properties.correlation_id.as_ref()),
        subject: properties.subject.clone(),
    })
}

fn enqueue_at_ms(message: &AmqpMessage<Body<Value>>) -> Result<Option<i64>, CodecError> {
    let Some(annotations) = &message.message_annotations else { return Ok(None) };
    let key = OwnedKey::from(ENQUEUE_TIME);
    let at = annotations.0.get(&key as &dyn AnnotationKey);
    if let Some(Value::Timestamp(at)) = at { Ok(Some(at.milliseconds())) } else { Err(CodecError) }
}

fn text_id(id: Option<&MessageId>) -> Option<String> {
    if let Some(MessageId::String(text)) = id { Some(text.clone()) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(longest: usize) -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            "\\PC{1,8}",
            proptest::collection::vec(any::<char>(), 0..longest).prop_map(String::from_iter)
        ]
    }

    fn message() -> impl Strategy<Value = Message> {
        (
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..300),
                (250_usize..260).prop_map(|length| vec![b'x'; length]),
                Just(vec![0; 70_000]),
            ],
            proptest::collection::btree_map("\\PC{1,12}", text(300), 0..5),
            proptest::option::of("[ -~]{0,300}"),
            proptest::option::of("\\PC{0,128}"),
            proptest::option::of(text(300)),
            proptest::option::of(text(300)),
        )
            .prop_map(|(body, properties, content_type, session_id, correlation_id, subject)| {
                Message { body, properties, content_type, session_id, correlation_id, subject }
            })
    }

    proptest! {
        #[test]
        fn what_is_read_from_the_bytes_is_what_was_encoded(message in message(), id in "[a-z0-9:._-]{1,128}", at in proptest::option::of(any::<i64>())) {
            let opened = Encoded::new(&message, &id, at).unwrap().open().unwrap();
            prop_assert_eq!(opened.id, id);
            prop_assert_eq!(opened.enqueue_at_ms, at);
            prop_assert_eq!(opened.content, message);
        }

        #[test]
        fn what_is_sent_is_never_longer_than_message_bytes(message in message(), id in "[a-z0-9:._-]{1,128}") {
            let sent = Encoded::new(&message, &id, None).unwrap().bytes().len() as u64;
            prop_assert!(sent <= message.message_bytes());
            prop_assert!(message.body.len() as u64 <= sent);
        }

        #[test]
        fn bytes_that_were_tampered_with_are_never_read_as_the_same_message(message in message(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
            let encoded = Encoded::new(&message, "job:1:0", None).unwrap();
            let mut bytes = encoded.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(opened) = Encoded(bytes).open() {
                prop_assert!(opened.content != message || opened.id != "job:1:0");
            }
        }
    }

    #[test]
    fn a_message_with_a_section_of_no_known_use_is_not_opened() {
        let header = to_vec(&fe2o3_amqp::types::messaging::Header::default()).unwrap();
        let message = Message::builder("x").build().unwrap();
        let mut bytes = header;
        bytes.extend(Encoded::new(&message, "id", None).unwrap().into_bytes());
        assert_eq!(Encoded(bytes).open().unwrap_err(), CodecError);
    }
}
