//! Everything the endpoint remembers, shared by all connections.
//!
//! ```text
//! arrive ──▶ topic ──rules──▶ subscription ─┐
//!        └──▶ queue ◀───────────────────────┘ ready ─next─▶ locked ─settle─▶ gone | ready | deferred | dead-letter queue
//! ```

mod queue;
pub(crate) mod refusal;
pub(crate) mod rule;
mod session;
mod topic;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::address::node;
use crate::message::Message;
use crate::{AdminRequest, Behaviour, Delivering, Received, Scheduled, Settings, Token};
use queue::Queue;
pub use queue::QueueSettings;
pub(crate) use queue::{Delivery, LockToken, Mode, Settle};
use refusal::Refusal;
use rule::Rule;
pub(crate) use session::Holder;
use topic::Topic;
pub(crate) use topic::{DEADLETTER, SUBSCRIPTIONS};

/// How much of the wire is kept, in bytes.
const MAX_WIRE_BYTES: usize = 8 << 20;

/// What the endpoint remembers.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) settings: Settings,
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    queues: BTreeMap<String, Queue>,
    topics: BTreeMap<String, Topic>,
    behaviours: BTreeMap<String, Behaviour>,
    delivering: BTreeMap<String, Delivering>,
    settlements_refused: BTreeMap<String, Refusal>,
    /// What the administration API was told of each entity.
    described: BTreeMap<String, Described>,
    tokens: Vec<Token>,
    administered: Vec<AdminRequest>,
    connections: usize,
    wire: Vec<u8>,
}

/// An entity as the administration API has it: its settings in order, as they were given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Described {
    /// The name, in its own letter case.
    pub(crate) name: String,
    pub(crate) settings: Vec<(String, String)>,
}

/// A new lock token. Not a secret: whoever reads the wire has it.
pub(crate) fn token() -> LockToken {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    let mut token = [0x40; 16];
    if let Some(low) = token.last_chunk_mut() {
        *low = number.to_be_bytes();
    }
    if let Some(high) = token.first_chunk_mut() {
        // Different for each process: tests run side by side.
        *high = u64::from(std::process::id()).to_be_bytes();
    }
    token
}

pub(crate) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl Broker {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, kept: Mutex::default(), changed: watch::channel(()).0 }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while holding it, and a test tool has no better answer than to go on.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and tells all who wait.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let done = change(&mut self.kept());
        self.changed.send_replace(());
        done
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(crate) fn behave(&self, at: &str, behaviour: Behaviour) {
        self.kept().behaviours.insert(node(at), behaviour);
    }

    /// What to do with what arrives now at `at`.
    pub(crate) fn behaviour(&self, at: &str) -> Behaviour {
        let mut kept = self.kept();
        let Some(behaviour) = kept.behaviours.get_mut(at) else { return Behaviour::Accept };
        match behaviour {
            Behaviour::Busy { times: 0 } => Behaviour::Accept,
            Behaviour::Busy { times } => {
                *times = times.saturating_sub(1);
                Behaviour::Busy { times: *times }
            }
            Behaviour::Accept
            | Behaviour::Reject { .. }
            | Behaviour::Release
            | Behaviour::Modify
            | Behaviour::Silent
            | Behaviour::Detach
            | Behaviour::Close
            | Behaviour::Cut
            | Behaviour::Status { .. }
            | Behaviour::DoThenCut => behaviour.clone(),
        }
    }

    pub(crate) fn deliver(&self, at: &str, delivering: Delivering) {
        self.change(|kept| kept.delivering.insert(node(at), delivering));
    }

    pub(crate) fn delivering(&self, at: &str) -> Delivering {
        self.kept().delivering.get(at).copied().unwrap_or_default()
    }

    pub(crate) fn refuse_settlements(&self, at: &str, refusal: Option<Refusal>) {
        let mut kept = self.kept();
        match refusal {
            Some(refusal) => drop(kept.settlements_refused.insert(node(at), refusal)),
            None => drop(kept.settlements_refused.remove(&node(at))),
        }
    }

    // What entities there are.

    pub(crate) fn create_queue(&self, name: &str, settings: QueueSettings) {
        self.change(|kept| kept.queue(&node(name)).settings = settings);
    }

    pub(crate) fn create_subscription(&self, topic: &str, name: &str, settings: QueueSettings) {
        let (topic, name) = (node(topic), node(name));
        self.change(|kept| {
            kept.queue(&format!("{topic}{SUBSCRIPTIONS}{name}")).settings = settings;
            kept.topics.entry(topic).or_default().subscribe(name);
        });
    }

    pub(crate) fn requires_session(&self, at: &str) -> bool {
        self.kept().queues.get(at).is_some_and(|queue| queue.settings.requires_session)
    }

    pub(crate) fn rules(&self, at: &str) -> Result<Vec<Rule>, Refusal> {
        self.kept().rules(at).map(|rules| rules.clone())
    }

    pub(crate) fn add_rule(&self, at: &str, rule: Rule) -> Result<(), Refusal> {
        let mut kept = self.kept();
        let rules = kept.rules(at)?;
        if rules.iter().any(|known| known.name.eq_ignore_ascii_case(&rule.name)) {
            return Err(Refusal::EXISTS.into());
        }
        rules.push(rule);
        Ok(())
    }

    pub(crate) fn remove_rule(&self, at: &str, name: &str) -> Result<(), Refusal> {
        let mut kept = self.kept();
        let rules = kept.rules(at)?;
        let count = rules.len();
        rules.retain(|rule| !rule.name.eq_ignore_ascii_case(name));
        if rules.len() == count { Err(Refusal::NO_ENTITY.into()) } else { Ok(()) }
    }

    pub(crate) fn describe(&self, at: &str, described: Described, settings: QueueSettings) {
        self.change(|kept| {
            let at = node(at);
            match at.split_once(SUBSCRIPTIONS) {
                Some((topic, name)) => {
                    kept.topics.entry(topic.to_owned()).or_default().subscribe(name.to_owned());
                    kept.queue(&at).settings = settings;
                }
                None if described.name.is_empty() => {}
                None => kept.queue(&at).settings = settings,
            }
            kept.described.insert(at, described);
        });
    }

    pub(crate) fn described(&self, at: &str) -> Option<Described> {
        self.kept().described.get(&node(at)).cloned()
    }

    pub(crate) fn all_described(&self) -> Vec<(String, Described)> {
        self.kept().described.iter().map(|(at, described)| (at.clone(), described.clone())).collect()
    }

    pub(crate) fn remove(&self, at: &str) -> bool {
        let at = node(at);
        self.change(|kept| {
            let inside = format!("{at}/");
            kept.queues.retain(|known, _| *known != at && !known.starts_with(&inside));
            kept.topics.remove(&at);
            if let Some((topic, name)) = at.split_once(SUBSCRIPTIONS)
                && let Some(topic) = kept.topics.get_mut(topic)
            {
                topic.unsubscribe(name);
            }
            let count = kept.described.len();
            kept.described.retain(|known, _| *known != at && !known.starts_with(&inside));
            kept.described.len() < count
        })
    }

    // Messages.

    pub(crate) fn arrive(&self, at: &str, messages: Vec<Message>, batched: bool) {
        self.change(|kept| {
            for message in messages {
                kept.arrive(at, message, batched);
            }
        });
    }

    pub(crate) fn schedule(&self, at: &str, messages: Vec<Message>) -> Vec<i64> {
        self.change(|kept| {
            let queue = kept.queue(at);
            messages.into_iter().map(|message| queue.schedule(message, now_ms())).collect()
        })
    }

    pub(crate) fn cancel(&self, at: &str, numbers: &[i64]) -> bool {
        self.kept().queue(at).cancel(numbers)
    }

    pub(crate) fn next(&self, at: &str, mode: Mode, session: Option<&str>) -> Option<Delivery> {
        self.kept().queues.get_mut(at)?.next(mode, session, now_ms())
    }

    pub(crate) fn deferred(&self, at: &str, numbers: &[i64], mode: Mode) -> Result<Vec<Delivery>, Refusal> {
        self.kept().queue(at).deferred(numbers, mode, now_ms())
    }

    pub(crate) fn settle(&self, at: &str, token: &LockToken, how: &Settle) -> Result<(), Refusal> {
        self.change(|kept| {
            if let Some(refusal) = kept.settlements_refused.get(at) {
                return Err(refusal.clone());
            }
            if let Some(message) = kept.queue(at).settle(token, how)? {
                kept.bury(at, message);
            }
            Ok(())
        })
    }

    pub(crate) fn renew(&self, at: &str, tokens: &[LockToken]) -> Result<Vec<i64>, Refusal> {
        self.kept().queue(at).renew(tokens, now_ms())
    }

    pub(crate) fn peek(&self, at: &str, from: i64, count: usize, session: Option<&str>) -> Vec<Vec<u8>> {
        self.kept().queue(at).peek(from, count, session)
    }

    /// Ends what time has ended.
    pub(crate) fn tick(&self) {
        let mut kept = self.kept();
        let nodes: Vec<String> = kept.queues.keys().cloned().collect();
        for at in nodes {
            let spent = kept.queue(&at).tick(now_ms());
            spent.into_iter().for_each(|message| kept.bury(&at, message));
        }
    }

    pub(crate) fn expire_locks(&self, at: &str) {
        self.change(|kept| {
            let at = node(at);
            let spent = kept.queue(&at).expire_locks();
            spent.into_iter().for_each(|message| kept.bury(&at, message));
        });
    }

    // Sessions.

    /// Gives `holder` the session of this name, or the next that waits.
    pub(crate) fn hold_session(
        &self,
        at: &str,
        wanted: Option<&str>,
        holder: Holder,
    ) -> Result<(String, i64), Refusal> {
        let mut kept = self.kept();
        let queue = kept.queue(at);
        let id = match wanted {
            Some(id) => id.to_owned(),
            None => queue.waiting_session().ok_or(Refusal::NO_SESSION)?,
        };
        let until_ms = now_ms().saturating_add(queue.settings.lock_ms);
        queue.sessions.hold(&id, holder, until_ms)?;
        Ok((id, until_ms))
    }

    pub(crate) fn holds_session(&self, at: &str, id: &str, holder: Holder) -> bool {
        self.kept().queue(at).sessions.is_held_by(id, holder)
    }

    pub(crate) fn release_sessions(&self, at: &str, holder: Holder) {
        self.change(|kept| kept.queue(at).sessions.release(holder));
    }

    pub(crate) fn renew_session(&self, at: &str, id: &str) -> Result<i64, Refusal> {
        let mut kept = self.kept();
        let queue = kept.queue(at);
        let until_ms = now_ms().saturating_add(queue.settings.lock_ms);
        queue.sessions.renew(id, until_ms).map(|()| until_ms)
    }

    pub(crate) fn session_state(&self, at: &str, id: &str) -> Option<Vec<u8>> {
        self.kept().queue(&node(at)).sessions.state(id)
    }

    pub(crate) fn set_session_state(
        &self,
        at: &str,
        id: &str,
        state: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        self.kept().queue(at).sessions.set_state(id, state)
    }

    pub(crate) fn session_ids(&self, at: &str) -> Vec<String> {
        let mut kept = self.kept();
        let queue = kept.queue(at);
        let mut ids = queue.session_ids();
        ids.extend(queue.sessions.with_state().map(str::to_owned));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    // What is shown.

    pub(crate) fn messages(&self, at: &str) -> Vec<Received> {
        self.kept().queues.get(&node(at)).map(Queue::shown).unwrap_or_default()
    }

    pub(crate) async fn arrived(&self, at: &str, count: usize) -> Vec<Received> {
        let mut changed = self.changed.subscribe();
        loop {
            let messages = self.messages(at);
            // The sender lives in `self`, so `changed` cannot end while we wait.
            if messages.len() >= count || changed.changed().await.is_err() {
                return messages;
            }
        }
    }

    pub(crate) fn count(&self, at: &str) -> usize {
        self.kept().queues.get(&node(at)).map(Queue::count).unwrap_or_default()
    }

    pub(crate) fn scheduled(&self, at: &str) -> Vec<Scheduled> {
        self.kept().queues.get(&node(at)).map(Queue::scheduled).unwrap_or_default()
    }

    pub(crate) fn held_deferred(&self, at: &str) -> Vec<Scheduled> {
        self.kept().queues.get(&node(at)).map(Queue::held_deferred).unwrap_or_default()
    }

    pub(crate) fn settlements(&self, at: &str) -> Vec<(String, &'static str)> {
        self.kept().queues.get(&node(at)).map(Queue::settlements).unwrap_or_default()
    }

    pub(crate) fn put_token(&self, token: Token) {
        self.kept().tokens.push(token);
    }

    pub(crate) fn tokens(&self) -> Vec<Token> {
        self.kept().tokens.clone()
    }

    pub(crate) fn administered(&self, request: AdminRequest) {
        self.kept().administered.push(request);
    }

    pub(crate) fn all_administered(&self) -> Vec<AdminRequest> {
        self.kept().administered.clone()
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

impl Kept {
    /// The queue at a node; made if it is not there.
    fn queue(&mut self, at: &str) -> &mut Queue {
        if !self.queues.contains_key(at)
            && let Some((topic, name)) = at.split_once(SUBSCRIPTIONS)
            && !name.contains('/')
        {
            self.topics.entry(topic.to_owned()).or_default().subscribe(name.to_owned());
        }
        self.queues.entry(at.to_owned()).or_insert_with(|| Queue::new(QueueSettings::default()))
    }

    fn rules(&mut self, at: &str) -> Result<&mut Vec<Rule>, Refusal> {
        let found = at.split_once(SUBSCRIPTIONS);
        let found = found.and_then(|(topic, name)| self.topics.get_mut(topic)?.rules(name));
        found.ok_or_else(|| Refusal::NO_ENTITY.into())
    }

    fn arrive(&mut self, at: &str, message: Message, batched: bool) {
        match self.topics.get(at).map(|topic| topic.takers(&message)) {
            Some(takers) => {
                for name in takers {
                    self.queue(&format!("{at}{SUBSCRIPTIONS}{name}")).arrive(
                        message.clone(),
                        batched,
                        now_ms(),
                    );
                }
            }
            None => self.queue(at).arrive(message, batched, now_ms()),
        }
    }

    /// Puts a message into the dead-letter queue of a node.
    fn bury(&mut self, at: &str, message: Message) {
        self.queue(&format!("{at}{DEADLETTER}")).arrive(message, false, now_ms());
    }
}
