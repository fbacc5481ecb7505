//! Rust types of arguments and fields.

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::{Field, Interface, Type};

use super::naming::{Members, Names};

/// What emitting needs to know of an interface.
#[derive(Clone, Copy)]
pub(super) struct Context<'c> {
    pub(super) interface: &'c Interface,
    pub(super) names: &'c Names,
    /// Path of the runtime crate.
    pub(super) runtime: &'c TokenStream,
}

impl Context<'_> {
    /// Whether a struct of these fields borrows from the value that is described.
    pub(super) fn borrows<'f>(&self, fields: impl IntoIterator<Item = &'f Field>) -> bool {
        fields.into_iter().any(|field| field.sealed || self.type_borrows(&field.ty, &mut Vec::new()))
    }

    fn type_borrows<'s>(&'s self, ty: &'s Type, seen: &mut Vec<&'s str>) -> bool {
        match ty {
            Type::Bool | Type::Choice(_) => false,
            // A view of the value, for the gate.
            Type::Json => true,
            Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Batch(_) => true,
            Type::Record(name) => {
                if seen.contains(&name.as_str()) {
                    // A record inside itself is held by reference.
                    return true;
                }
                seen.push(name);
                let fields = self.interface.records.get(name).map(|record| record.fields.values());
                let borrows = fields
                    .into_iter()
                    .flatten()
                    .any(|field| field.sealed || self.type_borrows(&field.ty, seen));
                seen.pop();
                borrows
            }
            ty => !ty.is_integer(),
        }
    }

    /// `<'a>` where a struct of these fields needs it.
    pub(super) fn lifetime<'f>(&self, fields: impl IntoIterator<Item = &'f Field>) -> Option<TokenStream> {
        self.borrows(fields).then(|| quote!(<'a>))
    }

    /// The Rust type of a field of `owner`, `Option` aside. `within` is the record that it is in.
    pub(super) fn field(
        &self,
        name: &str,
        field: &Field,
        owner: &Members,
        within: Option<&str>,
    ) -> TokenStream {
        let runtime = self.runtime;
        if field.sealed { quote!(#runtime::Sealed<'a>) } else { self.value(name, &field.ty, owner, within) }
    }

    fn value(&self, name: &str, ty: &Type, owner: &Members, within: Option<&str>) -> TokenStream {
        let runtime = self.runtime;
        match ty {
            Type::Bool => quote!(::core::primitive::bool),
            Type::Count | Type::Bytes | Type::Duration => quote!(::core::primitive::u64),
            Type::Int | Type::Decimal { .. } | Type::Money { .. } | Type::Time => {
                quote!(::core::primitive::i64)
            }
            Type::Json => quote!(#runtime::Sealed<'a>),
            Type::Choice(_) => match owner.choice(name) {
                Some(choice) => {
                    let marker = &choice.marker;
                    quote!(#marker)
                }
                None => quote!(&'a ::core::primitive::str),
            },
            Type::List(member) | Type::Set(member) => match &**member {
                Type::Record(record) => match self.names.record(record) {
                    Some(names) => {
                        let marker = &names.marker;
                        quote!(#runtime::Records<'a, #marker>)
                    }
                    None => quote!(#runtime::Sealed<'a>),
                },
                member if is_str(member) => quote!(#runtime::TextList<'a>),
                member => {
                    let member = self.value(name, member, owner, within);
                    quote!(&'a [#member])
                }
            },
            Type::Map(value) if is_str(value) => quote!(#runtime::TextMap<'a>),
            Type::Map(value) => {
                let value = self.value(name, value, owner, within);
                quote!(#runtime::Pairs<'a, #value>)
            }
            Type::Record(record) => match self.names.record(record) {
                Some(names) => {
                    let fields = &names.fields;
                    let lifetime = self.record_lifetime(record);
                    if within.is_some_and(|within| self.reaches(record, within, &mut Vec::new())) {
                        quote!(&'a #fields #lifetime)
                    } else {
                        quote!(#fields #lifetime)
                    }
                }
                None => quote!(#runtime::Sealed<'a>),
            },
            Type::Batch(record) => match self.names.record(record) {
                Some(names) => {
                    let (marker, fields, lifetime) =
                        (&names.marker, &names.fields, self.record_lifetime(record));
                    quote!(#runtime::Batch<'a, #marker, #fields #lifetime>)
                }
                None => quote!(#runtime::Sealed<'a>),
            },
            // All that remain are texts.
            _ => quote!(&'a ::core::primitive::str),
        }
    }

    /// `<'a>` where the record's struct needs it.
    pub(super) fn record_lifetime(&self, record: &str) -> Option<TokenStream> {
        self.lifetime(
            self.interface.records.get(record).into_iter().flat_map(|record| record.fields.values()),
        )
    }

    /// Whether a record holds another one by value.
    fn reaches<'s>(&'s self, from: &'s str, to: &str, seen: &mut Vec<&'s str>) -> bool {
        if from == to {
            return true;
        }
        if seen.contains(&from) {
            return false;
        }
        seen.push(from);
        let fields = self.interface.records.get(from).map(|record| record.fields.values());
        fields.into_iter().flatten().any(|field| match &field.ty {
            Type::Record(next) if !field.sealed => self.reaches(next, to, seen),
            _ => false,
        })
    }

    /// The type of the policy language that `Argument` converts to, for a field of `owner`;
    /// `None` where no parameter can stand for it.
    pub(super) fn marker(
        &self,
        name: &str,
        ty: &Type,
        choices: impl Fn(&str) -> Option<TokenStream> + Copy,
    ) -> Option<TokenStream> {
        let runtime = self.runtime;
        let word = match ty {
            Type::Bool => quote!(Bool),
            Type::Int => quote!(Int),
            Type::Count => quote!(Count),
            Type::Bytes => quote!(Bytes),
            Type::Duration => quote!(Duration),
            Type::Decimal { .. } => quote!(Decimal),
            Type::Money { .. } => quote!(Money),
            Type::Time => quote!(Time),
            Type::Text => quote!(Text),
            Type::Host => quote!(Host),
            Type::Did => quote!(Did),
            Type::Email => quote!(Email),
            Type::Url => quote!(Url),
            Type::Ip => quote!(Ip),
            Type::Path => quote!(Path),
            Type::EntityName { .. } => quote!(EntityName),
            Type::Choice(_) => return choices(name),
            Type::List(member) | Type::Set(member) => {
                let member = self.marker(name, member, choices)?;
                return Some(quote!(#runtime::argument::List<#member>));
            }
            Type::Map(value) => {
                let value = self.marker(name, value, choices)?;
                return Some(quote!(#runtime::argument::Map<#value>));
            }
            Type::Json | Type::Record(_) | Type::Batch(_) => return None,
        };
        Some(quote!(#runtime::argument::#word))
    }
}

/// Held as `&str`.
pub(super) fn is_str(ty: &Type) -> bool {
    ty.is_text() && !matches!(ty, Type::Choice(_))
}

/// The unit of a number, for its doc comment.
pub(super) fn unit(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Bytes => "In bytes.".to_owned(),
        Type::Duration => "In milliseconds.".to_owned(),
        Type::Decimal { scale } => format!("In units of 10^-{scale}."),
        Type::Money { currency } => format!("In the minor unit of {currency}."),
        Type::Time => "In Unix milliseconds.".to_owned(),
        Type::Count => "How many.".to_owned(),
        _ => return None,
    })
}
