//! `include_policy!`.

use std::path::PathBuf;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitStr, Result};

use crate::{callback, door};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let name: LitStr = syn::parse2(input)?;
    let Some(folder) = env::var_os("OUT_DIR") else {
        return Err(Error::new(
            name.span(),
            "there is no `OUT_DIR`: a policy is included from what a build script wrote\n\
             = help: call `wpc_build::compile` in `build.rs`, or use `wpc::policy!`",
        ));
    };
    let file = PathBuf::from(folder).join(format!("{}.rs", name.value()));
    let code = fs::read_to_string(&file).map_err(|error| {
        let text = format!(
            "cannot read what the build script wrote for `{0}`: {1}\n\
             = help: call `wpc_build::compile(\"policies/{0}.wpc\")` in `build.rs`",
            name.value(),
            door::reason(&error)
        );
        Error::new(name.span(), text)
    })?;
    let code: TokenStream = code.parse().map_err(|_| {
        Error::new(name.span(), format!("what the build script wrote for `{}` is not Rust", name.value()))
    })?;
    let code = callback::rename(code, name.span());
    let file = file.to_string_lossy();
    Ok(quote! {
        #code
        // Rebuild when the build script wrote it again; nothing reads these bytes.
        const _: &[::core::primitive::u8] = ::core::include_bytes!(#file);
    })
}
