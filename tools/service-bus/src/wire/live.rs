//! One open connection and what is attached on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure_core::time::{Duration, OffsetDateTime};
use fe2o3_amqp::Session;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::Source;
use tokio::time::{Instant, timeout};

use super::failed::Failed;
use super::link::Link;
use super::receive::{Attaching, Mode, Receiving};
use super::request::Requests;
use super::tap::Heard;
use super::{HeldSession, LinkId, Wire};
use crate::BusError;
use crate::dialect::address::{CBS, Node};
use crate::dialect::session;
use crate::dialect::token;
use crate::error::outside;

/// How long before its end a token is replaced. Entra's tokens live for an hour or more.
const RENEW_BEFORE: Duration = Duration::minutes(5);

/// One open connection.
#[derive(Debug)]
pub(super) struct Live {
    /// Which of the wire's connections it is.
    pub(super) number: u64,
    heard: Arc<Heard>,
    cbs: Option<Requests>,
    /// When the token for each node expires.
    expiries: BTreeMap<Node, OffsetDateTime>,
    links: BTreeMap<Node, Arc<Link>>,
    requests: BTreeMap<Node, Arc<Requests>>,
    receivers: BTreeMap<Receives, Arc<Receiving>>,
    /// Links attached so far: names must not repeat on a connection.
    attached: u64,
    session: SessionHandle<()>,
    connection: ConnectionHandle<()>,
}

/// A link for receiving is one job's alone: what comes too late for one call is the job's next one's.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Receives {
    pub(crate) node: Node,
    pub(crate) mode: Mode,
    pub(crate) job: String,
}

impl Live {
    /// Connects.
    pub(super) async fn open(wire: &Wire, number: u64) -> Result<Self, Failed> {
        let heard = Arc::new(Heard::new());
        let open = async {
            let mut connection = wire.route.open(&wire.namespace, Arc::clone(&heard)).await?;
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
            number,
            heard,
            cbs: None,
            expiries: BTreeMap::new(),
            links: BTreeMap::new(),
            requests: BTreeMap::new(),
            receivers: BTreeMap::new(),
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
    pub(super) async fn link(&mut self, wire: &Wire, node: &Node) -> Result<Arc<Link>, Failed> {
        self.authorize(wire, node).await?;
        if let Some(link) = self.links.get(node).filter(|link| !link.is_broken()) {
            return Ok(Arc::clone(link));
        }
        let name = self.next_name();
        let attaching = Link::attach(&mut self.session, &name, node.address());
        let link = timeout(wire.timeouts.attach, attaching).await;
        let link = Arc::new(link.map_err(|_| late("the link"))??);
        self.links.insert(node.clone(), Arc::clone(&link));
        Ok(link)
    }

    /// The links for requests to a node, with a token that lasts.
    pub(super) async fn requests(&mut self, wire: &Wire, node: &Node) -> Result<Arc<Requests>, Failed> {
        self.authorize(wire, node).await?;
        if let Some(requests) = self.requests.get(node).filter(|requests| !requests.is_broken()) {
            return Ok(Arc::clone(requests));
        }
        let requests = Arc::new(self.attach_requests(wire, node.address()).await?);
        self.requests.insert(node.clone(), Arc::clone(&requests));
        Ok(requests)
    }

    /// A job's link for receiving from a node, with a token that lasts.
    pub(super) async fn receiver(&mut self, wire: &Wire, of: &Receives) -> Result<Arc<Receiving>, Failed> {
        self.authorize(wire, &of.node).await?;
        if let Some(receiving) = self.receivers.get(of).filter(|receiving| !receiving.is_broken()) {
            return Ok(Arc::clone(receiving));
        }
        // Other jobs' links end with them; nobody says so, but a broken one is nobody's.
        self.receivers.retain(|_, receiving| !receiving.is_broken());
        let source = Source::builder().address(of.node.address()).build();
        let name = self.next_name();
        let attaching =
            Attaching { name, source, properties: None, mode: of.mode, heard: Arc::clone(&self.heard) };
        let attached = timeout(wire.timeouts.attach, Receiving::attach(&mut self.session, attaching)).await;
        let (receiving, _) = attached.map_err(|_| late("the link"))??;
        let receiving = Arc::new(receiving);
        self.receivers.insert(of.clone(), Arc::clone(&receiving));
        Ok(receiving)
    }

    /// What it takes to accept a session beside the connection's other links: an AMQP session of its own, so
    /// that nobody waits for the broker to find one.
    pub(super) async fn apart(&mut self, wire: &Wire, node: &Node) -> Result<Apart, Failed> {
        self.authorize(wire, node).await?;
        let session = timeout(wire.timeouts.attach, Session::begin(&mut self.connection)).await;
        let session = session.map_err(|_| late("a session"))?;
        let session = session.map_err(|error| {
            Failed::Stale(BusError::NotConnected { problem: outside(&error.to_string()) })
        })?;
        let name = self.next_name();
        Ok(Apart { session, link: LinkId { connection: self.number, name }, heard: Arc::clone(&self.heard) })
    }

    /// Puts a token for `node` unless there is one that lasts.
    async fn authorize(&mut self, wire: &Wire, node: &Node) -> Result<(), Failed> {
        let soon = OffsetDateTime::now_utc().saturating_add(RENEW_BEFORE);
        if self.expiries.get(node).is_some_and(|&expiry| expiry > soon) {
            return Ok(());
        }
        let audience = wire.namespace.audience(node.address());
        let token = wire.credential.token(&audience, node, wire.timeouts.attach).await;
        let Some((kind, token)) = token.map_err(Failed::Final)? else { return Ok(()) };
        let cbs = match self.cbs.take().filter(|cbs| !cbs.is_broken()) {
            Some(cbs) => cbs,
            None => self.attach_requests(wire, CBS).await?,
        };
        let cbs = self.cbs.insert(cbs);
        let expires_at_ms =
            i64::try_from(token.expires_on.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let request = token::put(kind, &audience, token.token.secret(), expires_at_ms);
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
        self.expiries.insert(node.clone(), token.expires_on);
        Ok(())
    }

    async fn attach_requests(&mut self, wire: &Wire, node: &str) -> Result<Requests, Failed> {
        let name = self.next_name();
        let requests = timeout(wire.timeouts.attach, Requests::attach(&mut self.session, &name, node)).await;
        requests.map_err(|_| late("the links for requests"))?
    }

    fn next_name(&mut self) -> String {
        self.attached = self.attached.wrapping_add(1);
        format!("wpc-{}-{}", self.number, self.attached)
    }
}

/// A place for one link, beside all others of its connection.
#[derive(Debug)]
pub(super) struct Apart {
    session: SessionHandle<()>,
    pub(super) link: LinkId,
    heard: Arc<Heard>,
}

impl Apart {
    /// Accepts one session of an entity: the one of this name, or the next that waits. The broker waits for
    /// one as long as `wait`.
    pub(super) async fn accept(
        mut self,
        wire: &Wire,
        node: &Node,
        wanted: Option<&str>,
        wait: std::time::Duration,
    ) -> Result<HeldSession, Failed> {
        let attaching = Attaching {
            name: self.link.name.clone(),
            source: session::source(node, wanted),
            properties: Some(session::waiting(wait)),
            mode: Mode::PeekLock,
            heard: self.heard,
        };
        let within = wire.timeouts.attach.saturating_add(wait);
        let attached = timeout(within, Receiving::attach(&mut self.session, attaching)).await;
        let (receiving, attached) = attached.map_err(|_| late("the session"))??;
        let given = attached.source.as_ref().and_then(session::given);
        let Some(id) = given.filter(|given| wanted.is_none_or(|wanted| wanted == given)) else {
            return Err(Failed::Final(BusError::LinkRefused {
                condition: String::new(),
                description: "the broker gave another session than was asked for".to_owned(),
            }));
        };
        let locked_until_ms = attached.locked_until.as_ref().and_then(session::locked_until_ms);
        Ok(HeldSession { link: self.link, id, locked_until_ms, receiving, _session: self.session })
    }
}

pub(super) fn late(what: &'static str) -> Failed {
    Failed::Final(BusError::TimedOut { what })
}
