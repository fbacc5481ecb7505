//! The function that takes the place of the annotated one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Pat, Path, Signature, Type};

use super::elided;
use super::facts::{Facts, Listed};
use super::problems::{Problems, did_you_mean};
use super::resource::{self, Resource, nothing_allowed};
use super::rest::Rest;
use super::signature::{Permit, Tool, permit_type};
use super::supply::{Sources, Supplied};

/// The function, as far as it can be made; problems are reported.
pub(super) fn function(
    facts: &Facts,
    path: &Path,
    rest: &Rest,
    tool: &Tool,
    problems: &mut Problems,
) -> TokenStream {
    let can_be_tool = tool.check(problems);
    let output = tool.output(problems);
    let permit = tool.permit(problems);
    let module = module(path);
    let signature = signature(facts, &module, rest, tool, problems);
    let called = called(facts, path, &module, rest, tool, permit.as_ref(), problems);
    let (true, Some(output), Some(permit), Some(called)) = (can_be_tool, output, permit, called) else {
        return placeholder(tool, &signature);
    };
    let attributes = &tool.item.attrs;
    let vis = &tool.item.vis;
    let body = body(facts, path, tool, &permit, &signature, output, &called);
    quote! {
        #(#attributes)*
        #vis #signature { #body }
    }
}

/// The tool's module.
fn module(path: &Path) -> Path {
    let mut module = path.clone();
    module.segments.pop();
    module.segments.pop_punct();
    module
}

/// What is asked of the gate.
struct Called {
    gate: TokenStream,
    resource: TokenStream,
    supplied: Supplied,
}

fn called(
    facts: &Facts,
    path: &Path,
    module: &Path,
    rest: &Rest,
    tool: &Tool,
    permit: Option<&Permit<'_>>,
    problems: &mut Problems,
) -> Option<Called> {
    let marker = &path.segments.last()?.ident;
    let action = match &facts.action {
        Ok(action) => action,
        Err(actions) => {
            unknown(facts, actions, marker, problems);
            return None;
        }
    };
    let resource = resource::read(facts, action, marker, rest.resource.as_ref(), problems);
    let permit = permit?;
    let sources = Sources {
        facts,
        action,
        resource: &resource,
        with: &rest.with,
        parameters: tool.parameters(permit).collect(),
        is_valued: permit.value.is_some(),
        name: tool.name(),
        module,
    };
    let supplied = sources.supply(problems);
    let gate = match &rest.gate {
        Some(gate) => quote!((#gate)),
        None => {
            let gate = gate();
            quote!(#gate)
        }
    };
    let resource = match &resource {
        Resource::Wrong => {
            // Some name of some kind that the action takes, so that nothing else is wrong.
            let kind = action.kinds.iter().find(|kind| kind.taken).map(|kind| &kind.module);
            match kind {
                Some(kind) => quote!(#module::#kind::Name::__wpc_named(&[])),
                None => quote!(()),
            }
        }
        resource => resource.emit(module),
    };
    Some(Called { gate, resource, supplied })
}

/// The action is none of the policy, or none of the tool.
fn unknown(facts: &Facts, actions: &[Listed], marker: &Ident, problems: &mut Problems) {
    match actions.iter().find(|listed| marker == listed.marker.as_str()) {
        Some(listed) => {
            problems.report(marker, nothing_allowed(facts, &listed.name, listed.preposition.as_deref()));
        }
        None => {
            let near = did_you_mean(&marker.to_string(), actions.iter().map(|listed| listed.marker.as_str()));
            problems.report(marker, format!("`{}` has no action `{marker}`{near}", facts.tool));
        }
    }
}

/// The parameter that is added.
fn gate() -> Ident {
    Ident::new("gate", Span::mixed_site())
}

/// What callers see: the gate first, and the bare value for its permit.
fn signature(facts: &Facts, module: &Path, rest: &Rest, tool: &Tool, problems: &mut Problems) -> Signature {
    let runtime = &facts.runtime;
    let sig = &tool.item.sig;
    let mut seen = if rest.gate.is_none() { elided::named(sig) } else { None }.unwrap_or_else(|| sig.clone());
    let mut inputs = syn::punctuated::Punctuated::new();
    let added = rest.gate.is_none().then(|| {
        let gate = gate();
        let input: FnArg = syn::parse_quote!(#gate: &#runtime::Gate<#module::__wpc_policy>);
        input
    });
    let mut added = added.into_iter();
    for input in seen.inputs {
        let is_receiver = matches!(input, FnArg::Receiver(_));
        if !is_receiver {
            inputs.extend(added.next());
        }
        inputs.extend(outer(input));
    }
    inputs.extend(added);
    if rest.gate.is_none() {
        let own = sig.inputs.iter().find_map(|input| match input {
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(pattern) if pattern.ident == "gate" => Some(&pattern.ident),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        if let Some(own) = own {
            problems.report(
                own,
                "found a parameter `gate`, which is the name of the one that is added\n\
                 = help: say where the gate is with `gate = …`, or rename the parameter",
            );
        }
    }
    seen.inputs = inputs;
    // Reported already; without it, rustc does not report what follows from it.
    seen.constness = None;
    seen
}

/// A parameter as callers see it: without its permit; none where there is no value.
fn outer(input: FnArg) -> Option<FnArg> {
    let FnArg::Typed(mut input) = input else { return Some(input) };
    let Some((_, value)) = permit_type(&input.ty) else { return Some(FnArg::Typed(input)) };
    *input.ty = value?.clone();
    if let Pat::Ident(pattern) = &mut *input.pat {
        // `mut` is for the body's variable.
        pattern.mutability = None;
    }
    Some(FnArg::Typed(input))
}

fn body(
    facts: &Facts,
    path: &Path,
    tool: &Tool,
    permit: &Permit<'_>,
    signature: &Signature,
    output: &Type,
    called: &Called,
) -> TokenStream {
    let runtime = &facts.runtime;
    let Called { gate, resource, supplied: Supplied { bindings, overrides } } = called;
    let output = match &signature.output {
        syn::ReturnType::Type(_, named) => named,
        syn::ReturnType::Default => output,
    };
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (running, refused, out) = (local("running"), local("refused"), local("out"));
    let refusable = quote_spanned!(output.span()=> <#output as #runtime::Refusable>);
    let is_async = tool.item.sig.asyncness.is_some();
    let begin = format_ident!("{}", if is_async { "begin" } else { "begin_sync" });
    let finish = format_ident!("{}", if is_async { "finish" } else { "finish_sync" });
    let wait = is_async.then(|| quote!(.await));
    let (ident, mutability) = (&permit.pattern.ident, &permit.pattern.mutability);
    let (value, value_type) = match permit.value {
        Some(_) => {
            let ty = outer_type(signature, ident);
            (quote!(#ident), quote!(#ty))
        }
        None => (quote!(#runtime::Unvalued), quote!(#runtime::Unvalued)),
    };
    let permit_path = &permit.path;
    let (method, permit_type) = match permit.value {
        Some(_) => (quote!(permitted), quote!(#permit_path<'_, #value_type, #path>)),
        None => (quote!(permit), quote!(#permit_path<'_, #path>)),
    };
    let block = &tool.item.block;
    let run = if is_async {
        quote!(async move #block .await)
    } else {
        quote!(#runtime::__private::run(move || -> #output #block))
    };
    quote! {
        #bindings
        let mut #running = match #gate.#begin::<#path, #value_type, _, _>(#resource, #value, #overrides)#wait {
            ::core::result::Result::Ok(#running) => #running,
            ::core::result::Result::Err(#refused) => return #refusable::refused(#refused),
        };
        let #out: #output = {
            let #mutability #ident: #permit_type = match #runtime::Running::#method(&mut #running) {
                ::core::result::Result::Ok(#running) => #running,
                ::core::result::Result::Err(#refused) => return #refusable::refused(#refused),
            };
            #run
        };
        #runtime::Running::#finish(#running, #refusable::outcome(&#out))#wait;
        #out
    }
}

/// The type of a parameter as callers see it.
fn outer_type(signature: &Signature, name: &Ident) -> Type {
    let found = signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(pattern) if pattern.ident == *name => Some((*input.ty).clone()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    found.unwrap_or_else(|| syn::parse_quote!(_))
}

/// A function with the signature that callers expect, so that one mistake gives one error.
fn placeholder(tool: &Tool, signature: &Signature) -> TokenStream {
    let vis = &tool.item.vis;
    let mut signature = signature.clone();
    signature.constness = None;
    signature.abi = None;
    signature.variadic = None;
    quote! {
        #[allow(unused, clippy::all, clippy::pedantic, reason = "it stands for a function that is told to be wrong")]
        #vis #signature { loop {} }
    }
}
