//! Runs the JSON Schemas of a policy.

use std::collections::BTreeMap;
use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Number, Value};
use wpc_model::{Given, Hash, Policy, Schemas, Truth};

/// The JSON Schemas of a policy and of all that it extends, ready to be run.
///
/// The model knows them by their hashes and asks through [`Schemas`]. Every schema of a checked policy runs in
/// time linear in the value ([`wpc_model::check_schema`]): patterns are matched by an engine that never tries
/// one way after another, and nothing is fetched.
///
/// ```
/// use wpc::SchemaEngine;
/// # fn of(policy: &wpc_model::Policy) -> Result<(), wpc::SchemaUnusable> {
/// let engine = SchemaEngine::of(policy)?;
/// # Ok(())
/// # }
/// ```
pub struct SchemaEngine(BTreeMap<Hash, Validator>);

/// A schema of a policy cannot be run. Code `schema_unusable`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the schema {schema} cannot be run: {why}")]
pub struct SchemaUnusable {
    /// The schema's hash.
    pub schema: Hash,
    why: String,
}

impl SchemaEngine {
    /// Prepares the schemas of `policy` and of all that it extends.
    ///
    /// # Errors
    ///
    /// [`SchemaUnusable`] with the first that cannot be run: no schema of a policy that
    /// [`wpc_model::Policy::check`] accepts.
    pub fn of(policy: &Policy) -> Result<Self, SchemaUnusable> {
        let mut validators = BTreeMap::new();
        for (hash, schema) in policy.layers().flat_map(|layer| &layer.schemas) {
            if validators.contains_key(hash) {
                continue;
            }
            let unusable = |why: String| SchemaUnusable { schema: *hash, why };
            let mut value: Value =
                serde_json::from_slice(&schema.encode()).map_err(|error| unusable(error.to_string()))?;
            // Its address is a name; what it refers to is in it.
            if let Some(members) = value.as_object_mut() {
                members.remove("$id");
            }
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_pattern_options(PatternOptions::regex())
                .should_validate_formats(false)
                .build(&value)
                .map_err(|error| unusable(error.to_string()))?;
            validators.insert(*hash, validator);
        }
        Ok(Self(validators))
    }
}

impl Schemas for SchemaEngine {
    fn conforms(&self, schema: &Hash, value: &Given) -> Truth {
        match (self.0.get(schema), json(value)) {
            (Some(validator), Some(value)) => Truth::of(validator.is_valid(&value)),
            _ => Truth::Unknown,
        }
    }

    fn text_conforms(&self, schema: &Hash, text: &str) -> Truth {
        // The bounds on a call are those on a text in one.
        match Given::from_json(text.as_bytes()) {
            Ok(value) => self.conforms(schema, &value),
            Err(_) if self.0.contains_key(schema) => Truth::False,
            Err(_) => Truth::Unknown,
        }
    }
}

/// A given value as the engine has it; `None` only for a number that is none.
fn json(given: &Given) -> Option<Value> {
    Some(match given {
        Given::Null => Value::Null,
        Given::Bool(value) => Value::Bool(*value),
        Given::Integer(number) => Value::from(*number),
        Given::OtherNumber(text) => Value::Number(serde_json::from_str::<Number>(text).ok()?),
        Given::Text(text) => Value::String(text.clone()),
        Given::List(items) => Value::Array(items.iter().map(json).collect::<Option<_>>()?),
        Given::Map(members) => {
            let member = |(name, value): (&String, &Given)| Some((name.clone(), json(value)?));
            Value::Object(members.iter().map(member).collect::<Option<Map<_, _>>>()?)
        }
    })
}

impl fmt::Debug for SchemaEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
