//! A link to one entity, shared by all who send to it.
//!
//! A task owns fe2o3-amqp's sender and watches it between transfers: when the link or its connection
//! ends, the task drops the sender, and only that makes the deliveries fail that still wait for
//! their outcome.

use std::sync::Arc;

use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::DeliveryFut;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::definitions::SenderSettleMode;
use fe2o3_amqp::types::messaging::{Body, Outcome};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Sendable, Sender};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::failed::{self, Failed};
use crate::BusError;

/// A link to one entity. Dropping it closes the link.
#[derive(Debug)]
pub(super) struct Link(mpsc::Sender<Job>);

/// One transfer to hand over.
struct Job {
    transfer: Arc<Sendable<Body<Value>>>,
    begin_by: Instant,
    handed_over: oneshot::Sender<Result<Pending, Failed>>,
}

/// Waits for the outcome of a transfer that was handed over.
type Pending = DeliveryFut<Result<Outcome, SendError>>;

impl Link {
    /// Attaches a link on which every transfer is settled by the broker.
    pub(super) async fn attach(
        session: &mut SessionHandle<()>,
        name: &str,
        node: &str,
    ) -> Result<Self, Failed> {
        let sender = Sender::builder()
            .name(name)
            .target(node)
            // A transfer that the sender settles has no outcome: never send one.
            .sender_settle_mode(SenderSettleMode::Unsettled)
            .attach(session)
            .await
            .map_err(failed::sender_not_attached)?;
        let (jobs, taken) = mpsc::channel(1);
        tokio::spawn(drive(sender, taken));
        Ok(Self(jobs))
    }

    /// Whether it is known to be broken.
    pub(super) fn is_broken(&self) -> bool {
        self.0.is_closed()
    }

    /// Hands one transfer over before `begin_by`, or not at all, and waits for the broker's outcome.
    pub(super) async fn deliver(
        &self,
        transfer: &Arc<Sendable<Body<Value>>>,
        begin_by: Instant,
        answer_within: Duration,
    ) -> Result<(), Failed> {
        let pending = self.hand_over(Arc::clone(transfer), begin_by).await?;
        match timeout(answer_within, pending).await {
            Ok(answer) => failed::settled(answer),
            Err(_) => Err(Failed::Final(BusError::Unknown {
                problem: "the broker did not answer in time".to_owned(),
            })),
        }
    }

    async fn hand_over(
        &self,
        transfer: Arc<Sendable<Body<Value>>>,
        begin_by: Instant,
    ) -> Result<Pending, Failed> {
        let (handed_over, answer) = oneshot::channel();
        let job = Job { transfer, begin_by, handed_over };
        match timeout_at(begin_by, self.0.send(job)).await {
            Ok(Ok(())) => answer.await.unwrap_or_else(|_| Err(failed::broke())),
            Ok(Err(_)) => Err(failed::broke()),
            Err(_) => Err(Failed::Final(BusError::PermitExpired)),
        }
    }
}

async fn drive(mut sender: Sender, mut jobs: mpsc::Receiver<Job>) {
    loop {
        let job = tokio::select! {
            // First: a link that the broker has closed takes no transfer any more.
            biased;
            _ = sender.on_detach() => return,
            job = jobs.recv() => job,
        };
        let Some(Job { transfer, begin_by, handed_over }) = job else { return };
        if Instant::now() >= begin_by {
            drop(handed_over.send(Err(Failed::Final(BusError::PermitExpired))));
            continue;
        }
        let failed = match timeout_at(begin_by, sender.send_batchable_ref(&transfer)).await {
            Ok(Ok(pending)) => {
                // Who waited may be gone; the broker's outcome then goes nowhere.
                drop(handed_over.send(Ok(pending)));
                continue;
            }
            Ok(Err(error)) => failed::not_handed_over(error),
            // The broker gave no credit in time.
            Err(_) => Failed::Final(BusError::PermitExpired),
        };
        let still_good = matches!(failed, Failed::Final(BusError::TooLarge { .. }));
        drop(handed_over.send(Err(failed)));
        if !still_good {
            // Some frames may be under way. Closing the link, which dropping the sender does, tells
            // the broker to discard them; the next transfer would be taken for their continuation.
            return;
        }
    }
}
