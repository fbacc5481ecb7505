//! Rust identifiers for names of the policy language.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span};
use wpc_model::{Action, Field, Interface, Record, Type};

/// Words that cannot be identifiers, not even as `r#…`.
const NEVER: &[&str] = &["Self", "self", "super", "crate", "_"];

/// Keywords of every edition, reserved ones included.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The identifiers of one place, each given out once.
#[derive(Debug, Default)]
pub(super) struct Scope {
    taken: BTreeSet<String>,
}

impl Scope {
    /// A scope in which `reserved` are taken.
    pub(super) fn new(reserved: &[&str]) -> Self {
        Self { taken: reserved.iter().map(|&name| name.to_owned()).collect() }
    }

    /// `wanted`, or `wanted2`, `wanted3` … if it is taken.
    pub(super) fn ident(&mut self, wanted: &str) -> Ident {
        let mut name = wanted.to_owned();
        let mut number = 2_u32;
        while !self.taken.insert(name.clone()) {
            name = format!("{wanted}{number}");
            number = number.saturating_add(1);
        }
        ident(&name)
    }
}

/// `name`, which must consist of letters, digits and `_`, as an identifier.
fn ident(name: &str) -> Ident {
    if KEYWORDS.contains(&name) {
        Ident::new_raw(name, Span::call_site())
    } else if NEVER.contains(&name) {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

/// `name` in the letters of an identifier: `create-issue` becomes `create_issue`.
pub(super) fn snake(name: &str) -> String {
    let bent: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if bent.starts_with(|c: char| c.is_ascii_digit()) || bent.is_empty() { format!("_{bent}") } else { bent }
}

/// `name` in the letters of a type: `create-issue` becomes `CreateIssue`.
pub(super) fn pascal(name: &str) -> String {
    let mut bent = String::with_capacity(name.len());
    for part in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = part.chars();
        bent.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        bent.push_str(letters.as_str());
    }
    if bent.starts_with(|c: char| c.is_ascii_digit()) || bent.is_empty() { format!("N{bent}") } else { bent }
}

/// The Rust names of everything in an interface.
#[derive(Debug)]
pub(super) struct Names {
    records: BTreeMap<String, RecordNames>,
    actions: BTreeMap<String, ActionNames>,
}

/// The Rust names of a record.
#[derive(Debug)]
pub(super) struct RecordNames {
    /// The type that stands for the record, `Message`.
    pub(super) marker: Ident,
    /// The struct of its fields, `MessageRecord`.
    pub(super) fields: Ident,
    /// Its fields and choices.
    pub(super) members: Members,
}

/// The Rust names of an action.
#[derive(Debug)]
pub(super) struct ActionNames {
    /// The type that stands for the action, `Send`.
    pub(super) marker: Ident,
    /// The struct of its arguments, `SendArguments`.
    pub(super) arguments: Ident,
    /// The struct of its stated arguments, `SendOverrides`.
    pub(super) overrides: Ident,
    /// Its arguments and choices.
    pub(super) members: Members,
}

/// The Rust names of the fields of a record or the arguments of an action.
#[derive(Debug)]
pub(super) struct Members {
    fields: BTreeMap<String, Ident>,
    choices: BTreeMap<String, ChoiceNames>,
}

/// The Rust names of a choice.
#[derive(Debug)]
pub(super) struct ChoiceNames {
    /// The enum, `ReceiveMode`.
    pub(super) marker: Ident,
    /// The variants by word.
    pub(super) variants: BTreeMap<String, Ident>,
}

impl Names {
    pub(super) fn of(interface: &Interface) -> Self {
        let mut scope = Scope::default();
        let mut records = BTreeMap::new();
        for (name, Record { fields }) in &interface.records {
            let base = pascal(name);
            let marker = scope.ident(&base);
            let of_fields = scope.ident(&format!("{base}Record"));
            let members = Members::of(&base, fields, &mut scope);
            records.insert(name.clone(), RecordNames { marker, fields: of_fields, members });
        }
        let mut actions = BTreeMap::new();
        for (name, Action { arguments, .. }) in &interface.actions {
            let base = pascal(name);
            let marker = scope.ident(&base);
            let of_arguments = scope.ident(&format!("{base}Arguments"));
            let overrides = scope.ident(&format!("{base}Overrides"));
            let members = Members::of(&base, arguments, &mut scope);
            actions.insert(name.clone(), ActionNames { marker, arguments: of_arguments, overrides, members });
        }
        Self { records, actions }
    }

    pub(super) fn record(&self, name: &str) -> Option<&RecordNames> {
        self.records.get(name)
    }

    pub(super) fn action(&self, name: &str) -> Option<&ActionNames> {
        self.actions.get(name)
    }
}

impl Members {
    fn of(base: &str, fields: &BTreeMap<String, Field>, scope: &mut Scope) -> Self {
        let mut own = Scope::default();
        let mut choices = BTreeMap::new();
        for (name, field) in fields {
            if let Some(words) = words(&field.ty) {
                let marker = scope.ident(&format!("{base}{}", pascal(name)));
                let mut variants = Scope::default();
                let variants =
                    words.iter().map(|word| (word.clone(), variants.ident(&pascal(word)))).collect();
                choices.insert(name.clone(), ChoiceNames { marker, variants });
            }
        }
        let fields = fields.keys().map(|name| (name.clone(), own.ident(&snake(name)))).collect();
        Self { fields, choices }
    }

    /// The field of a name of these; a name that is not one of these gives itself.
    pub(super) fn field(&self, name: &str) -> Ident {
        self.fields.get(name).cloned().unwrap_or_else(|| ident(&snake(name)))
    }

    /// The choice inside the field of this name.
    pub(super) fn choice(&self, name: &str) -> Option<&ChoiceNames> {
        self.choices.get(name)
    }

    /// All choices by field.
    pub(super) fn choices(&self) -> impl Iterator<Item = (&str, &ChoiceNames)> {
        self.choices.iter().map(|(name, choice)| (name.as_str(), choice))
    }
}

/// The words of the choice in a type, also inside a list, set or map.
fn words(ty: &Type) -> Option<&[String]> {
    match ty {
        Type::Choice(words) => Some(words),
        Type::List(inner) | Type::Set(inner) | Type::Map(inner) => words(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        assert_eq!(snake("create-issue"), "create_issue");
        assert_eq!(snake("2fa"), "_2fa");
        assert_eq!(pascal("create-issue"), "CreateIssue");
        assert_eq!(pascal("cancel_scheduled"), "CancelScheduled");
        assert_eq!(pascal("é"), "N");
        assert_eq!(ident("type").to_string(), "r#type");
        assert_eq!(ident("self").to_string(), "self_");
        assert_eq!(ident("_").to_string(), "__");
    }

    #[test]
    fn two_names_never_meet() {
        let mut scope = Scope::new(&["interface"]);
        assert_eq!(scope.ident("interface").to_string(), "interface2");
        assert_eq!(scope.ident("A").to_string(), "A");
        assert_eq!(scope.ident("A").to_string(), "A2");
    }
}
