//! What verification says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use wpc_model::Hash;

use super::code::{Code, Stage};
use crate::trust::Mode;
use crate::{Did, JobId};

/// Most findings of one report that are told one by one.
pub const MAX_FINDINGS: usize = 1_000;

/// What the caller accepts, and what else they hold.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Gaps that are accepted, beside those that the policy does not mind.
    pub accept: BTreeSet<Code>,
    /// The revoker's own log, from its first statement on: signed envelopes.
    pub revocations: Option<&'a [Vec<u8>]>,
}

/// How a verification ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// All of it holds, and every gap is accepted.
    Verified,
    /// Nothing is wrong, but gaps are not accepted.
    Incomplete,
    /// Something is wrong.
    Refused,
}

impl Verdict {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Incomplete => "incomplete",
            Self::Refused => "refused",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// Where it was found; that of [`Code::stage`], but for `malformed`, `not_canonical` and `too_large`
    /// of a signed document, which are found once its signature holds.
    pub stage: Stage,
    /// The entry, if it is about one.
    pub seq: Option<u64>,
    /// More, in words of ours; never text from the bundle.
    pub detail: Option<&'static str>,
}

impl Finding {
    pub(super) const fn new(code: Code) -> Self {
        Self { code, stage: code.stage(), seq: None, detail: None }
    }

    pub(super) const fn at(self, seq: u64) -> Self {
        Self { seq: Some(seq), ..self }
    }

    pub(super) const fn because(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    pub(super) const fn in_stage(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }
}

/// What cannot be established.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// What.
    pub code: Code,
    /// How often, where it is counted.
    pub count: Option<u64>,
    /// Why it does not stand in the way, if it does not.
    pub accepted: Option<Accepted>,
}

/// Who accepts a gap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Accepted {
    /// The caller ([`Options::accept`]).
    Caller,
    /// The policy and the trust file do not demand what is missing.
    NotDemanded,
}

impl Accepted {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::NotDemanded => "not_demanded",
        }
    }
}

/// What the bundle is about, as far as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// The ledger.
    pub ledger: Did,
    /// How its gate is deployed, by the trust file.
    pub mode: Option<Mode>,
    /// The job.
    pub job: JobId,
    /// Who worked on it.
    pub agent: String,
    /// The policy's name.
    pub policy: String,
    /// The policy's hash.
    pub policy_hash: Hash,
    /// Whether its last entry closes it.
    pub closed: bool,
}

/// How much was looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Entries.
    pub entries: u64,
    /// Calls that were allowed.
    pub allowed: u64,
    /// Calls that were denied, by code.
    pub denied: BTreeMap<String, u64>,
    /// Outcomes, by how the call ended.
    pub outcomes: BTreeMap<String, u64>,
    /// Decisions that were taken again, and are the same.
    pub replayed: u64,
    /// Outcomes whose charges were computed again, and are the same.
    pub settled: u64,
    /// Facts that are shown.
    pub opened: u64,
    /// Facts that are the gate's word.
    pub attested: u64,
    /// Decisions and outcomes that could not be replayed, because values are not shown, and refusals of which it is
    /// not shown what was refused.
    pub withheld: u64,
    /// Entries after the last one that a cosigned checkpoint covers; they rest on the ledger's key alone.
    pub trailing: u64,
    /// Outcomes that are the caller's own word.
    pub self_described: u64,
    /// Calls of models that left a receipt.
    pub model_calls: u64,
    /// Things that were asked and are not calls, each recorded or counted.
    pub refused: u64,
}

/// All that verification says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// What the bundle is about; `None` if it did not get so far.
    pub about: Option<About>,
    /// What is wrong: all that the first stage found that found anything. The first [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub found: u64,
    /// What cannot be established.
    pub gaps: Vec<Gap>,
    /// How much was looked at.
    pub counts: Counts,
    /// The witnesses who cosigned the ledger's log, and when each first saw it, in Unix seconds.
    pub witnesses: BTreeMap<String, u64>,
    /// Every stage was gone through.
    pub(super) finished: bool,
}

impl Report {
    /// How it ends. Never `verified` by omission: every stage must have been gone through.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.found > 0 || !self.finished {
            Verdict::Refused
        } else if self.gaps.iter().any(|gap| gap.accepted.is_none()) {
            Verdict::Incomplete
        } else {
            Verdict::Verified
        }
    }

    /// As JSON: `verdict`, `about`, `findings`, `found`, `gaps`, `counts`, `witnesses`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let about = self.about.as_ref().map(|about| {
            json!({
                "job": about.job.as_str(),
                "agent": about.agent,
                "policy": about.policy,
                "policy_hash_b64u": about.policy_hash.to_string(),
                "ledger": about.ledger.as_str(),
                "mode": about.mode.map(|mode| mode.word()),
                "closed": about.closed,
            })
        });
        let findings = self.findings.iter().map(|finding| {
            json!({
                "stage": finding.stage.word(),
                "code": finding.code.word(),
                "seq": finding.seq,
                "detail": finding.detail,
            })
        });
        let gaps = self.gaps.iter().map(|gap| {
            json!({
                "code": gap.code.word(),
                "count": gap.count,
                "accepted": gap.accepted.map(Accepted::word),
            })
        });
        let counts = &self.counts;
        json!({
            "verdict": self.verdict().word(),
            "about": about,
            "findings": findings.collect::<Vec<_>>(),
            "found": self.found,
            "gaps": gaps.collect::<Vec<_>>(),
            "counts": {
                "entries": counts.entries,
                "allowed": counts.allowed,
                "denied": counts.denied,
                "outcomes": counts.outcomes,
                "replayed": counts.replayed,
                "settled": counts.settled,
                "opened": counts.opened,
                "attested": counts.attested,
                "withheld": counts.withheld,
                "trailing": counts.trailing,
                "self_described": counts.self_described,
                "refused": counts.refused,
                "model_calls": counts.model_calls,
            },
            "witnesses": self.witnesses,
        })
    }

    pub(super) fn refuse(&mut self, findings: Vec<Finding>) {
        self.found = u64::try_from(findings.len()).unwrap_or(u64::MAX);
        self.findings = findings;
        self.findings.truncate(MAX_FINDINGS);
    }
}

/// Findings of one stage.
pub(super) type Findings = Vec<Finding>;

/// Goes on only if the stage found nothing.
pub(super) fn stop(findings: Findings) -> Result<(), Findings> {
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// One more.
pub(super) const fn more(count: &mut u64) {
    *count = count.saturating_add(1);
}
