//! The connection: how encoded messages and requests reach the broker, and its answers come back.
//!
//! ```text
//! Wire::deliver ─┐                      ┌─ $cbs            a token for each node, before its link
//!                ├─ task ─ Live ─ session ─ <entity>         one link per entity, shared
//! Wire::ask ─────┘                      └─ …/$management   one request at a time
//! ```
//!
//! Each call runs in a task of its own, so that a caller who stops waiting never leaves a half-sent
//! transfer behind. What fails before its transfer was handed over is tried once more, on a fresh
//! link; what fails later is never sent again, and its outcome is unknown.

mod failed;
mod link;
mod live;
mod request;
mod route;

use std::sync::Arc;

use fe2o3_amqp::Sendable;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::Value;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout};

use crate::credential::Credential;
use crate::dialect::address::{Entity, Namespace};
use crate::dialect::reply::Reply;
use crate::{BusError, Timeouts};
use failed::Failed;
use link::Link;
use live::Live;
use request::Requests;
pub(crate) use route::Route;
#[cfg(test)]
pub(crate) use route::tls;

/// The way to one namespace. Connects when it must, and again when the connection died.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) namespace: Namespace,
    pub(crate) timeouts: Timeouts,
    route: Route,
    credential: Credential,
    live: Mutex<Option<Live>>,
}

impl Wire {
    pub(crate) fn new(
        namespace: Namespace,
        route: Route,
        credential: Credential,
        timeouts: Timeouts,
    ) -> Self {
        Self { namespace, timeouts, route, credential, live: Mutex::new(None) }
    }

    /// Connects and gets a token, unless that is done.
    pub(crate) async fn connect(self: &Arc<Self>) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        finished(async move {
            wire.credential.token(wire.timeouts.attach).await.map_err(Failed::Final)?;
            let mut slot = wire.slot().await?;
            wire.alive(&mut slot).await.map(drop)
        })
        .await
    }

    /// Attaches the link for messages to `entity`, unless that is done. Sends none.
    pub(crate) async fn attach(self: &Arc<Self>, entity: &Entity) -> Result<(), BusError> {
        let (wire, entity) = (Arc::clone(self), entity.clone());
        finished(async move {
            match wire.link(&entity).await {
                Err(Failed::Stale(_)) => wire.link(&entity).await.map(drop),
                done => done.map(drop),
            }
        })
        .await
    }

    /// Attaches the links for requests about `entity`, unless that is done. Sends none.
    pub(crate) async fn attach_management(self: &Arc<Self>, entity: &Entity) -> Result<(), BusError> {
        let (wire, entity) = (Arc::clone(self), entity.clone());
        finished(async move {
            match wire.requests(&entity).await {
                Err(Failed::Stale(_)) => wire.requests(&entity).await.map(drop),
                done => done.map(drop),
            }
        })
        .await
    }

    /// Hands one transfer to `entity` over before `begin_by`, or not at all, and waits for the
    /// broker's outcome.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        entity: Entity,
        format: u32,
        message: AmqpMessage<Body<Value>>,
        begin_by: Instant,
    ) -> Result<(), BusError> {
        let wire = Arc::clone(self);
        let transfer = Arc::new(Sendable::builder().message_format(format).message(message).build());
        finished(async move {
            match wire.try_deliver(&entity, &transfer, begin_by).await {
                Err(Failed::Stale(_)) => wire.try_deliver(&entity, &transfer, begin_by).await,
                done => done,
            }
        })
        .await
    }

    /// Hands one request to the management node of `entity` over before `begin_by`, or not at all,
    /// and waits for the reply.
    pub(crate) async fn ask(
        self: &Arc<Self>,
        entity: Entity,
        request: AmqpMessage<AmqpValue<Value>>,
        begin_by: Instant,
    ) -> Result<Reply, BusError> {
        let wire = Arc::clone(self);
        finished(async move {
            match wire.try_ask(&entity, &request, begin_by).await {
                Err(Failed::Stale(_)) => wire.try_ask(&entity, &request, begin_by).await,
                done => done,
            }
        })
        .await
    }

    async fn try_deliver(
        &self,
        entity: &Entity,
        transfer: &Arc<Sendable<Body<Value>>>,
        begin_by: Instant,
    ) -> Result<(), Failed> {
        self.link(entity).await?.deliver(transfer, begin_by, self.timeouts.answer).await
    }

    async fn try_ask(
        &self,
        entity: &Entity,
        request: &AmqpMessage<AmqpValue<Value>>,
        begin_by: Instant,
    ) -> Result<Reply, Failed> {
        self.requests(entity).await?.ask(request, begin_by, self.timeouts.answer).await
    }

    async fn link(&self, entity: &Entity) -> Result<Arc<Link>, Failed> {
        let mut slot = self.slot().await?;
        self.alive(&mut slot).await?.link(self, entity.node()).await
    }

    async fn requests(&self, entity: &Entity) -> Result<Arc<Requests>, Failed> {
        let mut slot = self.slot().await?;
        self.alive(&mut slot).await?.requests(self, &entity.management()).await
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
            *slot = Some(Live::open(self).await?);
        }
        slot.as_mut().ok_or(Failed::Final(BusError::NotConnected { problem: String::new() }))
    }
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
