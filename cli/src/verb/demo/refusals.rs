//! Calls that must not go ahead, through both gates of one job.

use wpc::{DynamicGate, Refused};
use wpc_example_orders::orders::azure_service_bus::queue;
use wpc_example_orders::{agent, publish_order, publish_orders};
use wpc_service_bus::{BusError, Message, Sent, ServiceBus};

use super::contract::Contract;
use super::script::Script;
use super::sends::{Job, message};
use crate::failure::Failure;

/// A body beyond the policy's 128 KiB.
const TOO_LARGE: usize = 128 * 1024;

pub(super) async fn play(
    contract: &Contract,
    bus: &ServiceBus,
    job: &Job,
    script: &mut Script<'_>,
) -> Result<(), Failure> {
    let token = contract.token(contract.hash, &job.id)?;
    let gate = DynamicGate::open(contract.opening(&contract.envelope, &token))
        .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    typed(contract, bus, job, script).await?;
    wrong_places(contract, &gate, script).await?;
    wrong_actions(contract, &gate, script).await;
    not_calls(contract, &gate, script).await?;
    Ok(())
}

/// The right queue and a wrong message, through the annotated tool.
async fn typed(
    contract: &Contract,
    bus: &ServiceBus,
    job: &Job,
    script: &mut Script<'_>,
) -> Result<(), Failure> {
    script.say("  through the annotated tool, which measures the message itself:");
    let policy = &contract.compiled;
    let good = || Message::builder("{}").property("schema_version", "1").property("correlation_id", "c");
    let large = built(good().property("padding", "x".repeat(TOO_LARGE)).build())?;
    let result = refused(publish_order(&job.gate, bus, large).await)?;
    script.refused("a message of more than 128 KiB", "default_deny", &result, policy);
    if let Err(refused) = &result {
        script.say(format!("      the agent is told: {refused}"));
    }
    let missing = built(Message::builder("{}").property("schema_version", "1").build())?;
    let result = refused(publish_order(&job.gate, bus, missing).await)?;
    script.refused("no property correlation_id", "default_deny", &result, policy);
    for name in ["authorization", "Authorization", "COOKIE"] {
        let secret = built(good().property(name, "secret").build())?;
        let result = refused(publish_order(&job.gate, bus, secret).await)?;
        script.refused(&format!("the property {name}"), "default_deny", &result, policy);
    }
    let batch = vec![message(5)?, built(Message::builder("{}").build())?];
    let result = refused(publish_orders(&job.gate, bus, batch).await)?;
    script.refused("a batch with one bad message", "default_deny", &result, policy);
    Ok(())
}

/// Other queues. The annotated tool cannot even name them.
async fn wrong_places(
    contract: &Contract,
    gate: &DynamicGate,
    script: &mut Script<'_>,
) -> Result<(), Failure> {
    script.say(
        "  `#[wpc::tool(azure_service_bus::Send, to = queue(\"orders-prod\"))]` does not compile, and a",
    );
    script.say("  name that is known at run time only is checked where it is made:");
    script
        .holds("queue::Name::parse(\"orders-prod\") is an error", queue::Name::parse("orders-prod").is_err());
    script.say("  so the rest is asked as JSON, as a model would, of a dynamic gate on the same job:");
    let sent = message(5)?;
    for (queue, code) in [
        ("orders-test", "default_deny"),
        ("orders-prod", "explicit_deny"),
        ("Orders-Staging", "default_deny"),
        ("ORDERS-PROD", "explicit_deny"),
    ] {
        let call = send(queue, "[{\"content_type\":\"application/json\",\"body\":{}}]");
        let result = agent::ask(gate, call.as_bytes(), Some(&sent)).await;
        script.refused(&format!("send to queue {queue}"), code, &result, &contract.compiled);
    }
    Ok(())
}

/// Other actions.
async fn wrong_actions(contract: &Contract, gate: &DynamicGate, script: &mut Script<'_>) {
    for (action, arguments, code) in
        [("manage", "{}", "explicit_deny"), ("deadletter_read", "{\"messages\":1}", "default_deny")]
    {
        let call = format!(
            "{{\"tool\":\"azure_service_bus\",\"action\":\"{action}\",\
             \"resource\":{{\"kind\":\"queue\",\"name\":\"orders-staging\"}},\"arguments\":{arguments}}}"
        );
        let result = agent::ask(gate, call.as_bytes(), None).await;
        script.refused(&format!("{action} on queue orders-staging"), code, &result, &contract.compiled);
    }
}

/// Text that is not a call of the policy's tools.
async fn not_calls(contract: &Contract, gate: &DynamicGate, script: &mut Script<'_>) -> Result<(), Failure> {
    let sent = message(5)?;
    let stated = send("orders-staging", "[{\"message_bytes\":10,\"properties\":{}}]");
    let mistyped = send("orders-staging", "7");
    let unknown = send("orders-staging", "[{\"priority\":\"high\"}]");
    let elsewhere = "{\"tool\":\"shell\",\"action\":\"run\",\"arguments\":{\"command\":\"ls\"}}".to_owned();
    let large = format!("{{\"tool\":\"{}\"}}", "x".repeat(wpc_model::MAX_CALL_BYTES));
    for (step, call, code) in [
        ("JSON that states its own size", stated, "measured_stated"),
        ("JSON with a number for a list", mistyped, "wrong_type"),
        ("JSON with an argument that does not exist", unknown, "unknown_argument"),
        ("JSON for a tool that the policy does not have", elsewhere, "unknown_tool"),
        ("JSON that breaks off", "{\"tool\":".to_owned(), "not_json"),
        ("JSON of more than a mebibyte", large, "too_large"),
    ] {
        let result = agent::ask(gate, call.as_bytes(), Some(&sent)).await;
        script.refused(step, code, &result, &contract.compiled);
    }
    Ok(())
}

fn send(queue: &str, messages: &str) -> String {
    format!(
        "{{\"tool\":\"azure_service_bus\",\"action\":\"send\",\
         \"resource\":{{\"kind\":\"queue\",\"name\":\"{queue}\"}},\"arguments\":{{\"messages\":{messages}}}}}"
    )
}

fn built(message: Result<Message, wpc_service_bus::MessageError>) -> Result<Message, Failure> {
    message.map_err(|error| Failure::no("demo_differs", error.to_string()).cause(&error))
}

/// What the gate said; a failure on the wire is the demo's.
pub(super) fn refused(sent: Result<Sent, BusError>) -> Result<Result<Sent, Refused>, Failure> {
    match sent {
        Ok(sent) => Ok(Ok(sent)),
        Err(BusError::Refused(refused)) => Ok(Err(refused)),
        Err(error) => Err(Failure::no(error.code(), error.to_string()).cause(&error)),
    }
}
