//! Requests and replies over a pair of links to one node.

use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message as AmqpMessage, MessageId};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Delivery, Receiver, Sendable, Sender};
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::failed::{self, Failed};
use crate::BusError;
use crate::dialect::reply::Reply;

/// A pair of links, one request at a time; without links once one of them failed.
#[derive(Debug)]
pub(super) struct Requests(Mutex<Option<Pair>>);

#[derive(Debug)]
struct Pair {
    sender: Sender,
    receiver: Receiver,
    /// Where replies go: an address that is ours alone on this connection.
    reply_to: String,
    last_id: u64,
}

impl Requests {
    /// Attaches both links; `name` is the connection's only one.
    pub(super) async fn attach(
        session: &mut SessionHandle<()>,
        name: &str,
        node: &str,
    ) -> Result<Self, Failed> {
        let reply_to = format!("{name}-replies");
        let receiver = Receiver::builder()
            .name(&reply_to)
            .source(node)
            .target(reply_to.as_str())
            .auto_accept(true)
            .attach(session)
            .await
            .map_err(failed::receiver_not_attached)?;
        let sender = Sender::builder()
            .name(format!("{name}-requests"))
            .target(node)
            .attach(session)
            .await
            .map_err(failed::sender_not_attached)?;
        Ok(Self(Mutex::new(Some(Pair { sender, receiver, reply_to, last_id: 0 }))))
    }

    /// Whether it is known to be broken.
    pub(super) fn is_broken(&self) -> bool {
        self.0.try_lock().is_ok_and(|pair| pair.is_none())
    }

    /// Hands one request over before `begin_by`, or not at all, and waits for its reply.
    pub(super) async fn ask(
        &self,
        request: &AmqpMessage<AmqpValue<Value>>,
        begin_by: Instant,
        answer_within: Duration,
    ) -> Result<Reply, Failed> {
        let Ok(mut slot) = timeout_at(begin_by, self.0.lock()).await else {
            return Err(Failed::Final(BusError::PermitExpired));
        };
        if Instant::now() >= begin_by {
            return Err(Failed::Final(BusError::PermitExpired));
        }
        let Some(pair) = slot.as_mut() else {
            return Err(Failed::Stale(BusError::LinkRefused {
                condition: String::new(),
                description: "the link broke".to_owned(),
            }));
        };
        let reply = pair.ask(request, begin_by, answer_within).await;
        if reply.is_err() {
            *slot = None;
        }
        reply
    }
}

impl Pair {
    async fn ask(
        &mut self,
        request: &AmqpMessage<AmqpValue<Value>>,
        begin_by: Instant,
        answer_within: Duration,
    ) -> Result<Reply, Failed> {
        self.last_id = self.last_id.wrapping_add(1);
        let id = MessageId::Ulong(self.last_id);
        let mut request = request.clone();
        let properties = request.properties.get_or_insert_default();
        properties.message_id = Some(id.clone());
        properties.reply_to = Some(self.reply_to.clone());
        let transfer = Sendable::builder().message(request).build();
        let pending = match timeout_at(begin_by, self.sender.send_batchable(transfer)).await {
            Ok(Ok(pending)) => pending,
            Ok(Err(error)) => return Err(failed::not_handed_over(error)),
            // The broker gave no credit in time.
            Err(_) => return Err(Failed::Final(BusError::PermitExpired)),
        };
        let answered = async {
            tokio::pin!(pending);
            let mut taken = false;
            loop {
                tokio::select! {
                    // In this order: a reply that has come counts, whatever happened since.
                    biased;
                    // A request that was refused gets no reply.
                    answer = &mut pending, if !taken => match failed::settled(answer) {
                        Ok(()) => taken = true,
                        Err(error) => return Err(error),
                    },
                    reply = self.receiver.recv::<Body<Value>>() => match reply {
                        // Not ours: nothing may be read into an answer to something else.
                        Ok(reply) if !answers(&reply, &id) => {}
                        Ok(reply) => {
                            return Reply::read(reply.into_message())
                                .ok_or_else(|| unknown("the reply has no status"));
                        }
                        Err(_) => return Err(unknown("the link for replies broke")),
                    },
                    _ = self.sender.on_detach() => return Err(unknown("the link for requests broke")),
                }
            }
        };
        match timeout(answer_within, answered).await {
            Ok(reply) => reply.map_err(Failed::Final),
            Err(_) => Err(Failed::Final(unknown("the broker did not answer in time"))),
        }
    }
}

fn answers(reply: &Delivery<Body<Value>>, id: &MessageId) -> bool {
    let properties = reply.message().properties.as_ref();
    properties.and_then(|properties| properties.correlation_id.as_ref()) == Some(id)
}

fn unknown(problem: &str) -> BusError {
    BusError::Unknown { problem: problem.to_owned() }
}
