//! Blocks of IP addresses: `10.0.0.0/8`, `2001:db8::/32`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::NameError;

/// A block of addresses of one family. IPv6 addresses that stand for IPv4 ones
/// (`::ffff:10.0.0.1`) are of the IPv4 family.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cidr {
    /// The first address and the last, as numbers.
    first: IpAddr,
    last: IpAddr,
}

impl Cidr {
    /// Reads a block in its one spelling: the address in canonical form, no bits set behind the
    /// prefix, the prefix's length in decimal.
    ///
    /// ```
    /// use wpc_model::Cidr;
    /// let block = Cidr::parse("10.0.0.0/8").unwrap();
    /// assert!(block.contains("10.9.8.7") && !block.contains("11.0.0.0"));
    /// assert!(Cidr::parse("10.0.0.1/8").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = split(text)?;
        let block = Self::around(address, prefix);
        (address.to_canonical() == address && block.text(prefix) == text).then_some(block)
    }

    /// Whether it holds `ip`, an address in canonical form; false of any other text.
    #[must_use]
    pub fn contains(&self, ip: &str) -> bool {
        let Ok(address) = ip.parse::<IpAddr>() else { return false };
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && (self.first..=self.last).contains(&address)
    }

    /// The first address, as text.
    #[must_use]
    pub fn first(&self) -> String {
        self.first.to_string()
    }

    /// The last address, as text.
    #[must_use]
    pub fn last(&self) -> String {
        self.last.to_string()
    }

    /// The block of all addresses that have the first `prefix` bits of `address`.
    fn around(address: IpAddr, prefix: u32) -> Self {
        match address {
            IpAddr::V4(address) => {
                let (bits, behind) = (u32::from(address), u32::MAX.checked_shr(prefix).unwrap_or_default());
                let (first, last) = (Ipv4Addr::from(bits & !behind), Ipv4Addr::from(bits | behind));
                Self { first: IpAddr::V4(first), last: IpAddr::V4(last) }
            }
            IpAddr::V6(address) => {
                let (bits, behind) = (u128::from(address), u128::MAX.checked_shr(prefix).unwrap_or_default());
                let (first, last) = (Ipv6Addr::from(bits & !behind), Ipv6Addr::from(bits | behind));
                Self { first: IpAddr::V6(first), last: IpAddr::V6(last) }
            }
        }
    }

    fn text(&self, prefix: u32) -> String {
        format!("{}/{prefix}", self.first)
    }
}

/// The address and the length of the prefix, whatever bits are set.
fn split(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    prefix.parse().ok().filter(|prefix| *prefix <= most).map(|prefix| (address, prefix))
}

/// The block that somebody meant who wrote `text`: an address without a prefix, or one with bits
/// set behind it, or an IPv4 block in IPv6 form.
///
/// ```
/// use wpc_model::meant_cidr;
/// assert_eq!(meant_cidr("10.0.0.1/8").as_deref(), Some("10.0.0.0/8"));
/// assert_eq!(meant_cidr("10.0.0.1").as_deref(), Some("10.0.0.1/32"));
/// assert_eq!(meant_cidr("::ffff:10.0.0.0/104").as_deref(), Some("10.0.0.0/8"));
/// ```
#[must_use]
pub fn meant_cidr(text: &str) -> Option<String> {
    let (address, prefix) = match text.parse::<IpAddr>() {
        Ok(alone) => (alone, if alone.is_ipv4() { 32 } else { 128 }),
        Err(_) => split(text)?,
    };
    let canonical = address.to_canonical();
    let prefix = if canonical == address { prefix } else { prefix.checked_sub(96)? };
    Some(Cidr::around(canonical, prefix).text(prefix))
}

/// Checks a block of addresses: see [`Cidr::parse`].
///
/// # Errors
///
/// [`NameError`] with the first reason found.
pub fn check_cidr(text: &str) -> Result<(), NameError> {
    if Cidr::parse(text).is_some() {
        return Ok(());
    }
    Err(NameError::Form(match (split(text), text.contains('/')) {
        (None, false) => "has no `/` and prefix length",
        (None, true) => "is not an ip address, `/` and the length of a prefix",
        (Some((address, _)), _) if address.to_canonical() != address => "is an IPv4 block in IPv6 form",
        (Some((address, prefix)), _) if Cidr::around(address, prefix).first != address => {
            "has bits set behind its prefix"
        }
        (Some(_), _) => "is not in canonical form",
    }))
}
