//! Connections, sessions and links, and which node serves each link.

use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::Receiver;
use fe2o3_amqp::acceptor::{
    ConnectionAcceptor, LinkAcceptor, LinkEndpoint, ListenerSessionHandle, SaslAnonymousMechanism,
    SessionAcceptor,
};
use fe2o3_amqp::types::definitions::{ConnectionError, Error, Role};
use fe2o3_amqp::types::messaging::TargetArchetype;
use fe2o3_amqp::types::performatives::Attach;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::address::node;
use crate::behaviour::error;
use crate::peer::Peer;
use crate::store::Store;
use crate::tap::tap;
use crate::{cbs, entity, management};

/// How long a client may take to say good-bye.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Accepts connections until told to stop, then waits for them.
pub(crate) async fn accept(listener: TcpListener, store: Arc<Store>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((tcp, _)) = accepted else { break };
                store.connected();
                connections.spawn(connection(tcp, Arc::clone(&store), stopped.clone()));
            }
            // Also when the `Endpoint` was dropped.
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(tcp: TcpStream, store: Arc<Store>, mut stopped: watch::Receiver<bool>) {
    let (stream, cut) = tap(tcp, Arc::clone(&store));
    let acceptor = ConnectionAcceptor::builder()
        .container_id("wpc-endpoint")
        .sasl_acceptor(SaslAnonymousMechanism {})
        .build();
    let accepted = tokio::select! {
        accepted = acceptor.accept(stream) => accepted.ok(),
        _ = stopped.changed() => None,
    };
    let Some(mut connection) = accepted else {
        cut.abort();
        return;
    };
    let (close, mut closing) = mpsc::channel(1);
    let peer = Arc::new(Peer::new(store, close, cut.clone()));
    let acceptor = SessionAcceptor::new();
    loop {
        tokio::select! {
            session = acceptor.accept(&mut connection) => {
                let Ok(session) = session else { break };
                tokio::spawn(links(session, Arc::clone(&peer)));
            }
            _ = closing.recv() => {
                let forced = Error::new(ConnectionError::ConnectionForced, "told to close".to_owned(), None);
                let _ = timeout(LAST_WORDS, connection.close_with_error(forced)).await;
                break;
            }
            _ = stopped.changed() => {
                let _ = timeout(LAST_WORDS, connection.close()).await;
                break;
            }
        }
    }
    cut.abort();
}

async fn links(mut session: ListenerSessionHandle, peer: Arc<Peer>) {
    while let Some(attach) = session.next_incoming_attach().await {
        link(attach, &mut session, &peer).await;
    }
}

/// Serves one link in a task of its own.
async fn link(mut attach: Attach, session: &mut ListenerSessionHandle, peer: &Arc<Peer>) {
    let to = target(&attach);
    let from_client = attach.role == Role::Sender;
    let at = node(&if from_client { to.clone() } else { source(&attach) }.unwrap_or_default());
    if from_client && !peer.is_authorized(&at) {
        // The acceptor cannot be told to refuse a link, and a link that it accepts has credit at
        // once. It does refuse an attach that lacks this mandatory field, with `amqp:invalid-field`.
        attach.initial_delivery_count = None;
    }
    let acceptor = LinkAcceptor::builder().max_message_size(peer.store.settings.max_message_bytes).build();
    match acceptor.accept_incoming_attach(attach, session).await {
        Ok(LinkEndpoint::Receiver(receiver)) => drop(tokio::spawn(receive(at, receiver, Arc::clone(peer)))),
        Ok(LinkEndpoint::Sender(sender)) if at == cbs::NODE || at.ends_with(management::SUFFIX) => {
            peer.attach_replies(&at, to, sender);
        }
        Ok(LinkEndpoint::Sender(sender)) => {
            let _ = sender.close_with_error(error("amqp:not-implemented", "nothing is delivered")).await;
        }
        // The acceptor has told the client why.
        Err(_) => {}
    }
}

async fn receive(at: String, receiver: Receiver, peer: Arc<Peer>) {
    if at == cbs::NODE {
        cbs::serve(receiver, &peer).await;
    } else if at.ends_with(management::SUFFIX) {
        management::serve(&at, receiver, &peer).await;
    } else {
        entity::serve(&at, receiver, &peer).await;
    }
}

fn target(attach: &Attach) -> Option<String> {
    match attach.target.as_deref() {
        Some(TargetArchetype::Target(target)) => target.address.clone(),
        None => None,
    }
}

fn source(attach: &Attach) -> Option<String> {
    attach.source.as_deref().and_then(|source| source.address.clone())
}
