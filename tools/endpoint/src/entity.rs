//! Links on which a client sends to an entity.

use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::link::receiver::TerminalDeliveryState;
use fe2o3_amqp::types::messaging::{Accepted, Body, Modified, Rejected, Released};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Delivery, Receiver};

use crate::behaviour::{Behaviour, error};
use crate::peer::Peer;
use crate::received::Received;

/// Takes messages for the entity `at` until the link ends.
pub(crate) async fn serve(at: &str, mut receiver: Receiver, peer: &Peer) {
    while let Ok(delivery) = receiver.recv::<Body<Value>>().await {
        let behaviour = peer.store.behaviour(at);
        let (info, messages) = split(delivery);
        let messages = match messages {
            Ok(messages) => messages,
            Err(problem) => {
                let undecodable = Rejected { error: Some(error("amqp:decode-error", &problem)) };
                let _ = receiver.dispose(info, TerminalDeliveryState::Rejected(undecodable)).await;
                continue;
            }
        };
        let answer = match behaviour {
            Behaviour::Reject { condition, description } => {
                TerminalDeliveryState::Rejected(Rejected { error: Some(error(&condition, &description)) })
            }
            Behaviour::Release => TerminalDeliveryState::Released(Released {}),
            Behaviour::Modify => TerminalDeliveryState::Modified(Modified {
                delivery_failed: Some(true),
                undeliverable_here: None,
                message_annotations: None,
            }),
            Behaviour::Accept | Behaviour::Status { .. } => {
                peer.store.keep(at, messages);
                TerminalDeliveryState::Accepted(Accepted {})
            }
            Behaviour::Silent => {
                peer.store.keep(at, messages);
                continue;
            }
            Behaviour::Detach => {
                peer.store.keep(at, messages);
                let _ = receiver.close_with_error(error("amqp:link:detach-forced", "told to detach")).await;
                return;
            }
            Behaviour::Close => {
                peer.store.keep(at, messages);
                let _ = peer.close.send(()).await;
                continue;
            }
            Behaviour::Cut => {
                peer.store.keep(at, messages);
                peer.cut.abort();
                continue;
            }
        };
        if receiver.dispose(info, answer).await.is_err() {
            return;
        }
    }
}

fn split(delivery: Delivery<Body<Value>>) -> (DeliveryInfo, Result<Vec<Received>, String>) {
    let format = delivery.message_format().unwrap_or_default();
    let (info, message) = delivery.into_parts();
    (info, Received::unpack(format, message))
}
