//! A record: a type that stands for it, and a struct of its fields.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::Record;

use super::{choice, derive, structure};
use crate::emit::docs::{self, doc};
use crate::emit::naming::RecordNames;
use crate::emit::ty::Context;

pub(super) fn emit(
    context: Context<'_>,
    name: &str,
    record: &Record,
    names: &RecordNames,
    docs: &BTreeMap<String, Vec<String>>,
) -> TokenStream {
    let runtime = context.runtime;
    let own = structure(context, name, &record.fields, &names.members, Some(name), docs);
    let (marker, of_fields) = (&names.marker, &names.fields);
    let fact = own.fact(runtime, of_fields, Some(name));
    let (fields, lifetime) = (own.fields, own.lifetime);
    let marker_docs = doc(&docs::or(docs.get(name), || format!("Record `{name}`.")));
    let fields_docs = doc(&[format!("Every field of a `{name}`.")]);
    let derive = derive(&quote!());
    let choices = choice::all(context, name, &record.fields, &names.members);
    quote! {
        #marker_docs
        #[::core::prelude::v1::derive(::core::fmt::Debug)]
        pub enum #marker {}

        #fields_docs
        #derive
        pub struct #of_fields #lifetime { #fields }

        #[automatically_derived]
        impl #runtime::Record for #marker {
            type Fields<'a> = #of_fields #lifetime;
        }

        #fact
        #choices
    }
}
