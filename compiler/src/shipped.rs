//! Interfaces that ship inside the compiler.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use wpc_grammar::syntax::ItemKind;
use wpc_grammar::{Source, parse};

use crate::Problems;
use crate::interface::{self, Known};

/// Name and source of every shipped interface, sorted by name.
pub const SHIPPED: &[(&str, &str)] = &[
    ("azure_service_bus", include_str!("../interfaces/azure_service_bus.wpc")),
    ("file", include_str!("../interfaces/file.wpc")),
    ("http", include_str!("../interfaces/http.wpc")),
    ("models", include_str!("../interfaces/models.wpc")),
    ("process", include_str!("../interfaces/process.wpc")),
];

/// Each is read once per process. One that cannot be read is not shipped; a test reads them all.
static KNOWN: LazyLock<BTreeMap<String, Arc<Known>>> = LazyLock::new(|| {
    SHIPPED
        .iter()
        .filter_map(|(name, text)| Some(((*name).to_owned(), Arc::new(read(name, text)?))))
        .collect()
});

fn read(name: &str, text: &str) -> Option<Known> {
    let source = Source::new(format!("{name}.wpc"), text);
    let file = parse(&source).ok()?;
    let mut problems = Problems::default();
    let mut found = None;
    for item in &file.items {
        if let ItemKind::Interface(written) = &item.kind {
            found = Some(interface::build(written, &item.docs, true, &mut problems));
        }
    }
    if problems.into_sorted().is_empty() { found } else { None }
}

/// The shipped interface of a name, with its docs.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static crate::Whole> {
    KNOWN.get(name).map(|known| &known.whole)
}

pub(crate) fn known(name: &str) -> Option<Arc<Known>> {
    KNOWN.get(name).cloned()
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_interface_is_read_without_a_problem() {
        for (name, text) in SHIPPED {
            let source = Source::new(*name, *text);
            let file = parse(&source).unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut problems = Problems::default();
            for item in &file.items {
                if let ItemKind::Interface(written) = &item.kind {
                    assert_eq!(written.name.text, *name);
                    let _ = interface::build(written, &item.docs, true, &mut problems);
                }
            }
            assert_eq!(problems.into_sorted(), []);
        }
    }
}
