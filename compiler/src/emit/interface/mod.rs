//! The Rust types of an interface.

mod action;
mod choice;
mod record;

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use wpc_model::Field;

use super::naming::{Members, Names};
use super::ty::{Context, unit};
use super::{Options, docs};
use crate::compiled::Whole;

/// The content of the interface's module.
pub(super) fn emit(whole: &Whole, options: &Options) -> TokenStream {
    let interface = &whole.interface;
    let names = Names::of(interface);
    let context = Context { interface, names: &names, runtime: &options.runtime };
    let records = interface.records.iter().filter_map(|(name, record)| {
        Some(record::emit(context, name, record, names.record(name)?, &whole.docs))
    });
    let actions = interface.actions.iter().filter_map(|(name, action)| {
        Some(action::emit(context, name, action, names.action(name)?, &whole.docs))
    });
    quote! {
        #(#records)*
        #(#actions)*
    }
}

/// What a list of fields becomes.
struct Struct {
    /// The fields with docs, each `Option` where it is optional.
    fields: TokenStream,
    /// Calls that add each to a `Fields` of the runtime.
    values: TokenStream,
    /// `<'a>` where it borrows.
    lifetime: Option<TokenStream>,
    /// `<'_>` where it borrows.
    elided: Option<TokenStream>,
}

impl Struct {
    /// How the struct becomes a value of the model; `record`: the record whose fields it has, if it is not of
    /// arguments.
    fn fact(&self, runtime: &TokenStream, name: &Ident, record: Option<&str>) -> TokenStream {
        let Self { values, elided, .. } = self;
        let seal = match record {
            Some(record) => quote!(seal.record(#record)),
            None => quote!(seal),
        };
        quote! {
            #[automatically_derived]
            impl #runtime::__private::Fact for #name #elided {
                fn value(&self, seal: #runtime::__private::Seal<'_>) -> #runtime::__private::Valued {
                    #runtime::__private::Fields::new(#seal) #values .finish()
                }
            }
        }
    }
}

fn structure(
    context: Context<'_>,
    owner: &str,
    fields: &BTreeMap<String, Field>,
    members: &Members,
    within: Option<&str>,
    docs: &BTreeMap<String, Vec<String>>,
) -> Struct {
    let runtime = context.runtime;
    let lifetime = context.lifetime(fields.values());
    let elided = lifetime.is_some().then(|| quote!(<'_>));
    let each = fields.iter().map(|(name, field)| {
        let (doc, ident) = (field_docs(owner, name, field, docs), members.field(name));
        let ty = context.field(name, field, members, within);
        if field.optional {
            quote!(#doc pub #ident: ::core::option::Option<#ty>,)
        } else {
            quote!(#doc pub #ident: #ty,)
        }
    });
    let values = fields.iter().map(|(name, field)| {
        let ident = members.field(name);
        let value = quote!(self.#ident);
        let value = match (&field.ty, field.sealed, field.optional) {
            (wpc_model::Type::Set(_), false, false) => quote!(#runtime::__private::AsSet(#value)),
            (wpc_model::Type::Set(_), false, true) => quote!(#value.map(#runtime::__private::AsSet)),
            _ => value,
        };
        if field.optional { quote!(.optional(#name, &#value)) } else { quote!(.required(#name, &#value)) }
    });
    Struct { fields: quote!(#(#each)*), values: quote!(#(#values)*), lifetime, elided }
}

/// The docs of a field: the interface's own, its unit, and where it comes from.
fn field_docs(owner: &str, name: &str, field: &Field, docs: &BTreeMap<String, Vec<String>>) -> TokenStream {
    let mut lines = docs::or(docs.get(&format!("{owner}.{name}")), || format!("`{name}`."));
    let unit = if field.sealed { None } else { unit(&field.ty) };
    if let Some(unit) = unit {
        lines.push(String::new());
        lines.push(unit);
    }
    docs::doc(&lines)
}

/// `#[derive]` of plain data.
fn derive(more: &TokenStream) -> TokenStream {
    quote! {
        #[::core::prelude::v1::derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug #more)]
    }
}
