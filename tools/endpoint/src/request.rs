//! Request and reply over a pair of links, as `$cbs` and management nodes do it.

use std::collections::BTreeMap;

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Receiver, Sendable};

use crate::behaviour::{Behaviour, error};
use crate::peer::Peer;

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    /// Its application properties.
    pub(crate) properties: BTreeMap<String, SimpleValue>,
    /// Its body.
    pub(crate) body: Value,
    id: Option<MessageId>,
    reply_to: Option<String>,
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// As in HTTP.
    pub(crate) code: i32,
    /// Why.
    pub(crate) description: String,
    /// Whatever the request asked for. Never left out: some clients wait for a body.
    pub(crate) body: Value,
}

impl Answer {
    /// An answer with an empty map for a body.
    pub(crate) fn status(code: i32, description: &str) -> Self {
        let empty = BTreeMap::<String, String>::new();
        Self { code, description: description.to_owned(), body: Value::from(empty) }
    }
}

/// How a node spells the two status properties.
pub(crate) type StatusNames = (&'static str, &'static str);

impl Request {
    /// A text property.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(SimpleValue::String(text)) = self.properties.get(name) { Some(text) } else { None }
    }

    fn read(message: Message<Body<Value>>) -> Self {
        let properties = message.properties.unwrap_or_default();
        let body = match message.body {
            Body::Value(AmqpValue(value)) => value,
            Body::Data(_) | Body::Sequence(_) | Body::Empty => Value::Null,
        };
        Self {
            properties: message.application_properties.unwrap_or_default().0.into_iter().collect(),
            body,
            id: properties.message_id,
            reply_to: properties.reply_to,
        }
    }
}

/// Answers requests at `at` until the link ends.
pub(crate) async fn serve(
    at: &str,
    names: StatusNames,
    mut receiver: Receiver,
    peer: &Peer,
    answer: impl Fn(&Request) -> Answer,
) {
    while let Ok(delivery) = receiver.recv::<Body<Value>>().await {
        if receiver.accept(&delivery).await.is_err() {
            return;
        }
        let request = Request::read(delivery.into_message());
        let answer = match peer.store.behaviour(at) {
            Behaviour::Status { code, description } => Answer::status(code, &description),
            Behaviour::Reject { description, .. } => Answer::status(400, &description),
            Behaviour::Silent => continue,
            Behaviour::Detach => {
                let _ = receiver.close_with_error(error("amqp:link:detach-forced", "told to detach")).await;
                return;
            }
            Behaviour::Close => {
                let _ = peer.close.send(()).await;
                continue;
            }
            Behaviour::Cut => {
                peer.cut.abort();
                continue;
            }
            Behaviour::Accept | Behaviour::Release | Behaviour::Modify => answer(&request),
        };
        reply(at, names, peer, request, answer).await;
    }
}

async fn reply(at: &str, (code, description): StatusNames, peer: &Peer, request: Request, answer: Answer) {
    let Some(link) = peer.replies(at, request.reply_to.clone()) else { return };
    let mut properties = Properties::new();
    properties.correlation_id = request.id;
    properties.to = request.reply_to;
    let message = Message::builder()
        .properties(properties)
        .application_properties(
            ApplicationProperties::builder()
                .insert(code, answer.code)
                .insert(description, answer.description)
                .build(),
        )
        .value(answer.body)
        .build();
    let reply = Sendable::builder().message(message).settled(true).build();
    // Not awaited: some clients never settle a reply.
    let _ = link.lock().await.send_batchable(reply).await;
}
