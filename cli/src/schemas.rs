//! Who runs a policy's schemas.

use wpc::SchemaEngine;
use wpc_model::{Policy, Schemas};

/// The engine for the schemas of `policy`. One that cannot be run, which no checked policy has, leaves what is
/// asked of them unknown.
pub(crate) fn engine(policy: &Policy) -> Box<dyn Schemas> {
    match SchemaEngine::of(policy) {
        Ok(engine) => Box::new(engine),
        Err(_) => Box::new(()),
    }
}
