//! The Rust types of shipped interfaces are those that the compiler writes.
//!
//! `WPC_BLESS=1 cargo test -p wpc-build --test it` writes them. Here, because the runtime need not
//! compile for it.

use std::path::Path;
use std::{env, fs};

use quote::quote;
use wpc_compiler::{SHIPPED, emit, shipped};

fn generated(name: &str) -> String {
    let whole = shipped(name).unwrap();
    let mut docs: Vec<&str> = whole.docs[""].iter().map(String::as_str).collect();
    let origin = format!("@generated from `compiler/interfaces/{name}.wpc`: do not edit.");
    docs.extend(["", &origin]);
    let docs: String = docs.iter().map(|line| format!("//! {line}").trim_end().to_owned() + "\n").collect();
    let options = emit::Options { runtime: quote!(crate) };
    let file = syn::parse2(emit::interface(whole, &options)).unwrap();
    format!("{docs}\n{}", prettyplease::unparse(&file))
}

#[test]
fn the_types_of_every_shipped_interface_are_what_the_compiler_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/src/interface");
    for (name, _) in SHIPPED {
        let path = folder.join(name).with_extension("rs");
        let generated = generated(name);
        if env::var_os("WPC_BLESS").is_some() {
            fs::write(&path, generated).unwrap();
            continue;
        }
        assert!(
            fs::read_to_string(&path).unwrap() == generated,
            "`{name}` is stale: write it anew with WPC_BLESS=1"
        );
    }
}

#[test]
fn every_shipped_interface_has_a_module() {
    let modules = include_str!("../../../../runtime/src/interface/mod.rs");
    for (name, _) in SHIPPED {
        assert!(modules.contains(&format!("pub mod {name};")), "`{name}` has no module");
    }
}
