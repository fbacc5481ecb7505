//! Texts that must be more than text: hosts, names, identifiers, points in time.

use wpc_model::{
    MAX_TEXT_BYTES, NameError, RegexError, Type, check_cidr, check_email, check_entity_name, check_host,
    check_ip, check_path, check_url, fold_url, meant_cidr, parse_instant, parse_time_of_day,
};

use crate::fault::Fault;
use crate::words::describe;
use crate::{Code, did};

/// `text` as a value of `ty`, which must be a text type other than a choice: checked, and for
/// hosts lower-cased.
pub(crate) fn checked(text: &str, ty: &Type) -> Result<String, Fault> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("found a text of {} bytes, more than {MAX_TEXT_BYTES}", text.len());
        return Err(Fault::new(Code::TooMany, message, "too long").help("write a shorter one"));
    }
    match ty {
        Type::EntityName { max } => entity_name(text, *max),
        Type::Host => host(text),
        Type::Did => match did::fault(text) {
            None => Ok(text.to_owned()),
            Some(why) => Err(Fault::new(
                Code::InvalidDid,
                format!("found {text:?}, which is no decentralised identifier: it {why}"),
                "not a DID",
            )
            .help("write the whole identifier, such as `did:key:z6Mk…`")),
        },
        Type::Email => address(text, ty, check_email(text)),
        Type::Url => {
            let folded = fold_url(text);
            let checked = check_url(&folded);
            address(text, ty, checked).map(|_| folded)
        }
        Type::Ip => address(text, ty, check_ip(text)),
        Type::Path => path(text),
        Type::Text
        | Type::Choice(_)
        | Type::Bool
        | Type::Int
        | Type::Count
        | Type::Bytes
        | Type::Duration
        | Type::Decimal { .. }
        | Type::Money { .. }
        | Type::Time
        | Type::Json
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Record(_)
        | Type::Batch(_) => Ok(text.to_owned()),
    }
}

fn address(text: &str, ty: &Type, checked: Result<(), NameError>) -> Result<String, Fault> {
    checked.map(|()| text.to_owned()).map_err(|why| {
        let message = format!("found {text:?}, which is no `{}`: it {why}", describe(ty));
        let help = if *ty == Type::Url {
            "write it as servers see it, such as `https://host.example/path`, without a fragment"
        } else {
            "write it out, in lower case"
        };
        Fault::new(Code::InvalidAddress, message, "not such an address").help(help)
    })
}

/// A path, absolute and normalised.
pub(crate) fn path(text: &str) -> Result<String, Fault> {
    let Err(why) = check_path(text) else { return Ok(text.to_owned()) };
    let message = format!("found {text:?}, which is no `path`: it {why}");
    let fault = Fault::new(Code::InvalidAddress, message, "not a path as it is compared");
    Err(fault.help(match meant_path(text) {
        Some(meant) => format!("write `{meant:?}`"),
        None => "write an absolute path without `.`, `..`, `//` and a closing `/`, as `/srv/data`".to_owned(),
    }))
}

/// The path that was meant, where only separators are wrong. What `..` means depends on links.
fn meant_path(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let meant = format!("/{}", parts.join("/"));
    (text.starts_with('/') && check_path(&meant).is_ok()).then_some(meant)
}

/// A domain of `under domain`: a host in lower case.
pub(crate) fn domain(text: &str) -> Result<String, Fault> {
    let bare = text.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
    host(text).map_err(|fault| {
        if bare.len() < text.len() && check_host(&bare).is_ok() {
            fault.help(format!("write `{bare:?}`: its subdomains are meant too"))
        } else {
            fault
        }
    })
}

/// A block of `within cidr`.
pub(crate) fn cidr(text: &str) -> Result<String, Fault> {
    check_cidr(text).map(|()| text.to_owned()).map_err(|why| {
        let message = format!("found {text:?}, which is no block of addresses: it {why}");
        let fault = Fault::new(Code::InvalidCidr, message, "not such a block");
        fault.help(match meant_cidr(text) {
            Some(meant) => format!("write `{meant:?}`"),
            None => "write it as `10.0.0.0/8` or `2001:db8::/32`".to_owned(),
        })
    })
}

/// Milliseconds since midnight of a time of day.
pub(crate) fn time_of_day(text: &str) -> Result<i64, Fault> {
    parse_time_of_day(text).ok_or_else(|| {
        let message = format!("found {text:?}, expected a time of day in UTC");
        Fault::new(Code::InvalidTimeOfDay, message, "not a time of day")
            .help("write hours and minutes, from `00:00` to `23:59`, as `09:30`")
    })
}

/// What is wrong with a pattern of `matches`.
pub(crate) fn regex_fault(error: &RegexError) -> Fault {
    let message = format!("found {} in a pattern of `matches`", error.found);
    Fault::new(Code::InvalidRegex, message, "cannot stand in a pattern").help(error.instead)
}

/// Hosts have no capital letters, so neither has a pattern of them.
pub(crate) fn capital_fault() -> Fault {
    let message = "found a capital letter in a pattern of a host, which is in lower case";
    Fault::new(Code::InvalidRegex, message, "matches nothing").help("write it in lower case")
}

fn host(text: &str) -> Result<String, Fault> {
    let lower = text.to_ascii_lowercase();
    let Err(why) = check_host(&lower) else { return Ok(lower) };
    let help = match why {
        NameError::Character(c) if !c.is_ascii() => "write names in other scripts in their `xn--` form",
        NameError::Character('/' | ':') => "write the host alone, without scheme, port or path",
        NameError::Character('*') => "name one host; a host cannot be a pattern here",
        NameError::Character(_)
        | NameError::Empty
        | NameError::TooLong(_)
        | NameError::Edge
        | NameError::Part
        | _ => "write labels of letters, digits and inner hyphens, joined by single dots",
    };
    let why = if why == NameError::Part { "has an empty label".to_owned() } else { why.to_string() };
    Err(Fault::new(
        Code::InvalidAddress,
        format!("found {text:?}, which is no host: it {why}"),
        "not a host name",
    )
    .help(help))
}

fn entity_name(text: &str, max: u32) -> Result<String, Fault> {
    let Err(why) = check_entity_name(text, max) else { return Ok(text.to_owned()) };
    let help = match why {
        NameError::Character('*' | '?') => "write a pattern as `like \"…\"`".to_owned(),
        NameError::Character('$') | NameError::Part => {
            "name the entity alone: dead-letter queues and subscriptions have actions and kinds of their own"
                .to_owned()
        }
        NameError::Character(_) | NameError::Empty | NameError::TooLong(_) | NameError::Edge | _ => format!(
            "use 1 to {max} letters, digits, `.`, `_` and `-`, beginning and ending with a letter or digit"
        ),
    };
    let ty = describe(&Type::EntityName { max });
    Err(Fault::new(
        Code::InvalidName,
        format!("found {text:?}, which is no `{ty}`: it {why}"),
        "not a valid name",
    )
    .help(help))
}

/// A `like` pattern over values of `ty`; hosts are lower-case, so their patterns are too.
pub(crate) fn pattern(text: &str, ty: &Type) -> Result<String, Fault> {
    let backslashes = text.chars().rev().take_while(|c| *c == '\\').count();
    if backslashes % 2 == 1 {
        return Err(Fault::new(
            Code::InvalidPattern,
            "found a pattern that ends in `\\`, expected a character after it",
            "escapes nothing",
        )
        .help("write `\\\\` for a backslash, or remove it"));
    }
    if text.is_empty() {
        let fault = Fault::new(
            Code::InvalidPattern,
            "found an empty pattern, which matches only the empty text",
            "empty",
        );
        return Err(fault.help("write `*` for anything, or compare with `==`"));
    }
    let pattern = if *ty == Type::Host { text.to_ascii_lowercase() } else { text.to_owned() };
    match matches_nothing(&pattern, ty) {
        None => Ok(pattern),
        Some(why) => {
            let message =
                format!("found a pattern that no `{}` matches: what it matches {why}", describe(ty));
            Err(Fault::new(Code::MatchesNothing, message, "can never match")
                .help("correct the pattern, or remove the rule"))
        }
    }
}

/// Why no value of `ty` matches a pattern, if none does.
///
/// A letter stands for each wildcard: no other text in its place makes a name or host more valid, and none
/// does too but where the whole is too long, of which nothing is said here. Of a path only its beginning is
/// looked at.
fn matches_nothing(pattern: &str, ty: &Type) -> Option<NameError> {
    let mut instance = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' => instance.push('x'),
            '\\' => instance.extend(chars.next()),
            other => instance.push(other),
        }
    }
    let checked = if let Type::EntityName { max } = ty {
        check_entity_name(&instance, *max)
    } else if *ty == Type::Host {
        check_host(&instance)
    } else if *ty == Type::Path && !pattern.starts_with(['*', '?']) && !instance.starts_with('/') {
        check_path(&instance)
    } else {
        Ok(())
    };
    checked.err().filter(|why| !matches!(why, NameError::TooLong(_)))
}

/// Unix milliseconds of an RFC 3339 time in UTC.
pub(crate) fn time(text: &str) -> Result<i64, Fault> {
    parse_instant(text).ok_or_else(|| {
        Fault::new(Code::InvalidTime, format!("found {text:?}, expected a time in UTC"), "not a time")
            .help("write it as `2026-01-31T12:00:00Z`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_must_match_some_value() {
        let name = Type::EntityName { max: 260 };
        for (text, ty, fits) in [
            ("*", &name, true),
            ("?", &name, true),
            ("orders-*", &name, true),
            ("*/subscriptions*", &name, true),
            ("Subscription?", &name, true),
            ("-*", &name, false),
            ("*.", &name, false),
            ("*//*", &name, false),
            ("*/SUBSCRIPTIONS/*", &name, false),
            ("a b*", &name, false),
            (r"\**", &name, false),
            ("a/*", &Type::EntityName { max: 50 }, false),
            ("*.Example", &Type::Host, true),
            ("*-", &Type::Host, false),
            ("*..example", &Type::Host, false),
            ("https://*", &Type::Host, false),
            ("-*//", &Type::Text, true),
        ] {
            assert_eq!(pattern(text, ty).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn hosts_are_lower_cased_and_checked() {
        assert_eq!(checked("Contoso.Example", &Type::Host).ok().as_deref(), Some("contoso.example"));
        assert!(checked("https://x", &Type::Host).is_err());
        assert!(checked("münchen.de", &Type::Host).is_err());
    }
}
