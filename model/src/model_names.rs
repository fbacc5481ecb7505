//! The names of models and of who offers them.

use crate::NameError;

/// Longest name of a provider, in bytes.
const MAX_PROVIDER_BYTES: u32 = 64;

/// Longest name of a model, in bytes.
const MAX_MODEL_BYTES: u32 = 256;

/// Checks the name of a provider of models: lower-case letters, digits, `.`, `_` and `-`, beginning
/// and ending with a letter or digit.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
///
/// ```
/// assert!(wpc_model::check_provider("anthropic").is_ok());
/// assert!(wpc_model::check_provider("Anthropic").is_err());
/// ```
pub fn check_provider(name: &str) -> Result<(), NameError> {
    check(name, MAX_PROVIDER_BYTES, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
    })
}

/// Checks what a provider calls a model: letters, digits and `. _ - / : @ +`, beginning and ending
/// with a letter or digit. Letter case counts. There are no patterns.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
///
/// ```
/// assert!(wpc_model::check_model("meta-llama/Llama-3.1:free").is_ok());
/// assert!(wpc_model::check_model("gpt-*").is_err());
/// ```
pub fn check_model(name: &str) -> Result<(), NameError> {
    check(name, MAX_MODEL_BYTES, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@' | '+')
    })
}

fn check(name: &str, max: u32, accepted: impl Fn(char) -> bool) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if u32::try_from(name.len()).map_or(true, |length| length > max) {
        return Err(NameError::TooLong(max));
    }
    if let Some(found) = name.chars().find(|&c| !accepted(c)) {
        return Err(NameError::Character(found));
    }
    let edges = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    if edges { Ok(()) } else { Err(NameError::Edge) }
}
