//! The rules of a policy's tool `models`, where it has one: each call is a call of that tool too.
//!
//! A provider's tokens are not known before it answers, and an admitted call is never charged less afterwards. So
//! `input_tokens` is the number of the request's bytes, of which every token has at least one, and `cost` is
//! what those and the most that may be written cost.

use std::sync::Arc;

use wpc::{DynamicGate, DynamicRunning, Outcome};
use wpc_model::{Call, Policy, Resource, Value};

use crate::bound::End;
use crate::job::Need;
use crate::refusal::Refusal;
use crate::request::Asked;
use crate::route::Target;

/// The shipped interface, its action and its kind of resource.
const TOOL: &str = "models";
const ACTION: &str = "complete";
const KIND: &str = "model";

/// A call that the tool's rules admitted; nothing where the policy has no such tool.
pub(crate) struct Rules(Option<DynamicRunning>);

/// The name of the tool in the policy, or of the first of its layers that has one.
fn tool(policy: &Policy) -> Option<&str> {
    let named = |layer: &'_ Policy| {
        layer.tools.iter().find(|(_, tool)| tool.interface.name == TOOL).map(|(name, _)| name.clone())
    };
    let name = policy.layers().find_map(named)?;
    policy.tools.get_key_value(&name).map(|(name, _)| name.as_str()).or(Some(TOOL))
}

impl Rules {
    /// Asks them, and records the attempt.
    pub(crate) async fn begin(
        gate: &Arc<DynamicGate>,
        target: &Target,
        asked: &Asked,
        need: Need,
    ) -> Result<Self, Refusal> {
        let Some(tool) = tool(gate.policy()) else { return Ok(Self(None)) };
        let call = call(gate.policy(), tool, target, asked, need)?;
        let running = gate.begin(call).await.map_err(|refused| {
            let mut refusal = Refusal::of_gate(&refused);
            if refused.is_denial() {
                refusal.message = "the policy's rules do not allow this call".to_owned();
            }
            refusal
        })?;
        Ok(Self(Some(running)))
    }

    /// To be asked right before the request is sent.
    pub(crate) fn begins(&self) -> Result<(), Refusal> {
        let Some(running) = &self.0 else { return Ok(()) };
        running.begin_effect().map_err(|refused| Refusal::of_gate(&refused))
    }

    /// Records that it was not sent.
    pub(crate) async fn unsent(self, code: &str) {
        let Some(running) = self.0 else { return };
        running.finish(Outcome::Failed { code: code.to_owned() }).await;
    }

    /// Records how it ended.
    pub(crate) async fn finish(self, end: End) {
        let Some(running) = self.0 else { return };
        let outcome = match end {
            End::Complete => Outcome::Done,
            End::Failed => Outcome::Failed { code: "upstream_error".to_owned() },
            End::Cancelled => Outcome::Abandoned,
            End::Dropped
            | End::TimedOut
            | End::TooLarge
            | End::AnotherModel
            | End::Unreadable
            | End::Compressed => Outcome::Unknown { code: end.word().to_owned() },
        };
        running.finish(outcome).await;
    }
}

/// The call as the tool's interface types it.
fn call(policy: &Policy, tool: &str, target: &Target, asked: &Asked, need: Need) -> Result<Call, Refusal> {
    let action = policy.tools.get(tool).and_then(|tool| tool.interface.actions.get(ACTION));
    let wanted = action.map(|action| action.arguments.keys().map(String::as_str).collect::<Vec<_>>());
    let most = || {
        let message = "the policy's rules ask for the most that is written; state it (`max_tokens`)";
        need.output.ok_or_else(|| Refusal::bad("max_output_missing", message))
    };
    let mut arguments = std::collections::BTreeMap::new();
    for name in wanted.unwrap_or_default() {
        let value = match name {
            "input_tokens" => Value::Int(need.input),
            "max_output_tokens" => Value::Int(most()?),
            "cost" => {
                let unpriced = || {
                    Refusal::forbidden("model_price_unknown", "the gateway's prices do not name the model")
                };
                let price = need.price.ok_or_else(unpriced)?;
                let tokens = |count: i64| u64::try_from(count).unwrap_or(u64::MAX);
                Value::Int(price.covering(tokens(need.input), tokens(most()?)))
            }
            "tools" => Value::List(asked.tools.iter().map(Value::text).collect()),
            "stream" => Value::Bool(asked.stream),
            _ => continue,
        };
        arguments.insert(name.to_owned(), value);
    }
    let names = vec![target.provider.clone(), asked.model.clone()];
    let resource = Some(Resource { kind: KIND.to_owned(), names });
    Ok(Call { tool: tool.to_owned(), action: ACTION.to_owned(), resource, arguments })
}
