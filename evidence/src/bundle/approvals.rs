//! Stage 7: that approvals hold for the calls that used them.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Approved, Approver, Hash, Uses};

use super::code::{Code, Stage};
use super::decide::Asked;
use super::documents::{Documents, SignedApproval, of_statement};
use super::grants::Tokens;
use super::log::{Logged, readable};
use super::openings::Case;
use super::policy::Under;
use super::read::Run;
use super::report::{Finding, Findings, stop};
use crate::approved::{self, ApprovedError, is_left};
use crate::entry::{Attempt, Body, Given, Verdict};
use crate::statement::ApprovalRequest;
use crate::trust::Trust;

/// An approval that holds, and how often whoever gave it lets it be used.
#[derive(Debug)]
pub(super) struct One {
    pub(super) approved: Approved,
    pub(super) uses: Uses,
}

/// Approvals by the hash of their payload.
pub(super) type Approvals = BTreeMap<Hash, One>;

/// All that the stage looks at.
pub(super) struct Looked<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) documents: &'a Documents<'a>,
    pub(super) entries: &'a [Logged],
    pub(super) under: &'a Under,
    pub(super) tokens: &'a Tokens,
    pub(super) cases: &'a [Option<Case>],
    pub(super) trust: &'a Trust,
}

/// Verifies each approval that the log names, and each use of one.
pub(super) fn verify(looked: &Looked<'_>) -> Result<Approvals, Findings> {
    let mut found = Findings::new();
    let mut all = Approvals::new();
    for entry in readable(looked.entries) {
        let Body::Approval(given) = &entry.body else { continue };
        match looked.given(given) {
            Ok(one) => {
                all.insert(given.approval, one);
            }
            Err(finding) => found.push(finding.at(entry.seq)),
        }
    }
    looked.unnamed(&mut found);
    let mut used: BTreeMap<Hash, u32> = BTreeMap::new();
    for (entry, case) in looked.entries.iter().zip(looked.cases) {
        let (Ok(entry), Some(case)) = (&entry.entry, case) else { continue };
        let Body::Attempt(attempt) = &entry.body else { continue };
        if matches!(attempt.verdict, Verdict::Deny { .. }) {
            continue;
        }
        if let Case::Shown(asked) = case {
            let one = Use { attempt, asked, at: entry.at, seq: entry.seq };
            looked.used(&one, &all, &used, &mut found);
        }
        for approval in &attempt.approvals {
            let used = used.entry(*approval).or_default();
            *used = used.saturating_add(1);
        }
    }
    stop(found)?;
    Ok(all)
}

/// A call that was admitted.
struct Use<'a> {
    attempt: &'a Attempt,
    asked: &'a Asked,
    at: i64,
    seq: u64,
}

impl Looked<'_> {
    /// The approval that an entry names, if it is what the entry says.
    fn given(&self, given: &Given) -> Result<One, Finding> {
        let wrong = |why| Finding::new(Code::ApprovalWrongCall).because(why);
        let signed = self.documents.approvals.get(&given.approval).ok_or(wrong("it is not there"))?;
        let SignedApproval { envelope, statement, signer } = signed;
        let same = signer.key == given.approver
            && statement.nonce.as_str() == given.nonce
            && statement.request == given.request
            && statement.not_after == given.not_after;
        if !same {
            return Err(wrong("the log says something else of it"));
        }
        if statement.ledger != *self.run.origin.ledger_did()
            || Some(&statement.job) != self.run.origin.job_id()
        {
            return Err(wrong("it is another job's"));
        }
        let document = |hash: &Hash| self.documents.requests.get(hash).map(|request| (*request).to_owned());
        let request = self.documents.requests.get(&given.request).ok_or(wrong("its request is not there"))?;
        let request = ApprovalRequest::decode(request).map_err(|_| wrong("its request does not read"))?;
        if request.policy_hash != self.under.hash {
            return Err(wrong("it is of another policy"));
        }
        let membership = |hash: &Hash| self.documents.memberships.get(hash).map(|one| (*one).to_owned());
        let memberships: Option<Vec<_>> = given.memberships.iter().map(membership).collect();
        let memberships = memberships.ok_or(wrong("a membership is not there"))?;
        let read = approved::read(envelope, document, &memberships, &self.under.policy, self.trust);
        let (approved, uses) = read.map_err(|error| match error {
            ApprovedError::Statement(error) => Finding::new(of_statement(error)).in_stage(Stage::Approvals),
            ApprovedError::RequestMissing | ApprovedError::Call(_) => wrong("its request is of no call"),
        })?;
        Ok(One { approved, uses })
    }

    /// Documents that no entry names: they prove nothing, and are no part of this job.
    fn unnamed(&self, found: &mut Findings) {
        let (mut approvals, mut requests, mut memberships) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for entry in readable(self.entries) {
            let Body::Approval(given) = &entry.body else { continue };
            approvals.insert(given.approval);
            requests.insert(given.request);
            memberships.extend(given.memberships.iter().copied());
        }
        let documents = self.documents;
        let strange = documents.approvals.keys().any(|hash| !approvals.contains(hash))
            || documents.requests.keys().any(|hash| !requests.contains(hash))
            || documents.memberships.keys().any(|hash| !memberships.contains(hash));
        if strange {
            found.push(Finding::new(Code::ApprovalWrongCall).because("a document that no entry names"));
        }
    }

    /// What is wrong with the approvals of one call.
    fn used(&self, call: &Use<'_>, all: &Approvals, used: &BTreeMap<Hash, u32>, found: &mut Findings) {
        let before = found.len();
        let requester = self.requester(call.attempt, call.seq);
        let policy = &self.under.policy;
        let required = call.asked.required(policy);
        let mut given = Vec::new();
        for hash in &call.attempt.approvals {
            // One that is not there, or does not hold, was found.
            let Some(One { approved, uses }) = all.get(hash) else { continue };
            let used = used.get(hash).copied().unwrap_or_default();
            let mut wrong = |code| found.push(Finding::new(code).at(call.seq));
            if call.at >= approved.not_after {
                wrong(Code::ApprovalExpired);
            }
            if !is_of(approved, call.asked) {
                wrong(Code::ApprovalWrongCall);
            }
            if requester.is_empty()
                || requester.contains(&approved.approver)
                || requester.contains(&approved.person)
            {
                wrong(Code::ApproverIsRequester);
            }
            let names = |by: &Approver| match by {
                Approver::Did(did) => *did == approved.approver,
                Approver::Role { role, issuer } => approved.roles.contains(&(role.clone(), issuer.clone())),
            };
            if !required.iter().any(|rule| rule.by.iter().any(names)) {
                wrong(Code::ApproverNotNamed);
            }
            let is_left = |uses| is_left(uses, u64::from(used));
            if !is_left(*uses) || !required.iter().any(|rule| is_left(rule.uses)) {
                wrong(Code::ApprovalReplayed);
            }
            given.push(Approved { used, ..approved.clone() });
        }
        // What is wrong with each was told; else they are too few.
        if found.len() == before {
            let approvals = wpc_model::Approvals { given: &given, requester: &requester };
            if !call.asked.is_approved(policy, &approvals, call.at) {
                found.push(Finding::new(Code::Quorum).at(call.seq));
            }
        }
    }

    fn requester(&self, attempt: &Attempt, seq: u64) -> Vec<String> {
        let held = attempt.jti.as_deref().and_then(|jti| self.tokens.at(jti, seq));
        held.map(|(_, held)| held.requester.clone()).unwrap_or_default()
    }
}

/// Whether an approval is of this call, with the values that it fixes.
fn is_of(approved: &Approved, asked: &Asked) -> bool {
    let call = &asked.call;
    approved.tool == call.tool
        && approved.action == call.action
        && approved.resource == call.resource
        && approved.arguments.iter().all(|(name, value)| call.arguments.get(name) == value.as_ref())
}
