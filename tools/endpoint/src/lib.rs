//! A local Service Bus endpoint for demos and tests: a broker of its own, which can be told to misbehave.
//!
//! ```text
//! client ──TCP──▶ amqp ──▶ broker: queues, topics, subscriptions, dead-letter queues, sessions
//!                  │   └──▶ node: $cbs, …/$management        kept: Endpoint::tokens
//!          kept: Endpoint::wire
//! HTTP  ──TCP──▶ admin ──▶ broker                            the administration API
//! ```
//!
//! It speaks as much of the dialect as Azure's own SDKs need: SASL ANONYMOUS, `$cbs` put-token, batches,
//! peek-lock and receive-and-delete, settlements that are answered, sessions, dead-letter queues, deferred and
//! scheduled messages, rules, and the administration API. Entities need not be made: what is not known begins
//! when something is sent to it or received from it.
//!
//! Plain TCP on the loopback interface, no authentication, no durability: never link it into what
//! users run. It shares no code with the client, not even the AMQP codec, so that each checks the other.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let endpoint = wpc_endpoint::Endpoint::start().await?;
//! assert!(endpoint.addr().ip().is_loopback());
//! assert!(endpoint.messages("orders").is_empty());
//! endpoint.stop().await;
//! # Ok(())
//! # }
//! ```

mod address;
mod admin;
mod amqp;
mod behaviour;
mod broker;
mod message;
mod node;
mod received;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use behaviour::{Behaviour, Delivering};
use broker::Broker;
pub use broker::QueueSettings;
use broker::refusal::Refusal;
pub use received::{AdminRequest, Received, Scheduled, Token};

/// Message size that a link announces by default, in bytes: the Standard tier's 256 KiB.
pub const DEFAULT_MAX_MESSAGE_BYTES: u64 = 262_144;

/// How an [`Endpoint`] begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `max-message-size` of every entity link, in bytes; 0 announces no bound.
    pub max_message_bytes: u64,
    /// Refuse links to nodes for which the connection has put no token.
    pub token_required: bool,
    /// The port to listen on; 0 lets the system choose.
    pub port: u16,
    /// The administration API's port; 0 lets the system choose.
    pub admin_port: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES, token_required: false, port: 0, admin_port: 0 }
    }
}

/// A running endpoint. Dropping it stops it without waiting; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct Endpoint {
    addr: SocketAddr,
    admin: SocketAddr,
    broker: Arc<Broker>,
    stopping: watch::Sender<bool>,
    serving: [JoinHandle<()>; 2],
}

impl Endpoint {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// The system's, if no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Settings::default()).await
    }

    /// Listens on 127.0.0.1, with these settings.
    ///
    /// # Errors
    ///
    /// The system's, if the port cannot be bound.
    pub async fn start_with(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let addr = listener.local_addr()?;
        let admins = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.admin_port)).await?;
        let admin = admins.local_addr()?;
        let broker = Arc::new(Broker::new(settings));
        let (stopping, stopped) = watch::channel(false);
        let serving = [
            tokio::spawn(amqp::accept(listener, Arc::clone(&broker), stopped.clone())),
            tokio::spawn(admin::accept(admins, Arc::clone(&broker), stopped)),
        ];
        Ok(Self { addr, admin, broker, stopping, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where its administration API listens, in clear.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Says what happens from now on to what arrives at `node`: an entity (`orders`), its
    /// management node (`orders/$management`), `$cbs`, or `$admin`, the administration API. Letter case
    /// does not matter.
    pub fn behave(&self, node: &str, behaviour: Behaviour) {
        self.broker.behave(node, behaviour);
    }

    /// Says what happens from now on to whoever receives from `node`.
    pub fn deliver(&self, node: &str, delivering: Delivering) {
        self.broker.deliver(node, delivering);
    }

    /// Refuses from now on to settle messages of an entity, with this condition and description; the locks
    /// stay. `None` ends it.
    pub fn refuse_settlements(&self, entity: &str, why: Option<(&str, &str)>) {
        let refusal = why.map(|(condition, description)| Refusal::new(400, condition, description));
        self.broker.refuse_settlements(entity, refusal);
    }

    /// Makes a queue, or changes how it treats its messages.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) {
        self.broker.create_queue(name, settings);
    }

    /// Makes a subscription that takes everything of its topic, or changes how it treats its messages.
    pub fn create_subscription(&self, topic: &str, name: &str, settings: QueueSettings) {
        self.broker.create_subscription(topic, name, settings);
    }

    /// Puts a message into an entity, as if somebody had sent it.
    pub fn put(&self, entity: &str, message_id: &str, body: &str, session_id: Option<&str>) {
        let message = message::Message::plain(message_id, body, session_id);
        self.broker.arrive(&address::node(entity), vec![message], false);
    }

    /// Ends all locks of an entity now.
    pub fn expire_locks(&self, entity: &str) {
        self.broker.expire_locks(entity);
    }

    /// What an entity holds and has not scheduled, in the order of arrival; a batch counts as its
    /// messages. The dead-letter queue of `orders` is `orders/$deadletterqueue`.
    #[must_use]
    pub fn messages(&self, entity: &str) -> Vec<Received> {
        self.broker.messages(entity)
    }

    /// How many messages an entity holds, scheduled ones too.
    #[must_use]
    pub fn count(&self, entity: &str) -> usize {
        self.broker.count(entity)
    }

    /// Waits until an entity holds at least `count` messages, and returns them.
    pub async fn arrived(&self, entity: &str, count: usize) -> Vec<Received> {
        self.broker.arrived(entity, count).await
    }

    /// The scheduled messages of an entity that were not cancelled and are not due, by sequence number.
    #[must_use]
    pub fn scheduled(&self, entity: &str) -> Vec<Scheduled> {
        self.broker.scheduled(entity)
    }

    /// The deferred messages of an entity, by sequence number.
    #[must_use]
    pub fn deferred(&self, entity: &str) -> Vec<Scheduled> {
        self.broker.held_deferred(entity)
    }

    /// What was settled in an entity, in order: the message id, and `complete`, `abandon`, `defer` or
    /// `dead-letter`.
    #[must_use]
    pub fn settlements(&self, entity: &str) -> Vec<(String, &'static str)> {
        self.broker.settlements(entity)
    }

    /// What is kept about a session.
    #[must_use]
    pub fn session_state(&self, entity: &str, session: &str) -> Option<Vec<u8>> {
        self.broker.session_state(entity, session)
    }

    /// Every token that was put, in order.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.broker.tokens()
    }

    /// What the administration API was asked, in order.
    #[must_use]
    pub fn administered(&self) -> Vec<AdminRequest> {
        self.broker.all_administered()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.broker.connections()
    }

    /// What clients sent, as it came over TCP: the first mebibytes of all connections, one after
    /// the other as they arrived.
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        self.broker.wire()
    }

    /// Closes every connection and waits for its tasks.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        for serving in self.serving {
            // A task that panicked has nothing left to wait for.
            let _ = serving.await;
        }
    }
}
