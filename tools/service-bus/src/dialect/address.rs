//! Namespaces, entities and the addresses of their nodes.

use std::fmt;

use wpc_model::{NameError, check_entity_name, check_host};

/// Longest name of a queue or topic, in characters (resource name rules).
const MAX_ENTITY: u32 = 260;

/// Longest name of a subscription or a rule, in characters (resource name rules).
const MAX_PART: u32 = 50;

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

/// A queue, a topic, or a subscription of a topic.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Entity {
    Queue(String),
    Topic(String),
    Subscription { topic: String, name: String },
}

impl Entity {
    /// Checks an entity's names, one for each slot of its kind.
    ///
    /// # Errors
    ///
    /// [`AddressError`] only if Service Bus has no such kind, could not have an entity of this name, or it
    /// could be read as something else (`orders/$management`, `topic/Subscriptions/x`).
    pub(crate) fn of(kind: &str, names: &[&str]) -> Result<Self, AddressError> {
        match (kind, names) {
            ("queue", [name]) => checked(name, MAX_ENTITY).map(Self::Queue),
            ("topic", [name]) => checked(name, MAX_ENTITY).map(Self::Topic),
            ("subscription", [topic, name]) => {
                Ok(Self::Subscription { topic: checked(topic, MAX_ENTITY)?, name: checked(name, MAX_PART)? })
            }
            (kind, _) => Err(AddressError {
                name: kind.to_owned(),
                why: NameError::Form("is no kind of entity, or has another number of names"),
            }),
        }
    }

    /// Its kind, as interfaces name it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::Topic(_) => "topic",
            Self::Subscription { .. } => "subscription",
        }
    }

    /// Its names, one for each slot of its kind.
    pub(crate) fn names(&self) -> Vec<&str> {
        match self {
            Self::Queue(name) | Self::Topic(name) => vec![name],
            Self::Subscription { topic, name } => vec![topic, name],
        }
    }

    /// Where messages go to and come from.
    pub(crate) fn node(&self) -> Node {
        Node(match self {
            Self::Queue(name) | Self::Topic(name) => name.clone(),
            Self::Subscription { topic, name } => format!("{topic}/Subscriptions/{name}"),
        })
    }

    /// Where its dead letters are.
    pub(crate) fn deadletter(&self) -> Node {
        Node(format!("{}/$deadletterqueue", self.node().0))
    }
}

fn checked(name: &str, longest: u32) -> Result<String, AddressError> {
    let plain = |()| {
        let is_part = longest == MAX_PART && name.contains('/');
        if is_part { Err(NameError::Form("holds a slash")) } else { Ok(name.to_owned()) }
    };
    check_entity_name(name, longest)
        .and_then(plain)
        .map_err(|why| AddressError { name: name.to_owned(), why })
}

/// Checks the name of a rule.
///
/// # Errors
///
/// [`AddressError`] only if Service Bus could not have a rule of this name. The rule that a subscription
/// begins with is called `$Default`.
pub(crate) fn check_rule(name: &str) -> Result<(), AddressError> {
    if name == "$Default" { Ok(()) } else { checked(name, MAX_PART).map(drop) }
}

/// What a link can be attached to: an entity, its dead-letter queue, or the management node of either.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Node(String);

impl Node {
    /// The namespace itself.
    pub(crate) const fn root() -> Self {
        Self(String::new())
    }

    /// Its address on a connection to its namespace.
    pub(crate) fn address(&self) -> &str {
        &self.0
    }

    /// Where requests about it are sent.
    pub(crate) fn management(&self) -> Self {
        Self(format!("{}/$management", self.0))
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

    fn queue(name: &str) -> Result<Entity, AddressError> {
        Entity::of("queue", &[name])
    }

    #[test]
    fn an_entity_cannot_name_another_node() {
        for name in ["orders", "orders/eu-1", "a.b_c-d", "Orders"] {
            assert_eq!(queue(name).unwrap().node().address(), name);
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
            assert!(queue(name).is_err(), "{name}");
        }
    }

    #[test]
    fn addresses_are_those_of_the_azure_sdks() {
        let namespace = Namespace::parse("CONTOSO.servicebus.windows.net").unwrap();
        let orders = queue("orders").unwrap();
        let agent = Entity::of("subscription", &["refunds/eu", "agent"]).unwrap();
        for (node, expected) in [
            (orders.node(), "sb://contoso.servicebus.windows.net/orders"),
            (orders.node().management(), "sb://contoso.servicebus.windows.net/orders/$management"),
            (orders.deadletter(), "sb://contoso.servicebus.windows.net/orders/$deadletterqueue"),
            (agent.node(), "sb://contoso.servicebus.windows.net/refunds/eu/Subscriptions/agent"),
        ] {
            assert_eq!(namespace.audience(node.address()), expected);
        }
    }

    #[test]
    fn an_entity_of_another_kind_is_none() {
        assert!(Entity::of("topic", &["a", "b"]).is_err());
        assert!(Entity::of("subscription", &["a", "b/c"]).is_err());
        assert!(Entity::of("subscription", &["a", &"s".repeat(51)]).is_err());
        assert!(Entity::of("namespace", &["a"]).is_err());
    }

    #[test]
    fn a_problem_with_a_name_says_what_and_why() {
        let error = queue("orders/$management").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the name \"orders/$management\" has an empty, `.`, `..`, `subscriptions` or `$` part"
        );
    }
}
