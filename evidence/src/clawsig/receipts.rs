//! Receipts of calls and approvals (CLAWSIG.md 7, 8). What is in them is hashes, names and times: values of
//! arguments never leave.

use std::collections::BTreeMap;

use wpc_model::Hash;
use wpc_model::canon::Json;

use super::chain::Event;
use super::models::Models;
use super::{ExportError, envelope, text};
use crate::bundle::{Shown, View};
use crate::entry::{Attempt, Body, Entry, Opened, Seen, Settled, Verdict};
use crate::{Key, Outcome};

/// What receipts are made of.
pub(super) struct Made<'a> {
    pub(super) shown: &'a View,
    pub(super) opened: &'a Opened,
    pub(super) chain: &'a [Event],
    pub(super) gateway: &'a Key,
    pub(super) issued_at: &'a str,
    pub(super) models: &'a Models,
}

/// An allowed call and its end.
struct Ended<'a> {
    /// Place of the attempt.
    seq: u64,
    attempt: &'a Attempt,
    attempt_event: &'a Event,
    settled: &'a Settled,
    outcome_event: &'a Event,
}

impl Made<'_> {
    fn events(&self) -> impl Iterator<Item = (&Entry, &Event)> {
        self.shown.entries.iter().map(|Shown { entry, .. }| entry).zip(self.chain)
    }

    /// Allowed calls that have an outcome, in the order of their attempts; of two outcomes the later counts.
    fn ended(&self) -> Vec<Ended<'_>> {
        let mut outcomes = BTreeMap::new();
        for (entry, event) in self.events() {
            if let Body::Outcome(settled) = &entry.body {
                outcomes.insert(&settled.call, (settled, event));
            }
        }
        let mut ended = Vec::new();
        for (entry, attempt_event) in self.events() {
            if let Body::Attempt(attempt) = &entry.body
                && let Verdict::Allow { .. } = attempt.verdict
                && let Some((settled, outcome_event)) = outcomes.get(&attempt.call).copied()
            {
                ended.push(Ended { seq: entry.seq, attempt, attempt_event, settled, outcome_event });
            }
        }
        ended
    }

    /// Tool receipts, version 1: version 2 wants one salt for all arguments, and ours have one each.
    pub(super) fn tools(&self) -> Result<Vec<Json>, ExportError> {
        let receipt = |ended: Ended<'_>| {
            let Ended { attempt, settled, .. } = &ended;
            let mut members = self.common("tr", &ended)?;
            members.extend([
                ("args_hash_b64u", text(&attempt.args_root)),
                ("result_hash_b64u", Json::from(ended.outcome_event.payload_hash.as_str())),
                ("tool_name", Json::from(format!("{}.{}", attempt.tool, attempt.action).as_str())),
            ]);
            // Of a call whose end nobody knows, nothing is said.
            match settled.outcome {
                Outcome::Done => members.push(("result_status", Json::from("success"))),
                Outcome::Failed { .. } => members.push(("result_status", Json::from("error"))),
                Outcome::Unknown { .. } | Outcome::Abandoned => {}
            }
            if let Some(version) = &self.opened.tool_version {
                members.push(("tool_version", text(version)));
            }
            Ok(envelope::seal("tool_receipt", Json::object(members), self.gateway, self.issued_at))
        };
        self.ended().into_iter().map(receipt).collect()
    }

    /// Side effects of calls that were allowed and done.
    pub(super) fn effects(&self) -> Result<Vec<Json>, ExportError> {
        let done = self.ended().into_iter().filter(|ended| ended.settled.outcome == Outcome::Done);
        let effect = |ended: Ended<'_>| {
            let mut members = self.common("ser", &ended)?;
            members.extend([
                // A policy does not say what kind of effect an action has: the least specific one.
                ("effect_class", Json::from("external_api_write")),
                ("request_hash_b64u", text(&ended.attempt.args_root)),
                ("response_hash_b64u", Json::from(ended.outcome_event.payload_hash.as_str())),
                ("response_status", Json::from("success")),
                ("target_hash_b64u", target(ended.attempt)),
            ]);
            Ok(self.raw("side_effect_receipt", members, []))
        };
        done.map(effect).collect()
    }

    /// Approvals that people signed.
    pub(super) fn approvals(&self) -> Result<Vec<Json>, ExportError> {
        let mut made = Vec::new();
        for (entry, event) in self.events() {
            let Body::Approval(given) = &entry.body else { continue };
            let members = vec![
                ("agent_did", Json::from(self.opened.agent.as_str())),
                ("approval_type", Json::from("explicit_approve")),
                ("approver_subject", Json::from(given.approver.as_str())),
                ("binding", self.binding((entry.seq, event), &given.nonce, None)),
                ("hash_algorithm", Json::from("SHA-256")),
                ("policy_hash_b64u", text(&self.opened.policy_hash)),
                ("receipt_id", Json::from(format!("har_{}_{}", event.run, entry.seq).as_str())),
                ("receipt_version", Json::from("1")),
                ("scope_hash_b64u", text(&given.request)),
                ("timestamp", Json::from(event.timestamp.as_str())),
            ];
            let signed = self.shown.approvals.get(&given.approval);
            let signed = signed.map(|envelope| ("wpc_approval", Json::from(envelope.as_str())));
            made.push(self.raw("human_approval_receipt", members, signed));
        }
        Ok(made)
    }

    /// Members that receipts of calls share.
    fn common(&self, prefix: &str, ended: &Ended<'_>) -> Result<Vec<(&'static str, Json)>, ExportError> {
        let Ended { seq, attempt, attempt_event, settled, outcome_event } = ended;
        let latency = i64::try_from(settled.duration_ms).map_err(|_| ExportError::Time)?;
        Ok(vec![
            ("agent_did", Json::from(self.opened.agent.as_str())),
            ("binding", self.binding((*seq, attempt_event), attempt.call.as_str(), attempt.jti.as_deref())),
            ("hash_algorithm", Json::from("SHA-256")),
            ("latency_ms", Json::Integer(latency.min(wpc_model::MAX_INTEGER))),
            ("receipt_id", Json::from(format!("{prefix}_{}", attempt.call).as_str())),
            ("receipt_version", Json::from("1")),
            ("timestamp", Json::from(outcome_event.timestamp.as_str())),
        ])
    }

    /// An effect hangs on the model call before it.
    fn binding(&self, (seq, event): (u64, &Event), nonce: &str, jti: Option<&str>) -> Json {
        let mut members = vec![
            ("event_hash_b64u", Json::from(event.hash.as_str())),
            ("nonce", Json::from(nonce)),
            ("policy_hash", text(&self.opened.policy_hash)),
            ("run_id", Json::from(event.run.as_str())),
        ];
        members.extend(self.models.span_before(seq).map(|span| ("parent_span_id", Json::from(span))));
        members.extend(self.scope(jti).map(|hash| ("token_scope_hash_b64u", text(&hash))));
        Json::object(members)
    }

    /// The scope hash of a token that the log names.
    fn scope(&self, jti: Option<&str>) -> Option<Hash> {
        let jti = jti?;
        self.shown.entries.iter().find_map(|Shown { entry, .. }| {
            let Body::Token(taken) = &entry.body else { return None };
            (taken.jti == jti).then_some(taken.scope_hash)
        })
    }

    /// A raw item, which is what a bundle takes, with its signed envelope in a member of ours.
    fn raw(
        &self,
        kind: &str,
        members: Vec<(&'static str, Json)>,
        more: impl IntoIterator<Item = (&'static str, Json)>,
    ) -> Json {
        let signed =
            envelope::seal(kind, Json::object(members.iter().cloned()), self.gateway, self.issued_at);
        Json::object(members.into_iter().chain([("wpc_envelope", signed)]).chain(more))
    }
}

/// What a call acted on: the commitment to it, or the hash of what the policy names.
fn target(attempt: &Attempt) -> Json {
    let named = match &attempt.resource {
        Some(Seen::Other { commitment, .. }) => return text(commitment),
        Some(Seen::Named { kind, names }) => Json::object([
            ("kind", Json::from(kind.as_str())),
            ("names", Json::array(names.iter().map(String::as_str))),
        ]),
        None => Json::object([
            ("action", Json::from(attempt.action.as_str())),
            ("tool", Json::from(attempt.tool.as_str())),
        ]),
    };
    text(&Hash::of(&named.encode()))
}
