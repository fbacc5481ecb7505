//! A local Service Bus endpoint for demos and tests: it takes messages, keeps them, and can be told
//! to misbehave.
//!
//! ```text
//! client ──TCP──▶ tap ──▶ AMQP 1.0 acceptor ──▶ entity        kept: Endpoint::messages
//!                  │                       ├──▶ $cbs          kept: Endpoint::tokens
//!         kept: Endpoint::wire             └──▶ …/$management kept: Endpoint::scheduled
//! ```
//!
//! It speaks as much of the dialect as a sender needs: SASL ANONYMOUS, `$cbs` put-token, links to
//! entities, message batches (format `0x80013700`), `schedule-message` and
//! `cancel-scheduled-message`. Nothing is delivered to receivers: read with [`Endpoint::messages`].
//! Scheduled messages never become due.
//!
//! Plain TCP on the loopback interface, no authentication, no durability: never link it into what
//! users run. It was written without looking at our client, so that each checks the other.
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
mod behaviour;
mod cbs;
mod entity;
mod management;
mod peer;
mod received;
mod request;
mod serve;
mod store;
mod tap;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use behaviour::Behaviour;
pub use received::{Received, Scheduled, Token};
use store::Store;

/// Message size that a link announces by default, in bytes: the Standard tier's 256 KiB.
pub const DEFAULT_MAX_MESSAGE_BYTES: u64 = 262_144;

/// How an [`Endpoint`] begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `max-message-size` of every entity link, in bytes; 0 announces no bound.
    pub max_message_bytes: u64,
    /// Refuse links to nodes for which the connection has put no token.
    pub token_required: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_message_bytes: DEFAULT_MAX_MESSAGE_BYTES, token_required: false }
    }
}

/// A running endpoint. Dropping it stops it without waiting; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct Endpoint {
    addr: SocketAddr,
    store: Arc<Store>,
    stopping: watch::Sender<bool>,
    serving: JoinHandle<()>,
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

    /// Listens on a free port of 127.0.0.1, with these settings.
    ///
    /// # Errors
    ///
    /// The system's, if no port can be bound.
    pub async fn start_with(settings: Settings) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let store = Arc::new(Store::new(settings));
        let (stopping, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve::accept(listener, Arc::clone(&store), stopped));
        Ok(Self { addr, store, stopping, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Says what happens from now on to what arrives at `node`: an entity (`orders`), its
    /// management node (`orders/$management`), or `$cbs`. Letter case does not matter.
    pub fn behave(&self, node: &str, behaviour: Behaviour) {
        self.store.behave(node, behaviour);
    }

    /// What an entity holds, in the order of arrival; a batch counts as its messages.
    #[must_use]
    pub fn messages(&self, entity: &str) -> Vec<Received> {
        self.store.messages(entity)
    }

    /// Waits until an entity holds at least `count` messages, and returns them.
    pub async fn arrived(&self, entity: &str, count: usize) -> Vec<Received> {
        self.store.arrived(entity, count).await
    }

    /// The scheduled messages of an entity that were not cancelled, by sequence number.
    #[must_use]
    pub fn scheduled(&self, entity: &str) -> Vec<Scheduled> {
        self.store.scheduled(entity)
    }

    /// Every token that was put, in order.
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        self.store.tokens()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.store.connections()
    }

    /// What clients sent, as it came over TCP: the first mebibytes of all connections, one after
    /// the other as they arrived.
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        self.store.wire()
    }

    /// Closes every connection and waits for its tasks.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        // A task that panicked has nothing left to wait for.
        let _ = self.serving.await;
    }
}
