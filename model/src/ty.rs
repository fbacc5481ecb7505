//! The types of parameters, arguments and fields.

/// A type of LANGUAGE.md section 3.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A signed whole number.
    Int,
    /// A whole number of things, never negative.
    Count,
    /// A size in bytes, never negative.
    Bytes,
    /// A span of time in milliseconds, never negative.
    Duration,
    /// A decimal with a fixed number of fraction digits, held as a scaled integer.
    Decimal {
        /// Fraction digits, 0 to 9.
        scale: u8,
    },
    /// An amount of one currency, held in its minor unit.
    Money {
        /// ISO 4217 code.
        currency: String,
    },
    /// Any Unicode text.
    Text,
    /// A host name, lower-case ASCII.
    Host,
    /// A decentralised identifier.
    Did,
    /// An e-mail address.
    Email,
    /// An absolute URL.
    Url,
    /// An IP address.
    Ip,
    /// An absolute file path.
    Path,
    /// An instant, Unix milliseconds.
    Time,
    /// Any JSON; never read by a condition.
    Json,
    /// The name of an entity: letters, digits, `.`, `_`, `-` and `/`.
    EntityName {
        /// Longest accepted name, in characters.
        max: u32,
    },
    /// One of a few words, sorted.
    Choice(Vec<String>),
    /// Values in order.
    List(Box<Type>),
    /// Values without order or repetition.
    Set(Box<Type>),
    /// Text keys to values.
    Map(Box<Type>),
    /// A record of the interface.
    Record(String),
    /// One or many of a record; an allow must hold for every one.
    Batch(String),
}

impl Type {
    /// Its name in the language: `entity_name` of `entity_name<260>`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
            Self::Decimal { .. } => "decimal",
            Self::Money { .. } => "money",
            Self::Text => "text",
            Self::Host => "host",
            Self::Did => "did",
            Self::Email => "email",
            Self::Url => "url",
            Self::Ip => "ip",
            Self::Path => "path",
            Self::Time => "time",
            Self::Json => "json",
            Self::EntityName { .. } => "entity_name",
            Self::Choice(_) => "choice",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Record(_) => "record",
            Self::Batch(_) => "batch",
        }
    }

    /// Held as [`crate::Value::Int`].
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Count
                | Self::Bytes
                | Self::Duration
                | Self::Decimal { .. }
                | Self::Money { .. }
                | Self::Time
        )
    }

    /// The type of the members of a list or a set.
    #[must_use]
    pub fn member(&self) -> Option<&Self> {
        if let Self::List(member) | Self::Set(member) = self { Some(member) } else { None }
    }

    /// An integer that is never negative.
    #[must_use]
    pub const fn is_natural(&self) -> bool {
        matches!(self, Self::Count | Self::Bytes | Self::Duration)
    }

    /// Held as [`crate::Value::Text`].
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Host
                | Self::Did
                | Self::Email
                | Self::Url
                | Self::Ip
                | Self::Path
                | Self::EntityName { .. }
                | Self::Choice(_)
        )
    }
}
