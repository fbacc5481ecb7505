//! Stage 2: whose signatures the bundle's documents bear.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::code::{Code, Stage};
use super::parallel;
use super::read::Run;
use super::report::{Finding, Findings, stop};
use super::revoked;
use super::{MAX_BUNDLE_BYTES, RUN_TYPE};
use crate::sign::{self, SignatureError};
use crate::statement::{
    Approval, Membership, ReleaseError, Releases, Revocation, Revoked, Signer, Statement, StatementError,
};
use crate::token::grant::{self, VerifiedGrant};
use crate::trust::{Role, Trust};
use crate::{Did, Envelope, MAX_ENVELOPE_BYTES, POLICY_TYPE};

/// The payload of the bundle's own envelope, and the ledgers' keys that signed it.
pub(super) fn open(bytes: &[u8], trust: &Trust) -> Result<(Vec<u8>, Vec<Did>), Finding> {
    let refused = |error: SignatureError| Finding::new(of_signature(error));
    // An envelope may be spelled otherwise and hold; this file has one spelling.
    if !sign::is_canonical(bytes, MAX_BUNDLE_BYTES).map_err(refused)? {
        return Err(Finding::new(Code::NotCanonical));
    }
    let verified = Envelope::verify_within(bytes, MAX_BUNDLE_BYTES, RUN_TYPE, trust, Role::Ledger);
    let verified = verified.map_err(refused)?;
    Ok((verified.payload, verified.keys))
}

/// The documents of a bundle, each signed by whoever must.
#[derive(Debug, Default)]
pub(super) struct Documents<'a> {
    /// The signed artifact's bytes.
    pub(super) policy: Vec<u8>,
    /// The releases of the policy's name; none if they are no chain.
    pub(super) releases: Releases,
    /// When the ledger took each of them, Unix milliseconds.
    pub(super) released_at: Vec<i64>,
    /// Why they are no chain.
    pub(super) unchained: Option<ReleaseError>,
    pub(super) grants: BTreeMap<Hash, VerifiedGrant>,
    pub(super) approvals: BTreeMap<Hash, SignedApproval<'a>>,
    /// Envelopes, by the hash of their payload.
    pub(super) memberships: BTreeMap<Hash, &'a [u8]>,
    /// Requests that approvals answer, by the hash of their bytes.
    pub(super) requests: BTreeMap<Hash, &'a [u8]>,
    pub(super) revocations: Vec<Taken>,
}

/// An approval and who signed it.
#[derive(Debug)]
pub(super) struct SignedApproval<'a> {
    pub(super) envelope: &'a [u8],
    pub(super) statement: Approval,
    pub(super) signer: Signer,
}

/// A revocation as the ledger took it.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) revoked: Revoked,
}

impl<'a> Documents<'a> {
    /// Verifies all of them.
    pub(super) fn verify(run: &Run<'a>, trust: &Trust) -> Result<Self, Findings> {
        let mut found = Findings::new();
        let mut all = Self::default();
        match Envelope::verify(run.policy.as_bytes(), POLICY_TYPE, trust, Role::PolicyAuthor) {
            Ok(verified) => all.policy = verified.payload,
            Err(error) => found.push(about(of_signature(error), "the policy")),
        }
        canonical(&[run.policy], "the policy", &mut found);
        for envelopes in [&run.grants, &run.approvals, &run.memberships] {
            canonical(envelopes, "a signed document", &mut found);
        }
        let revocations: Vec<_> = run.revocations.iter().map(|one| one.envelope).collect();
        canonical(&revocations, "a revocation", &mut found);

        let releases: Vec<_> = run.releases.iter().map(|one| one.envelope).collect();
        canonical(&releases, "a release", &mut found);
        match Releases::verify(&releases, trust) {
            Ok(releases) => all.releases = releases,
            Err(ReleaseError::Statement(error)) => found.push(about(of_statement(error), "a release")),
            // What they say is a later stage's.
            Err(error) => all.unchained = Some(error),
        }
        all.released_at = run.releases.iter().map(|one| one.at).collect();
        for grant in parallel::each(&run.grants, |one| grant::verify(one.as_bytes(), trust)) {
            match grant {
                Ok(grant) => insert(&mut all.grants, grant.hash(), grant, &mut found),
                Err(error) => {
                    let code = Code::from_word(error.code()).unwrap_or(Code::Malformed);
                    let finding = Finding::new(code).because("a grant");
                    // The scope hash is looked at with the grant, and belongs to the next stage.
                    let stage = if code.stage() == Stage::Grants { code.stage() } else { Stage::Envelopes };
                    found.push(finding.in_stage(stage));
                }
            }
        }
        let verified = parallel::each(&run.approvals, |one| Approval::verify_one(one.as_bytes(), trust));
        for (envelope, approval) in run.approvals.iter().zip(verified) {
            match approval {
                Ok((statement, hash, signer)) => {
                    let signed = SignedApproval { envelope: envelope.as_bytes(), statement, signer };
                    insert(&mut all.approvals, hash, signed, &mut found);
                }
                Err(error) => found.push(about(of_statement(error), "an approval")),
            }
        }
        let verified = parallel::each(&run.memberships, |one| Membership::verify(one.as_bytes(), trust));
        for (envelope, membership) in run.memberships.iter().zip(verified) {
            match membership {
                Ok(signed) => insert(&mut all.memberships, signed.hash, envelope.as_bytes(), &mut found),
                Err(error) => found.push(about(of_statement(error), "a membership")),
            }
        }
        // A request is not signed: an approval names its hash, and it is decoded with it.
        for request in &run.requests {
            insert(&mut all.requests, Hash::of(request.as_bytes()), request.as_bytes(), &mut found);
        }
        let verified =
            parallel::each(&run.revocations, |one| Revocation::verify(one.envelope.as_bytes(), trust));
        for (raw, revocation) in run.revocations.iter().zip(verified) {
            match revocation {
                // Its place is the one that its signer gave it: a ledger takes them in that order and no other.
                Ok(signed) if signed.statement.seq != raw.seq => {
                    found.push(about(Code::SeqGap, "a revocation at another place than it names"));
                }
                Ok(signed)
                    if signed.statement.revoked.lifts().is_some() && is_early(&signed.statement, raw.at) =>
                {
                    found.push(about(Code::TimeBackwards, "a revocation was lifted before that was signed"));
                }
                Ok(signed) => all.revocations.push(Taken {
                    seq: raw.seq,
                    at: raw.at,
                    revoked: signed.statement.revoked,
                }),
                Err(error) => found.push(about(of_statement(error), "a revocation")),
            }
        }
        if let Some(finding) = revoked::disorder(&all.revocations) {
            found.push(finding.in_stage(Stage::Envelopes));
        }
        stop(found)?;
        Ok(all)
    }
}

/// Whether a ledger says that it took a statement before that was signed.
const fn is_early(statement: &Revocation, taken_at: i64) -> bool {
    taken_at.saturating_add(revoked::SKEW_MS) < statement.at
}

/// A document stands in a bundle once.
fn insert<T>(all: &mut BTreeMap<Hash, T>, hash: Hash, one: T, found: &mut Findings) {
    if all.insert(hash, one).is_some() {
        found.push(about(Code::NotCanonical, "a document is there twice"));
    }
}

fn canonical(envelopes: &[&str], what: &'static str, found: &mut Findings) {
    let one = |envelope: &&str| sign::is_canonical(envelope.as_bytes(), MAX_ENVELOPE_BYTES);
    for one in parallel::each(envelopes, one) {
        match one {
            Ok(true) => {}
            Ok(false) => found.push(about(Code::NotCanonical, what)),
            Err(error) => found.push(about(of_signature(error), what)),
        }
    }
}

fn about(code: Code, what: &'static str) -> Finding {
    Finding::new(code).in_stage(Stage::Envelopes).because(what)
}

pub(super) const fn of_signature(error: SignatureError) -> Code {
    match error {
        SignatureError::TooLarge => Code::TooLarge,
        SignatureError::Malformed => Code::Malformed,
        SignatureError::Base64 => Code::Base64Malleable,
        SignatureError::PayloadType => Code::PayloadType,
        SignatureError::Invalid => Code::SignatureInvalid,
        SignatureError::Untrusted => Code::SignerUntrusted,
        SignatureError::Role => Code::RoleMismatch,
        SignatureError::Threshold { .. } => Code::Threshold,
    }
}

pub(super) const fn of_statement(error: StatementError) -> Code {
    match error {
        StatementError::TooLong => Code::TooLarge,
        StatementError::Json | StatementError::Member(_) | StatementError::OneSigner => Code::Malformed,
        StatementError::NotCanonical { .. } => Code::NotCanonical,
        StatementError::Signature(error) => of_signature(error),
        StatementError::Issuer => Code::RoleMismatch,
        StatementError::Commitment => Code::CommitmentMismatch,
        StatementError::WrongCall => Code::ApprovalWrongCall,
    }
}
