//! The content of a policy's module.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs::doc;
use super::naming::{Scope, pascal, snake};
use super::{Options, tool};
use crate::compiled::{Compiled, Whole};

pub(super) fn emit(compiled: &Compiled, options: &Options) -> TokenStream {
    let runtime = &options.runtime;
    let mut scope = Scope::new(&["POLICY_HASH", "interface"]);
    let policy = scope.ident(&pascal(stem(&compiled.map.source)));
    let (name, hash) = (&compiled.policy.name, compiled.policy.hash().to_string());
    let policy_docs = doc(&policy_docs(compiled));
    let interfaces = Interfaces::of(compiled);
    let written = interfaces.emit(options);
    let tools = compiled.policy.tools.iter().filter_map(|(alias, of)| {
        let whole = compiled.interfaces.get(alias)?;
        let module = scope.ident(&snake(alias));
        let interface = match interfaces.module(alias) {
            Some(module) => quote!(super::interface::#module),
            None => {
                // The runtime's module has the name that the interface has there.
                let module = Scope::default().ident(&snake(&whole.interface.name));
                quote!(#runtime::interface::#module)
            }
        };
        let named =
            tool::Named { alias, tool: of, whole, module: &module, interface: &interface, policy: &policy };
        Some(tool::emit(compiled, runtime, named))
    });
    let tools: Vec<_> = tools.collect();
    quote! {
        const _: () = #runtime::__private::generator::<2>();

        /// Hash of the policy that this code enforces: SHA-256 of the artifact, in base64url.
        pub const POLICY_HASH: &::core::primitive::str = #hash;

        #policy_docs
        #[::core::prelude::v1::derive(::core::fmt::Debug)]
        pub enum #policy {}

        #[automatically_derived]
        impl #runtime::Policy for #policy {
            const NAME: &'static ::core::primitive::str = #name;
            const HASH: &'static ::core::primitive::str = POLICY_HASH;
        }

        #written
        #(#tools)*
    }
}

/// The file's name without folders and extensions.
fn stem(source: &str) -> &str {
    let name = source.rsplit(['/', '\\']).next().unwrap_or(source);
    name.split('.').next().unwrap_or(name)
}

fn policy_docs(compiled: &Compiled) -> Vec<String> {
    let mut lines = compiled.map.docs.clone();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("Policy `{}` (`{}`).", compiled.policy.name, compiled.map.source));
    lines
}

/// The interfaces that are not shipped: written beside the policy, so their Rust types are part of
/// its module.
struct Interfaces<'c> {
    modules: Vec<(Ident, &'c Whole)>,
    by_alias: BTreeMap<&'c str, Ident>,
}

impl<'c> Interfaces<'c> {
    fn of(compiled: &'c Compiled) -> Self {
        let mut scope = Scope::default();
        let mut modules: Vec<(Ident, &Whole)> = Vec::new();
        let mut by_alias = BTreeMap::new();
        for (alias, whole) in &compiled.interfaces {
            if whole.shipped {
                continue;
            }
            let same = modules.iter().find(|(_, one)| one.interface == whole.interface);
            let module = match same {
                Some((module, _)) => module.clone(),
                None => {
                    let module = scope.ident(&snake(&whole.interface.name));
                    modules.push((module.clone(), whole));
                    module
                }
            };
            by_alias.insert(alias.as_str(), module);
        }
        Self { modules, by_alias }
    }

    fn module(&self, alias: &str) -> Option<&Ident> {
        self.by_alias.get(alias)
    }

    fn emit(&self, options: &Options) -> Option<TokenStream> {
        if self.modules.is_empty() {
            return None;
        }
        let modules = self.modules.iter().map(|(module, whole)| {
            let lines = super::docs::or(whole.docs.get(""), || format!("Tool `{}`.", whole.interface.name));
            let (docs, content) = (doc(&lines), super::interface(whole, options));
            quote!(#docs pub mod #module { #content })
        });
        Some(quote! {
            /// The tools' interfaces that are written beside the policy.
            #[allow(dead_code, unused_imports, reason = "a policy is written whole, whatever of it is used")]
            pub mod interface { #(#modules)* }
        })
    }
}
