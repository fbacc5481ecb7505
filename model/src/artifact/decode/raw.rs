//! The artifact's objects, member by member. All are closed.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interface::RawInterface;
use super::orders::RawOrder;
use super::rules::Rules;
use super::scalars::{
    Constant, Members, RawBind, RawMeasure, RawSlot, RawUses, RawWindow, Shown, Text, Triple,
};
use super::schemas::RawJson;
use super::settings::{RawMeta, RawModels, RawPrincipal, RawSandbox, RawValidity, Word};
use crate::{Approver, Auth, Credential, Evidence, OnChange, Target};

/// The version alone, whatever else there is.
#[derive(Deserialize)]
pub(super) struct Version<'a> {
    #[serde(borrow)]
    pub(super) wpc_version: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy<'a> {
    #[serde(borrow)]
    pub(super) agents: Option<Vec<RawPrincipal<'a>>>,
    #[serde(borrow)]
    pub(super) approvals: Option<RawApprovals<'a>>,
    pub(super) auth: RawAuth,
    pub(super) credential: Option<Word<Credential>>,
    #[serde(borrow)]
    pub(super) environment: Option<Text<'a>>,
    pub(super) evidence: Option<RawEvidence>,
    /// Each is read as an artifact of its own, so that reading nests no deeper than it may.
    #[serde(borrow, default)]
    pub(super) extends: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) meta: Option<RawMeta<'a>>,
    #[serde(borrow)]
    pub(super) models: Option<RawModels<'a>>,
    pub(super) on_change: Option<Word<OnChange>>,
    #[serde(default)]
    pub(super) orders: Vec<RawOrder<'a>>,
    pub(super) policy_name: Text<'a>,
    #[serde(borrow)]
    pub(super) requesters: Option<Vec<RawPrincipal<'a>>>,
    pub(super) sandbox: Option<RawSandbox>,
    #[serde(default)]
    pub(super) schemas: Members<RawJson>,
    pub(super) tools: Members<RawTool<'a>>,
    pub(super) valid: Option<RawValidity>,
    pub(super) wpc_version: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApprovals<'a> {
    #[expect(dead_code, reason = "follows from the rules; encoding again checks it")]
    required_for_ops: Vec<Shown>,
    #[serde(borrow)]
    pub(super) rules: Vec<RawApproval<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawApproval<'a> {
    pub(super) bind: RawBind,
    #[serde(borrow)]
    pub(super) by: Vec<RawApprover<'a>>,
    #[expect(dead_code, reason = "follows from the rest; encoding again checks it")]
    id: Shown,
    #[serde(rename = "if", default)]
    pub(super) conditions: Vec<Triple>,
    pub(super) on: Option<Vec<RawTarget<'a>>>,
    pub(super) ops: Vec<Text<'a>>,
    pub(super) quorum: u32,
    pub(super) tool: Text<'a>,
    pub(super) uses: RawUses,
    pub(super) within_ms: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawApprover<'a> {
    Role(#[serde(borrow)] RawRole<'a>),
    Did(RawDid<'a>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRole<'a> {
    #[serde(borrow)]
    issuer: Text<'a>,
    role: Text<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDid<'a> {
    #[serde(borrow)]
    did: Text<'a>,
}

impl From<RawApprover<'_>> for Approver {
    fn from(raw: RawApprover<'_>) -> Self {
        match raw {
            RawApprover::Did(RawDid { did }) => Self::Did(did.0.into_owned()),
            RawApprover::Role(RawRole { issuer, role }) => {
                Self::Role { role: role.0.into_owned(), issuer: issuer.0.into_owned() }
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(default)]
    slots: Vec<RawSlot>,
}

/// The targets of a limit or an approval: any resource where none are given.
pub(super) fn targets(raw: Option<Vec<RawTarget<'_>>>) -> Vec<Target> {
    let Some(raw) = raw else { return vec![Target::Any] };
    let target = |RawTarget { kind, slots }: RawTarget<'_>| match kind {
        None => Target::Any,
        Some(Text(kind)) => {
            Target::Of { kind: Arc::from(kind), slots: slots.into_iter().map(|slot| slot.0).collect() }
        }
    };
    raw.into_iter().map(target).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAuth {
    job_scoped_binding: bool,
    max_ttl_seconds: i64,
    pin_policy_hash: bool,
    proof_of_possession: Option<bool>,
    #[expect(dead_code, reason = "is always `CST`; encoding again checks it")]
    token: Shown,
}

impl From<RawAuth> for Auth {
    fn from(raw: RawAuth) -> Self {
        Self {
            max_ttl_seconds: raw.max_ttl_seconds,
            pin_policy_hash: raw.pin_policy_hash,
            job_scoped_binding: raw.job_scoped_binding,
            proof_of_possession: raw.proof_of_possession.unwrap_or(true),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvidence {
    gateway_receipts: Option<Shown>,
    retain_ms: Option<i64>,
}

impl From<RawEvidence> for Evidence {
    fn from(raw: RawEvidence) -> Self {
        Self { gateway_receipts: raw.gateway_receipts.is_some(), retain_ms: raw.retain_ms }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTool<'a> {
    pub(super) allow: Rules,
    #[serde(default)]
    pub(super) constraints: Members<Constant>,
    #[serde(default)]
    pub(super) deny: Rules,
    pub(super) interface: RawInterface,
    #[serde(borrow, default)]
    pub(super) limits: Vec<RawLimit<'a>>,
    #[serde(default)]
    pub(super) scope: Vec<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit<'a> {
    #[serde(default)]
    pub(super) agent: bool,
    #[serde(borrow, default)]
    pub(super) by: Vec<Text<'a>>,
    #[serde(default)]
    pub(super) by_resource: bool,
    #[expect(dead_code, reason = "follows from the rest; encoding again checks it")]
    id: Shown,
    pub(super) max: i64,
    pub(super) measure: RawMeasure,
    #[serde(borrow)]
    pub(super) on: Option<Vec<RawTarget<'a>>>,
    pub(super) ops: Vec<Text<'a>>,
    pub(super) per: RawWindow,
}
