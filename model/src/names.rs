//! The names that resources and hosts may have.

use std::fmt;

/// Why a name is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    Empty,
    /// It has more characters than this.
    TooLong(u32),
    /// It holds this character.
    Character(char),
    /// It does not begin and end with a letter or digit.
    Edge,
    /// It has a part that is empty, `.`, `..`, `subscriptions`, or begins with `$`.
    Part,
    /// It has another form; the reason.
    Form(&'static str),
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong(max) => write!(f, "is longer than {max} characters"),
            Self::Character(found) => write!(f, "holds {found:?}"),
            Self::Edge => f.write_str("must begin and end with a letter or digit"),
            Self::Part => f.write_str("has an empty, `.`, `..`, `subscriptions` or `$` part"),
            Self::Form(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for NameError {}

/// Longest name of a policy, tool, action, argument, field or kind, in bytes.
pub const MAX_NAME_BYTES: u32 = 128;

/// Checks a name that a policy or an interface gives: printable ASCII without back-quotes, not a
/// number (JavaScript would re-order such members of the artifact), at most [`MAX_NAME_BYTES`].
///
/// # Errors
///
/// [`NameError`] with the first reason found.
///
/// ```
/// use wpc_model::{NameError, check_name};
/// assert_eq!(check_name("create-issue"), Ok(()));
/// assert_eq!(check_name("na\u{ef}ve"), Err(NameError::Character('\u{ef}')));
/// ```
pub fn check_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(found) = name.chars().find(|&c| !matches!(c, ' '..='~') || c == '`') {
        return Err(NameError::Character(found));
    }
    if u32::try_from(name.len()).map_or(true, |length| length > MAX_NAME_BYTES) {
        return Err(NameError::TooLong(MAX_NAME_BYTES));
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) { Err(NameError::Form("is a number")) } else { Ok(()) }
}

/// Checks an `entity_name<max>`: letters, digits, `.`, `_`, `-`, and `/` where `max` is above 50,
/// beginning and ending with a letter or digit.
///
/// Source: Azure resource name rules (queues and topics 1-260, subscriptions and rules 1-50
/// characters). A queue `a/Subscriptions/b` would collide with subscription `b` of topic `a`, so a
/// part equal to `subscriptions` in any case is refused, and so are `.`, `..`, empty and `$` parts.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
///
/// ```
/// use wpc_model::{NameError, check_entity_name};
/// assert_eq!(check_entity_name("orders/eu-1", 260), Ok(()));
/// assert_eq!(check_entity_name("a/Subscriptions/b", 260), Err(NameError::Part));
/// ```
pub fn check_entity_name(name: &str, max: u32) -> Result<(), NameError> {
    let slash = max > 50;
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') || (slash && c == '/');
    if let Some(found) = name.chars().find(|&c| !accepted(c) && c != '$') {
        return Err(NameError::Character(found));
    }
    let reserved = |part: &str| {
        matches!(part, "" | "." | "..") || part.starts_with('$') || part.eq_ignore_ascii_case("subscriptions")
    };
    if name.split('/').any(reserved) {
        return Err(NameError::Part);
    }
    if name.contains('$') {
        return Err(NameError::Character('$'));
    }
    if u32::try_from(name.len()).map_or(true, |length| length > max) {
        return Err(NameError::TooLong(max));
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if edge(name.chars().next()) && edge(name.chars().next_back()) { Ok(()) } else { Err(NameError::Edge) }
}

/// Checks a `host`: lower-case ASCII labels of 1-63 letters, digits and inner hyphens, joined by
/// dots, 253 characters at most (RFC 1123 section 2.1). Names in other scripts must be written in
/// their `xn--` form, so that two hosts that look alike never compare equal.
///
/// # Errors
///
/// [`NameError`] with the first reason found. Upper case is an error here; callers lower-case first.
pub fn check_host(host: &str) -> Result<(), NameError> {
    if host.is_empty() {
        return Err(NameError::Empty);
    }
    let accepted = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    if let Some(found) = host.chars().find(|&c| !accepted(c)) {
        return Err(NameError::Character(found));
    }
    if host.len() > 253 || host.split('.').any(|label| label.len() > 63) {
        return Err(NameError::TooLong(253));
    }
    if host.split('.').any(str::is_empty) {
        return Err(NameError::Part);
    }
    if host.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(NameError::Edge);
    }
    Ok(())
}
