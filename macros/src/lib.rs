//! Doors into `wpc-compiler`: no policy logic lives here.
//!
//! ```text
//! policy!("orders.wpc") ────────▶ compile, emit ─┐
//! include_policy!("orders") ────▶ what wpc-build ├─▶ items of the calling module
//!                                 wrote          ┘
//! #[tool(path::Action, …)] fn ──▶ path::__wpc! { … } ──▶ __tool! { { facts } … } ──▶ the function
//! ```
//!
//! Use them as `wpc::policy!`, `wpc::include_policy!` and `#[wpc::tool]`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "syn's enums are open: what is not known is reported, or left as it is"
)]

mod callback;
mod door;
mod dump;
mod include;
mod policy;
mod tool;

use proc_macro::TokenStream;

/// Compiles a policy file into this module: `policy!("orders.wpc")`.
///
/// The path is relative to the file that calls. After it may come `params(name = "value", …)`,
/// the policy's parameters, and `crate = path::to::wpc`, where the runtime goes by another name.
#[proc_macro]
pub fn policy(input: TokenStream) -> TokenStream {
    policy::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Includes what the build script's `wpc_build::compile` wrote: `include_policy!("orders")`.
#[proc_macro]
pub fn include_policy(input: TokenStream) -> TokenStream {
    include::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Puts a function under a policy: `#[wpc::tool(orders::azure_service_bus::Send, to = queue("orders"))]`.
///
/// What is written is what the caller sees, with two changes: `gate: &Gate<Orders>` comes first,
/// after `self`, unless the attribute says `gate = expression`; and `Permitted<T>` becomes `T`. The
/// body runs only with a permit.
#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    tool::call(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// What the callback macro of `#[tool]` calls.
#[doc(hidden)]
#[proc_macro]
pub fn __tool(input: TokenStream) -> TokenStream {
    tool::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
