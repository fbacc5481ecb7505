//! Azure Service Bus as tools of a server of the Model Context Protocol.
//!
//! ```text
//! policy ──Catalogue, shape──▶ tools with narrowed schemas
//! arguments ──take──▶ stated: typed, decided, recorded       ──▶ DynamicGate ──permit──▶ ServiceBus::perform
//!             └─────▶ own: bodies, handles, settings ──measure──▶ facts of the same call
//! ```
//!
//! A tool takes more than a policy has names for: what a message says, the handles of what was received, the
//! settings of a queue. All of it is measured before the call is decided, and the client compares what it encodes
//! with what was decided. No lock token and no credential is in any answer; a message is known by a handle that
//! is good in this process, for the job that received it.
//!
//! This crate translates and decides nothing.

mod argument;
mod described;
mod performing;
mod shape;
mod shown;
mod take;

use std::fmt;
use std::pin::Pin;

use serde_json::{Map, Value as Json};
use wpc::{DynamicGate, Outcome};
use wpc_mcp::model::{CallToolResult, ContentBlock};
use wpc_mcp::{Asked, Description, Executed, Executor, Offer, Taken, Withheld, Work};
use wpc_model::{Malformed, Policy};
use wpc_service_bus::{BusError, Effect, Performing, ServiceBus};

/// The interface whose actions these tools are.
pub const INTERFACE: &str = "azure_service_bus";

/// Longest that a call waits for a first message, in seconds.
pub const MAX_WAIT_S: u64 = 60;

/// The tools of one connection. All jobs of a server share it; what one job received, no other can settle.
pub struct Tools {
    bus: ServiceBus,
}

impl Tools {
    /// The tools that reach entities over `bus`.
    #[must_use]
    pub const fn new(bus: ServiceBus) -> Self {
        Self { bus }
    }

    /// The policy's tools that are Service Bus, by the names that it gives them.
    pub fn of_policy(policy: &Policy) -> impl Iterator<Item = &str> {
        let all = policy.tools.iter().filter(|(_, tool)| tool.interface.name == INTERFACE);
        all.map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").field("namespace", self.bus.namespace()).finish_non_exhaustive()
    }
}

impl Executor for Tools {
    fn describe(&self, offer: &Offer) -> Result<Description, Withheld> {
        let (description, annotations) = described::of(&offer.action)
            .ok_or(Withheld { code: "tool_not_served", message: "this server does not know the action" })?;
        Ok(Description {
            description: Some(description.to_owned()),
            input_schema: Some(shape::schema(offer)),
            annotations: Some(annotations),
            ..Description::default()
        })
    }

    fn take(&self, offer: &Offer, arguments: Map<String, Json>) -> Result<Taken, Malformed> {
        take::take(&offer.action, arguments)
    }

    async fn measure(&self, gate: &DynamicGate, asked: &mut Asked) -> Result<(), Malformed> {
        performing::measure(gate, asked)
    }

    async fn execute(&self, work: Work<'_>) -> Executed {
        let what = match performing::of(work.asked) {
            Ok(what) => what,
            // It was read once already, when it was measured.
            Err(malformed) => {
                return failed(malformed.code.code(), format!("{malformed}. Nothing was done."));
            }
        };
        let permit = match work.running.permit() {
            Ok(permit) => permit,
            Err(refused) => {
                return failed(refused.code(), "The call may not begin. Nothing was done.".to_owned());
            }
        };
        let waits = matches!(
            what,
            Performing::Receive(_) | Performing::AcceptSession(_) | Performing::ReceiveInSession(..)
        );
        // Behind a pointer: whoever serves this would have to know how deep the client's futures nest.
        let performed: Pin<Box<dyn Future<Output = _> + Send + '_>> =
            Box::pin(self.bus.perform(permit, what));
        let performed = tokio::select! {
            biased;
            performed = performed => performed,
            // What only waits for messages ends at once; what was begun otherwise is given the time to end.
            () = work.cancelled.cancelled(), if waits => {
                let text = "Cancelled. A message that was on its way is locked until its lock ends.";
                return Executed { outcome: Outcome::Abandoned, answer: error_of(text.to_owned()) };
            }
        };
        match performed {
            Ok(answer) => Executed { outcome: Outcome::Done, answer: shown::answer(answer) },
            Err(error) => ended(&error),
        }
    }
}

/// A call that the broker did not confirm. The client has told the ledger already; this is for the model.
fn ended(error: &BusError) -> Executed {
    let code = error.code();
    let text = format!("Failed ({code}): {error}.");
    match error.effect() {
        Effect::Nothing => failed(code, format!("{text} Nothing was done.{}", advice(code))),
        Effect::Unknown => {
            let text = format!("{text} It may have been done, wholly or in part: look before you ask again.");
            Executed { outcome: Outcome::Unknown { code: code.to_owned() }, answer: error_of(text) }
        }
    }
}

/// What the model may do about it, if that is not plain.
fn advice(code: &str) -> &'static str {
    match code {
        "not_held" => {
            " Name a message by the handle under which this job received it from this very entity, and settle it \
             once, before its lock ends."
        }
        "session_lost" => " Receive in the session again.",
        "not_limited" | "not_approved" | "credential_not_allowed" | "no_token" | "unauthorized" => {
            " Tell the operator; asking again changes nothing."
        }
        _ => "",
    }
}

fn failed(code: &str, text: String) -> Executed {
    Executed { outcome: Outcome::Failed { code: code.to_owned() }, answer: error_of(text) }
}

fn error_of(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}
