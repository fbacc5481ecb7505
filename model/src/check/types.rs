//! The types of an interface.

use std::collections::BTreeMap;

use super::{Invalid, MAX_PARTS, MAX_TYPE_DEPTH, few, sorted};
use crate::clock::CLOCK;
use crate::place::{Place, Quoted};
use crate::{Field, Interface, Type};

/// Arguments or fields.
pub(super) fn fields(
    interface: &Interface,
    fields: &BTreeMap<String, Field>,
    batches: Batches,
    at: Place<'_>,
) -> Result<(), Invalid> {
    few(fields.len(), MAX_PARTS, at)?;
    for (name, field) in fields {
        let at = at.member(name);
        super::name(name, at)?;
        if name == "calls" {
            return Err(Invalid::new(at, "is what limits call the number of calls"));
        }
        if name == CLOCK {
            return Err(Invalid::new(at, "is what conditions call the clock"));
        }
        check(interface, &field.ty, at.member("type"), 1)?;
        if matches!(field.ty, Type::Batch(_)) {
            if batches == Batches::None {
                return Err(Invalid::new(at, "a batch stands only among an action's arguments"));
            }
            if field.optional || field.measured || field.sealed {
                return Err(Invalid::new(at, "a batch is neither optional nor measured nor sealed"));
            }
        }
    }
    Ok(())
}

/// Whether a batch may stand here.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Batches {
    /// An action's arguments: one.
    One,
    /// A record's fields: none.
    None,
}

pub(super) fn check(interface: &Interface, ty: &Type, at: Place<'_>, depth: u32) -> Result<(), Invalid> {
    if depth > MAX_TYPE_DEPTH {
        return Err(Invalid::new(at, format!("is more than {MAX_TYPE_DEPTH} deep")));
    }
    let wrong = |message: &str| Err(Invalid::new(at, message));
    match ty {
        Type::Decimal { scale } if *scale > 9 => wrong("has more than 9 fraction digits"),
        Type::Money { currency }
            if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            wrong("is no currency")
        }
        Type::EntityName { max: 0 } => wrong("has no room for a name"),
        Type::Choice(words) => {
            few(words.len(), MAX_PARTS, at)?;
            if words.iter().any(String::is_empty) || words.is_empty() {
                return wrong("has no words, or an empty one");
            }
            sorted(words, at)
        }
        Type::List(member) | Type::Set(member) | Type::Map(member) => {
            if matches!(**member, Type::Batch(_)) {
                return wrong("a batch stands only among an action's arguments");
            }
            check(interface, member, at, depth.saturating_add(1))
        }
        Type::Record(record) | Type::Batch(record) if !interface.records.contains_key(record) => {
            Err(Invalid::new(at, format!("{} is no record", Quoted(record))))
        }
        Type::Bool
        | Type::Int
        | Type::Count
        | Type::Bytes
        | Type::Duration
        | Type::Decimal { .. }
        | Type::Money { .. }
        | Type::Text
        | Type::Host
        | Type::Did
        | Type::Email
        | Type::Url
        | Type::Ip
        | Type::Path
        | Type::Time
        | Type::Json
        | Type::EntityName { .. }
        | Type::Record(_)
        | Type::Batch(_) => Ok(()),
    }
}
