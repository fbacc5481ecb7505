//! The one spelling that a text of each type has.

use crate::{
    NameError, Type, check_did, check_email, check_entity_name, check_host, check_ip, check_path, check_url,
};

/// How a text must be written, so that texts can be compared byte for byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spelling {
    /// As it likes.
    Text,
    /// `entity_name<max>`: [`check_entity_name`].
    EntityName(u32),
    /// [`check_host`].
    Host,
    /// [`check_did`].
    Did,
    /// [`check_email`].
    Email,
    /// [`check_url`].
    Url,
    /// [`check_ip`].
    Ip,
    /// [`check_path`].
    Path,
}

impl Spelling {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// [`NameError`] with the first reason found.
    ///
    /// ```
    /// use wpc_model::Spelling;
    /// assert!(Spelling::Path.check("/srv/data").is_ok());
    /// assert!(Spelling::Path.check("srv/data").is_err());
    /// ```
    pub fn check(self, text: &str) -> Result<(), NameError> {
        match self {
            Self::Text => Ok(()),
            Self::EntityName(max) => check_entity_name(text, max),
            Self::Host => check_host(text),
            Self::Did => check_did(text),
            Self::Email => check_email(text),
            Self::Url => check_url(text),
            Self::Ip => check_ip(text),
            Self::Path => check_path(text),
        }
    }
}

impl Type {
    /// How its texts are written; those of a choice, and what is no text, are looked at elsewhere.
    #[must_use]
    pub const fn spelling(&self) -> Spelling {
        match self {
            Self::EntityName { max } => Spelling::EntityName(*max),
            Self::Host => Spelling::Host,
            Self::Did => Spelling::Did,
            Self::Email => Spelling::Email,
            Self::Url => Spelling::Url,
            Self::Ip => Spelling::Ip,
            Self::Path => Spelling::Path,
            Self::Text
            | Self::Bool
            | Self::Int
            | Self::Count
            | Self::Bytes
            | Self::Duration
            | Self::Decimal { .. }
            | Self::Money { .. }
            | Self::Time
            | Self::Json
            | Self::Choice(_)
            | Self::List(_)
            | Self::Set(_)
            | Self::Map(_)
            | Self::Record(_)
            | Self::Batch(_) => Spelling::Text,
        }
    }
}
