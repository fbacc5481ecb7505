//! Constants of conditions as Rust literals.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use wpc_model::Value;

/// A number.
pub(super) fn int(value: i64) -> TokenStream {
    let magnitude = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 { quote!(-#magnitude) } else { quote!(#magnitude) }
}

/// The numbers among `values`, sorted.
pub(super) fn ints(values: &[Value]) -> TokenStream {
    let mut numbers: Vec<_> = values.iter().filter_map(Value::as_int).collect();
    numbers.sort_unstable();
    let numbers = numbers.into_iter().map(int);
    quote!(&[#(#numbers),*])
}

/// The texts among `values`, sorted.
pub(super) fn texts(values: &[Value]) -> TokenStream {
    let mut texts: Vec<_> = values.iter().filter_map(Value::as_text).collect();
    texts.sort_unstable();
    quote!(&[#(#texts),*])
}

/// The truth values among `values`.
pub(super) fn bools(values: &[Value]) -> TokenStream {
    let bools =
        values.iter().filter_map(|value| if let Value::Bool(value) = value { Some(value) } else { None });
    quote!(&[#(#bools),*])
}

/// Offsets and indices.
pub(super) fn indices(values: impl IntoIterator<Item = u32>) -> TokenStream {
    let values = values.into_iter().map(Literal::u32_unsuffixed);
    quote!(&[#(#values),*])
}
