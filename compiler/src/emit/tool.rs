//! A tool of a policy: one module.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use wpc_model::Tool;

use super::action::{self, Emitted};
use super::docs::{self, doc};
use super::naming::{Names, Scope, pascal, snake};
use super::rules::{KindTable, Kinds};
use super::table::Table;
use super::ty::Context;
use super::{CALLBACK, callback, kind};
use crate::compiled::{Compiled, Whole};

/// A tool and the Rust names around it.
#[derive(Clone, Copy)]
pub(super) struct Named<'p> {
    /// Its name in the policy.
    pub(super) alias: &'p str,
    pub(super) tool: &'p Tool,
    /// The interface as it ships or was written.
    pub(super) whole: &'p Whole,
    /// Its module.
    pub(super) module: &'p Ident,
    /// Path of the interface's Rust types, seen from its module.
    pub(super) interface: &'p TokenStream,
    /// The policy's type.
    pub(super) policy: &'p Ident,
}

/// The module of a tool, and the callback macro beside it.
pub(super) fn emit(compiled: &Compiled, runtime: &TokenStream, named: Named<'_>) -> TokenStream {
    let Named { alias, tool, whole, module, interface, policy } = named;
    let names = Names::of(&whole.interface);
    let context = Context { interface: &whole.interface, names: &names, runtime };
    let mut scope = Scope::new(&["__wpc", "__wpc_policy", "__wpc_interface"]);
    let kinds: Kinds<'_> = tool
        .interface
        .kinds
        .keys()
        .map(|name| {
            let table = Table::of(tool, name);
            (name.as_str(), KindTable { module: scope.ident(&snake(name)), table })
        })
        .collect();
    let markers: Vec<_> =
        tool.interface.actions.keys().map(|name| (name.as_str(), scope.ident(&pascal(name)))).collect();
    let kind_modules = kinds.iter().filter_map(|(name, table)| {
        Some(kind::emit(runtime, tool, tool.interface.kinds.get(*name)?, table, whole.docs.get(*name)))
    });
    let emitted = Emitted { context, alias, tool, map: &compiled.map, kinds: &kinds };
    let actions = markers.iter().filter_map(|(name, marker)| {
        // The Rust types are of the whole interface; its slice in the policy says the same of what
        // it has.
        let action = whole.interface.actions.get(*name)?;
        Some(action::emit(emitted, marker, (name, action), names.action(name)?, whole.docs.get(*name)))
    });
    let callback_name = format_ident!("{CALLBACK}_{}", snake(alias));
    let callback = callback::emit(
        &callback::Facts { compiled, named, context, kinds: &kinds, markers: &markers },
        &callback_name,
    );
    let module_docs = doc(&module_docs(compiled, named));
    quote! {
        #callback

        #module_docs
        #[allow(dead_code, unused_imports, reason = "a policy is written whole, whatever of it is used")]
        pub mod #module {
            #[doc(hidden)]
            pub use #callback_name as __wpc;
            #[doc(hidden)]
            pub use super::#policy as __wpc_policy;
            #[doc(hidden)]
            pub use #interface as __wpc_interface;

            #(#kind_modules)*
            #(#actions)*
        }
    }
}

fn module_docs(compiled: &Compiled, named: Named<'_>) -> Vec<String> {
    let mut lines = docs::or(named.whole.docs.get(""), || format!("Tool `{}`.", named.alias));
    lines.extend([
        String::new(),
        format!("As policy `{}` binds it (`{}`).", compiled.policy.name, compiled.map.source),
    ]);
    lines
}
