//! Errors of one attribute: all of them, each at the user's own token.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// What is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Option<Error>,
    count: usize,
}

impl Problems {
    /// `message` at `at`.
    pub(super) fn report(&mut self, at: &impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(at, message));
    }

    pub(super) fn add(&mut self, error: Error) {
        self.count += 1;
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// How many there are: a caller compares two counts to learn whether a part was clean.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn into_tokens(self) -> TokenStream {
        self.found.map(Error::into_compile_error).unwrap_or_default()
    }
}

/// `` `a`, `b` ``.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// `` `a`, `b` or `c` ``.
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// A line that says what name was meant, if one is near enough.
pub(super) fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    wpc_compiler::nearest(wanted, names)
        .map(|near| format!("\n= help: did you mean `{near}`?"))
        .unwrap_or_default()
}
