//! Everything the endpoint remembers, shared by all connections.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::address::node;
use crate::{Behaviour, Received, Scheduled, Settings, Token};

/// How much of the wire is kept, in bytes.
const MAX_WIRE_BYTES: usize = 8 << 20;

/// What the endpoint remembers.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) settings: Settings,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    entities: BTreeMap<String, Entity>,
    behaviours: BTreeMap<String, Behaviour>,
    tokens: Vec<Token>,
    connections: usize,
    wire: Vec<u8>,
}

#[derive(Debug, Default)]
struct Entity {
    messages: Vec<Received>,
    scheduled: BTreeMap<i64, Received>,
    last_sequence: i64,
}

impl Store {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, kept: Mutex::default(), changed: watch::channel(()).0 }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while holding it, and a test tool has no better answer than to go on.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn behave(&self, at: &str, behaviour: Behaviour) {
        self.kept().behaviours.insert(node(at), behaviour);
    }

    pub(crate) fn behaviour(&self, at: &str) -> Behaviour {
        self.kept().behaviours.get(&node(at)).cloned().unwrap_or_default()
    }

    pub(crate) fn messages(&self, entity: &str) -> Vec<Received> {
        self.kept().entities.get(&node(entity)).map(|entity| entity.messages.clone()).unwrap_or_default()
    }

    pub(crate) async fn arrived(&self, entity: &str, count: usize) -> Vec<Received> {
        let mut changed = self.changed.subscribe();
        loop {
            let messages = self.messages(entity);
            // The sender lives in `self`, so `changed` cannot end while we wait.
            if messages.len() >= count || changed.changed().await.is_err() {
                return messages;
            }
        }
    }

    pub(crate) fn keep(&self, entity: &str, messages: Vec<Received>) {
        self.kept().entities.entry(node(entity)).or_default().messages.extend(messages);
        self.changed.send_replace(());
    }

    pub(crate) fn schedule(&self, entity: &str, messages: Vec<Received>) -> Vec<i64> {
        let mut kept = self.kept();
        let entity = kept.entities.entry(node(entity)).or_default();
        let mut numbers = Vec::with_capacity(messages.len());
        for message in messages {
            entity.last_sequence = entity.last_sequence.saturating_add(1);
            entity.scheduled.insert(entity.last_sequence, message);
            numbers.push(entity.last_sequence);
        }
        numbers
    }

    /// Removes scheduled messages: all of them, or none if one is not there.
    pub(crate) fn cancel(&self, entity: &str, numbers: &[i64]) -> bool {
        let mut kept = self.kept();
        let scheduled = &mut kept.entities.entry(node(entity)).or_default().scheduled;
        let all = numbers.iter().all(|number| scheduled.contains_key(number));
        if all {
            for number in numbers {
                scheduled.remove(number);
            }
        }
        all
    }

    pub(crate) fn scheduled(&self, entity: &str) -> Vec<Scheduled> {
        let kept = self.kept();
        let Some(entity) = kept.entities.get(&node(entity)) else { return Vec::new() };
        let scheduled = entity.scheduled.iter();
        scheduled
            .map(|(&sequence_number, message)| Scheduled { sequence_number, message: message.clone() })
            .collect()
    }

    pub(crate) fn put_token(&self, token: Token) {
        self.kept().tokens.push(token);
    }

    pub(crate) fn tokens(&self) -> Vec<Token> {
        self.kept().tokens.clone()
    }

    pub(crate) fn connected(&self) {
        let mut kept = self.kept();
        kept.connections = kept.connections.saturating_add(1);
    }

    pub(crate) fn connections(&self) -> usize {
        self.kept().connections
    }

    pub(crate) fn tap(&self, bytes: &[u8]) {
        let wire = &mut self.kept().wire;
        let room = MAX_WIRE_BYTES.saturating_sub(wire.len());
        wire.extend(bytes.iter().take(room));
    }

    pub(crate) fn wire(&self) -> Vec<u8> {
        self.kept().wire.clone()
    }
}
