//! The calls of one job: what is reserved for those under way, and the receipts of those that ended.
//!
//! ```text
//! reserve: unrecorded receipts first ─▶ may a model be called now? ─▶ is enough left beside what others reserved?
//! settle:  cost ─▶ span below the job's first ─▶ signed ─▶ in the ledger ─▶ the reservation is free
//! ```
//!
//! Both run under one lock, so that nothing can be reserved between a budget that was read and a receipt that was
//! charged. A receipt that the ledger does not take now stays here, and the job calls no model until it has.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::Mutex;
use wpc::DynamicGate;
use wpc::ledger::{Body, Entry, Ledger};
use wpc_evidence::gateway_receipt::{Binding, GatewayReceipt};
use wpc_evidence::{JobId, Key};
use wpc_model::{Cost, Hash};

use crate::bound::Reserved;
use crate::prices::{Price, millionths, whole};
use crate::refusal::{Refusal, is_of_the_store};
use crate::signing::{Facts, Standing, sign};

/// Jobs that are remembered; the oldest that nobody uses goes first.
const MAX_JOBS: usize = 4_096;
/// Idempotency keys of a job that are remembered.
const MAX_KEYS: usize = 4_096;
/// Entries that are read at a time.
const ENTRIES: usize = 512;

/// Every job that called a model.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    known: SyncMutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    jobs: HashMap<JobId, Arc<Job>>,
    order: VecDeque<JobId>,
}

/// One job.
#[derive(Debug, Default)]
pub(crate) struct Job {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_flight: u32,
    tokens: i64,
    cost: i64,
    first: First,
    /// The last receipt's time.
    last_at: i64,
    /// Millionths of a minor unit that earlier calls paid beyond what they cost.
    ahead: i128,
    unrecorded: VecDeque<Unrecorded>,
    keys: HashSet<Hash>,
    key_order: VecDeque<Hash>,
}

/// The span of the job's first call of a model.
#[derive(Debug, Default)]
enum First {
    #[default]
    Unknown,
    None,
    Span(String),
}

#[derive(Debug)]
struct Unrecorded {
    gate: Arc<DynamicGate>,
    receipt: GatewayReceipt,
}

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// The most that it reads: a token has at least one byte.
    pub(crate) input: i64,
    /// The most that it writes; none if it does not say.
    pub(crate) output: Option<i64>,
    pub(crate) price: Option<Price>,
    /// Under which nothing may be forwarded twice.
    pub(crate) nonce: Option<Hash>,
}

/// Of whom a call is: the gate, and who keeps and signs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Desk<'d> {
    pub(crate) gate: &'d Arc<DynamicGate>,
    pub(crate) ledger: &'d Arc<dyn Ledger>,
    pub(crate) key: &'d Key,
    /// The gateway's name for itself.
    pub(crate) name: &'d str,
    /// The currency of prices.
    pub(crate) currency: Option<&'d str>,
    pub(crate) calls_at_a_time: u32,
}

/// A place among the calls under way. It ends with [`Job::settle`] or [`Job::release`], and with nothing else.
#[derive(Debug)]
#[must_use]
pub(crate) struct Reservation {
    pub(crate) reserved: Reserved,
    price: Option<Price>,
    nonce: Option<Hash>,
    binding: Binding,
}

impl Jobs {
    pub(crate) fn of(&self, id: &JobId) -> Arc<Job> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = known.jobs.get(id) {
            return Arc::clone(job);
        }
        let job = Arc::new(Job::default());
        known.jobs.insert(id.clone(), Arc::clone(&job));
        known.order.push_back(id.clone());
        // Each is looked at once: those that somebody uses stay.
        for _ in 0..known.order.len() {
            if known.jobs.len() <= MAX_JOBS {
                break;
            }
            let Some(oldest) = known.order.pop_front() else { break };
            if known.jobs.get(&oldest).is_some_and(Job::is_used) {
                known.order.push_back(oldest);
            } else {
                known.jobs.remove(&oldest);
            }
        }
        job
    }

    /// Tries once more to record what is not recorded; how many receipts that still is.
    pub(crate) async fn record_all(&self) -> usize {
        let jobs: Vec<_> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.order.iter().filter_map(|id| known.jobs.get(id).cloned()).collect()
        };
        let mut left = 0_usize;
        for job in jobs {
            let mut state = job.state.lock().await;
            let _said = state.record().await;
            left = left.saturating_add(state.unrecorded.len());
        }
        left
    }
}

impl Job {
    fn is_used(job: &Arc<Self>) -> bool {
        Arc::strong_count(job) > 1
            || job.state.try_lock().map_or(true, |state| state.in_flight > 0 || !state.unrecorded.is_empty())
    }

    /// Reserves what a call may use.
    pub(crate) async fn reserve(&self, desk: Desk<'_>, need: Need) -> Result<Reservation, Refusal> {
        let mut state = self.state.lock().await;
        if need.nonce.is_some_and(|key| state.keys.contains(&key)) {
            let message =
                "a request with this `Idempotency-Key` was forwarded before; its answer was not kept";
            return Err(Refusal::new(http::StatusCode::CONFLICT, "idempotency_key_used", message));
        }
        if state.in_flight >= desk.calls_at_a_time {
            let message = format!("the job has {} calls of models under way; wait for one", state.in_flight);
            return Err(Refusal::too_many("model_calls_at_a_time", message, true));
        }
        state.record().await.map_err(Refusal::unrecorded)?;
        let budget = desk.gate.model_ready().await.map_err(|refused| Refusal::of_gate(&refused))?;
        let binding = desk.gate.model_binding().map_err(|error| Refusal::unrecorded(error.code()))?;
        state.find_first(desk)?;
        let tokens = match budget.tokens {
            None => None,
            Some(left) => Some(enough(left, state.tokens, |free| {
                need.output.map_or(free, |output| output.saturating_add(need.input))
            })?),
        };
        let mut cost = None;
        for (currency, left) in &budget.costs {
            if Some(currency.as_str()) != desk.currency {
                return Err(Refusal::forbidden("model_price_unknown", "nobody says what the call costs"));
            }
            let Some(price) = need.price else {
                let message =
                    "the policy has a budget of money, and the gateway's prices do not name the model";
                return Err(Refusal::forbidden("model_price_unknown", message));
            };
            let tokens = |count: i64| u64::try_from(count).unwrap_or_default();
            cost = Some(enough(*left, state.cost, |free| {
                need.output.map_or(free, |output| price.covering(tokens(need.input), tokens(output)))
            })?);
        }
        let reserved = Reserved { tokens, cost };
        state.in_flight = state.in_flight.saturating_add(1);
        state.tokens = state.tokens.saturating_add(tokens.unwrap_or_default());
        state.cost = state.cost.saturating_add(cost.unwrap_or_default());
        need.nonce.into_iter().for_each(|key| state.remember(key));
        Ok(Reservation { reserved, price: need.price, nonce: need.nonce, binding })
    }

    /// Gives back what a call reserved that was not forwarded.
    pub(crate) async fn release(&self, reservation: Reservation) {
        let mut state = self.state.lock().await;
        state.free(&reservation);
        if let Some(key) = reservation.nonce {
            state.keys.remove(&key);
            state.key_order.retain(|one| *one != key);
        }
    }

    /// Signs and records what a call came to. The reservation is free afterwards, whatever the ledger says.
    pub(crate) async fn settle(
        &self,
        reservation: Reservation,
        desk: Desk<'_>,
        facts: Facts,
    ) -> Result<GatewayReceipt, Refusal> {
        let mut state = self.state.lock().await;
        state.free(&reservation);
        let cost = state.cost_of(&reservation, desk.currency, &facts);
        let at = desk.ledger.clock().wall_ms().max(state.last_at);
        let parent = if let First::Span(span) = &state.first { Some(span.as_str()) } else { None };
        let standing = Standing { binding: &reservation.binding, parent, at, cost };
        let receipt =
            sign(facts, reservation.nonce, standing, desk.key, desk.name).map_err(Refusal::unrecorded)?;
        state.last_at = at;
        if !matches!(state.first, First::Span(_))
            && let Some(span) = &receipt.said().binding.span_id
        {
            state.first = First::Span(span.clone());
        }
        state.unrecorded.push_back(Unrecorded { gate: Arc::clone(desk.gate), receipt: receipt.clone() });
        state.record().await.map_err(Refusal::unrecorded)?;
        Ok(receipt)
    }
}

/// What a call reserves of what is left beside what others reserved.
fn enough(left: i64, reserved: i64, wants: impl FnOnce(i64) -> i64) -> Result<i64, Refusal> {
    let free = left.saturating_sub(reserved);
    let wanted = wants(free.max(0));
    if left > 0 && free > 0 && wanted <= free {
        return Ok(wanted);
    }
    if reserved > 0 && wanted <= left && left > 0 {
        let message =
            "calls under way have reserved what is left of the job's budget; wait, or state a lower most";
        return Err(Refusal::too_many("model_budget_reserved", message, true));
    }
    let message = format!(
        "the job's budget for models has {left} left, and the call may use {wanted}; state a lower most of tokens, or \
         begin another job"
    );
    Err(Refusal::too_many("model_budget_spent", message, false))
}

impl State {
    /// Takes note of a key under which nothing is forwarded again.
    fn remember(&mut self, key: Hash) {
        self.keys.insert(key);
        self.key_order.push_back(key);
        if self.key_order.len() > MAX_KEYS
            && let Some(oldest) = self.key_order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    fn free(&mut self, reservation: &Reservation) {
        let Reserved { tokens, cost } = reservation.reserved;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.tokens = self.tokens.saturating_sub(tokens.unwrap_or_default());
        self.cost = self.cost.saturating_sub(cost.unwrap_or_default());
    }

    /// The whole minor units that a call is charged.
    fn cost_of(&mut self, reservation: &Reservation, currency: Option<&str>, facts: &Facts) -> Option<Cost> {
        let (price, currency) = (reservation.price?, currency?);
        let exact = price.exact(facts.charge.input, facts.charge.output);
        let exact = exact.max(millionths(facts.charge.least_cost.unwrap_or_default()));
        let minor_units = whole(exact.saturating_sub(self.ahead));
        self.ahead = self.ahead.saturating_add(millionths(minor_units)).saturating_sub(exact).max(0);
        Some(Cost { currency: currency.to_owned(), minor_units })
    }

    /// Records what is not recorded, in the order in which it was signed.
    async fn record(&mut self) -> Result<(), &'static str> {
        while let Some(Unrecorded { gate, receipt }) = self.unrecorded.front() {
            let said = gate.model_call(receipt.as_str().as_bytes()).await;
            match said {
                Ok(_) => {}
                Err(refused) if is_of_the_store(refused.code()) => return Err(refused.code()),
                Err(refused) => {
                    // The job takes no entries any more: it will never be recorded. The log has what it says.
                    tracing::error!(
                        job = %gate.job(), code = refused.code(), receipt = receipt.as_str(),
                        "a receipt cannot be recorded"
                    );
                    self.unrecorded.pop_front();
                    return Err(refused.code());
                }
            }
            self.unrecorded.pop_front();
        }
        Ok(())
    }

    /// Looks up the job's first call of a model, which may be another run's of this gateway.
    fn find_first(&mut self, desk: Desk<'_>) -> Result<(), Refusal> {
        if !matches!(self.first, First::Unknown) {
            return Ok(());
        }
        let failed = || Refusal::unrecorded("ledger_damaged");
        let (mut from, mut first) = (0_u64, None);
        loop {
            let entries = desk.ledger.entries(desk.gate.job(), from, ENTRIES);
            let entries = entries.map_err(|error| Refusal::unrecorded(error.code()))?;
            for bytes in &entries {
                let entry = Entry::decode(bytes).map_err(|_| failed())?;
                if let Body::ModelCall(called) = entry.body
                    && let Some(span) = called.span
                {
                    self.last_at = self.last_at.max(entry.at);
                    first.get_or_insert(span);
                }
            }
            if entries.len() < ENTRIES {
                break;
            }
            from = from.saturating_add(u64::try_from(entries.len()).unwrap_or(u64::MAX));
        }
        self.first = first.map_or(First::None, First::Span);
        Ok(())
    }
}
