//! A link on which messages are received, exactly as many as a call was admitted to.

use std::sync::Arc;

use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::link::receiver::CreditMode;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::definitions::{Fields, ReceiverSettleMode, SenderSettleMode};
use fe2o3_amqp::types::messaging::{Body, Source};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Delivery, Receiver};
use tokio::sync::{Mutex, watch};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::failed::{self, Failed};
use super::tap::Heard;
use crate::BusError;
use crate::dialect::lock::LockToken;
use crate::dialect::received;
use crate::received::ReceivedMessage;

/// How long a call that has received something waits for the next message.
const GATHER: Duration = Duration::from_millis(100);

/// How messages are received.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Mode {
    /// Locked until they are settled.
    PeekLock,
    /// Gone as soon as they are delivered.
    Delete,
}

/// Who asked, and how long the broker may take to say that it delivers no more.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Its sender is dropped with whoever asked.
    pub(super) by: watch::Receiver<()>,
    pub(super) answer_within: Duration,
}

/// What one call received.
#[derive(Debug)]
pub(crate) struct Taken {
    /// In the broker's order; with their locks, if they are locked.
    pub(crate) messages: Vec<(ReceivedMessage, Option<LockToken>)>,
    /// Messages that came and could not be read.
    pub(crate) unreadable: usize,
    /// What kept the call from knowing that this is all that was delivered to it.
    pub(crate) lost: Option<BusError>,
}

/// A link; without its receiver once that failed.
#[derive(Debug)]
pub(crate) struct Receiving {
    name: String,
    mode: Mode,
    heard: Arc<Heard>,
    live: Mutex<Option<Live>>,
}

#[derive(Debug)]
struct Live {
    receiver: Receiver,
    /// How many messages were taken off it.
    seen: u64,
}

/// What is asked of the broker when a link is attached.
#[derive(Debug)]
pub(super) struct Attaching {
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) properties: Option<Fields>,
    pub(super) mode: Mode,
    pub(super) heard: Arc<Heard>,
}

impl Receiving {
    /// Attaches a link without credit: nothing is delivered yet.
    pub(super) async fn attach(
        session: &mut SessionHandle<()>,
        attaching: Attaching,
    ) -> Result<(Self, Attached), Failed> {
        let Attaching { name, source, properties, mode, heard } = attaching;
        let (sender, receiver) = match mode {
            Mode::PeekLock => (SenderSettleMode::Unsettled, ReceiverSettleMode::Second),
            Mode::Delete => (SenderSettleMode::Settled, ReceiverSettleMode::First),
        };
        let receiver = Receiver::builder()
            .name(&name)
            .source(source)
            .sender_settle_mode(sender)
            .receiver_settle_mode(receiver)
            .credit_mode(CreditMode::Manual)
            .properties(properties.unwrap_or_default())
            // A broker that chooses the session says so in the source.
            .verify_incoming_source(false)
            .attach(session)
            .await
            .map_err(failed::receiver_not_attached)?;
        let attached = Attached {
            source: receiver.source().clone(),
            locked_until: receiver.properties(|properties| {
                properties.as_ref().and_then(|all| all.get("com.microsoft:locked-until-utc").cloned())
            }),
        };
        let live = Mutex::new(Some(Live { receiver, seen: 0 }));
        Ok((Self { name, mode, heard, live }, attached))
    }

    /// The link's name on its connection.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is known to be broken.
    pub(crate) fn is_broken(&self) -> bool {
        self.live.try_lock().is_ok_and(|live| live.is_none())
    }

    /// Receives at most `most` messages: gives so much credit before `begin_by`, waits for the first as long
    /// as `wait` and as somebody wants them, takes back what was not used, and waits a while for the broker to
    /// say that it has taken notice.
    pub(super) async fn take(
        &self,
        most: u32,
        wait: Duration,
        begin_by: Instant,
        asked: Asked,
    ) -> Result<Taken, Failed> {
        let Ok(mut slot) = timeout_at(begin_by, self.live.lock()).await else {
            return Err(Failed::Final(BusError::PermitExpired));
        };
        if Instant::now() >= begin_by {
            return Err(Failed::Final(BusError::PermitExpired));
        }
        let Some(live) = slot.as_mut() else { return Err(failed::broke()) };
        let mut take = Take { mode: self.mode, left: most, messages: Vec::new(), unreadable: 0 };
        // What came too late for the call before this one counts as this one's.
        let early = take.ready(live).await;
        if let Err(error) = early {
            *slot = None;
            return take.ended(error);
        }
        if take.left == 0 {
            return Ok(take.done(None));
        }
        if live.receiver.set_credit(take.left).await.is_err() {
            *slot = None;
            return take.ended(lost("the link broke"));
        }
        let received = self.receive(live, &mut take, wait, asked).await;
        if received.is_err() {
            *slot = None;
        }
        // Credit was given: whatever came of it is not tried again.
        Ok(take.done(received.err()))
    }

    async fn receive(
        &self,
        live: &mut Live,
        take: &mut Take,
        wait: Duration,
        Asked { mut by, answer_within }: Asked,
    ) -> Result<(), BusError> {
        let deadline = Instant::now() + wait;
        while take.left > 0 {
            let until = if take.is_empty() { deadline } else { deadline.min(Instant::now() + GATHER) };
            let came = tokio::select! {
                came = timeout_at(until, live.receiver.recv::<Body<Value>>()) => came,
                // Nobody wants them any more: what comes from now on is for others.
                _gone = by.changed() => break,
            };
            match came {
                Ok(delivery) => take.add(live, delivery)?,
                Err(_) => break,
            }
        }
        if take.left == 0 {
            return Ok(());
        }
        let before = self.heard.of(&self.name).drained;
        live.receiver.drain().await.map_err(|_| lost("the link broke"))?;
        let drained = async {
            let counts = loop {
                tokio::select! {
                    counts = self.heard.drained(&self.name, before) => break counts,
                    delivery = live.receiver.recv::<Body<Value>>() => take.add(live, delivery)?,
                }
            };
            while live.seen < counts.delivered {
                let delivery = live.receiver.recv::<Body<Value>>().await;
                take.add(live, delivery)?;
            }
            Ok(())
        };
        match timeout(answer_within, drained).await {
            Ok(drained) => drained,
            Err(_) => Err(lost("the broker did not say that it delivers no more")),
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.heard.forget(&self.name);
    }
}

/// What the broker said when a link was attached.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) source: Option<Source>,
    pub(super) locked_until: Option<Value>,
}

/// What a call has received so far.
struct Take {
    mode: Mode,
    left: u32,
    messages: Vec<(ReceivedMessage, Option<LockToken>)>,
    unreadable: usize,
}

impl Take {
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.unreadable == 0
    }

    /// Takes what is there already.
    async fn ready(&mut self, live: &mut Live) -> Result<(), BusError> {
        while self.left > 0 {
            match timeout(Duration::ZERO, live.receiver.recv::<Body<Value>>()).await {
                Ok(delivery) => self.add(live, delivery)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        live: &mut Live,
        delivery: Result<Delivery<Body<Value>>, RecvError>,
    ) -> Result<(), BusError> {
        let delivery = match delivery {
            Ok(delivery) => Some(delivery),
            // It came, and takes its place in the count.
            Err(RecvError::MessageDecode(_)) => None,
            Err(error) => return Err(failed::receiving(&error)),
        };
        live.seen = live.seen.saturating_add(1);
        self.left = self.left.saturating_sub(1);
        let read = delivery.and_then(|delivery| {
            let token = LockToken::of_tag(delivery.delivery_tag());
            // Without a token of its own a locked message could never be settled.
            let token = if self.mode == Mode::PeekLock { Some(token?) } else { None };
            received::message(delivery.into_message()).map(|message| (message, token))
        });
        match read {
            Some(read) => self.messages.push(read),
            None => self.unreadable = self.unreadable.saturating_add(1),
        }
        Ok(())
    }

    /// What there is when the link ended before credit was given.
    fn ended(self, error: BusError) -> Result<Taken, Failed> {
        if self.is_empty() { Err(Failed::Stale(error)) } else { Ok(self.done(Some(error))) }
    }

    fn done(self, lost: Option<BusError>) -> Taken {
        Taken { messages: self.messages, unreadable: self.unreadable, lost }
    }
}

fn lost(problem: &str) -> BusError {
    BusError::Unknown { problem: problem.to_owned() }
}
