//! Stage 10: every decision and every charge, taken again by the reference interpreter.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{
    Admission, Approved, Call, Charging, Counter, Decision, Hash, ModelRefusal, Owner, Policy, Provenance,
    RuleId, Source, Uses, Window,
};

use super::approvals::Approvals;
use super::code::{Code, Stage};
use super::decide::{Asked, admit, settle};
use super::grants::Tokens;
use super::history::{Before, OfAgent};
use super::log::{Logged, of_misplaced};
use super::openings::{Case, Openings, Returned, returned};
use super::receipts::Receipts;
use super::report::{Finding, Findings, more, stop};
use super::revoked::Watch;
use crate::CallId;
use crate::Outcome;
use crate::approved::is_left;
use crate::commitment::RAW;
use crate::entry::{Attempt, Body, Charged, Entry, ModelCall, Settled, Verdict};
use crate::fold::Fold;

/// What was replayed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Replayed {
    pub(super) decisions: u64,
    pub(super) outcomes: u64,
    pub(super) withheld: u64,
    /// Charges of counters of the agent were taken at the log's word.
    pub(super) agent_scope: bool,
}

/// All that the stage looks at.
pub(super) struct Looked<'a> {
    pub(super) entries: &'a [Logged],
    pub(super) cases: &'a [Option<Case>],
    pub(super) openings: &'a Openings,
    pub(super) policy: &'a Policy,
    pub(super) tokens: &'a Tokens,
    pub(super) approvals: &'a Approvals,
    pub(super) withdrawn: &'a BTreeMap<Hash, u64>,
    /// What the policy asks the source of.
    pub(super) sources: &'a [Source],
    /// Of the model calls that the log names.
    pub(super) receipts: &'a Receipts,
}

/// Replays them in their order.
pub(super) fn verify(looked: &Looked<'_>, watch: Watch<'_>) -> Result<Replayed, Findings> {
    let mut job = Job {
        looked,
        watch,
        fold: Fold::default(),
        of_agent: OfAgent::default(),
        live: BTreeMap::new(),
        admitted: BTreeMap::new(),
        replayed: Replayed::default(),
        found: Findings::new(),
    };
    for (logged, case) in looked.entries.iter().zip(looked.cases) {
        let Ok(entry) = &logged.entry else { continue };
        job.entry(entry, case.as_ref());
        if let Err(misplaced) = job.fold.step(entry, logged.leaf, Vec::new()) {
            job.found.push(Finding::new(of_misplaced(misplaced)).at(entry.seq));
            break;
        }
        if !job.of_agent.take(entry) {
            let why = "less than this job alone charged to a counter of its agent";
            job.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because(why));
        }
    }
    stop(job.found)?;
    Ok(job.replayed)
}

/// The job before the next entry.
struct Job<'a> {
    looked: &'a Looked<'a>,
    watch: Watch<'a>,
    fold: Fold,
    of_agent: OfAgent,
    /// Approvals that may still be used.
    live: BTreeMap<Hash, Approved>,
    admitted: BTreeMap<&'a CallId, Admitted<'a>>,
    replayed: Replayed,
    found: Findings,
}

/// An admitted call, for its outcome.
struct Admitted<'a> {
    /// `None` if its values are not shown.
    call: Option<&'a Call>,
    attempt: &'a Attempt,
    charged: Vec<Charging>,
    /// Its places in flight were given back.
    settled: bool,
}

impl<'a> Job<'a> {
    fn entry(&mut self, entry: &'a Entry, case: Option<&'a Case>) {
        match &entry.body {
            Body::Attempt(attempt) => self.attempt(entry, attempt, case),
            Body::Outcome(settled) => self.outcome(entry, settled),
            Body::Approval(given) => {
                if let Some(one) = self.looked.approvals.get(&given.approval) {
                    self.live.insert(given.approval, one.approved.clone());
                }
            }
            Body::Opened(opened) => {
                let of_input = |source: &Source| matches!(source, Source::Input { .. });
                if !self.remembers(&opened.charges, of_input) {
                    self.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because(REMEMBERED));
                }
            }
            Body::ModelCall(called) => self.model_call(entry, called),
            Body::Refused(untyped) => {
                let shown = self.looked.openings.of(entry.seq).any(|opening| opening.name == RAW);
                if untyped.raw_commitment.is_some() && !shown {
                    more(&mut self.replayed.withheld);
                }
            }
            Body::Token(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
    }

    /// Charges a model call again.
    fn model_call(&mut self, entry: &Entry, called: &ModelCall) {
        // One without its receipt was found in its stage.
        let Some(receipt) = self.looked.receipts.get(&called.receipt) else { return };
        let budget = self.looked.policy.model_budget();
        let before = Before::of(entry, &self.fold.meters);
        let finding = match budget.charges(&receipt.used(), &before) {
            Ok(charges) if !charges.iter().copied().map(Charged::from).eq(called.charges.iter().copied()) => {
                Some((Code::ChargeDiffers, "the model call charges something else"))
            }
            Ok(charges) if budget.is_exceeded_by(&charges) => {
                Some((Code::ChargeDiffers, "a budget of models is exceeded"))
            }
            Ok(_) => None,
            Err(ModelRefusal::Repeated) => Some((Code::ReceiptDuplicate, "it was charged before")),
            Err(ModelRefusal::CostUnknown) => {
                Some((Code::ChargeDiffers, "the gateway does not say what the model call cost"))
            }
            Err(ModelRefusal::Unreadable) => Some((Code::ChargeDiffers, "a sum is out of range")),
        };
        let finding = finding.map(|(code, why)| Finding::new(code).in_stage(Stage::Replay).because(why));
        self.found.extend(finding.map(|finding| finding.at(entry.seq)));
    }

    fn attempt(&mut self, entry: &'a Entry, attempt: &'a Attempt, case: Option<&'a Case>) {
        let stopped = self.watch.stopped(attempt, entry.seq, entry.at);
        if stopped && matches!(attempt.verdict, Verdict::Allow { .. }) {
            self.found.push(Finding::new(Code::EffectAfterRevocation).at(entry.seq));
        }
        let (call, charged) = match case {
            Some(Case::Shown(asked)) => (Some(&asked.call), self.replay(entry, attempt, asked)),
            Some(Case::Withheld) => {
                more(&mut self.replayed.withheld);
                (None, self.believe(entry, attempt))
            }
            Some(Case::NoCall) | None => {
                let why = "what is shown or attested is no call of the policy's interface";
                self.found.push(Finding::new(Code::DecisionDiffers).at(entry.seq).because(why));
                (None, Vec::new())
            }
        };
        self.use_up(attempt);
        if matches!(attempt.verdict, Verdict::Allow { .. }) {
            self.admitted.insert(&attempt.call, Admitted { call, attempt, charged, settled: false });
        }
    }

    /// Takes the decision again.
    fn replay(&mut self, entry: &Entry, attempt: &Attempt, asked: &Asked) -> Vec<Charging> {
        let held = attempt.jti.as_deref().and_then(|jti| self.looked.tokens.at(jti, entry.seq));
        let requester = held.map(|(_, held)| held.requester.as_slice()).unwrap_or_default();
        let (hashes, given) = if asked.required(self.looked.policy).is_empty() {
            (Vec::new(), Vec::new())
        } else {
            self.given(attempt, entry.at)
        };
        let before = Before::of(entry, &self.fold.meters);
        let approvals = wpc_model::Approvals { given: &given, requester };
        let admission = admit(self.looked.policy, asked, &approvals, &before);
        self.replayed.agent_scope |= before.believed.get();
        let same = compare(attempt, &admission, &hashes);
        match same {
            Ok(()) => more(&mut self.replayed.decisions),
            Err((code, why)) => self.found.push(Finding::new(code).at(entry.seq).because(why)),
        }
        admission.charges
    }

    /// Whether charges can be the memory of values whose source the policy asks for: the values are under
    /// the job's secret, so which they are is the gate's word.
    fn remembers(&self, charges: &[Charged], asks: impl Fn(&Source) -> bool) -> bool {
        if charges.is_empty() {
            return true;
        }
        let asked = self.looked.sources.iter().filter(|source| asks(source));
        let statements: BTreeSet<RuleId> = asked.map(Source::statement).collect();
        let (mut new, mut others) = (0_i64, Vec::new());
        for charged in charges {
            if charged.window_ms.is_some() || charged.counter.owner != Owner::Job {
                return false;
            }
            match charged.counter.key {
                Some(_) if !statements.contains(&charged.counter.statement) => return false,
                Some(_) if (charged.before, charged.amount) != (0, 1) => return false,
                Some(_) => new = new.saturating_add(1),
                None => others.push(charged),
            }
        }
        let [one] = others.as_slice() else { return false };
        if one.counter == Provenance::remembered() {
            return new > 0 && one.amount == new;
        }
        // There was no room, so nothing is remembered but that.
        let full = Counter::of(RuleId::of(b"labels are full"));
        new == 0 && !statements.is_empty() && one.amount == 1 && one.counter == full
    }

    /// The approvals that may serve a call, and their hashes; as the gate, in the order of the hashes.
    fn given(&self, attempt: &Attempt, at: i64) -> (Vec<Hash>, Vec<Approved>) {
        let withdrawn =
            |hash: &Hash| self.looked.withdrawn.get(hash).is_some_and(|&seq| seq <= attempt.revocation_seq);
        let serves = |(hash, approved): &(&Hash, &Approved)| {
            !withdrawn(hash)
                && at < approved.not_after
                && approved.tool == attempt.tool
                && approved.action == attempt.action
        };
        self.live.iter().filter(serves).map(|(hash, approved)| (*hash, approved.clone())).unzip()
    }

    /// Counts the use of approvals; those that nothing can use any more are not looked at again.
    fn use_up(&mut self, attempt: &Attempt) {
        let most = self.looked.policy.layers().flat_map(|layer| &layer.approvals).map(|approval| {
            match approval.uses {
                Uses::Times(times) => times,
                Uses::Unlimited => u32::MAX,
            }
        });
        let most = most.max().unwrap_or_default();
        for hash in &attempt.approvals {
            if let Some(approved) = self.live.get_mut(hash) {
                approved.used = approved.used.saturating_add(1);
                let own = self.looked.approvals.get(hash);
                let is_left = own.is_some_and(|own| is_left(own.uses, u64::from(approved.used)));
                if approved.used >= most || !is_left {
                    self.live.remove(hash);
                }
            }
        }
    }

    /// What a call charged whose values are not shown: the log's word, within the policy's limits.
    fn believe(&mut self, entry: &Entry, attempt: &Attempt) -> Vec<Charging> {
        let Verdict::Allow { charges, .. } = &attempt.verdict else { return Vec::new() };
        let tools = || self.looked.policy.layers().filter_map(|layer| layer.tools.get(&attempt.tool));
        let limits = || tools().flat_map(|tool| &tool.limits);
        let charging = |charged: &Charged| {
            let limit = limits().find(|limit| limit.id == charged.counter.statement);
            let window = match charged.window_ms {
                Some(ms) => Window::Sliding { ms },
                None => limit.map_or(Window::Job, |limit| limit.window),
            };
            let fits = limit.is_none_or(|limit| {
                let after = charged.before.checked_add(charged.amount);
                limit.window == window && after.is_some_and(|after| after <= limit.max)
            });
            let Charged { counter, before, amount, .. } = *charged;
            (fits, Charging { counter, window, before, amount })
        };
        let (fits, charged): (Vec<bool>, _) = charges.iter().map(charging).unzip();
        if !fits.iter().all(|fits| *fits) {
            self.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because("a limit is exceeded"));
        }
        charged
    }

    fn outcome(&mut self, entry: &Entry, settled: &'a Settled) {
        // An outcome without its attempt is the fold's to find.
        let Some(admitted) = self.admitted.get_mut(&settled.call) else { return };
        let before = Before::of(entry, &self.fold.meters);
        let held = if admitted.settled { &[][..] } else { admitted.charged.as_slice() };
        admitted.settled = true;
        let nobody = || Call {
            tool: admitted.attempt.tool.clone(),
            action: admitted.attempt.action.clone(),
            resource: None,
            arguments: BTreeMap::new(),
        };
        let (policy, attempt) = (self.looked.policy, admitted.attempt);
        let charges = match (&settled.outcome, admitted.call) {
            (Outcome::Done, Some(call)) => {
                match returned(self.looked.openings, settled, entry.seq, call, policy) {
                    Returned::Shown(results) => Some(settle(policy, call, held, Some(&results), &before)),
                    Returned::Withheld => None,
                    Returned::NoResult => {
                        let why = "what is shown is no result of the policy's interface";
                        self.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because(why));
                        return;
                    }
                }
            }
            (Outcome::Done, None) => None,
            // What did not end well counts for nothing but the places that it gives back.
            (Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::Abandoned, _) => {
                Some(settle(policy, &nobody(), held, None, &before))
            }
        };
        self.replayed.agent_scope |= before.believed.get();
        match charges {
            None => more(&mut self.replayed.withheld),
            // What an outcome is remembered to have given comes last.
            Some(charges) if starts_with(&settled.charges, &charges) => {
                let labels = settled.charges.get(charges.len()..).unwrap_or_default();
                let done = settled.outcome == Outcome::Done;
                let of_call = |source: &Source| match source {
                    Source::Result { tool, action, .. } => {
                        done && *tool == attempt.tool && *action == attempt.action
                    }
                    Source::Input { .. } => false,
                };
                if self.remembers(labels, of_call) {
                    more(&mut self.replayed.outcomes);
                } else {
                    self.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because(REMEMBERED));
                }
            }
            Some(_) => {
                let why = "the outcome charges something else";
                self.found.push(Finding::new(Code::ChargeDiffers).at(entry.seq).because(why));
            }
        }
    }
}

const REMEMBERED: &str = "it remembers values of which the policy does not ask the source";

fn starts_with(said: &[Charged], charges: &[Charging]) -> bool {
    let again = charges.iter().copied().map(Charged::from);
    said.len() >= charges.len() && said.iter().copied().zip(again).all(|(said, again)| said == again)
}

/// Whether the log says what the interpreter says.
fn compare(attempt: &Attempt, admission: &Admission, hashes: &[Hash]) -> Result<(), (Code, &'static str)> {
    let differs = |why| Err((Code::DecisionDiffers, why));
    match (&attempt.verdict, &admission.decision) {
        (Verdict::Allow { rule, charges }, Decision::Allow { rule: again }) => {
            if rule != again {
                return differs("another allow holds");
            }
            let mut used: Vec<Hash> =
                admission.approvals.iter().filter_map(|index| hashes.get(*index).copied()).collect();
            used.sort_unstable();
            used.dedup();
            if used != attempt.approvals {
                return differs("other approvals serve");
            }
            if !admission.charges.iter().copied().map(Charged::from).eq(charges.iter().copied()) {
                return Err((Code::ChargeDiffers, "the call charges something else"));
            }
            Ok(())
        }
        (Verdict::Deny { reason, rule }, Decision::Deny(again)) => {
            if *reason != again.reason {
                return differs("it is denied for another reason");
            }
            if *rule != again.rule { differs("another statement denies it") } else { Ok(()) }
        }
        (Verdict::Allow { .. }, Decision::Deny(_)) => differs("the policy denies it"),
        (Verdict::Deny { .. }, Decision::Allow { .. }) => differs("the policy allows it"),
    }
}
