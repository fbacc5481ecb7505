//! regorus: its register machine over a policy that looks the rules up in a data document.

use std::collections::BTreeMap;
use std::fmt;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

use crate::Result;
use crate::problem::{Call, action, entity, queue};

const POLICY: &str = r#"
package p
import rego.v1

default allow := false

allow if {
    not deny
    data.grants[input.action][input.entity]
    constraints
}

deny if input.action == "manage"

constraints if {
    input.message_bytes <= 131072
    input.properties.schema_version
    input.properties.correlation_id
    not input.properties.authorization
    not input.properties.cookie
}
"#;

const ENTRY: &str = "data.p.allow";

/// The data document of the problem, as JSON text.
///
/// # Errors
///
/// Never for this problem.
pub fn data(rules: usize) -> Result<String> {
    let mut grants: BTreeMap<&str, BTreeMap<String, bool>> = BTreeMap::new();
    for index in 0..rules {
        grants.entry(action(index)).or_default().insert(entity(&queue(index)), true);
    }
    Ok(serde_json::to_string(&BTreeMap::from([("grants", grants)]))?)
}

/// regorus with the problem loaded.
pub struct Rego(RegoVM);

impl fmt::Debug for Rego {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rego")
    }
}

impl Rego {
    /// Parses the policy and `data`, and compiles both for the register machine.
    ///
    /// # Errors
    ///
    /// Only if regorus refuses the problem.
    pub fn load(data: &str) -> Result<Self> {
        let data = Value::from_json_str(data)?;
        let mut engine = Engine::new();
        engine.add_policy("p.rego".to_owned(), POLICY.to_owned())?;
        engine.add_data(data.clone())?;
        let entry: Rc<str> = ENTRY.into();
        let compiled = engine.compile_with_entrypoint(&entry)?;
        let program = Compiler::compile_from_policy(&compiled, &[ENTRY])?;
        let mut machine = RegoVM::new();
        machine.load_program(program);
        machine.set_data(data)?;
        machine.set_max_instructions(usize::MAX);
        Ok(Self(machine))
    }

    /// Whether `input` is allowed.
    pub fn decide(&mut self, input: Value) -> bool {
        self.0.set_input(input);
        self.0.execute().is_ok_and(|value| value == Value::Bool(true))
    }
}

/// regorus's form of `call`.
#[must_use]
pub fn input(call: &Call) -> Value {
    let text = |text: &str| Value::String(text.into());
    let properties: BTreeMap<Value, Value> =
        call.properties.iter().map(|(name, value)| (text(name), text(value))).collect();
    Value::from(BTreeMap::from([
        (text("action"), text(call.action)),
        (text("entity"), text(&call.entity)),
        (text("message_bytes"), Value::from(call.message_bytes)),
        (text("properties"), Value::from(properties)),
    ]))
}
