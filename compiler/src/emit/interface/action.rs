//! An action: a type that stands for it, a struct of its arguments, and one of those that are
//! stated beside a value.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::{Action, Field};

use super::{choice, derive, structure};
use crate::emit::docs::{self, doc};
use crate::emit::naming::{ActionNames, Members};
use crate::emit::ty::Context;

pub(super) fn emit(
    context: Context<'_>,
    name: &str,
    action: &Action,
    names: &ActionNames,
    docs: &BTreeMap<String, Vec<String>>,
) -> TokenStream {
    let runtime = context.runtime;
    let own = structure(context, name, &action.arguments, &names.members, None, docs);
    let ActionNames { marker, arguments, overrides, members } = names;
    let fact = own.fact(runtime, arguments, None);
    let (fields, lifetime) = (own.fields, own.lifetime);
    let marker_docs = doc(&docs::or(docs.get(name), || format!("Action `{name}`.")));
    let arguments_docs = doc(&[format!("Every argument of `{name}`, as a decision sees it.")]);
    let overrides_docs = doc(&[format!("Arguments of `{name}` that are stated beside a value.")]);
    let derive_arguments = derive(&quote!());
    let derive_overrides = derive(&quote!(, ::core::default::Default));
    let stated = action.arguments.iter().map(|(name, field)| {
        let (ident, ty) = (members.field(name), context.field(name, field, members, None));
        let docs = doc(&[format!("`{name}`, if it is stated.")]);
        quote!(#docs pub #ident: ::core::option::Option<#ty>,)
    });
    let stated_arguments = from_overrides(context, &action.arguments, members, None);
    let of_overrides = lifetime.as_ref().map(|_| quote!(<'o>));
    let tool = &context.interface.name;
    let valued = valued(context, action, names, &lifetime);
    let choices = choice::all(context, name, &action.arguments, members);
    quote! {
        #marker_docs
        #[::core::prelude::v1::derive(::core::fmt::Debug)]
        pub enum #marker {}

        #arguments_docs
        #derive_arguments
        pub struct #arguments #lifetime { #fields }

        #overrides_docs
        #derive_overrides
        pub struct #overrides #lifetime { #(#stated)* }

        #[automatically_derived]
        impl #runtime::Interface for #marker {
            const TOOL: &'static ::core::primitive::str = #tool;
            const ACTION: &'static ::core::primitive::str = #name;
            type Facts<'a> = #arguments #lifetime;
            type Overrides<'a> = #overrides #lifetime;

            fn of_overrides<'a, 'o: 'a>(
                overrides: #overrides #of_overrides,
            ) -> #runtime::__private::Measured<#arguments #lifetime> {
                ::core::result::Result::Ok(#arguments { #stated_arguments })
            }
        }

        #fact

        #valued
        #choices
    }
}

/// How a value of the action describes it.
fn valued(
    context: Context<'_>,
    action: &Action,
    names: &ActionNames,
    lifetime: &Option<TokenStream>,
) -> TokenStream {
    let runtime = context.runtime;
    let ActionNames { marker, arguments, overrides, members } = names;
    let element =
        action.batch().and_then(|(batch, record)| Some((batch, record, context.names.record(record)?)));
    if let Some((batch, record, record_names)) = element {
        let (element, of_fields) = (&record_names.marker, &record_names.fields);
        let of_lifetime = context.record_lifetime(record);
        let rest = from_overrides(context, &action.arguments, members, Some(batch));
        let ident = members.field(batch);
        return quote! {
            #[automatically_derived]
            impl #runtime::Batched for #marker {
                type Element = #element;

                fn of_batch<'a, 'o: 'a>(
                    batch: #runtime::Batch<'a, #element, #of_fields #of_lifetime>,
                    overrides: #overrides<'o>,
                ) -> #runtime::__private::Measured<#arguments<'a>> {
                    let _ = overrides;
                    ::core::result::Result::Ok(#arguments { #ident: batch, #rest })
                }
            }
        };
    }
    let merged = action.arguments.iter().map(|(name, field)| merge(context, members, name, field));
    let of_overrides = lifetime.as_ref().map(|_| quote!(<'o>));
    quote! {
        #[automatically_derived]
        impl #runtime::Record for #marker {
            type Fields<'a> = #arguments #lifetime;
        }

        #[automatically_derived]
        impl #runtime::Plain for #marker {
            fn of_arguments<'a, 'o: 'a>(
                described: #arguments #lifetime,
                overrides: #overrides #of_overrides,
            ) -> #runtime::__private::Measured<#arguments #lifetime> {
                let _ = (described, overrides);
                ::core::result::Result::Ok(#arguments { #(#merged)* })
            }
        }
    }
}

/// Each argument but `except`, from `overrides`.
fn from_overrides(
    context: Context<'_>,
    arguments: &BTreeMap<String, Field>,
    members: &Members,
    except: Option<&str>,
) -> TokenStream {
    let runtime = context.runtime;
    let each = arguments.iter().filter(|(name, _)| except != Some(name.as_str())).map(|(name, field)| {
        let ident = members.field(name);
        if field.optional {
            quote!(#ident: overrides.#ident,)
        } else {
            quote!(#ident: #runtime::__private::stated(#name, overrides.#ident)?,)
        }
    });
    quote!(#(#each)*)
}

/// An argument that a value describes: what is measured comes from the value alone, and what is stated
/// beside the value must be what it describes.
fn merge(context: Context<'_>, members: &Members, name: &str, field: &Field) -> TokenStream {
    let (runtime, ident) = (context.runtime, members.field(name));
    match (field.measured, field.optional) {
        (true, _) => quote!(#ident: described.#ident,),
        (false, true) => {
            quote!(#ident: #runtime::__private::agreed_if_any(#name, overrides.#ident, described.#ident)?,)
        }
        (false, false) => {
            quote!(#ident: #runtime::__private::agreed(#name, overrides.#ident, described.#ident)?,)
        }
    }
}
