//! The files that loading is measured on, written by the driver before any case runs.

use std::path::Path;

use crate::engine::Engine;
use crate::ours::{dynamic, source};
use crate::{Result, floor};

/// Writes what `engine` loads for a problem of `rules` rules to `directory`.
///
/// # Errors
///
/// Only if it cannot be made or written.
pub fn files(engine: Engine, rules: usize, directory: &Path) -> Result<()> {
    match engine {
        Engine::FloorLookup => floor::prepare(directory, rules),
        Engine::OursDynamic => dynamic::prepare(directory, source::exact(rules)),
        Engine::OursLike => dynamic::prepare(directory, source::like(rules)),
        Engine::FloorTyped
        | Engine::OursStatic
        | Engine::CedarAttribute
        | Engine::CedarRules
        | Engine::Rego => Ok(()),
    }
}
