//! What MCP clients send.

use std::sync::LazyLock;

use serde_json::Value;
use wpc_compiler::{Parameters, Source, compile};
use wpc_mcp::Catalogue;
use wpc_model::Policy;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = include_str!("../../mcp/tests/policies/files.wpc");
    compile(&Source::new("files.wpc", text), &Parameters::new()).expect("the policy compiles").policy
});

/// A message that a gate lets through is read the same when it is written anew; a call in it is either no call
/// of the tool, or one whose arguments, written anew, are the same call.
///
/// # Panics
///
/// Only if that does not hold.
pub fn message(data: &[u8]) {
    if let Ok(question) = wpc_mcp::read_question(data) {
        let bytes = serde_json::to_vec(&question).expect("JSON is written");
        assert_eq!(wpc_mcp::read_question(&bytes).as_ref(), Ok(&question), "another question");
    }
    let Ok(message) = wpc_mcp::read_message(data) else { return };
    let bytes = serde_json::to_vec(&message).expect("JSON is written");
    assert_eq!(wpc_mcp::read_message(&bytes).as_ref(), Ok(&message), "another message");
    let Some(Value::Object(arguments)) = message.pointer("/params/arguments") else { return };
    for offer in Catalogue::of(&POLICY).offers() {
        let Ok(asked) = offer.read(&POLICY, arguments.clone()) else { continue };
        let written = offer.write(&POLICY, &asked).expect("a call of the policy is written");
        let again = offer.read(&POLICY, written.clone()).expect("what is written is read");
        assert_eq!(again.call, asked.call, "another call");
        assert_eq!(offer.write(&POLICY, &again).as_ref(), Some(&written), "other arguments");
    }
}
