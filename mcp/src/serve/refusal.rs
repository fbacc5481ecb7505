//! A refusal as the model reads it: what, why, by which rule, and what to do.

use std::fmt::Write as _;

use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::{Map, Value as Json};
use wpc::Refused;

/// Under which member of a result's `_meta` programs find the refusal.
pub const REFUSAL: &str = "wpc/refusal";

/// The result of a call that was refused.
pub(crate) fn result(refused: &Refused) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(text(refused))]);
    let mut meta = MetaObject::new();
    meta.insert(REFUSAL.to_owned(), Json::Object(members(refused)));
    result.meta = Some(meta);
    result
}

fn members(refused: &Refused) -> Map<String, Json> {
    let detail = refused.detail();
    let mut members = Map::new();
    members.insert("code".to_owned(), Json::from(refused.code()));
    let mut add = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    add("rule", detail.rule.map(|rule| Json::from(rule.to_string())));
    add("condition", detail.condition.clone().map(Json::from));
    add("call", detail.call.as_ref().map(|call| Json::from(call.to_string())));
    add("frees_at_ms", detail.frees_at.map(Json::from));
    members
}

/// In words, with the fix last.
pub(crate) fn text(refused: &Refused) -> String {
    let detail = refused.detail();
    let mut text = format!("Refused ({}): {}. Nothing was done.", refused.code(), what(refused));
    // Writing to a string cannot fail.
    let mut line = |name: &str, value: String| {
        let _infallible = write!(text, "\n{name}: {value}");
    };
    if let Some(rule) = detail.rule {
        line("Rule", format!("{rule} of policy {}", detail.policy));
    }
    if let Some(condition) = &detail.condition {
        line("Not met", condition.clone());
    }
    // Of what was not decided, the cause is the caller's own mistake.
    if !refused.is_denial()
        && let Some(cause) = detail.cause.as_ref().filter(|_| is_malformed(refused.code()))
    {
        line("Wrong", cause.clone());
    }
    if let Some(call) = &detail.call {
        line("Recorded as", call.to_string());
    }
    line("What to do", fix(refused));
    text
}

fn what(refused: &Refused) -> &'static str {
    match refused.code() {
        "explicit_deny" => "a rule forbids this call",
        "default_deny" => "no rule allows this call as it stands",
        "order_denied" => "something else must be done first, or must not have been done",
        "approval_required" => "people must approve this call before it may begin",
        "limit_exceeded" => "a limit of this job is used up",
        "undecided" => "the policy could not decide this call",
        "policy_not_valid" => "the policy is not valid at this time",
        "token_expired" | "token_revoked" | "job_revoked" | "agent_revoked" | "policy_revoked"
        | "issuer_revoked" => "the job's token or what it stands on is no longer good",
        "job_closed" | "job_exhausted" => "the job is closed",
        "permit_expired" => "the call took too long to begin",
        code if is_malformed(code) => "the call is not well formed",
        _ => "the gate could not decide or record this call",
    }
}

fn fix(refused: &Refused) -> String {
    let detail = refused.detail();
    let call = detail.call.as_ref().map(ToString::to_string).unwrap_or_default();
    match refused.code() {
        "explicit_deny" => {
            "Do not ask again; no argument makes this call allowed while the rule stands.".to_owned()
        }
        "default_deny" => {
            let what = if detail.condition.is_some() {
                "the condition above holds"
            } else {
                "they fit the tool's schema"
            };
            format!("Change the arguments so that {what}, or do without.")
        }
        "order_denied" => "Do the call that has to come first, and wait until it is done.".to_owned(),
        "approval_required" => {
            let job = detail.job.as_ref().map(ToString::to_string).unwrap_or_default();
            format!(
                "Tell the user that approval is needed for {call} of job {job}: an operator runs `wpc approve \
                 list --job {job}`, an approver signs with `wpc approve sign` and it is handed in with `wpc \
                 approve submit`. Then make the same call again, with the same arguments. Do not try to \
                 reach the same end another way."
            )
        }
        "limit_exceeded" => match detail.frees_at {
            Some(at) => format!("Wait until {} (UTC), then ask again.", wpc_model::instant_text(at)),
            None => "Stop calling this tool: the limit does not come back in this job.".to_owned(),
        },
        "token_expired" => "The operator renews the job's token with `wpc token renew`.".to_owned(),
        "job_closed" | "job_exhausted" | "token_revoked" | "job_revoked" | "agent_revoked"
        | "policy_revoked" | "issuer_revoked" | "policy_not_valid" => {
            "Stop: only an operator can start a new job.".to_owned()
        }
        "permit_expired" => "Nothing was sent; ask again.".to_owned(),
        "undecided" => "Give every argument that a limit counts, within its range.".to_owned(),
        code if is_malformed(code) => "Correct the arguments as the tool's schema says.".to_owned(),
        code => format!("An operator looks up `wpc explain {code}`."),
    }
}

/// Codes of what never became a typed call.
fn is_malformed(code: &str) -> bool {
    matches!(
        code,
        "not_json"
            | "duplicate_key"
            | "too_large"
            | "unknown_member"
            | "missing_member"
            | "unknown_tool"
            | "unknown_action"
            | "unknown_kind"
            | "wrong_resource"
            | "unknown_argument"
            | "missing_argument"
            | "wrong_type"
            | "out_of_range"
            | "bad_name"
            | "bad_choice"
            | "measured_stated"
            | "not_measured"
            | "stated_differs"
            | "described_differs"
    )
}
