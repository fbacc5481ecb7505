//! From a compiled policy to Rust: total, and the same tokens for the same input.
//!
//! ```text
//! Compiled ──rust──▶ POLICY_HASH, the policy's type
//!                    one module per tool ── one type per action ── Action::rule: tables + conditions
//!                                        └─ one module per kind ── Name
//!                                        └─ __wpc!, the callback of #[tool] (texts for errors only)
//!    Whole ──interface──▶ records, choices, arguments of an interface
//! ```
//!
//! Everything is named absolutely: no prelude, no macro by its bare name, nothing of the module
//! that the code lands in. Names that cannot be Rust identifiers are bent until they can, and
//! numbered where two would meet.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "types that are written as text share one form; a new one without a form fails the differential tests"
)]

mod action;
mod callback;
mod condition;
mod conditions;
mod constant;
mod docs;
mod interface;
mod kind;
mod naming;
mod path;
mod policy;
mod rules;
mod said;
mod table;
mod tool;
mod ty;

use proc_macro2::TokenStream;
use quote::quote;

use crate::compiled::{Compiled, Whole};

/// How the generated code finds the runtime.
#[derive(Clone, Debug)]
pub struct Options {
    /// Path of the runtime crate: `::wpc`, or what `crate = my::wpc` says.
    pub runtime: TokenStream,
}

impl Default for Options {
    fn default() -> Self {
        Self { runtime: quote!(::wpc) }
    }
}

/// Most arms of a generated `match`, and most tests in a row: rustc's time grows faster than their
/// number. Beyond it there are tables.
const MAX_ARMS: usize = 16;

/// The callback macro's name in generated code. A door renames it for the place where the code
/// lands, because exported macros of one crate share one namespace.
pub const CALLBACK: &str = "__wpc_callback";

/// The content of a policy's module.
///
/// Cannot fail; the same policy and options give the same tokens.
#[must_use]
pub fn rust(compiled: &Compiled, options: &Options) -> TokenStream {
    policy::emit(compiled, options)
}

/// The Rust types of an interface: the content of its module.
///
/// Cannot fail; the same interface and options give the same tokens.
#[must_use]
pub fn interface(whole: &Whole, options: &Options) -> TokenStream {
    interface::emit(whole, options)
}
