//! Openings: what was committed to, with its salt.

use serde_json::Value;
use wpc_model::Hash;
use wpc_model::canon::{Compare, Json, Writer};

use super::Salt;
use crate::members::{Members, Wrong, json};

/// Longest accepted opening, in bytes: more than an argument of the longest call.
pub const MAX_OPENING_BYTES: usize = 2 << 20;

/// What a commitment commits to. Its canonical JSON has exactly these members.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The argument.
    pub name: String,
    /// Its salt.
    pub salt: Salt,
    /// Its type, as [`wpc_model::Type::to_text`] writes it, or [`super::ABSENT`], [`super::SEALED`],
    /// [`super::UNKNOWN`], [`super::RESOURCE`]. The member is `type`.
    pub ty: String,
    /// Its value, as [`wpc_model::Call::to_json`] writes it.
    pub value: Json,
}

/// Bytes are not an opening.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpeningError {
    /// Longer than [`MAX_OPENING_BYTES`]. Code `too_large`.
    #[error("the opening is longer than {MAX_OPENING_BYTES} bytes")]
    TooLong,
    /// Not JSON. Code `malformed`.
    #[error("the opening is not JSON")]
    Json,
    /// A member is missing, or is not what its schema says. Code `malformed`.
    #[error("the opening's member `{0}` is missing or wrong")]
    Member(&'static str),
    /// Not the canonical bytes of the opening it says. Code `not_canonical`.
    #[error("the opening is not canonical at byte {at}")]
    NotCanonical {
        /// The first byte that differs, from 0.
        at: usize,
    },
}

impl OpeningError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_large",
            Self::Json | Self::Member(_) => "malformed",
            Self::NotCanonical { .. } => "not_canonical",
        }
    }
}

impl Opening {
    /// The commitment that it opens.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        Hash::under("wpc/arg/v1", &self.encode())
    }

    /// Whether it opens `commitment`.
    #[must_use]
    pub fn check(&self, commitment: &Hash) -> bool {
        self.commitment() == *commitment
    }

    /// As JSON, to stand in a larger document.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object([
            ("name", Json::from(self.name.as_str())),
            ("salt", Json::from(self.salt.to_string())),
            ("type", Json::from(self.ty.as_str())),
            ("value", self.value.clone()),
        ])
    }

    /// Its canonical bytes: what is committed to.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.to_json().encode()
    }

    /// Reads what [`Opening::encode`] writes, and nothing else.
    ///
    /// # Errors
    ///
    /// [`OpeningError`] with the first reason found.
    pub fn decode(bytes: &[u8]) -> Result<Self, OpeningError> {
        if bytes.len() > MAX_OPENING_BYTES {
            return Err(OpeningError::TooLong);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|_| OpeningError::Json)?;
        let opening = Self::read(&value).map_err(|Wrong(member)| OpeningError::Member(member))?;
        let mut compare = Compare::new(bytes);
        opening.to_json().write(Writer::new(&mut compare));
        compare.difference().map_or(Ok(opening), |at| Err(OpeningError::NotCanonical { at }))
    }

    /// Reads one out of a document whose reader compares its bytes.
    pub(crate) fn read(value: &Value) -> Result<Self, Wrong> {
        let from = Members::of(value, "arguments")?;
        Ok(Self {
            name: from.text("name")?.to_owned(),
            salt: Salt::from_text(from.text("salt")?).ok_or(Wrong("salt"))?,
            ty: from.text("type")?.to_owned(),
            value: json(from.get("value")?).ok_or(Wrong("value"))?,
        })
    }
}
