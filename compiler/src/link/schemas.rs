//! The schemas that a file names.

use wpc_grammar::syntax::{
    Check, Condition, Conditions, Entry, EntryKind, File, ItemKind, LetValue, Statement, Text,
};

/// Every path after a `conforms to`, in source order.
pub(super) fn named(file: &File) -> Vec<&Text> {
    let mut found = Vec::new();
    for item in &file.items {
        match &item.kind {
            ItemKind::Policy(policy) => of_entries(&policy.entries, &mut found),
            ItemKind::Rules(rules) => of_entries(&rules.entries, &mut found),
            ItemKind::Use(_) | ItemKind::Interface(_) | ItemKind::Test(_) => {}
        }
    }
    found
}

fn of_entries<'f>(entries: &'f [Entry], found: &mut Vec<&'f Text>) {
    for entry in entries {
        match &entry.kind {
            EntryKind::Let { value: LetValue::Conditions(conditions), .. } => of(conditions, found),
            EntryKind::Tool(binding) => of_entries(&binding.entries, found),
            EntryKind::Statement(statement) => match statement {
                Statement::Allow { when, .. }
                | Statement::Deny { when, .. }
                | Statement::Approval { when, .. } => when.iter().for_each(|when| of(when, found)),
                Statement::Require { conditions, .. } => of(conditions, found),
                Statement::Limit { .. } | Statement::Separate { .. } | Statement::Before { .. } => {}
            },
            EntryKind::Let { value: LetValue::Value(_), .. }
            | EntryKind::Param { .. }
            | EntryKind::With(_)
            | EntryKind::Test(_)
            | EntryKind::Settings(_) => {}
        }
    }
}

fn of<'f>(conditions: &'f Conditions, found: &mut Vec<&'f Text>) {
    let Conditions::Block { conditions, .. } = conditions else { return };
    found.extend(conditions.iter().filter_map(|condition| match condition {
        Condition::Test { test: Check::ConformsTo(path), .. } => Some(path),
        Condition::Test { .. } | Condition::Name(_) => None,
    }));
}
