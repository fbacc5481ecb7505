//! Parts of addresses: `email.local .domain`, `url.scheme .host .port .path`.
//!
//! A part that a reader of the address may take for something else is not known, so that no
//! spelling slips past a deny or satisfies an allow: a host that is a number in disguise, a path
//! with escapes that are decoded twice, a port that only the scheme's own software knows.

use crate::{Type, check_host, check_path};

/// A part of an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    /// A text of it.
    Text(&'a str),
    /// A port.
    Number(i64),
}

static TEXT: Type = Type::Text;
static HOST: Type = Type::Host;
static PORT: Type = Type::Count;
static PATH: Type = Type::Path;

impl Type {
    /// The type of a part of an e-mail address or url; `None` if values of this type have no such
    /// part.
    ///
    /// ```
    /// use wpc_model::Type;
    /// assert_eq!(Type::Email.part("domain"), Some(&Type::Host));
    /// assert_eq!(Type::Text.part("domain"), None);
    /// ```
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&'static Self> {
        match (self, name) {
            (Self::Email, "local") | (Self::Url, "scheme") => Some(&TEXT),
            (Self::Email, "domain") | (Self::Url, "host") => Some(&HOST),
            (Self::Url, "port") => Some(&PORT),
            (Self::Url, "path") => Some(&PATH),
            _ => None,
        }
    }

    /// The parts that values of this type have.
    #[must_use]
    pub fn parts(&self) -> &'static [&'static str] {
        if *self == Self::Email {
            &["local", "domain"]
        } else if *self == Self::Url {
            &["scheme", "host", "port", "path"]
        } else {
            &[]
        }
    }
}

/// The part `name` of an e-mail address or url; no name is a part of both. `None` if it is not
/// known, as where readers of the address may take it for something else.
///
/// ```
/// use wpc_model::{Part, part};
/// assert_eq!(part("a@example.com", "domain"), Some(Part::Text("example.com")));
/// assert_eq!(part("https://example.com/a?b", "path"), Some(Part::Text("/a")));
/// assert_eq!(part("https://example.com/", "port"), Some(Part::Number(443)));
/// assert_eq!(part("amqp://example.com/", "port"), None);
/// ```
#[must_use]
pub fn part<'a>(address: &'a str, name: &str) -> Option<Part<'a>> {
    match name {
        "local" => address.split_once('@').map(|(local, _)| Part::Text(local)),
        "domain" => address.split_once('@').map(|(_, domain)| Part::Text(domain)),
        "scheme" => Url::split(address).map(|url| Part::Text(url.scheme)),
        "host" => Url::split(address)?.plain_host().map(Part::Text),
        "port" => Url::split(address)?.port().map(Part::Number),
        "path" => Url::split(address)?.plain_path().map(Part::Text),
        _ => None,
    }
}

/// A url in pieces, as they are written.
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// Without its colon; `None` where none is written.
    pub(crate) port: Option<&'a str>,
    /// Up to the query or fragment; maybe empty.
    pub(crate) path: &'a str,
}

impl<'a> Url<'a> {
    pub(crate) fn split(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        // A colon inside of brackets is the address's own.
        let from = authority.rfind(']').unwrap_or_default();
        let (host, port) = match authority.get(from..)?.find(':') {
            Some(at) => {
                let (host, port) = authority.split_at_checked(from.checked_add(at)?)?;
                (host, port.strip_prefix(':'))
            }
            None => (authority, None),
        };
        Some(Self { scheme, host, port, path })
    }

    fn plain_host(&self) -> Option<&'a str> {
        (check_host(self.host).is_ok() && !is_number_in_disguise(self.host)).then_some(self.host)
    }

    fn port(&self) -> Option<i64> {
        match self.port {
            Some(port) => port.parse::<u16>().ok().map(i64::from),
            None => default_port(self.scheme),
        }
    }

    /// The path as paths are compared: without a `/` at its end.
    fn plain_path(&self) -> Option<&'a str> {
        let path = if self.path.is_empty() { "/" } else { self.path };
        let path = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
        (check_path(path).is_ok() && path.split('/').all(is_plain_segment)).then_some(path)
    }
}

/// The port that a scheme has where none is written.
pub(crate) fn default_port(scheme: &str) -> Option<i64> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Whether resolvers take a host for an IPv4 address that is not written as one: `2130706433`,
/// `0x7f.1`, `127.1`, `010.0.0.1`.
fn is_number_in_disguise(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_number && host.parse::<std::net::Ipv4Addr>().is_err()
}

/// Whether every reader takes a segment for what it looks like: no `;` behind dots, and of the
/// escapes only those that stand for a character which must be escaped and splits nothing.
fn is_plain_segment(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    !matches!(name, "." | "..") && escapes(segment).all(|escape| escape.is_some_and(is_plain_escape))
}

const fn is_plain_escape(byte: u8) -> bool {
    is_needed_escape(byte) && !matches!(byte, b'%' | b'/' | b'\\' | 0..=0x1f | 0x7f)
}

/// Whether a character must be escaped to stand for itself: RFC 3986 section 2.3.
pub(crate) const fn is_needed_escape(byte: u8) -> bool {
    !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// The bytes that the escapes of a text stand for; `None` for one that is not `%` and two
/// upper-case hexadecimal digits.
pub(crate) fn escapes(text: &str) -> impl Iterator<Item = Option<u8>> {
    text.split('%').skip(1).map(|after| {
        let digits = after.get(..2)?;
        let upper = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
        u8::from_str_radix(digits, 16).ok().filter(|_| upper)
    })
}
