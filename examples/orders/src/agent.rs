//! Calls that only exist at run time: what a model wrote, as JSON.

use wpc::{DynamicGate, Outcome, Refused};
use wpc_model::{Measured, Value};
use wpc_service_bus::Message;

/// Asks whether the call that an agent wrote may be made with `message`, adding what the message
/// measures of itself. An agent cannot state these facts: a call that does is refused.
///
/// Nothing is sent. The ledger has the attempt, and for an admitted one that nothing came of it.
///
/// # Errors
///
/// [`Refused`] if the policy does not allow the call, or it is not a call.
pub async fn ask(gate: &DynamicGate, json: &[u8], message: Option<&Message>) -> Result<(), Refused> {
    let mut call = gate.read(json, Measured::Refuse).await?;
    if let Some(message) = message {
        let bytes = i64::try_from(message.message_bytes()).unwrap_or(i64::MAX);
        let properties = message.properties().iter();
        let properties =
            properties.map(|(name, value)| (name.clone(), Value::text(value.as_str()))).collect();
        for (name, value) in [("message_bytes", Value::Int(bytes)), ("properties", Value::Map(properties))] {
            // What does not fit the call leaves it incomplete, which the gate refuses and records.
            let _incomplete = call.measure_element(gate.policy(), 0, name, value);
        }
    }
    let running = gate.begin(call).await?;
    running.finish(Outcome::Failed { code: "nothing_sent".to_owned() }).await;
    Ok(())
}
