//! Entities of a namespace, as Azure names them.

use std::fmt;
use std::str::FromStr;

use wpc_model::Resource;

/// What a role is assigned on.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Entity {
    /// The whole namespace, with whatever will be created in it.
    Namespace,
    /// A queue.
    Queue(String),
    /// A topic, with all its subscriptions.
    Topic(String),
    /// A subscription.
    Subscription {
        /// Its topic.
        topic: String,
        /// Its own name.
        name: String,
    },
}

/// A kind of entity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The namespace.
    Namespace,
    /// Queues.
    Queue,
    /// Topics.
    Topic,
    /// Subscriptions of topics.
    Subscription,
}

/// An entity that cannot be named.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EntityError {
    /// Code `rbac_entity`.
    #[error("found `{0}`, expected `queue:NAME`, `topic:NAME` or `subscription:TOPIC/NAME`")]
    Unknown(String),
    /// Code `rbac_entity_name`.
    #[error("`{0}` cannot stand in the id of an Azure resource: letters, digits, `.`, `-` and `_` can")]
    Name(String),
}

impl EntityError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "rbac_entity",
            Self::Name(_) => "rbac_entity_name",
        }
    }
}

impl Entity {
    /// An entity of this kind with these names.
    ///
    /// # Errors
    ///
    /// [`EntityError`] if Azure has no such kind, or if a name cannot stand in an id as it is.
    pub fn of(kind: &str, names: &[&str]) -> Result<Self, EntityError> {
        let entity = match (kind, names) {
            ("queue", [name]) => Self::Queue((*name).to_owned()),
            ("topic", [name]) => Self::Topic((*name).to_owned()),
            ("subscription", [topic, name]) => {
                Self::Subscription { topic: (*topic).to_owned(), name: (*name).to_owned() }
            }
            _ => return Err(EntityError::Unknown(format!("{kind}:{}", names.join("/")))),
        };
        match names.iter().find(|name| !is_plain(name)) {
            Some(name) => Err(EntityError::Name((*name).to_owned())),
            None => Ok(entity),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Namespace => Kind::Namespace,
            Self::Queue(_) => Kind::Queue,
            Self::Topic(_) => Kind::Topic,
            Self::Subscription { .. } => Kind::Subscription,
        }
    }

    /// The resource that policies speak of; none for the namespace.
    #[must_use]
    pub fn resource(&self) -> Option<Resource> {
        let resource = |kind: &str, names: &[&String]| {
            Some(Resource {
                kind: kind.to_owned(),
                names: names.iter().map(|name| (*name).clone()).collect(),
            })
        };
        match self {
            Self::Namespace => None,
            Self::Queue(name) => resource("queue", &[name]),
            Self::Topic(name) => resource("topic", &[name]),
            Self::Subscription { topic, name } => resource("subscription", &[topic, name]),
        }
    }

    /// The end of its id, behind the namespace's: `/queues/orders`.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Namespace => String::new(),
            Self::Queue(name) => format!("/queues/{name}"),
            Self::Topic(name) => format!("/topics/{name}"),
            Self::Subscription { topic, name } => format!("/topics/{topic}/subscriptions/{name}"),
        }
    }

    /// Its type and the names behind the namespace's.
    pub(crate) fn parts(&self) -> (&'static str, Vec<&str>) {
        match self {
            Self::Namespace => ("Microsoft.ServiceBus/namespaces", Vec::new()),
            Self::Queue(name) => ("Microsoft.ServiceBus/namespaces/queues", vec![name]),
            Self::Topic(name) => ("Microsoft.ServiceBus/namespaces/topics", vec![name]),
            Self::Subscription { topic, name } => {
                ("Microsoft.ServiceBus/namespaces/topics/subscriptions", vec![topic, name])
            }
        }
    }
}

/// `queue orders`, for people.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace => f.write_str("the namespace"),
            Self::Queue(name) => write!(f, "queue {name}"),
            Self::Topic(name) => write!(f, "topic {name}"),
            Self::Subscription { topic, name } => write!(f, "subscription {topic}/{name}"),
        }
    }
}

/// `queue:NAME`, `topic:NAME`, `subscription:TOPIC/NAME`.
impl FromStr for Entity {
    type Err = EntityError;

    fn from_str(text: &str) -> Result<Self, EntityError> {
        let unknown = || EntityError::Unknown(text.to_owned());
        let (kind, names) = text.split_once(':').ok_or_else(unknown)?;
        if kind == "subscription" {
            let (topic, name) = names.rsplit_once('/').ok_or_else(unknown)?;
            Self::of(kind, &[topic, name])
        } else {
            Self::of(kind, &[names])
        }
    }
}

/// Names that stand in ids, in Bicep, in JSON and in a shell as they are. Service Bus also takes slashes in the
/// names of queues and topics; how an id spells them is not documented.
pub(crate) fn is_plain(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte))
}
