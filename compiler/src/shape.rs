//! What a type or value is made of, where only some have it.

use wpc_grammar::syntax::{Ident, Value};
use wpc_model::Type;

/// The type of what a list, set or map holds.
pub(crate) fn inside(ty: &Type) -> Option<&Type> {
    if let Type::Map(held) = ty { Some(held) } else { ty.member() }
}

/// The record of a record or batch.
pub(crate) fn record(ty: &Type) -> Option<&str> {
    if let Type::Record(name) | Type::Batch(name) = ty { Some(name) } else { None }
}

/// A word standing alone.
pub(crate) fn word(value: &Value) -> Option<&Ident> {
    if let Value::Path(path) = value { Some(&path.head).filter(|_| path.steps.is_empty()) } else { None }
}
