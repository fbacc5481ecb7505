//! One queue, subscription or dead-letter queue: messages by number, and what state each is in.

use std::collections::{BTreeMap, BTreeSet};

use super::refusal::Refusal;
use super::session::Sessions;
use crate::message::{ANNOTATIONS, APPLICATION_PROPERTIES, Message};
use crate::received::{Received, Scheduled};
use crate::wire::value::Value;

/// What locks a message: 16 bytes, the delivery's tag.
pub(crate) type LockToken = [u8; 16];

/// How an entity treats its messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueSettings {
    /// How long a lock lasts, in milliseconds.
    pub lock_ms: i64,
    /// How often a message is delivered before it is dead-lettered.
    pub max_deliveries: u32,
    /// Whether it is received by session only.
    pub requires_session: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { lock_ms: 30_000, max_deliveries: 10, requires_session: false }
    }
}

/// How a message is received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    PeekLock,
    Delete,
}

/// What becomes of a locked message.
#[derive(Clone, Debug)]
pub(crate) enum Settle {
    Complete,
    Abandon,
    Defer,
    DeadLetter { reason: Option<String>, description: Option<String> },
}

/// One message on its way to a receiver.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) token: LockToken,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) settings: QueueSettings,
    pub(super) sessions: Sessions,
    last_sequence: i64,
    messages: BTreeMap<i64, Stored>,
    /// Those that may be locked or scheduled.
    timed: BTreeSet<i64>,
    settled: Vec<(String, &'static str)>,
}

#[derive(Debug)]
struct Stored {
    message: Message,
    batched: bool,
    state: State,
    delivery_count: u32,
    enqueued_ms: i64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Ready,
    Locked { token: LockToken, until_ms: i64, was_deferred: bool },
    Deferred,
    Scheduled { due_ms: i64 },
}

impl Queue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            sessions: Sessions::default(),
            last_sequence: 0,
            messages: BTreeMap::new(),
            timed: BTreeSet::new(),
            settled: Vec::new(),
        }
    }

    fn keep(&mut self, message: Message, batched: bool, state: State, now_ms: i64) -> i64 {
        self.last_sequence = self.last_sequence.saturating_add(1);
        if state != State::Ready {
            self.timed.insert(self.last_sequence);
        }
        let stored = Stored { message, batched, state, delivery_count: 0, enqueued_ms: now_ms };
        self.messages.insert(self.last_sequence, stored);
        self.last_sequence
    }

    pub(super) fn arrive(&mut self, message: Message, batched: bool, now_ms: i64) {
        let due = message.entry(ANNOTATIONS, "x-opt-scheduled-enqueue-time").and_then(Value::as_integer);
        let state = match due.filter(|&due_ms| due_ms > now_ms) {
            Some(due_ms) => State::Scheduled { due_ms },
            None => State::Ready,
        };
        self.keep(message, batched, state, now_ms);
    }

    pub(super) fn schedule(&mut self, message: Message, now_ms: i64) -> i64 {
        let due = message.entry(ANNOTATIONS, "x-opt-scheduled-enqueue-time").and_then(Value::as_integer);
        self.keep(message, false, State::Scheduled { due_ms: due.unwrap_or(now_ms) }, now_ms)
    }

    /// Removes scheduled messages: all of them, or none if one is not there.
    pub(super) fn cancel(&mut self, numbers: &[i64]) -> bool {
        let is_scheduled = |number| {
            self.messages.get(number).is_some_and(|stored| matches!(stored.state, State::Scheduled { .. }))
        };
        let all = numbers.iter().all(is_scheduled);
        if all {
            self.messages.retain(|number, _| !numbers.contains(number));
        }
        all
    }

    /// What time has done: scheduled messages become due, locks end. Gives those that were delivered
    /// too often.
    pub(super) fn tick(&mut self, now_ms: i64) -> Vec<Message> {
        let (mut ended, messages) = (Vec::new(), &mut self.messages);
        self.timed.retain(|number| {
            let Some(stored) = messages.get_mut(number) else { return false };
            match stored.state {
                State::Scheduled { due_ms } if due_ms <= now_ms => {
                    (stored.state, stored.enqueued_ms) = (State::Ready, now_ms);
                    false
                }
                State::Locked { until_ms, .. } if until_ms <= now_ms => {
                    ended.push(*number);
                    false
                }
                State::Locked { .. } | State::Scheduled { .. } => true,
                State::Ready | State::Deferred => false,
            }
        });
        self.sessions.tick(now_ms);
        ended.into_iter().filter_map(|number| self.give_back(number)).collect()
    }

    /// Ends every lock now.
    pub(super) fn expire_locks(&mut self) -> Vec<Message> {
        let locked = self.messages.iter().filter(|(_, stored)| matches!(stored.state, State::Locked { .. }));
        let locked: Vec<i64> = locked.map(|(&number, _)| number).collect();
        self.sessions.tick(i64::MAX);
        locked.into_iter().filter_map(|number| self.give_back(number)).collect()
    }

    /// A locked message is free again, or is delivered no more.
    fn give_back(&mut self, number: i64) -> Option<Message> {
        let most = self.settings.max_deliveries;
        let stored = self.messages.get_mut(&number)?;
        stored.delivery_count = stored.delivery_count.saturating_add(1);
        stored.state = match stored.state {
            State::Locked { was_deferred: true, .. } => State::Deferred,
            State::Locked { .. } | State::Ready | State::Deferred | State::Scheduled { .. } => State::Ready,
        };
        if stored.delivery_count < most {
            return None;
        }
        let spent = self.messages.remove(&number)?;
        let description = format!("Message could not be consumed after {most} delivery attempts.");
        Some(dead(spent.message, Some("MaxDeliveryCountExceeded"), Some(&description)))
    }

    /// The next message for a receiver, locked or gone.
    pub(super) fn next(&mut self, mode: Mode, session: Option<&str>, now_ms: i64) -> Option<Delivery> {
        let requires_session = self.settings.requires_session;
        let fits = |stored: &Stored| {
            stored.state == State::Ready && (!requires_session || stored.message.session() == session)
        };
        let number = self.messages.iter().find(|(_, stored)| fits(stored)).map(|(&number, _)| number)?;
        self.deliver(number, mode, false, now_ms)
    }

    fn deliver(&mut self, number: i64, mode: Mode, was_deferred: bool, now_ms: i64) -> Option<Delivery> {
        let token = super::token();
        let until_ms = now_ms.saturating_add(self.settings.lock_ms);
        let stored = self.messages.get_mut(&number)?;
        let locked = (mode == Mode::PeekLock).then_some(until_ms);
        let bytes = stored.stamped(number, locked).to_bytes();
        match mode {
            Mode::PeekLock => {
                stored.state = State::Locked { token, until_ms, was_deferred };
                self.timed.insert(number);
            }
            Mode::Delete => {
                self.messages.remove(&number);
            }
        }
        Some(Delivery { token, bytes })
    }

    /// Deferred messages by number: all of them, or none if one is not there.
    pub(super) fn deferred(
        &mut self,
        numbers: &[i64],
        mode: Mode,
        now_ms: i64,
    ) -> Result<Vec<Delivery>, Refusal> {
        let is_deferred =
            |number| self.messages.get(number).is_some_and(|stored| stored.state == State::Deferred);
        if !numbers.iter().all(is_deferred) {
            return Err(Refusal::NOT_FOUND.into());
        }
        Ok(numbers.iter().filter_map(|&number| self.deliver(number, mode, true, now_ms)).collect())
    }

    fn locked(&self, token: &LockToken) -> Option<i64> {
        let holds =
            |stored: &Stored| matches!(stored.state, State::Locked { token: held, .. } if held == *token);
        self.timed.iter().copied().find(|number| self.messages.get(number).is_some_and(holds))
    }

    /// Settles a locked message; gives it if it goes to the dead-letter queue.
    pub(super) fn settle(&mut self, token: &LockToken, how: &Settle) -> Result<Option<Message>, Refusal> {
        let number = self.locked(token).ok_or(Refusal::LOCK_LOST)?;
        let id = self.messages.get(&number).and_then(|stored| stored.shown().message_id).unwrap_or_default();
        self.settled.push((id, how.word()));
        Ok(match how {
            Settle::Complete => {
                self.messages.remove(&number);
                None
            }
            Settle::Abandon => self.give_back(number),
            Settle::Defer => {
                if let Some(stored) = self.messages.get_mut(&number) {
                    stored.state = State::Deferred;
                }
                None
            }
            Settle::DeadLetter { reason, description } => self
                .messages
                .remove(&number)
                .map(|stored| dead(stored.message, reason.as_deref(), description.as_deref())),
        })
    }

    /// Makes locks last from now; gives their new ends.
    pub(super) fn renew(&mut self, tokens: &[LockToken], now_ms: i64) -> Result<Vec<i64>, Refusal> {
        let until_ms = now_ms.saturating_add(self.settings.lock_ms);
        let numbers: Option<Vec<i64>> = tokens.iter().map(|token| self.locked(token)).collect();
        let numbers = numbers.ok_or(Refusal::LOCK_LOST)?;
        for number in &numbers {
            if let Some(State::Locked { until_ms: until, .. }) =
                self.messages.get_mut(number).map(|stored| &mut stored.state)
            {
                *until = until_ms;
            }
        }
        Ok(numbers.iter().map(|_| until_ms).collect())
    }

    /// Messages from a number on, as anybody may look at them.
    pub(super) fn peek(&self, from: i64, count: usize, session: Option<&str>) -> Vec<Vec<u8>> {
        let seen = self.messages.range(from..);
        let seen = seen.filter(|(_, stored)| session.is_none() || stored.message.session() == session);
        seen.take(count).map(|(&number, stored)| stored.stamped(number, None).to_bytes()).collect()
    }

    /// A session with a message that waits, and that nobody has.
    pub(super) fn waiting_session(&self) -> Option<String> {
        let ready = self.messages.values().filter(|stored| stored.state == State::Ready);
        ready
            .filter_map(|stored| stored.message.session())
            .find(|session| self.sessions.is_free(session))
            .map(str::to_owned)
    }

    pub(super) fn session_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            self.messages.values().filter_map(|stored| stored.message.session().map(str::to_owned)).collect();
        ids.dedup();
        ids
    }

    /// What it holds that is not scheduled, by number.
    pub(super) fn shown(&self) -> Vec<Received> {
        let active = self.messages.values().filter(|stored| !matches!(stored.state, State::Scheduled { .. }));
        active.map(Stored::shown).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn scheduled(&self) -> Vec<Scheduled> {
        self.numbered(|state| matches!(state, State::Scheduled { .. }))
    }

    pub(super) fn held_deferred(&self) -> Vec<Scheduled> {
        self.numbered(|state| *state == State::Deferred)
    }

    fn numbered(&self, wanted: impl Fn(&State) -> bool) -> Vec<Scheduled> {
        let found = self.messages.iter().filter(|(_, stored)| wanted(&stored.state));
        found
            .map(|(&sequence_number, stored)| Scheduled { sequence_number, message: stored.shown() })
            .collect()
    }

    pub(super) fn settlements(&self) -> Vec<(String, &'static str)> {
        self.settled.clone()
    }
}

impl Settle {
    const fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Abandon => "abandon",
            Self::Defer => "defer",
            Self::DeadLetter { .. } => "dead-letter",
        }
    }
}

impl Stored {
    fn shown(&self) -> Received {
        Received::of(&self.message, self.batched, self.delivery_count)
    }

    /// The message with what the broker says of it.
    fn stamped(&self, number: i64, locked_until: Option<i64>) -> Message {
        let mut message = self.message.clone();
        message.set_delivery_count(self.delivery_count);
        let mut stamps = vec![
            (Value::symbol("x-opt-sequence-number"), Value::Long(number)),
            (Value::symbol("x-opt-enqueued-time"), Value::Timestamp(self.enqueued_ms)),
            (
                Value::symbol("x-opt-message-state"),
                Value::Int(match self.state {
                    State::Ready | State::Locked { .. } => 0,
                    State::Deferred => 1,
                    State::Scheduled { .. } => 2,
                }),
            ),
        ];
        if let Some(until) = locked_until {
            stamps.push((Value::symbol("x-opt-locked-until"), Value::Timestamp(until)));
        }
        message.set(ANNOTATIONS, stamps);
        message
    }
}

/// A message as it lies in the dead-letter queue.
fn dead(mut message: Message, reason: Option<&str>, description: Option<&str>) -> Message {
    let why = [("DeadLetterReason", reason), ("DeadLetterErrorDescription", description)];
    let why = why.into_iter().filter_map(|(name, text)| Some((Value::text(name), Value::text(text?))));
    message.set(APPLICATION_PROPERTIES, why.collect());
    message
}
