//! The addresses that arguments may hold, each in one spelling only.
//!
//! A condition compares texts byte for byte, so an address with two spellings could slip past a
//! deny. These checks therefore refuse what is not in normal form instead of normalising it; what
//! JSON says is folded before ([`fold_url`]).

use std::net::IpAddr;

use crate::part::{Url, default_port, escapes, is_needed_escape};
use crate::{NameError, check_host};

/// Checks a decentralised identifier: `did:method:id` (W3C DID Core 1.0 section 3.1), 512 bytes at
/// most.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_did(did: &str) -> Result<(), NameError> {
    let not_one = NameError::Form("is not of the form `did:method:id`");
    within(did, 512)?;
    let (method, id) = did.strip_prefix("did:").and_then(|rest| rest.split_once(':')).ok_or(not_one)?;
    let in_method = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let in_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if method.is_empty() || !method.chars().all(in_method) || id.is_empty() || id.ends_with(':') {
        return Err(not_one);
    }
    all(id, in_id)
}

/// Checks an e-mail address: a dot-atom, `@`, and a host in lower case (RFC 5321 section 4.1.2), 254
/// bytes at most. Quoted local parts and address literals are refused.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_email(email: &str) -> Result<(), NameError> {
    within(email, 254)?;
    let (local, domain) = email.split_once('@').ok_or(NameError::Form("has no `@`"))?;
    let in_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.len() > 64 || local.split('.').any(str::is_empty) {
        return Err(NameError::Form("has too long or an empty part before its `@`"));
    }
    all(local, in_atom)?;
    check_host(domain)
}

/// Checks a URL: `scheme://host[:port]/[path…]` in ASCII, scheme and host in lower case, without
/// user name, password, backslash or fragment (RFC 3986 section 3), 8,192 bytes at most.
///
/// One spelling: no port that the scheme has anyway, a `/` behind the host, no `.` or `..` segments,
/// and in the path no escapes but of characters that need them, in upper case (RFC 3986 section 6.2).
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_url(url: &str) -> Result<(), NameError> {
    within(url, 8_192)?;
    all(url, |c| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}'))?;
    let not_one = NameError::Form("is not an absolute url");
    let found = Url::split(url).ok_or(not_one)?;
    let in_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    if !found.scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !found.scheme.chars().all(in_scheme) {
        return Err(NameError::Form("has no lower-case scheme"));
    }
    if found.host.contains('@') || found.port.is_some_and(|port| port.contains('@')) {
        return Err(NameError::Form("holds a user name"));
    }
    match found.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) => check_ip(literal)?,
        None => check_host(found.host)?,
    }
    if let Some(port) = found.port {
        check_port(port)?;
        if default_port(found.scheme).is_some_and(|default| default.to_string() == port) {
            return Err(NameError::Form("names the port that its scheme has anyway"));
        }
    }
    check_url_path(found.path)?;
    if url.contains('#') { Err(NameError::Form("has a fragment, which no server sees")) } else { Ok(()) }
}

fn check_url_path(path: &str) -> Result<(), NameError> {
    if !path.starts_with('/') {
        return Err(NameError::Form("has no `/` behind its host"));
    }
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(NameError::Form("has a `.` or `..` segment"));
    }
    if escapes(path).all(|escape| escape.is_some_and(is_needed_escape)) {
        return Ok(());
    }
    Err(NameError::Form("has an escape that is not needed, or not in upper case"))
}

/// The URL as [`check_url`] wants it, as far as only letter case, the scheme's own port and the first
/// `/` are concerned.
///
/// ```
/// use wpc_model::fold_url;
/// assert_eq!(fold_url("HTTPS://Example.com:443?q"), "https://example.com/?q");
/// assert_eq!(fold_url("not a url"), "not a url");
/// ```
#[must_use]
pub fn fold_url(url: &str) -> String {
    let Some(found) = Url::split(url) else { return url.to_owned() };
    let scheme = found.scheme.to_ascii_lowercase();
    let is_default = |port: &&str| default_port(&scheme).is_some_and(|default| default.to_string() == **port);
    let port = found.port.filter(|port| !is_default(port)).map(|port| format!(":{port}"));
    let slash = if found.path.starts_with('/') { "" } else { "/" };
    let authority = [Some(found.host.len()), found.port.map(|port| port.len().saturating_add(1))];
    let before = found.scheme.len().saturating_add("://".len());
    let before = authority.into_iter().flatten().fold(before, usize::saturating_add);
    let rest = url.get(before..).unwrap_or_default();
    let host = found.host.to_ascii_lowercase();
    format!("{scheme}://{host}{}{slash}{rest}", port.unwrap_or_default())
}

fn check_port(port: &str) -> Result<(), NameError> {
    let canonical = port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
    if canonical { Ok(()) } else { Err(NameError::Form("has no valid port")) }
}

/// Checks an IP address: IPv4 in dotted decimal, or IPv6 in its canonical text (RFC 5952).
///
/// # Errors
///
/// [`NameError`] if it is anything else.
pub fn check_ip(ip: &str) -> Result<(), NameError> {
    let canonical = ip.parse::<IpAddr>().is_ok_and(|address| address.to_string() == ip);
    if canonical { Ok(()) } else { Err(NameError::Form("is not an ip address in canonical form")) }
}

/// Checks a path: absolute and normalised, so no empty, `.` or `..` parts and no closing `/`
/// except in `/` itself; no control characters; 4,096 bytes at most.
///
/// # Errors
///
/// [`NameError`] with the first reason found.
///
/// ```
/// use wpc_model::check_path;
/// assert!(check_path("/srv/data").is_ok());
/// assert!(check_path("/srv/../etc").is_err());
/// ```
pub fn check_path(path: &str) -> Result<(), NameError> {
    within(path, 4_096)?;
    all(path, |c| !c.is_control())?;
    let parts = path.strip_prefix('/').ok_or(NameError::Form("is not absolute"))?;
    let dubious = |part: &str| matches!(part, "" | "." | "..");
    if !parts.is_empty() && parts.split('/').any(dubious) {
        return Err(NameError::Form("is not normalised: it has an empty, `.` or `..` part"));
    }
    Ok(())
}

/// Between 1 and `max` bytes.
fn within(text: &str, max: u32) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if u32::try_from(text.len()).map_or(true, |length| length > max) {
        Err(NameError::TooLong(max))
    } else {
        Ok(())
    }
}

fn all(text: &str, accepted: impl Fn(char) -> bool) -> Result<(), NameError> {
    text.chars().find(|&c| !accepted(c)).map_or(Ok(()), |found| Err(NameError::Character(found)))
}
