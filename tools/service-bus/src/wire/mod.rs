//! The connection: how encoded messages and requests reach the broker, and what it gives and answers comes back.
//!
//! ```text
//! Wire::deliver ─┐                      ┌─ $cbs            a token for each node, before its link
//! Wire::ask     ─┼─ task ─ Live ─ session ─ <entity>       one link per entity to send, one per job to receive
//! Wire::receive ─┘                      └─ …/$management   requests, many at a time
//! ```
//!
//! Each call runs in a task of its own, so that a caller who stops waiting never leaves a half-sent
//! transfer behind. What fails before its transfer was handed over, and what a busy broker sent back, is tried
//! again while the permit lives ([`retry`]); what fails later is never sent again, and its outcome is unknown.

mod failed;
mod link;
mod live;
mod receive;
mod request;
mod retry;
mod route;
mod tap;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fe2o3_amqp::Sendable;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{Body, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::Value;
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::{Duration, Instant, timeout};

use crate::credential::Credential;
use crate::dialect::address::{Namespace, Node};
use crate::dialect::reply::Reply;
use crate::dialect::request::Request;
use crate::{BusError, Timeouts};
pub(crate) use failed::BUSY;
use failed::Failed;
use link::Link;
use live::Live;
pub(crate) use live::Receives;
use receive::Asked;
pub(crate) use receive::{Mode, Receiving, Taken};
use request::Requests;
use retry::retrying;
pub(crate) use route::Route;
#[cfg(test)]
pub(crate) use route::tls;

/// How long attaching is tried before a permit is spent.
const PREPARE: Duration = wpc::BEGIN_WITHIN;

/// The way to one namespace. Connects when it must, and again when the connection died.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) namespace: Namespace,
    pub(crate) timeouts: Timeouts,
    pub(crate) credential: Credential,
    pub(crate) route: Route,
    opened: AtomicU64,
    live: Mutex<Option<Live>>,
}

/// A link of one connection: what it was used for ends with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LinkId {
    pub(crate) connection: u64,
    pub(crate) name: String,
}

/// A session that is held, for as long as its link lives.
#[derive(Debug)]
pub(crate) struct HeldSession {
    pub(crate) link: LinkId,
    pub(crate) id: String,
    pub(crate) locked_until_ms: Option<i64>,
    receiving: Receiving,
    /// The AMQP session that its link is on; it ends with this.
    _session: SessionHandle<()>,
}

impl Wire {
    pub(crate) fn new(
        namespace: Namespace,
        route: Route,
        credential: Credential,
        timeouts: Timeouts,
    ) -> Self {
        Self { namespace, timeouts, credential, route, opened: AtomicU64::new(0), live: Mutex::new(None) }
    }

    /// Connects and gets a token, unless that is done.
    pub(crate) async fn connect(self: &Arc<Self>) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        finished(async move {
            wire.credential.check(wire.timeouts.attach).await.map_err(Failed::Final)?;
            let mut slot = wire.slot().await?;
            wire.alive(&mut slot).await.map(drop)
        })
        .await
    }

    /// Attaches the link for messages to a node, unless that is done. Sends none.
    pub(crate) async fn attach(self: &Arc<Self>, node: Node) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        finished(async move { retrying(prepare_by(), || wire.link(&node)).await.map(drop) }).await
    }

    /// Attaches the links for requests about a node, unless that is done. Sends none.
    pub(crate) async fn attach_management(self: &Arc<Self>, node: Node) -> Result<(), BusError> {
        let (wire, node) = (Arc::clone(self), node.management());
        finished(async move { retrying(prepare_by(), || wire.requests(&node)).await.map(drop) }).await
    }

    /// Attaches a link for receiving, unless that is done. Receives nothing.
    pub(crate) async fn attach_receiver(self: &Arc<Self>, of: Receives) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        finished(async move { retrying(prepare_by(), || wire.receiver(&of)).await.map(drop) }).await
    }

    /// Hands one transfer to a node over before `begin_by`, or not at all, and waits for the
    /// broker's outcome.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        node: Node,
        format: u32,
        message: AmqpMessage<Body<Value>>,
        begin_by: Instant,
    ) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        let transfer = Arc::new(Sendable::builder().message_format(format).message(message).build());
        finished(async move {
            retrying(begin_by, async || {
                wire.link(&node).await?.deliver(&transfer, begin_by, wire.timeouts.answer).await
            })
            .await
        })
        .await
    }

    /// Hands one request about a node over before `begin_by`, or not at all, and waits for the reply.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        node: Node,
        request: Request,
        begin_by: Instant,
    ) -> Result<Reply, BusError> {
        let (wire, node) = (Arc::clone(self), node.management());
        finished(async move {
            retrying(begin_by, async || {
                let reply = wire.requests(&node).await?.ask(&request, begin_by, wire.timeouts.answer).await?;
                if reply.condition.as_deref() == Some(BUSY) {
                    let description = crate::error::outside(&reply.description);
                    return Err(Failed::Stale(BusError::Busy { description }));
                }
                Ok(reply)
            })
            .await
        })
        .await
    }

    /// Receives at most `most` messages, waiting for the first as long as `wait`; gives the credit for them
    /// before `begin_by`, or not at all.
    pub(crate) async fn receive(
        self: &Arc<Self>,
        of: Receives,
        most: u32,
        wait: Duration,
        begin_by: Instant,
    ) -> Result<(Taken, LinkId), BusError> {
        let wire = Arc::clone(self);
        let (_here, asked) = self.asked();
        finished(async move {
            retrying(begin_by, async || {
                let (receiving, connection) = wire.receiver(&of).await?;
                let taken = receiving.take(most, wait, begin_by, asked.clone()).await?;
                Ok((taken, LinkId { connection, name: receiving.name().to_owned() }))
            })
            .await
        })
        .await
    }

    /// Accepts a session of a node: the one of this name, or the next that waits.
    pub(crate) async fn accept_session(
        self: &Arc<Self>,
        node: Node,
        wanted: Option<String>,
        wait: Duration,
        begin_by: Instant,
    ) -> Result<HeldSession, BusError> {
        let wire = Arc::clone(self);
        finished(async move {
            retrying(begin_by, async || {
                let apart = {
                    let mut slot = wire.slot().await?;
                    wire.alive(&mut slot).await?.apart(&wire, &node).await?
                };
                if Instant::now() >= begin_by {
                    return Err(Failed::Final(BusError::PermitExpired));
                }
                apart.accept(&wire, &node, wanted.as_deref(), wait).await
            })
            .await
        })
        .await
    }

    /// Receives in a session that is held; otherwise as [`receive`](Self::receive).
    pub(crate) async fn receive_in(
        self: &Arc<Self>,
        session: Arc<HeldSession>,
        most: u32,
        wait: Duration,
        begin_by: Instant,
    ) -> Result<Taken, BusError> {
        let (_here, asked) = self.asked();
        finished(async move { session.receiving.take(most, wait, begin_by, asked).await }).await
    }

    /// Whoever keeps the first half is the one who asks.
    fn asked(&self) -> (watch::Sender<()>, Asked) {
        let (here, by) = watch::channel(());
        (here, Asked { by, answer_within: self.timeouts.answer })
    }

    /// Whether a link's connection is still the one that is open.
    pub(crate) async fn is_open(&self, link: &LinkId) -> bool {
        let Ok(slot) = self.slot().await else { return false };
        slot.as_ref().is_some_and(|live| live.number == link.connection && !live.is_dead())
    }

    async fn link(&self, node: &Node) -> Result<Arc<Link>, Failed> {
        let mut slot = self.slot().await?;
        self.alive(&mut slot).await?.link(self, node).await
    }

    async fn requests(&self, node: &Node) -> Result<Arc<Requests>, Failed> {
        let mut slot = self.slot().await?;
        self.alive(&mut slot).await?.requests(self, node).await
    }

    async fn receiver(&self, of: &Receives) -> Result<(Arc<Receiving>, u64), Failed> {
        let mut slot = self.slot().await?;
        let live = self.alive(&mut slot).await?;
        Ok((live.receiver(self, of).await?, live.number))
    }

    /// The connection's place; who holds it may change what is attached.
    async fn slot(&self) -> Result<MutexGuard<'_, Option<Live>>, Failed> {
        let longest = self.timeouts.connect.saturating_add(self.timeouts.attach);
        let slot = timeout(longest, self.live.lock()).await;
        slot.map_err(|_| Failed::Final(BusError::TimedOut { what: "the connection" }))
    }

    async fn alive<'a>(&self, slot: &'a mut Option<Live>) -> Result<&'a mut Live, Failed> {
        if slot.as_ref().is_none_or(Live::is_dead) {
            // Closes what is left of the old one.
            *slot = None;
            let number = self.opened.fetch_add(1, Ordering::Relaxed);
            *slot = Some(Live::open(self, number).await?);
        }
        slot.as_mut().ok_or(Failed::Final(BusError::NotConnected { problem: String::new() }))
    }
}

fn prepare_by() -> Instant {
    Instant::now() + PREPARE
}

/// What a call came to, in a task of its own. A task that panicked may have sent something.
async fn finished<T: Send + 'static>(
    call: impl Future<Output = Result<T, Failed>> + Send + 'static,
) -> Result<T, BusError> {
    match tokio::spawn(call).await {
        Ok(done) => done.map_err(BusError::from),
        Err(_) => Err(BusError::Unknown {
            problem: "the client failed, or its runtime is shutting down".to_owned(),
        }),
    }
}
