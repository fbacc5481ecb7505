//! What another policy would have said of the calls of a job.

use std::collections::BTreeMap;

use wpc_model::{
    Admission, Approvals as People, Bound, Call, Charging, Counter, Decision, Hash, History, Policy, Reason,
    RuleId, Used,
};

use super::decide::{admit, settle};
use super::documents::Documents;
use super::openings::{self, Case, Returned, returned};
use super::read::Run;
use super::report::{Options, Report, Verdict, more};
use super::{log, verify};
use crate::entry::{Body, Verdict as Decided};
use crate::fold::{Meters, Misplaced, Total, Totals, used};
use crate::trust::Trust;
use crate::{CallId, Outcome};

/// What was decided, or would be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Said {
    /// The call may go ahead.
    Allow(RuleId),
    /// It may not.
    Deny(Reason, Option<RuleId>),
}

impl Said {
    /// Whether it may go ahead.
    #[must_use]
    pub const fn is_allow(self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// `allow`, or why not.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Deny(reason, _) => reason.code(),
        }
    }
}

/// A call that another policy decides otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Place of its attempt.
    pub seq: u64,
    /// When, Unix milliseconds.
    pub at: i64,
    /// The tool.
    pub tool: String,
    /// The action.
    pub action: String,
    /// What was decided.
    pub then: Said,
    /// What would be.
    pub now: Said,
}

/// What another policy would have said of a job.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Replayed {
    /// Calls that were decided.
    pub calls: u64,
    /// Those that were decided otherwise: allowed or denied for another reason.
    pub changes: Vec<Change>,
    /// Calls of which the other policy reads more than is shown, or that its interface does not know.
    pub unknown: u64,
}

/// Asks `other` of every call of a bundle. What was admitted happened, so it stays in the history whatever
/// `other` says of it, and charges the limits of `other`. Approvals that were used count as given.
///
/// # Errors
///
/// The [`Report`] of the verification if that refuses the bundle.
pub fn replay(bytes: &[u8], trust: &Trust, other: &Policy) -> Result<Replayed, Box<Report>> {
    let report = verify(bytes, trust, &Options::default());
    if report.verdict() == Verdict::Refused {
        return Err(Box::new(report));
    }
    // It was verified, so it reads.
    let again = || -> Option<Replayed> {
        let (payload, _) = super::documents::open(bytes, trust).ok()?;
        let run = Run::read(&payload).ok()?;
        let documents = Documents::verify(&run, trust).ok()?;
        let policy = wpc_model::decode(&documents.policy).ok()?;
        Some(replayed(&run, &policy, other))
    };
    again().ok_or(Box::new(report))
}

fn replayed(run: &Run<'_>, policy: &Policy, other: &Policy) -> Replayed {
    let entries = log::decode(run);
    let shown = openings::read(run);
    let cases = openings::cases(&shown, &entries, policy);
    let cases_of_other = openings::cases_of_other(&shown, &entries, other);
    let mut result = Replayed::default();
    let mut meters: Meters<Total> = Meters::default();
    let mut admitted: BTreeMap<&CallId, (&Call, Vec<Charging>)> = BTreeMap::new();
    for (logged, (case, case_of_other)) in entries.iter().zip(cases.iter().zip(&cases_of_other)) {
        let Ok(entry) = &logged.entry else { continue };
        match &entry.body {
            Body::Attempt(attempt) => {
                more(&mut result.calls);
                let then = match &attempt.verdict {
                    Decided::Allow { rule, .. } => Said::Allow(*rule),
                    Decided::Deny { reason, rule } => Said::Deny(*reason, *rule),
                };
                let (Some(Case::Shown(was)), Some(Case::Shown(asked))) = (case, case_of_other) else {
                    more(&mut result.unknown);
                    continue;
                };
                // Whether something that is not shown is missing or was never there is known of what the
                // first policy reads only.
                let reads = wpc_model::reads(other, &attempt.tool, &attempt.action);
                let is_shown = |name: &String| attempt.facts.iter().any(|fact| fact.name == *name);
                if !reads.iter().all(is_shown) {
                    more(&mut result.unknown);
                    continue;
                }
                let history = Sums { now: entry.at, meters: &meters };
                let admission = admit(other, asked, &People::NONE, &history);
                let now = said(&admission);
                let approved =
                    !attempt.approvals.is_empty() && matches!(now, Said::Deny(Reason::ApprovalRequired, _));
                let differs = then.is_allow() != now.is_allow() || then.word() != now.word();
                if differs && !approved {
                    let (tool, action) = (attempt.tool.clone(), attempt.action.clone());
                    result.changes.push(Change { seq: entry.seq, at: entry.at, tool, action, then, now });
                }
                if then.is_allow() {
                    let charges = asked.needs.charges(other, &asked.call, &history).unwrap_or_default();
                    charge(&mut meters, &charges, entry.at);
                    admitted.insert(&attempt.call, (&was.call, charges));
                }
            }
            Body::Outcome(settled) => {
                let Some((call, charged)) = admitted.get_mut(&settled.call) else { continue };
                let results = match settled.outcome {
                    Outcome::Done => match returned(&shown, settled, entry.seq, call, other) {
                        Returned::Shown(results) => Some(results),
                        Returned::Withheld | Returned::NoResult => None,
                    },
                    Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::Abandoned => None,
                };
                let held = std::mem::take(charged);
                let history = Sums { now: entry.at, meters: &meters };
                let charges = settle(other, call, &held, results.as_ref(), &history);
                charge(&mut meters, &charges, entry.at);
            }
            Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
    }
    result
}

fn said(admission: &Admission) -> Said {
    match &admission.decision {
        Decision::Allow { rule } => Said::Allow(*rule),
        Decision::Deny(refusal) => Said::Deny(refusal.reason, refusal.rule),
    }
}

/// Adds charges. One that overflows is not added: then the policy's limits no longer decide.
fn charge(meters: &mut Meters<Total>, charges: &[Charging], at: i64) {
    for charging in charges {
        let last: Result<Total, Misplaced> = meters.last(&charging.counter);
        let Ok(last) = last else { continue };
        if let (Some(n), Some(sum)) = (last.n.checked_add(1), last.sum.checked_add(charging.amount)) {
            meters.push(charging.counter, Total { n, at, sum });
        }
    }
}

/// What this job alone charged.
struct Sums<'a> {
    now: i64,
    meters: &'a Meters<Total>,
}

impl History for Sums<'_> {
    fn now(&self) -> i64 {
        self.now
    }

    fn used(&self, bound: &Bound, amount: i64) -> Option<Used> {
        used::<Misplaced>(self.meters, bound, amount, self.now).ok().flatten()
    }

    fn total(&self, counter: &Counter, until: Option<i64>) -> Option<i64> {
        let total = match until {
            Some(at) if at < self.now => Totals::<Misplaced>::until(self.meters, counter, at),
            Some(_) | None => Totals::<Misplaced>::last(self.meters, counter),
        };
        total.ok().map(|total| total.sum)
    }

    /// The job's secret stays with the gate.
    fn salted(&self, _: Hash) -> Option<Hash> {
        None
    }
}
