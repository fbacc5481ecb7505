//! Draws policies and compiles them, for the tests of `it/differential`.

#[path = "random/mod.rs"]
mod random;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use wpc_compiler::{Compiled, emit};

use random::Family;
use random::dice::Random;

/// The seed when `WPC_SEED` does not say another.
const SEED: u64 = 0x5eed;

/// How many policies are drawn, over one interface and the other.
const POLICIES: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs\ncargo::rerun-if-changed=random");
    println!("cargo::rerun-if-env-changed=WPC_SEED");
    let seed = env::var("WPC_SEED").ok().map_or(Ok(SEED), |text| text.parse())?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("there is no `OUT_DIR`")?);
    let (bus, desk) = (Family::bus()?, Family::desk()?);
    let (mut modules, mut listed) = (Vec::new(), Vec::new());
    let mut shared = None;
    for index in 0..POLICIES {
        let name = format!("p{index:03}");
        let mut random = Random::new(seed.wrapping_add(u64::try_from(index)?));
        let family = if index % 2 == 0 { &desk } else { &bus };
        let (text, compiled) =
            family.policy(&mut random, &name).map_err(|refusal| format!("WPC_SEED={seed}: {refusal}"))?;
        let code =
            with_shared_interface(emit::rust(&compiled, &emit::Options::default()), &name, &mut shared)?;
        fs::write(out.join(&name).with_extension("rs"), code.to_string())?;
        fs::write(out.join(&name).with_extension("wpc"), text)?;
        fs::write(out.join(&name).with_extension("json"), wpc_model::encode(&compiled.policy))?;
        let module = format_ident!("{name}");
        modules.push(quote!(pub(super) mod #module { ::wpc::include_policy!(#name); }));
        listed.push(entry(&name, &compiled, &out).ok_or("a policy without a tool")?);
    }
    let code = quote! {
        pub(super) const SEED: u64 = #seed;
        #(#modules)*
        pub(super) static POLICIES: &[super::table::Listed] = &[#(#listed),*];
    };
    fs::write(out.join("differential.rs"), code.to_string())?;
    for name in ["bus", "desk"] {
        wpc_build::compile(format!("random/corpus/{name}_corpus.wpc")).try_emit()?;
    }
    Ok(())
}

/// The code of a policy whose interface is written beside it, with that interface's types taken
/// from the first such policy. They are the same tokens in all of them, which is checked; a hundred
/// times the same types would be what this crate spends most of its build on.
fn with_shared_interface(
    code: TokenStream,
    name: &str,
    shared: &mut Option<(String, String)>,
) -> Result<TokenStream, Box<dyn Error>> {
    let mut file: syn::File = syn::parse2(code)?;
    let found = file.items.iter_mut().find_map(|item| {
        if let syn::Item::Mod(module) = item { (module.ident == "interface").then_some(module) } else { None }
    });
    let Some(module) = found else { return Ok(quote!(#file)) };
    let types = quote!(#module).to_string();
    match shared {
        None => *shared = Some((name.to_owned(), types)),
        Some((first, same)) => {
            if *same != types {
                return Err(format!("the interfaces of {first} and {name} differ").into());
            }
            let first = format_ident!("{first}");
            *module = syn::parse_quote! {
                pub mod interface { pub use super::super::#first::interface::desk; }
            };
        }
    }
    Ok(quote!(#file))
}

/// The line of a policy in the tests' table.
fn entry(name: &str, compiled: &Compiled, out: &Path) -> Option<TokenStream> {
    let (alias, tool) = compiled.policy.tools.first_key_value()?;
    let (module, policy) = (format_ident!("{name}"), format_ident!("{}", pascal(name)));
    let tool_module = format_ident!("{alias}");
    let text = out.join(name).with_extension("wpc").to_string_lossy().into_owned();
    let artifact = out.join(name).with_extension("json").to_string_lossy().into_owned();
    let actions = tool.interface.actions.keys().map(|action| {
        let marker = format_ident!("{}", pascal(action));
        quote!(super::table::Action { name: #action, ask: super::facts::ask::<#module::#tool_module::#marker> })
    });
    let kinds = tool.interface.kinds.iter().map(|(kind, of)| {
        let path = format_ident!("{kind}");
        let path = quote!(#module::#tool_module::#path::Name);
        let names: Vec<_> =
            (0..of.template.parameters.len()).map(|slot| format_ident!("name{slot}")).collect();
        quote!(super::table::Kind {
            name: #kind,
            named: |names| #path::__wpc_named(names).into(),
            parse: |names| match names {
                [#(#names),*] => Some(#path::parse(#(#names),*).map(Into::into)),
                _ => None,
            },
        })
    });
    Some(quote!(super::table::Listed {
        name: #name,
        text: include_str!(#text),
        artifact: Some(include_bytes!(#artifact)),
        hash: <#module::#policy as ::wpc::Policy>::HASH,
        tool: #alias,
        actions: &[#(#actions),*],
        kinds: &[#(#kinds),*],
    }))
}

/// `cancel_scheduled` as `CancelScheduled`.
fn pascal(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capital).collect()
}
