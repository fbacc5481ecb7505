//! A choice: an enum with one variant per word.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::Field;

use super::derive;
use crate::emit::docs::doc;
use crate::emit::naming::{ChoiceNames, Members};
use crate::emit::ty::Context;

/// The choices among the fields of `owner`.
pub(super) fn all(
    context: Context<'_>,
    owner: &str,
    fields: &BTreeMap<String, Field>,
    members: &Members,
) -> TokenStream {
    let choices = members.choices().filter(|(name, _)| fields.contains_key(*name));
    choices.map(|(name, choice)| emit(context, owner, name, choice)).collect()
}

fn emit(context: Context<'_>, owner: &str, name: &str, choice: &ChoiceNames) -> TokenStream {
    let (runtime, marker) = (context.runtime, &choice.marker);
    let docs = doc(&[format!("`{name}` of `{owner}`.")]);
    let derive = derive(&quote!(, ::core::cmp::Eq, ::core::cmp::PartialEq));
    let variants = choice.variants.iter().map(|(word, variant)| {
        let docs = doc(&[format!("`{word}`.")]);
        quote!(#docs #variant,)
    });
    let words = choice.variants.iter().map(|(word, variant)| quote!(Self::#variant => #word,));
    quote! {
        #docs
        #derive
        pub enum #marker { #(#variants)* }

        #[automatically_derived]
        impl #runtime::argument::Choice for #marker {
            fn word(self) -> &'static ::core::primitive::str {
                match self { #(#words)* }
            }
        }

        #[automatically_derived]
        impl #runtime::argument::Type for #marker {
            type Value<'a> = Self;
            type Members<'a> = &'a [Self];
            type Entries<'a> = #runtime::Pairs<'a, Self>;
        }

        #[automatically_derived]
        impl #runtime::argument::Argument<Self> for #marker {
            fn to_value(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl #runtime::__private::Fact for #marker {
            fn value(&self, seal: #runtime::__private::Seal<'_>) -> #runtime::__private::Valued {
                #runtime::__private::Fact::value(&#runtime::argument::Choice::word(*self), seal)
            }
        }
    }
}
