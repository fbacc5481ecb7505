//! Approvals at a ledger: what was asked for, and what people signed.
//!
//! ```text
//! a call is refused (approval_required) ──▶ requests(ledger, job) ──▶ ApprovalRequest, with arguments in clear
//!                                           the approver's own machine: statement::approve ──▶ envelope
//! submit(ledger, trust, job, envelope) ──▶ entry `approval`; the same call, asked again, may begin
//! ```
//!
//! An approval counts when a call is admitted on it, in the same append; it is not used up by a call that
//! is refused for another reason.

use wpc_evidence::approved::{self, ApprovedError};
use wpc_evidence::commitment::{Opening, RESOURCE};
use wpc_evidence::statement::{
    Approval, ApprovalRequest, Membership, Revocation, Revoked, Statement as _, StatementError, StreamError,
};
use wpc_model::canon::Json;
use wpc_model::{Call, DecodeError, Hash, Moment, Needs, Policy, Reason, Resource, RuleId, decode};

use crate::ledger::{
    Attempt, Beside, Body, Document, Entry, Given, JobState, Ledger, LedgerError, RevocationKey, Seen, Step,
    Verdict,
};
use crate::{CallId, Did, Envelope, JobId, POLICY_TYPE, Role, SignatureError, Trust};

/// An approval or a revocation was not taken. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The statement does not hold. Its code is [`StatementError::code`].
    #[error("the statement is refused: {0}")]
    Statement(#[from] StatementError),
    /// The approval does not hold. Its code is [`ApprovedError::code`].
    #[error("the approval is refused: {0}")]
    Approval(#[from] ApprovedError),
    /// It is of another ledger or job. Code `approval_wrong_call`.
    #[error("the approval is of another ledger or job")]
    WrongCall,
    /// No refused call of the job has this request. Code `request_missing`.
    #[error("no refused call of this job has the request that the approval answers")]
    RequestMissing,
    /// What the refused call said is not kept, or was erased. Code `openings_missing`.
    #[error("what the refused call said is not kept any more")]
    OpeningsMissing,
    /// The revocation does not follow the last one that the ledger took. Its code is
    /// [`StreamError::code`].
    #[error("the revocation is refused: {0}")]
    Stream(#[from] StreamError),
    /// The job's signed policy does not hold. Its code is [`SignatureError::code`].
    #[error("the job's policy is refused: {0}")]
    Policy(#[from] SignatureError),
    /// The job's policy does not read. Its code is that of the [`DecodeError`].
    #[error("the job's policy is refused: {0}")]
    Artifact(#[from] DecodeError),
    /// The job is not open. Code `job_closed`.
    #[error("the job is closed or unknown")]
    JobClosed,
    /// The ledger failed or refused. Its code is [`LedgerError::code`].
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl SubmitError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(error) => error.code(),
            Self::Approval(error) => error.code(),
            Self::WrongCall => "approval_wrong_call",
            Self::RequestMissing => "request_missing",
            Self::OpeningsMissing => "openings_missing",
            Self::Stream(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Artifact(error) => error.code.code(),
            Self::JobClosed => "job_closed",
            Self::Ledger(error) => error.code(),
        }
    }
}

const PAGE: usize = 256;

/// The calls of a job that were refused because people must approve them, oldest first, as requests.
///
/// A call whose arguments are not kept any more is left out: nobody could see what they sign.
///
/// # Errors
///
/// [`SubmitError`] if the job is unknown, its policy does not hold, or the store fails.
pub fn requests(
    ledger: &dyn Ledger,
    trust: &Trust,
    job: &JobId,
) -> Result<Vec<ApprovalRequest>, SubmitError> {
    let log = Log::read(ledger, trust, job)?;
    log.refused.iter().filter_map(|(at, attempt, seq)| log.request(*at, attempt, *seq).transpose()).collect()
}

/// Takes a signed approval of a refused call of `job`, with the statements that give its signer a role.
/// Gives the hash of its payload.
///
/// Whether it is enough, and whether it still counts, is decided when the call is asked again.
///
/// # Errors
///
/// [`SubmitError`] with the first reason found.
pub fn submit(
    ledger: &dyn Ledger,
    trust: &Trust,
    job: &JobId,
    envelope: &[u8],
    memberships: &[Vec<u8>],
) -> Result<Hash, SubmitError> {
    let (approval, hash, signer) = Approval::verify_one(envelope, trust)?;
    if approval.ledger != *ledger.did() || approval.job != *job {
        return Err(SubmitError::WrongCall);
    }
    let log = Log::read(ledger, trust, job)?;
    let found = log.refused.iter().find_map(|(at, attempt, seq)| {
        let request = log.request(*at, attempt, *seq).ok()??;
        (request.hash().ok()? == approval.request).then_some(request)
    });
    let request = found.ok_or(SubmitError::RequestMissing)?.encode()?;
    let document = |hash: &Hash| (*hash == approval.request).then(|| request.clone());
    approved::read(envelope, document, memberships, &log.policy, trust)?;
    let mut documents = vec![
        Document { hash, envelope: envelope.to_owned() },
        Document { hash: approval.request, envelope: request.clone() },
    ];
    let mut hashes = Vec::new();
    for envelope in memberships {
        let hash = Membership::verify(envelope, trust)?.hash;
        documents.push(Document { hash, envelope: envelope.clone() });
        hashes.push(hash);
    }
    hashes.sort_unstable();
    hashes.dedup();
    let given = Given {
        approval: hash,
        approver: signer.key,
        nonce: approval.nonce.as_str().to_owned(),
        request: approval.request,
        not_after: approval.not_after,
        memberships: hashes,
    };
    let beside = Beside { openings: Vec::new(), documents };
    let mut open = false;
    ledger.append(job, &mut |head| {
        open = head.job().is_some_and(|job| job.state == JobState::Open);
        if open {
            vec![Step::With(Body::Approval(given.clone()), Box::new(beside.clone()))]
        } else {
            Vec::new()
        }
    })?;
    if open { Ok(hash) } else { Err(SubmitError::JobClosed) }
}

/// Takes a signed revocation; its place among the ledger's. It must follow the last one that this
/// ledger took.
///
/// # Errors
///
/// [`SubmitError`] with the first reason found.
pub fn revoke(ledger: &dyn Ledger, trust: &Trust, envelope: &[u8]) -> Result<u64, SubmitError> {
    let signed = Revocation::verify(envelope, trust)?;
    let mut head = wpc_evidence::statement::RevocationHead::default();
    for row in ledger.revocations(0)? {
        head = head.follow(&Revocation::verify(&row.envelope, trust)?)?;
    }
    let seq = head.follow(&signed)?.seq;
    // Whoever came between took this place, and the statement does not follow theirs.
    ledger.revoke(seq, RevocationKey::of(&signed.statement.revoked), envelope)?;
    Ok(seq)
}

/// The statement that revokes `revoked` next at this ledger, to be signed at `at`, Unix milliseconds.
///
/// # Errors
///
/// [`SubmitError`] if the revocations that the ledger holds do not hold together.
pub fn next_revocation(
    ledger: &dyn Ledger,
    trust: &Trust,
    revoked: Revoked,
    at: i64,
) -> Result<Revocation, SubmitError> {
    let mut head = wpc_evidence::statement::RevocationHead::default();
    for row in ledger.revocations(0)? {
        head = head.follow(&Revocation::verify(&row.envelope, trust)?)?;
    }
    Ok(Revocation { seq: head.seq.saturating_add(1), prev: head.hash, at: at.max(head.at), revoked })
}

/// What is read of a job's log.
struct Log {
    ledger: Did,
    job: JobId,
    agent: String,
    policy: Policy,
    policy_hash: Hash,
    /// Time, attempt and place of each call that is to be approved.
    refused: Vec<(i64, Attempt, u64)>,
    openings: Vec<(u64, Opening)>,
}

impl Log {
    fn read(ledger: &dyn Ledger, trust: &Trust, job: &JobId) -> Result<Self, SubmitError> {
        let (mut opened, mut refused, mut from) = (None, Vec::new(), 0_u64);
        loop {
            let page = ledger.entries(job, from, PAGE)?;
            if page.is_empty() {
                break;
            }
            for bytes in page {
                let entry = Entry::decode(&bytes)
                    .map_err(|error| LedgerError::Damaged { cause: error.to_string() })?;
                from = from.saturating_add(1);
                if let Body::Opened(body) = entry.body {
                    opened = Some(body);
                } else if let Body::Attempt(attempt) = entry.body
                    && waits(&attempt)
                {
                    refused.push((entry.at, attempt, entry.seq));
                }
            }
        }
        let opened = opened.ok_or(SubmitError::JobClosed)?;
        let document = ledger.document(&opened.policy_hash)?.ok_or(SubmitError::OpeningsMissing)?;
        let verified = Envelope::verify(&document.envelope, POLICY_TYPE, trust, Role::PolicyAuthor)?;
        if Hash::of(&verified.payload) != opened.policy_hash {
            return Err(LedgerError::Damaged { cause: "the job's policy is another one".to_owned() }.into());
        }
        let mut openings = Vec::new();
        for row in ledger.openings(job)? {
            let opening = Opening::decode(&row.opening)
                .map_err(|error| LedgerError::Damaged { cause: error.to_string() })?;
            openings.push((row.seq, opening));
        }
        Ok(Self {
            ledger: *ledger.did(),
            job: job.clone(),
            agent: opened.agent,
            policy: decode(&verified.payload)?,
            policy_hash: opened.policy_hash,
            refused,
            openings,
        })
    }

    /// The request of a refused call; `None` if its arguments are not kept any more.
    fn request(&self, at: i64, attempt: &Attempt, seq: u64) -> Result<Option<ApprovalRequest>, SubmitError> {
        let of_call = self.openings.iter().filter(|(of, _)| *of == seq).map(|(_, opening)| opening);
        let (resources, arguments): (Vec<_>, Vec<_>) = of_call.partition(|opening| opening.name == RESOURCE);
        let resource = match &attempt.resource {
            None => None,
            Some(Seen::Named { kind, names }) => Some(Resource { kind: kind.clone(), names: names.clone() }),
            Some(Seen::Other { commitment, .. }) => {
                let opening = resources.first().filter(|opening| opening.check(commitment));
                match opening.and_then(|opening| resource_of(&opening.value)) {
                    Some(resource) => Some(resource),
                    None => return Ok(None),
                }
            }
        };
        let (tool, action) = (&attempt.tool, &attempt.action);
        let call = approved::reopen(tool, action, resource.as_ref(), &arguments, &self.policy);
        let Ok(call) = call else { return Ok(None) };
        let request = ApprovalRequest {
            ledger: self.ledger,
            job: self.job.clone(),
            call: attempt.call.clone(),
            policy_hash: self.policy_hash,
            agent: self.agent.clone(),
            tool: tool.clone(),
            action: action.clone(),
            resource,
            arguments: arguments.into_iter().cloned().collect(),
            args_root: attempt.args_root,
            rules: rules(&self.policy, &call, at),
            requested_at: at,
        };
        Ok(request.check().is_ok().then_some(request))
    }
}

/// Whether a call waits for people.
fn waits(attempt: &Attempt) -> bool {
    matches!(attempt.verdict, Verdict::Deny { reason: Reason::ApprovalRequired, .. })
}

/// The approvals that the policy requires of a call.
fn rules(policy: &Policy, call: &Call, at: i64) -> Vec<RuleId> {
    let needs = Needs::of(policy, call, Moment::at(at));
    let mut ids: Vec<_> = needs.asked(policy).into_iter().map(|approval| approval.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The resource that an opening shows.
fn resource_of(value: &Json) -> Option<Resource> {
    let Json::Object(members) = value else { return None };
    let Some(Json::Text(kind)) = members.get("kind") else { return None };
    let Some(Json::Array(names)) = members.get("names") else { return None };
    let name = |name: &Json| if let Json::Text(name) = name { Some(name.clone()) } else { None };
    Some(Resource { kind: kind.clone(), names: names.iter().map(name).collect::<Option<_>>()? })
}

/// The request of one refused call of a job.
///
/// # Errors
///
/// [`SubmitError::RequestMissing`] if no such call waits for people, and as [`requests`].
pub fn request_of(
    ledger: &dyn Ledger,
    trust: &Trust,
    job: &JobId,
    call: &CallId,
) -> Result<ApprovalRequest, SubmitError> {
    let all = requests(ledger, trust, job)?;
    all.into_iter().find(|request| request.call == *call).ok_or(SubmitError::RequestMissing)
}
