//! Approvals: one person's signature under one request.

use std::fmt;
use std::sync::Arc;

use wpc_model::canon::Json;
use wpc_model::{Bind, Hash, Resource, Uses};

use super::request::{check_call, read_resource, resource_json};
use super::{APPROVAL_TYPE, ApprovalRequest, Schema, Signer, Statement, StatementError, check, time_json};
use crate::commitment::{bound_root, commitments};
use crate::members::{Members, Wrong};
use crate::random::{self, RandomError};
use crate::trust::{Role, Trust};
use crate::{Did, JobId, Key};

/// One person approves one refused call, or calls like it (SECURITY.md 1.9 and part 6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// The hash of the request.
    pub request: Hash,
    /// The ledger at which it counts.
    pub ledger: Did,
    /// The job.
    pub job: JobId,
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// The resource, if the action takes one.
    pub resource: Option<Resource>,
    /// What of the arguments it fixes.
    pub bind: Bound,
    /// How many calls it may admit, as far as the policy lets it.
    pub uses: Uses,
    /// When it was signed, Unix milliseconds.
    pub issued_at: i64,
    /// The call must begin before.
    pub not_after: i64,
    /// Tells it from the person's others.
    pub nonce: Nonce,
}

/// What an approval fixes of its call's arguments.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Bound {
    /// All of them: `"arguments"`, with the request's `args_root`.
    Arguments(Hash),
    /// These, sorted; at least one: with the `bound_root` over them alone.
    Names(Vec<String>, Hash),
    /// None: `[]`.
    Nothing,
}

/// Tells one approval of a person from another: 26 characters of base32.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Nonce(Arc<str>);

/// What whoever approves decides beside yes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// What of the arguments is fixed.
    pub bind: Bind,
    /// How many calls it may admit.
    pub uses: Uses,
    /// When it is signed, Unix milliseconds; not before the request.
    pub issued_at: i64,
    /// The call must begin before; after `issued_at`.
    pub not_after: i64,
    /// One that this person has not used.
    pub nonce: Nonce,
}

/// Signs an approval of `request` with a person's key, and gives the envelope's bytes.
///
/// What is signed is what the request shows: its commitment is computed anew from the arguments and salts
/// in clear.
///
/// # Errors
///
/// [`StatementError::Commitment`] if the request commits to other arguments than it shows, or `granted`
/// binds one that it does not have; [`StatementError::Member`] if a time or a number of uses cannot be.
pub fn approve(key: &Key, request: &ApprovalRequest, granted: Granted) -> Result<Vec<u8>, StatementError> {
    let Granted { bind, uses, issued_at, not_after, nonce } = granted;
    request.check()?;
    check(request.requested_at <= issued_at, "issued_at")?;
    let bind = match bind {
        Bind::Arguments => Bound::Arguments(request.args_root),
        Bind::Some(names) if names.is_empty() => Bound::Nothing,
        Bind::Some(names) => {
            let root = root_of(request, &names)?;
            Bound::Names(names, root)
        }
    };
    let approval = Approval {
        request: request.hash()?,
        ledger: request.ledger,
        job: request.job.clone(),
        tool: request.tool.clone(),
        action: request.action.clone(),
        resource: request.resource.clone(),
        bind,
        uses,
        issued_at,
        not_after,
        nonce,
    };
    Ok(crate::sign(APPROVAL_TYPE, &approval.encode()?, std::slice::from_ref(key)))
}

fn root_of(request: &ApprovalRequest, names: &[String]) -> Result<Hash, StatementError> {
    let all = commitments(&request.arguments).ok_or(StatementError::Commitment)?;
    bound_root(&all, names).ok_or(StatementError::Commitment)
}

impl Approval {
    /// The approval of an envelope, its hash and the one person who signed it in the role `approver`.
    ///
    /// # Errors
    ///
    /// [`StatementError`] with the first reason found; [`StatementError::OneSigner`] if several keys of
    /// approvers signed, since one approval is one person's.
    pub fn verify_one(envelope: &[u8], trust: &Trust) -> Result<(Self, Hash, Signer), StatementError> {
        let signed = Self::verify(envelope, trust)?;
        let [signer] = <[Signer; 1]>::try_from(signed.signers).map_err(|_| StatementError::OneSigner)?;
        Ok((signed.statement, signed.hash, signer))
    }

    /// Whether it is of `request`, and of what that shows. Who may approve, and until when, is the
    /// policy's to say.
    ///
    /// # Errors
    ///
    /// [`StatementError::WrongCall`] if it is of another one; [`StatementError::Commitment`] if the request
    /// commits to other arguments than it shows, or than are bound; [`StatementError::Member`] if it was
    /// signed before it was asked for.
    pub fn check(&self, request: &ApprovalRequest) -> Result<(), StatementError> {
        request.check()?;
        let same = self.request == request.hash()?
            && self.ledger == request.ledger
            && self.job == request.job
            && self.tool == request.tool
            && self.action == request.action
            && self.resource == request.resource;
        if !same {
            return Err(StatementError::WrongCall);
        }
        let bound = match &self.bind {
            Bound::Arguments(root) => *root == request.args_root,
            Bound::Names(names, root) => *root == root_of(request, names)?,
            Bound::Nothing => true,
        };
        if !bound {
            return Err(StatementError::Commitment);
        }
        check(request.requested_at <= self.issued_at, "issued_at")
    }
}

impl Statement for Approval {
    const PAYLOAD_TYPE: &'static str = APPROVAL_TYPE;
    const ROLE: Role = Role::Approver;
}

impl Schema for Approval {
    fn to_json(&self) -> Result<Json, StatementError> {
        check_call(&self.tool, &self.action, self.resource.as_ref())?;
        check(self.issued_at < self.not_after, "not_after")?;
        let mut members = vec![
            ("action", Json::from(self.action.as_str())),
            ("issued_at", time_json(self.issued_at, "issued_at")?),
            ("job", Json::from(self.job.as_str())),
            ("ledger", Json::from(self.ledger.as_str())),
            ("nonce", Json::from(self.nonce.as_str())),
            ("not_after", time_json(self.not_after, "not_after")?),
            ("request", Json::from(self.request.to_string())),
            ("resource", resource_json(self.resource.as_ref())),
            ("tool", Json::from(self.tool.as_str())),
            ("v", Json::Integer(1)),
        ];
        members.push((
            "uses",
            match self.uses {
                Uses::Times(0) => return Err(StatementError::Member("uses")),
                Uses::Times(times) => Json::from(times),
                Uses::Unlimited => Json::from("unlimited"),
            },
        ));
        match &self.bind {
            Bound::Arguments(root) => {
                members.push(("args_root", Json::from(root.to_string())));
                members.push(("bind", Json::from("arguments")));
            }
            Bound::Names(names, root) => {
                let sorted = names.is_sorted_by(|left, right| left < right);
                check(!names.is_empty() && sorted, "bind")?;
                members.push(("bind", Json::array(names.iter().map(String::as_str))));
                members.push(("bound_root", Json::from(root.to_string())));
            }
            Bound::Nothing => members.push(("bind", Json::Array(Vec::new()))),
        }
        Ok(Json::object(members))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        from.version()?;
        let (bind, uses) = (from.get("bind")?, from.get("uses")?);
        let bind = if bind.as_str() == Some("arguments") {
            Bound::Arguments(from.hash("args_root")?)
        } else if bind.as_array().is_some_and(Vec::is_empty) {
            Bound::Nothing
        } else {
            Bound::Names(from.texts("bind")?, from.hash("bound_root")?)
        };
        let uses = if uses.as_str() == Some("unlimited") {
            Uses::Unlimited
        } else {
            Uses::Times(u32::try_from(from.number("uses")?).map_err(|_| Wrong("uses"))?)
        };
        Ok(Self {
            request: from.hash("request")?,
            ledger: from.did("ledger")?,
            job: from.job("job")?,
            tool: from.text("tool")?.to_owned(),
            action: from.text("action")?.to_owned(),
            resource: from.or_null("resource", read_resource)?,
            bind,
            uses,
            issued_at: from.time("issued_at")?,
            not_after: from.time("not_after")?,
            nonce: Nonce::parse(from.text("nonce")?).ok_or(Wrong("nonce"))?,
        })
    }
}

impl Nonce {
    /// A new one: 128 random bits.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn mint() -> Result<Self, RandomError> {
        Ok(Self(random::base32(random::bytes()?).into()))
    }

    /// Reads the 26 characters, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        random::is_base32(text).then(|| Self(text.into()))
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
