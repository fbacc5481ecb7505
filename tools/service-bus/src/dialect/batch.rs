//! Many messages in one transfer.

use fe2o3_amqp::types::messaging::{Batch, Body, Data, Message as AmqpMessage, MessageId, Properties};
use fe2o3_amqp::types::primitives::{Binary, Value};

use super::encoded::Encoded;
use super::encoded::Opened;

/// Message format of a batch: every data section is one encoded message.
pub(crate) const FORMAT: u32 = 0x8001_3700;

/// The envelope of `messages`, which are sent byte for byte as they were encoded.
///
/// As in Azure's SDKs, the envelope has the first message's id, and the messages' session if they
/// have one in common: the broker reads these where it must choose a partition.
pub(crate) fn envelope(messages: Vec<(Encoded, Opened)>) -> AmqpMessage<Body<Value>> {
    let mut properties = Properties::new();
    let mut sessions = messages.iter().map(|(_, opened)| &opened.content.session_id);
    if let Some(first) = sessions.next() {
        properties.group_id = first.clone().filter(|_| sessions.all(|session| session == first));
    }
    properties.message_id = messages.first().map(|(_, opened)| MessageId::String(opened.id.clone()));
    let sections = messages.into_iter().map(|(encoded, _)| Data(Binary::from(encoded.into_bytes())));
    let body: Body<Value> = Body::Data(sections.collect::<Batch<Data>>());
    AmqpMessage::builder().properties(properties).body(body).build()
}
