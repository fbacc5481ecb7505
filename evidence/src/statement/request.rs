//! Requests for approval: a refused call with its arguments in clear, for whoever is to sign.

use serde_json::Value;
use wpc_model::canon::Json;
use wpc_model::{Hash, Resource, RuleId};

use super::{Schema, StatementError, check, decode, encode, is_text, time_json};
use crate::commitment::{Opening, args_root, commitments};
use crate::entry::MAX_AGENT_BYTES;
use crate::members::{Members, Wrong};
use crate::{CallId, Did, JobId};

/// Longest accepted request, in bytes: it holds a call's arguments.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// Longest accepted name of a tool, an action or a resource's kind, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// Most required approvals of one call.
const MAX_RULES: usize = 1_000;

/// A refused call that people may approve (SECURITY.md 1.9). It is not signed: an approval names its
/// hash.
///
/// Its policy's hash stands for the interface too, whose slice the policy holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApprovalRequest {
    /// The ledger that refused it.
    pub ledger: Did,
    /// The job.
    pub job: JobId,
    /// The refused call.
    pub call: CallId,
    /// The policy under which it was refused.
    pub policy_hash: Hash,
    /// Who asks.
    pub agent: String,
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// The resource, if the action takes one.
    pub resource: Option<Resource>,
    /// Every argument with its salt, in the order of their names.
    pub arguments: Vec<Opening>,
    /// The commitment to all of them, as the refused attempt's entry has it.
    pub args_root: Hash,
    /// The required approvals that are missing, sorted; at least one.
    pub rules: Vec<RuleId>,
    /// When it was refused, Unix milliseconds.
    pub requested_at: i64,
}

impl ApprovalRequest {
    /// Its canonical bytes.
    ///
    /// # Errors
    ///
    /// [`StatementError::Member`] and [`StatementError::TooLong`] only, if a part or the whole is greater
    /// than its schema allows.
    pub fn encode(&self) -> Result<Vec<u8>, StatementError> {
        encode(self, MAX_REQUEST_BYTES)
    }

    /// Reads what [`ApprovalRequest::encode`] writes, and nothing else. Whether the arguments are those
    /// that are committed to is [`ApprovalRequest::check`]'s to say.
    ///
    /// # Errors
    ///
    /// [`StatementError`] with the first reason found.
    pub fn decode(bytes: &[u8]) -> Result<Self, StatementError> {
        decode(bytes, MAX_REQUEST_BYTES)
    }

    /// What an approval names it by: the hash of its bytes.
    ///
    /// # Errors
    ///
    /// As [`ApprovalRequest::encode`].
    pub fn hash(&self) -> Result<Hash, StatementError> {
        self.encode().map(|bytes| Hash::of(&bytes))
    }

    /// Whether the arguments in clear are those that [`ApprovalRequest::args_root`] commits to.
    ///
    /// # Errors
    ///
    /// [`StatementError::Commitment`] only.
    pub fn check(&self) -> Result<(), StatementError> {
        match commitments(&self.arguments) {
            Some(all) if args_root(&all) == self.args_root => Ok(()),
            Some(_) | None => Err(StatementError::Commitment),
        }
    }
}

impl Schema for ApprovalRequest {
    fn to_json(&self) -> Result<Json, StatementError> {
        check(is_text(&self.agent, MAX_AGENT_BYTES), "agent")?;
        check_call(&self.tool, &self.action, self.resource.as_ref())?;
        check(self.arguments.is_sorted_by(|left, right| left.name < right.name), "arguments")?;
        let sorted = self.rules.is_sorted_by(|left, right| left < right);
        check(sorted && (1..=MAX_RULES).contains(&self.rules.len()), "rules")?;
        Ok(Json::object([
            ("action", Json::from(self.action.as_str())),
            ("agent", Json::from(self.agent.as_str())),
            ("args_root", Json::from(self.args_root.to_string())),
            ("arguments", Json::array(self.arguments.iter().map(Opening::to_json))),
            ("call", Json::from(self.call.as_str())),
            ("job", Json::from(self.job.as_str())),
            ("ledger", Json::from(self.ledger.as_str())),
            ("policy_hash_b64u", Json::from(self.policy_hash.to_string())),
            ("requested_at", time_json(self.requested_at, "requested_at")?),
            ("resource", resource_json(self.resource.as_ref())),
            ("rules", Json::array(self.rules.iter().map(|rule| Json::from(rule.to_string())))),
            ("tool", Json::from(self.tool.as_str())),
            ("v", Json::Integer(1)),
        ]))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        from.version()?;
        let rule = |rule: &Value| rule.as_str().and_then(RuleId::from_text).ok_or(Wrong("rules"));
        Ok(Self {
            ledger: from.did("ledger")?,
            job: from.job("job")?,
            call: CallId::parse(from.text("call")?).ok_or(Wrong("call"))?,
            policy_hash: from.hash("policy_hash_b64u")?,
            agent: from.text("agent")?.to_owned(),
            tool: from.text("tool")?.to_owned(),
            action: from.text("action")?.to_owned(),
            resource: from.or_null("resource", read_resource)?,
            arguments: from.array("arguments")?.iter().map(Opening::read).collect::<Result<_, _>>()?,
            args_root: from.hash("args_root")?,
            rules: from.array("rules")?.iter().map(rule).collect::<Result<_, _>>()?,
            requested_at: from.time("requested_at")?,
        })
    }
}

/// What a request and an approval say alike of the call.
pub(super) fn check_call(
    tool: &str,
    action: &str,
    resource: Option<&Resource>,
) -> Result<(), StatementError> {
    check(is_text(tool, MAX_NAME_BYTES), "tool")?;
    check(is_text(action, MAX_NAME_BYTES), "action")?;
    check(resource.is_none_or(|resource| is_text(&resource.kind, MAX_NAME_BYTES)), "resource")
}

pub(super) fn resource_json(resource: Option<&Resource>) -> Json {
    resource.map_or(Json::Null, |resource| {
        let names = Json::array(resource.names.iter().map(String::as_str));
        Json::object([("kind", Json::from(resource.kind.as_str())), ("names", names)])
    })
}

pub(super) fn read_resource(from: Members<'_>, name: &'static str) -> Result<Resource, Wrong> {
    let from = Members::of(from.get(name)?, name)?;
    Ok(Resource { kind: from.text("kind")?.to_owned(), names: from.texts("names")? })
}
