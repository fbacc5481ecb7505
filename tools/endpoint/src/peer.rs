//! What one connection has put and attached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use fe2o3_amqp::Sender;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::address::node;
use crate::store::Store;

/// One connected client.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) store: Arc<Store>,
    /// Asks the task that owns the connection to close it with an error.
    pub(crate) close: mpsc::Sender<()>,
    /// Cuts the TCP connection.
    pub(crate) cut: AbortHandle,
    known: Mutex<Known>,
}

/// A link on which the client awaits replies.
pub(crate) type Replies = Arc<tokio::sync::Mutex<Sender>>;

#[derive(Debug, Default)]
struct Known {
    audiences: BTreeSet<String>,
    /// By node and the client's own address.
    replies: BTreeMap<(String, Option<String>), Replies>,
}

impl Peer {
    pub(crate) fn new(store: Arc<Store>, close: mpsc::Sender<()>, cut: AbortHandle) -> Self {
        Self { store, close, cut, known: Mutex::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers that a token was put for `audience`.
    pub(crate) fn authorize(&self, audience: &str) {
        self.known(|known| known.audiences.insert(node(audience)));
    }

    /// Whether a token covers `at`: one for it, for a parent, or for the namespace.
    pub(crate) fn is_authorized(&self, at: &str) -> bool {
        let covers = |audience: &String| {
            audience.is_empty()
                || at == audience
                || at.strip_prefix(audience).is_some_and(|rest| rest.starts_with('/'))
        };
        !self.store.settings.token_required
            || at == "$cbs"
            || self.known(|known| known.audiences.iter().any(covers))
    }

    /// Remembers a link for replies from `at`, to the client's `address`.
    pub(crate) fn attach_replies(&self, at: &str, address: Option<String>, sender: Sender) {
        let sender = Arc::new(tokio::sync::Mutex::new(sender));
        self.known(|known| {
            known.replies.insert((at.to_owned(), address), Arc::clone(&sender));
            known.replies.insert((at.to_owned(), None), sender);
        });
    }

    /// The link for a reply from `at`: the one whose address the request named, else the latest.
    pub(crate) fn replies(&self, at: &str, reply_to: Option<String>) -> Option<Replies> {
        self.known(|known| {
            let exact = known.replies.get(&(at.to_owned(), reply_to));
            exact.or_else(|| known.replies.get(&(at.to_owned(), None))).cloned()
        })
    }
}
