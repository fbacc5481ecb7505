//! A resource kind: its checked names.

use proc_macro2::TokenStream;
use quote::quote;
use wpc_model::{Kind, Tool};

use super::docs::{self, doc};
use super::naming::{Scope, snake};
use super::rules::KindTable;

/// The module of a kind.
pub(super) fn emit(
    runtime: &TokenStream,
    tool: &Tool,
    kind: &Kind,
    of: &KindTable<'_>,
    lines: Option<&Vec<String>>,
) -> TokenStream {
    let KindTable { module, table } = of;
    let name = table.kind();
    let mut scope = Scope::default();
    let parameters: Vec<_> =
        kind.template.parameters.iter().map(|(parameter, _)| scope.ident(&snake(parameter))).collect();
    let names = table.emit(runtime, tool, kind);
    let module_docs = doc(&docs::or(lines, || format!("Resources of kind `{name}`.")));
    let name_docs = doc(&[format!("The name of a `{name}`, checked against the policy.")]);
    let parse_docs = doc(&[
        format!("The `{name}` of this name, if some allow of the policy accepts it."),
        String::new(),
        "# Errors".to_owned(),
        String::new(),
        format!("`NotAllowed` only if no allow accepts it, or it is no name of a `{name}`."),
    ]);
    let message = format!("`{{Self}}` is not a checked name of a `{name}`");
    let call = parameters.iter().map(|parameter| format!("&{parameter}")).collect::<Vec<_>>().join(", ");
    let note = format!("make one where the text comes in: `{module}::Name::parse({call})?`");
    quote! {
        #module_docs
        pub mod #module {
            #[doc(hidden)]
            pub static __WPC_NAMES: #runtime::__private::Names = #names;

            #name_docs
            #[::core::prelude::v1::derive(::core::clone::Clone, ::core::fmt::Debug)]
            pub struct Name(#runtime::Place);

            impl Name {
                #parse_docs
                pub fn parse(
                    #(#parameters: &::core::primitive::str),*
                ) -> ::core::result::Result<Self, #runtime::NotAllowed> {
                    #runtime::__private::Names::parse(&__WPC_NAMES, &[#(#parameters),*]).map(Self)
                }

                #[doc(hidden)]
                #[must_use]
                pub const fn __wpc_named(names: &'static [&'static ::core::primitive::str]) -> Self {
                    Self(#runtime::__private::Names::named(&__WPC_NAMES, names))
                }

                /// The resource.
                #[must_use]
                pub fn place(&self) -> &#runtime::Place {
                    &self.0
                }
            }

            #[automatically_derived]
            impl ::core::convert::From<Name> for #runtime::Place {
                fn from(name: Name) -> Self {
                    name.0
                }
            }

            #[doc(hidden)]
            #[diagnostic::on_unimplemented(message = #message, label = "not checked", note = #note)]
            pub trait __WpcChecked {
                fn __wpc_name(self) -> Name;
            }

            #[automatically_derived]
            impl __WpcChecked for Name {
                fn __wpc_name(self) -> Name {
                    self
                }
            }

            #[automatically_derived]
            impl __WpcChecked for &Name {
                fn __wpc_name(self) -> Name {
                    ::core::clone::Clone::clone(self)
                }
            }
        }
    }
}
