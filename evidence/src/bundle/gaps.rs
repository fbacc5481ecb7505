//! Stage 11: what cannot be established, and whether anybody minds.

use std::collections::BTreeMap;

use wpc_model::Policy;

use super::code::Code;
use super::log::{Anchors, Logged, readable};
use super::policy::opened;
use super::read::Run;
use super::report::{About, Accepted, Counts, Gap, Options, count, more};
use crate::Outcome;
use crate::entry::{Attempt, Body, FactsBy, Settled};
use crate::trust::{Mode, Role, Trust};

/// All that the stage looks at.
pub(super) struct Looked<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) entries: &'a [Logged],
    pub(super) policy: &'a Policy,
    pub(super) about: &'a About,
    pub(super) anchors: Anchors,
    pub(super) agent_scope: bool,
    /// The revoker's log was given and reaches far enough.
    pub(super) revocations_known: bool,
    pub(super) trust: &'a Trust,
    pub(super) options: &'a Options<'a>,
}

impl Looked<'_> {
    /// The gaps, and the witnesses who cosigned. Counts what it finds.
    pub(super) fn gaps(&self, counts: &mut Counts) -> (Vec<Gap>, BTreeMap<String, u64>) {
        let cosigners = self.run.ledger_checkpoint.cosigners(self.trust);
        let witnessed = cosigners.len() >= self.trust.threshold(Role::Witness);
        let entries = count(self.entries.len());
        counts.trailing = if witnessed { entries.saturating_sub(self.anchors.size) } else { entries };
        let (mut unknown, mut without_token) = (0, false);
        let mut unsettled = 0_u64;
        for entry in readable(self.entries) {
            match &entry.body {
                Body::Attempt(attempt) => {
                    without_token |= attempt.jti.is_none();
                    if matches!(attempt, Attempt { verdict: crate::entry::Verdict::Allow { .. }, .. }) {
                        more(&mut unsettled);
                    }
                }
                Body::Outcome(settled) => outcome(settled, &mut unknown, &mut unsettled, counts),
                Body::Refused(_) => more(&mut counts.refused),
                Body::ModelCall(_) => more(&mut counts.model_calls),
                Body::Suppressed(suppressed) => {
                    counts.refused = counts.refused.saturating_add(suppressed.count);
                }
                Body::Opened(_)
                | Body::Token(_)
                | Body::Approval(_)
                | Body::Revoked(_)
                | Body::PolicyChanged(_)
                | Body::ClockAccepted(_)
                | Body::Closed(_) => {}
            }
        }
        let witnesses_named = self.trust.names(Role::Witness);
        let (auth, proof) = (self.policy.token(), self.policy.proof());
        let token_demanded = auth.pin_policy_hash || auth.job_scoped_binding;
        let version = opened(self.entries).is_some_and(|(opened, _)| opened.tool_version.is_some());
        let unreleased = opened(self.entries).is_some_and(|(opened, _)| opened.release_seq.is_none());
        let in_process = self.about.mode.is_none_or(|mode| mode == Mode::InProcess);
        let some = |number: u64| (number > 0).then_some(Some(number));
        let when = |there: bool| there.then_some(None);
        let models = self.policy.layers().any(|layer| layer.settings.models.is_some());
        let unseen = (models || proof.gateway_receipts) && counts.model_calls == 0;
        // What is there, and whether it is demanded.
        let all = [
            (Code::GapNotClosed, when(!self.about.closed), true),
            (
                Code::GapNotWitnessed,
                some(counts.trailing),
                witnesses_named && self.trust.demands(Role::Witness),
            ),
            (Code::GapNoModelReceipts, when(unseen), proof.gateway_receipts),
            (Code::GapAgentScope, when(self.agent_scope), false),
            (Code::GapOpeningWithheld, some(counts.withheld), true),
            (Code::GapAttested, some(counts.attested), false),
            (Code::GapSelfDescribed, some(counts.self_described), false),
            (Code::GapOutcomeUnknown, some(unsettled.saturating_add(unknown)), false),
            (Code::GapInProcess, when(in_process), false),
            (Code::GapTokenUnattested, when(without_token), token_demanded),
            (Code::GapToolVersionSelfReported, when(version), false),
            (Code::GapRevocationLogAbsent, when(!self.revocations_known), false),
            (Code::GapReleaseAbsent, when(unreleased), self.trust.names(Role::Releaser)),
        ];
        let gap = |(code, there, demanded): (Code, Option<Option<u64>>, bool)| {
            let accepted = match (self.options.accept.contains(&code), demanded) {
                (true, _) => Some(Accepted::Caller),
                (false, true) => None,
                (false, false) => Some(Accepted::NotDemanded),
            };
            Some(Gap { code, count: there?, accepted })
        };
        let witnesses = cosigners.into_iter().map(|(name, at_s)| (name.to_owned(), at_s)).collect();
        (all.into_iter().filter_map(gap).collect(), witnesses)
    }
}

fn outcome(settled: &Settled, unknown: &mut u64, unsettled: &mut u64, counts: &mut Counts) {
    if settled.facts_by == FactsBy::Declared && settled.outcome == Outcome::Done {
        more(&mut counts.self_described);
    }
    if settled.late {
        // It says what an unknown one did not.
        *unknown = unknown.saturating_sub(1);
    } else {
        *unsettled = unsettled.saturating_sub(1);
    }
    match settled.outcome {
        // A call that was dropped may have happened.
        Outcome::Unknown { .. } | Outcome::Abandoned => more(unknown),
        Outcome::Done | Outcome::Failed { .. } => {}
    }
}
