//! One open connection and what is attached on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_core::time::{Duration, OffsetDateTime};
use fe2o3_amqp::Session;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use tokio::time::{Instant, timeout};

use super::Wire;
use super::failed::Failed;
use super::link::Link;
use super::request::Requests;
use crate::BusError;
use crate::dialect::address::CBS;
use crate::dialect::token;
use crate::error::outside;

/// How long before its end a token is replaced. Entra's tokens live for an hour or more.
const RENEW_BEFORE: Duration = Duration::minutes(5);

/// One open connection.
#[derive(Debug)]
pub(super) struct Live {
    cbs: Option<Requests>,
    /// When the token for each node expires.
    expiries: BTreeMap<String, OffsetDateTime>,
    links: BTreeMap<String, Arc<Link>>,
    requests: BTreeMap<String, Arc<Requests>>,
    /// Links attached so far: names must not repeat on a connection.
    attached: u64,
    session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

impl Live {
    /// Connects.
    pub(super) async fn open(wire: &Wire) -> Result<Self, Failed> {
        let open = async {
            let mut connection = wire.route.open(&wire.namespace).await?;
            let session = Session::begin(&mut connection)
                .await
                .map_err(|error| BusError::NotConnected { problem: outside(&error.to_string()) })?;
            Ok((connection, session))
        };
        let (connection, session) = match timeout(wire.timeouts.connect, open).await {
            Ok(opened) => opened.map_err(Failed::Final)?,
            Err(_) => return Err(Failed::Final(BusError::TimedOut { what: "the connection" })),
        };
        Ok(Self {
            cbs: None,
            expiries: BTreeMap::new(),
            links: BTreeMap::new(),
            requests: BTreeMap::new(),
            attached: 0,
            session,
            connection,
        })
    }

    /// Whether nothing can be attached or sent any more.
    pub(super) fn is_dead(&self) -> bool {
        self.connection.is_closed() || self.session.is_ended()
    }

    /// The link to an entity, with a token that lasts.
    pub(super) async fn link(&mut self, wire: &Wire, node: &str) -> Result<Arc<Link>, Failed> {
        self.authorize(wire, node).await?;
        if let Some(link) = self.links.get(node).filter(|link| !link.is_broken()) {
            return Ok(Arc::clone(link));
        }
        let name = self.next_name();
        let link = timeout(wire.timeouts.attach, Link::attach(&mut self.session, &name, node)).await;
        let link = Arc::new(link.map_err(|_| late("the link"))??);
        self.links.insert(node.to_owned(), Arc::clone(&link));
        Ok(link)
    }

    /// The links for requests to a node, with a token that lasts.
    pub(super) async fn requests(&mut self, wire: &Wire, node: &str) -> Result<Arc<Requests>, Failed> {
        self.authorize(wire, node).await?;
        if let Some(requests) = self.requests.get(node).filter(|requests| !requests.is_broken()) {
            return Ok(Arc::clone(requests));
        }
        let requests = Arc::new(self.attach_requests(wire, node).await?);
        self.requests.insert(node.to_owned(), Arc::clone(&requests));
        Ok(requests)
    }

    /// Puts a token for `node` unless there is one that lasts.
    async fn authorize(&mut self, wire: &Wire, node: &str) -> Result<(), Failed> {
        let soon = OffsetDateTime::now_utc().saturating_add(RENEW_BEFORE);
        if self.expiries.get(node).is_some_and(|&expiry| expiry > soon) {
            return Ok(());
        }
        let Some(token) = wire.credential.token(wire.timeouts.attach).await.map_err(Failed::Final)? else {
            return Ok(());
        };
        let cbs = match self.cbs.take().filter(|cbs| !cbs.is_broken()) {
            Some(cbs) => cbs,
            None => self.attach_requests(wire, CBS).await?,
        };
        let cbs = self.cbs.insert(cbs);
        let expires_at_ms =
            i64::try_from(token.expires_on.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let request = token::put(&wire.namespace.audience(node), token.token.secret(), expires_at_ms);
        let within = wire.timeouts.attach;
        let reply = match cbs.ask(&request, Instant::now() + within, within).await {
            // Whatever became of the token, no message was sent.
            Err(Failed::Final(BusError::Unknown { problem })) => {
                return Err(Failed::Stale(BusError::NotConnected { problem }));
            }
            Err(Failed::Final(BusError::PermitExpired)) => return Err(late("credit for a token")),
            reply => reply?,
        };
        if !reply.is_done() {
            let description = outside(&reply.description);
            return Err(Failed::Final(BusError::Unauthorized { code: reply.code, description }));
        }
        self.expiries.insert(node.to_owned(), token.expires_on);
        Ok(())
    }

    async fn attach_requests(&mut self, wire: &Wire, node: &str) -> Result<Requests, Failed> {
        let name = self.next_name();
        let requests = timeout(wire.timeouts.attach, Requests::attach(&mut self.session, &name, node)).await;
        requests.map_err(|_| late("the links for requests"))?
    }

    fn next_name(&mut self) -> String {
        self.attached = self.attached.wrapping_add(1);
        format!("wpc-{}", self.attached)
    }
}

fn late(what: &'static str) -> Failed {
    Failed::Final(BusError::TimedOut { what })
}
