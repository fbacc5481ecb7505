//! URLs that may stand in a configuration.

use crate::demand::EmitError;

/// What is needed of a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    /// Encrypted.
    Tls,
    /// In clear, to this machine.
    Loopback,
    /// In clear, to another one.
    Clear,
}

/// How a URL is called; `None` if it cannot be, or if it has a user in it.
pub(crate) fn transport(url: &str) -> Option<Transport> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.is_empty()
        || authority.contains(['@', '\\'])
        || url.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return None;
    }
    if scheme.eq_ignore_ascii_case("https") {
        return Some(Transport::Tls);
    }
    if !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next()?,
    };
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    Some(if loopback { Transport::Loopback } else { Transport::Clear })
}

/// Refuses what would carry a token in clear to another machine.
pub(crate) fn check(url: &str) -> Result<(), EmitError> {
    match transport(url) {
        Some(Transport::Tls | Transport::Loopback) => Ok(()),
        Some(Transport::Clear) => Err(EmitError::ClearUrl(url.to_owned())),
        None => Err(EmitError::BadUrl(url.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_in_clear_to_this_machine_alone() {
        for (url, expect) in [
            ("https://gate.example/mcp", Some(Transport::Tls)),
            ("http://127.0.0.1:8128/mcp", Some(Transport::Loopback)),
            ("HTTP://LocalHost/mcp", Some(Transport::Loopback)),
            ("http://[::1]:1/mcp", Some(Transport::Loopback)),
            ("http://127.0.0.1.example/mcp", Some(Transport::Clear)),
            ("http://gate/mcp", Some(Transport::Clear)),
            ("http://127.0.0.1@gate/mcp", None),
            ("http://gate\\@127.0.0.1/", None),
            ("ftp://gate/", None),
            ("http:///mcp", None),
            ("gate", None),
        ] {
            assert_eq!(transport(url), expect, "{url}");
        }
    }
}
