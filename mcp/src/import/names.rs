//! Names of what an interface declares: actions and records, of which no two may have the same.

use std::collections::BTreeSet;

use super::text;

/// The language's types.
const TYPES: &[&str] = &[
    "bool", "int", "count", "bytes", "duration", "text", "host", "did", "email", "url", "ip", "path", "time", "json",
    "decimal", "money", "entity_name", "list", "set", "map", "batch", "choice",
];

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name made of `text` that nothing else has, and no type of the language.
    pub(crate) fn take(&mut self, text: &str) -> String {
        let plain = text::identifier(text);
        let mut name = plain.clone();
        let mut number = 1_u32;
        while is_type(&name) || !self.taken.insert(name.clone()) {
            number = number.saturating_add(1);
            name = format!("{plain}_{number}");
        }
        name
    }
}

/// Whether a record of this name would be one of the language's types.
fn is_type(name: &str) -> bool {
    TYPES.contains(&name)
}
