//! An action of a policy: its type and its rules.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use wpc_model::{Action, Effect, Tool};

use super::conditions::{Lists, Of, facts};
use super::docs::{self, doc};
use super::naming::ActionNames;
use super::rules::{Kinds, of_action, side};
use super::ty::Context;
use crate::compiled::Map;

/// Most rules that an action's docs list.
const MAX_LISTED: usize = 16;

/// What is emitted.
#[derive(Clone, Copy)]
pub(super) struct Emitted<'p> {
    /// The interface as it ships or was written, which the Rust types are of.
    pub(super) context: Context<'p>,
    /// The tool's name in the policy.
    pub(super) alias: &'p str,
    pub(super) tool: &'p Tool,
    pub(super) map: &'p Map,
    pub(super) kinds: &'p Kinds<'p>,
}

/// The type of one action.
pub(super) fn emit(
    emitted: Emitted<'_>,
    marker: &Ident,
    (name, action): (&str, &Action),
    names: &ActionNames,
    lines: Option<&Vec<String>>,
) -> TokenStream {
    let Emitted { context, alias, tool, map, kinds } = emitted;
    let runtime = context.runtime;
    let interface = &names.marker;
    let docs = doc(&action_docs(tool, map, name, lines));
    let rule = rule(emitted, name, Of { context, action, names });
    let takes = action.kinds.iter().filter_map(|kind| kinds.get(kind.as_str())).map(|kind| {
        let module = &kind.module;
        quote! {
            #[automatically_derived]
            impl #runtime::Takes<#module::Name> for #marker {
                fn place(name: #module::Name) -> ::core::option::Option<#runtime::Place> {
                    ::core::option::Option::Some(::core::convert::Into::into(name))
                }
            }
        }
    });
    let takes_none = action.kinds.is_empty().then(|| {
        quote! {
            #[automatically_derived]
            impl #runtime::Takes<()> for #marker {
                fn place((): ()) -> ::core::option::Option<#runtime::Place> {
                    ::core::option::Option::None
                }
            }
        }
    });
    quote! {
        #docs
        #[::core::prelude::v1::derive(::core::fmt::Debug)]
        pub enum #marker {}

        #[automatically_derived]
        impl #runtime::Action for #marker {
            type Policy = __wpc_policy;
            type Interface = __wpc_interface::#interface;
            const TOOL: &'static ::core::primitive::str = #alias;
            #rule
        }

        #(#takes)*
        #takes_none
    }
}

fn rule(emitted: Emitted<'_>, name: &str, of: Of<'_>) -> TokenStream {
    let Emitted { context, tool, kinds, .. } = emitted;
    let runtime = context.runtime;
    let denies = of_action(&tool.deny, name, true);
    let allows = of_action(&tool.allow, name, false);
    let deny = Lists::of(Effect::Deny, denies.iter().map(|(_, rule)| &*rule.conditions));
    let allow = Lists::of(Effect::Allow, allows.iter().map(|(_, rule)| &*rule.conditions));
    let (deny_side, allow_side) =
        (side(runtime, kinds, &denies, &deny), side(runtime, kinds, &allows, &allow));
    let (deny_functions, allow_functions) = (deny.functions(of), allow.functions(of));
    let (deny_call, allow_call) = (deny.closure(), allow.closure());
    let facts = facts(of);
    quote! {
        fn rule(
            resource: ::core::option::Option<&#runtime::Place>,
            facts: &#facts,
        ) -> #runtime::__private::Ruling {
            static RULES: #runtime::__private::Rules =
                #runtime::__private::Rules { deny: #deny_side, allow: #allow_side };
            #deny_functions
            #allow_functions
            let _ = facts;
            #runtime::__private::decide(&RULES, resource, #deny_call, #allow_call)
        }
    }
}

/// The interface's own lines, then the rules about the action and where they are written.
fn action_docs(tool: &Tool, map: &Map, name: &str, lines: Option<&Vec<String>>) -> Vec<String> {
    let mut docs = docs::or(lines, || format!("Action `{name}`."));
    let allows = of_action(&tool.allow, name, false);
    let denies = of_action(&tool.deny, name, true);
    let mut origins: Vec<_> =
        allows.iter().chain(&denies).filter_map(|(_, rule)| map.origins.get(&rule.id)).collect();
    origins.sort_by(|left, right| (left.line, &left.text).cmp(&(right.line, &right.text)));
    origins.dedup_by(|left, right| (left.line, &left.text) == (right.line, &right.text));
    let more = origins.len().saturating_sub(MAX_LISTED);
    for origin in origins.iter().take(MAX_LISTED) {
        docs.push(String::new());
        docs.extend(origin.docs.iter().cloned());
        docs.push(format!("`{}` (`{}:{}`)", docs::cut(&origin.text), map.source, origin.line));
    }
    if more > 0 {
        docs.extend([String::new(), format!("and {more} more in `{}`", map.source)]);
    }
    docs
}
