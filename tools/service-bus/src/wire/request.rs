//! Requests and replies over a pair of links to one node, many at a time.
//!
//! A task owns both links. A request that was handed over is answered by its reply, by the broker's refusal to
//! take it, or, when either link ends, by not knowing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use fe2o3_amqp::link::SendError;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{Body, MessageId, Outcome};
use fe2o3_amqp::types::primitives::Value;
use fe2o3_amqp::{Delivery, Receiver, Sendable, Sender};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::failed::{self, Failed};
use crate::BusError;
use crate::dialect::reply::Reply;
use crate::dialect::request::Request;

/// How many requests may wait to be handed over.
const QUEUE: usize = 32;

/// A pair of links. Dropping it closes them.
#[derive(Debug)]
pub(super) struct Requests {
    jobs: mpsc::Sender<Job>,
    /// Some request was not answered in time: whoever comes next had better begin anew.
    is_late: AtomicBool,
}

/// One request to hand over.
#[derive(Debug)]
struct Job {
    request: Request,
    begin_by: Instant,
    answer: Answer,
}

/// Where what came of a request goes.
type Answer = oneshot::Sender<Result<Reply, Failed>>;

/// Requests that were handed over, by number.
type Waiting = BTreeMap<u64, Answer>;

/// What the broker says to the transfer of a request.
type Taken = JoinSet<(u64, Result<Outcome, SendError>)>;

impl Requests {
    /// Attaches both links; `name` is the connection's only one.
    pub(super) async fn attach(
        session: &mut SessionHandle<()>,
        name: &str,
        node: &str,
    ) -> Result<Self, Failed> {
        // An address that is ours alone on this connection.
        let reply_to = format!("{name}-replies");
        let receiver = Receiver::builder()
            .name(&reply_to)
            .source(node)
            .target(reply_to.as_str())
            .auto_accept(true)
            .attach(session)
            .await
            .map_err(failed::receiver_not_attached)?;
        let sender = Sender::builder()
            .name(format!("{name}-requests"))
            .target(node)
            .attach(session)
            .await
            .map_err(failed::sender_not_attached)?;
        let (jobs, asked) = mpsc::channel(QUEUE);
        tokio::spawn(drive(sender, receiver, reply_to, asked));
        Ok(Self { jobs, is_late: AtomicBool::new(false) })
    }

    /// Whether it is known to be broken.
    pub(super) fn is_broken(&self) -> bool {
        self.jobs.is_closed() || self.is_late.load(Ordering::Relaxed)
    }

    /// Hands one request over before `begin_by`, or not at all, and waits for its reply.
    pub(super) async fn ask(
        &self,
        request: &Request,
        begin_by: Instant,
        answer_within: Duration,
    ) -> Result<Reply, Failed> {
        let (answer, answered) = oneshot::channel();
        let job = Job { request: request.clone(), begin_by, answer };
        match timeout_at(begin_by, self.jobs.send(job)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(failed::broke()),
            Err(_) => return Err(Failed::Final(BusError::PermitExpired)),
        }
        let left = begin_by.saturating_duration_since(Instant::now());
        match timeout(left.saturating_add(answer_within), answered).await {
            Ok(Ok(reply)) => reply,
            // The task drops a request that it did not hand over.
            Ok(Err(_)) => Err(failed::broke()),
            Err(_) => {
                self.is_late.store(true, Ordering::Relaxed);
                Err(Failed::Final(unknown("the broker did not answer in time")))
            }
        }
    }
}

async fn drive(mut sender: Sender, mut receiver: Receiver, reply_to: String, mut jobs: mpsc::Receiver<Job>) {
    let (mut waiting, mut taken, mut last) = (Waiting::new(), Taken::new(), 0_u64);
    let problem = loop {
        tokio::select! {
            // In this order: a reply that has come counts, whatever happened since.
            biased;
            reply = receiver.recv::<Body<Value>>() => match reply {
                Ok(reply) => replied(&mut waiting, reply),
                Err(_) => break "the link for replies broke",
            },
            Some(Ok((id, outcome))) = taken.join_next() => {
                // A request that was refused gets no reply.
                if let Err(failed) = failed::settled(outcome)
                    && let Some(answer) = waiting.remove(&id)
                {
                    let _ = answer.send(Err(failed));
                }
            }
            _ = sender.on_detach() => break "the link for requests broke",
            job = jobs.recv() => {
                let Some(job) = job else { return };
                last = last.wrapping_add(1);
                if !hand_over(&mut sender, &reply_to, last, job, &mut waiting, &mut taken).await {
                    break "the link for requests broke";
                }
            }
        }
    };
    // Whoever asks from now on is told that the links are gone; those who wait, that nothing is known.
    drop(jobs);
    for answer in waiting.into_values() {
        let _ = answer.send(Err(Failed::Final(unknown(problem))));
    }
}

/// Hands a request over; whether the link is still good.
async fn hand_over(
    sender: &mut Sender,
    reply_to: &str,
    id: u64,
    job: Job,
    waiting: &mut Waiting,
    taken: &mut Taken,
) -> bool {
    let Job { mut request, begin_by, answer } = job;
    if Instant::now() >= begin_by {
        let _ = answer.send(Err(Failed::Final(BusError::PermitExpired)));
        return true;
    }
    let properties = request.properties.get_or_insert_default();
    properties.message_id = Some(MessageId::Ulong(id));
    properties.reply_to = Some(reply_to.to_owned());
    let transfer = Sendable::builder().message(request).build();
    match timeout_at(begin_by, sender.send_batchable(transfer)).await {
        Ok(Ok(pending)) => {
            waiting.insert(id, answer);
            taken.spawn(async move { (id, pending.await) });
            true
        }
        Ok(Err(error)) => {
            let _ = answer.send(Err(failed::not_handed_over(error)));
            false
        }
        // The broker gave no credit in time.
        Err(_) => {
            let _ = answer.send(Err(Failed::Final(BusError::PermitExpired)));
            false
        }
    }
}

/// Gives a reply to whoever waits for it; one that answers nothing is dropped.
fn replied(waiting: &mut Waiting, reply: Delivery<Body<Value>>) {
    let id = reply.message().properties.as_ref().and_then(|properties| properties.correlation_id.as_ref());
    let Some(&MessageId::Ulong(id)) = id else { return };
    let Some(answer) = waiting.remove(&id) else { return };
    let reply = Reply::read(reply.into_message());
    // Who asked may have stopped waiting.
    let _ = answer.send(reply.ok_or_else(|| Failed::Final(unknown("the reply has no status"))));
}

fn unknown(problem: &str) -> BusError {
    BusError::Unknown { problem: problem.to_owned() }
}
