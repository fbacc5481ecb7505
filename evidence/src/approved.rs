//! From what people signed to the facts that a decision reads.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::canon::Json;
use wpc_model::{Approved, Call, Hash, Malformed, Policy, RawCall, Uses};

use crate::Did;
use crate::commitment::{ABSENT, Opening, SEALED};
use crate::statement::{Approval, ApprovalRequest, Bound, Membership, Statement as _, StatementError};
use crate::token::Claims;
use crate::trust::Trust;

/// An approval does not hold.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovedError {
    /// The approval, its request or a membership statement does not read, or is not signed as it must be.
    /// Its code is that of the [`StatementError`].
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The request is not there. Code `request_missing`.
    #[error("the request that the approval answers is not there")]
    RequestMissing,
    /// The request shows what the policy's interface does not know. Code: that of the [`Malformed`].
    #[error("the request's call is not one of the policy's: {0}")]
    Call(#[from] Malformed),
}

impl ApprovedError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Statement(error) => error.code(),
            Self::RequestMissing => "request_missing",
            Self::Call(malformed) => malformed.code.code(),
        }
    }
}

/// The fact that the approval in `envelope` states, and how many calls it may admit by its own word: verified, bound to the request whose bytes
/// `document` finds by its hash, with the roles that `memberships` give its signer.
///
/// [`Approved::used`] is 0: the log counts the calls that it has admitted.
///
/// # Errors
///
/// [`ApprovedError`] with the first reason found.
pub fn read(
    envelope: &[u8],
    document: impl Fn(&Hash) -> Option<Vec<u8>>,
    memberships: &[Vec<u8>],
    policy: &Policy,
    trust: &Trust,
) -> Result<(Approved, Uses), ApprovedError> {
    let (approval, _, signer) = Approval::verify_one(envelope, trust)?;
    let request = document(&approval.request).ok_or(ApprovedError::RequestMissing)?;
    let request = ApprovalRequest::decode(&request)?;
    approval.check(&request)?;
    let mut roles = BTreeSet::new();
    for envelope in memberships {
        let signed = Membership::verify(envelope, trust)?;
        let [issuer] = signed.signers.as_slice() else { return Err(StatementError::OneSigner.into()) };
        let member = signed.statement;
        if member.member == signer.key && member.holds_at(approval.issued_at) {
            roles.insert((member.role, issuer.key.to_string()));
        }
    }
    let uses = approval.uses;
    let approved = Approved {
        approver: signer.key.to_string(),
        person: signer.principal,
        roles,
        arguments: bound(&approval, &request, policy)?,
        tool: approval.tool,
        action: approval.action,
        resource: approval.resource,
        requested_at: request.requested_at,
        issued_at: approval.issued_at,
        not_after: approval.not_after,
        used: 0,
        nonce: approval.nonce.as_str().to_owned(),
    };
    Ok((approved, uses))
}

/// Whether an approval that admitted `used` calls may admit one more, by its own word. The policy says
/// so for itself.
#[must_use]
pub fn is_left(uses: Uses, used: u64) -> bool {
    match uses {
        Uses::Times(times) => used < u64::from(times),
        Uses::Unlimited => true,
    }
}

/// The values that an approval fixes.
fn bound(
    approval: &Approval,
    request: &ApprovalRequest,
    policy: &Policy,
) -> Result<BTreeMap<String, Option<wpc_model::Value>>, ApprovedError> {
    let fixed: Vec<&Opening> = match &approval.bind {
        Bound::Arguments(_) => request.arguments.iter().collect(),
        Bound::Names(names, _) => {
            request.arguments.iter().filter(|opening| names.contains(&opening.name)).collect()
        }
        Bound::Nothing => Vec::new(),
    };
    let (tool, action) = (&request.tool, &request.action);
    let call = reopen(tool, action, request.resource.as_ref(), &fixed, policy)?;
    Ok(fixed
        .into_iter()
        .map(|opening| (opening.name.clone(), call.arguments.get(&opening.name).cloned()))
        .collect())
}

/// Keys and principals on whose behalf a token of these claims asks at `ledger`: none of them counts as an
/// approver of what it asks for.
#[must_use]
pub fn requester(claims: &Claims, ledger: &Did, trust: &Trust) -> Vec<String> {
    let mut all: Vec<String> = claims.requester().into_iter().map(str::to_owned).collect();
    all.push(ledger.to_string());
    let of = |did: &String| Some(trust.principal_of(&Did::parse(did).ok()?)?.name().to_owned());
    let names: Vec<_> = all.iter().filter_map(of).collect();
    all.extend(names);
    all
}

/// The call that openings show, as far as they do.
///
/// # Errors
///
/// [`Malformed`] if the policy's interface does not know it.
pub fn reopen(
    tool: &str,
    action: &str,
    resource: Option<&wpc_model::Resource>,
    openings: &[&Opening],
    policy: &Policy,
) -> Result<Call, Malformed> {
    let shown = openings.iter().filter(|opening| opening.ty != ABSENT);
    let value = |opening: &&Opening| {
        let value = match (opening.ty == SEALED, &opening.value) {
            (true, Json::Null) => Json::from(SEALED),
            (true, answers) => Json::object([(SEALED, answers.clone())]),
            (false, value) => value.clone(),
        };
        (opening.name.clone(), value)
    };
    let arguments = shown.map(value).collect();
    let mut members = vec![
        ("action".to_owned(), Json::from(action)),
        ("arguments".to_owned(), Json::Object(arguments)),
        ("tool".to_owned(), Json::from(tool)),
    ];
    if let Some(resource) = resource {
        let kind = policy.tools.get(tool).and_then(|tool| tool.interface.kinds.get(&resource.kind));
        let parameters = kind.map(|kind| kind.template.parameters.as_slice()).unwrap_or_default();
        let names = parameters.iter().zip(&resource.names);
        let mut members_of: BTreeMap<String, Json> =
            names.map(|((parameter, _), name)| (parameter.clone(), Json::from(name.as_str()))).collect();
        members_of.insert("kind".to_owned(), Json::from(resource.kind.as_str()));
        members.push(("resource".to_owned(), Json::Object(members_of)));
    }
    let bytes = Json::Object(members.into_iter().collect()).encode();
    Call::reopen(RawCall::from_json(&bytes)?, policy)
}
