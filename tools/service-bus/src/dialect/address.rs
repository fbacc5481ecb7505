//! Namespaces, entities and the addresses of their nodes.

use std::fmt;

use wpc_model::{NameError, check_entity_name, check_host};

/// Longest name of a queue or topic, in characters (resource name rules).
const MAX_ENTITY: u32 = 260;

/// Where clients put their tokens.
pub(crate) const CBS: &str = "$cbs";

/// A namespace's host, `contoso.servicebus.windows.net`: lower-case.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Namespace(String);

impl Namespace {
    /// Checks a host name; upper case is lowered.
    ///
    /// # Errors
    ///
    /// [`AddressError`] only if it is not a host name.
    ///
    /// ```
    /// use wpc_service_bus::Namespace;
    /// assert_eq!(Namespace::parse("Contoso.servicebus.windows.net")?.host(), "contoso.servicebus.windows.net");
    /// assert!(Namespace::parse("contoso/orders").is_err());
    /// # Ok::<(), wpc_service_bus::AddressError>(())
    /// ```
    pub fn parse(host: &str) -> Result<Self, AddressError> {
        let host = host.to_ascii_lowercase();
        match check_host(&host) {
            Ok(()) => Ok(Self(host)),
            Err(why) => Err(AddressError { name: host, why }),
        }
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0
    }

    /// What a token for `node` is for, `sb://host/node`.
    pub(crate) fn audience(&self, node: &str) -> String {
        format!("sb://{}/{node}", self.0)
    }
}

/// A queue or a topic: what one can send to.
///
/// Service Bus keeps both in one space of names, so the kind is not part of an address.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Entity(String);

impl Entity {
    /// Checks a queue's or topic's name.
    ///
    /// # Errors
    ///
    /// [`AddressError`] only if Service Bus could not have an entity of this name, or it could be
    /// read as something else (`orders/$management`, `topic/Subscriptions/x`).
    pub(crate) fn parse(name: &str) -> Result<Self, AddressError> {
        match check_entity_name(name, MAX_ENTITY) {
            Ok(()) => Ok(Self(name.to_owned())),
            Err(why) => Err(AddressError { name: name.to_owned(), why }),
        }
    }

    /// Where messages for it are sent.
    pub(crate) fn node(&self) -> &str {
        &self.0
    }

    /// Where requests about it are sent.
    pub(crate) fn management(&self) -> String {
        format!("{}/$management", self.0)
    }
}

/// A namespace or an entity has a name that it cannot have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressError {
    name: String,
    why: NameError,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name {:?} {}", self.name, self.why)
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_cannot_name_another_node() {
        for name in ["orders", "orders/eu-1", "a.b_c-d", "Orders"] {
            assert_eq!(Entity::parse(name).unwrap().node(), name);
        }
        for name in [
            "",
            "/orders",
            "orders/",
            "orders//eu",
            "orders/../eu",
            "$cbs",
            "orders/$management",
            "orders/$deadletterqueue",
            "topic/Subscriptions/x",
            "topic/subscriptions/x",
            "orders%2f$management",
            "sb://host/orders",
            "orders ",
            &"q".repeat(261),
        ] {
            assert!(Entity::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn addresses_are_those_of_the_azure_sdks() {
        let namespace = Namespace::parse("CONTOSO.servicebus.windows.net").unwrap();
        let entity = Entity::parse("orders").unwrap();
        assert_eq!(namespace.audience(entity.node()), "sb://contoso.servicebus.windows.net/orders");
        assert_eq!(
            namespace.audience(&entity.management()),
            "sb://contoso.servicebus.windows.net/orders/$management"
        );
    }

    #[test]
    fn a_problem_with_a_name_says_what_and_why() {
        let error = Entity::parse("orders/$management").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the name \"orders/$management\" has an empty, `.`, `..`, `subscriptions` or `$` part"
        );
    }
}
