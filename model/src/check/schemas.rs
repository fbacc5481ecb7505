//! The JSON Schemas of a policy: each one of its conditions', and the other way round.

use std::collections::BTreeSet;

use super::{Invalid, few};
use crate::place::Place;
use crate::{Hash, MAX_SCHEMAS, Policy, check_schema};

pub(super) fn check(policy: &Policy, at: Place<'_>) -> Result<(), Invalid> {
    few(policy.schemas.len(), MAX_SCHEMAS, at)?;
    for (hash, schema) in &policy.schemas {
        let name = hash.to_string();
        let at = at.member(&name);
        check_schema(schema).map_err(|error| Invalid::new(at, error.to_string()))?;
        if Hash::of(&schema.encode()) != *hash {
            return Err(Invalid::new(at, "is not the schema of this hash"));
        }
    }
    let named: BTreeSet<&Hash> = policy.schemas_named().collect();
    let held: BTreeSet<&Hash> = policy.schemas.keys().collect();
    if let Some(hash) = named.difference(&held).next() {
        return Err(Invalid::new(at, format!("has no schema `{hash}`, which a condition names")));
    }
    match held.difference(&named).next() {
        Some(hash) => Err(Invalid::new(at, format!("has a schema `{hash}`, which no condition names"))),
        None => Ok(()),
    }
}
