//! Names of what an interface declares: actions and records, of which no two may have the same.

use std::collections::BTreeSet;

use super::text;

/// The language's types.
const TYPES: &[&str] = &[
    "bool",
    "int",
    "count",
    "bytes",
    "duration",
    "text",
    "host",
    "did",
    "email",
    "url",
    "ip",
    "path",
    "time",
    "json",
    "decimal",
    "money",
    "entity_name",
    "list",
    "set",
    "map",
    "batch",
    "choice",
];

/// Names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name made of `text` that nothing else has.
    pub(crate) fn take(&mut self, text: &str) -> String {
        self.first(text, |_| true)
    }

    /// The same for a record, which must not be named as a type.
    pub(crate) fn take_record(&mut self, text: &str) -> String {
        self.first(text, |name| !TYPES.contains(&name))
    }

    fn first(&mut self, text: &str, may_be: impl Fn(&str) -> bool) -> String {
        let plain = text::identifier(text);
        let mut name = plain.clone();
        let mut number = 1_u32;
        while !may_be(&name) || !self.taken.insert(name.clone()) {
            number = number.saturating_add(1);
            name = format!("{plain}_{number}");
        }
        name
    }
}
