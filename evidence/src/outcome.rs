//! What became of an admitted call.

/// How an admitted call ended, as the ledger records it.
///
/// Exhaustive: a new case must break whoever matches on it. Codes are lower-case snake_case, at
/// most 64 bytes; another text is recorded as `other`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The effect happened.
    Done,
    /// It did not happen.
    Failed {
        /// Why, `described_differs`.
        code: String,
    },
    /// It may have happened: the body returned an error and no client saw the provider's answer.
    Unknown {
        /// Why.
        code: String,
    },
    /// The body was dropped, cancelled or panicked; it may have happened.
    Abandoned,
}

impl Outcome {
    /// The stable word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Abandoned => "abandoned",
        }
    }

    /// The code of a failed or unknown outcome.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Failed { code } | Self::Unknown { code } => Some(code),
            Self::Done | Self::Abandoned => None,
        }
    }
}

/// What a client saw the provider answer. It beats what the body returns: a body may lose a
/// broker's acceptance, or map it to an error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Report {
    /// The provider did it.
    Done {
        /// Its status, `accepted`.
        status: Option<String>,
        /// Its name for what it did.
        id: Option<String>,
    },
    /// The provider refused, or the client sent nothing.
    Failed {
        /// Why, as in [`Outcome::Failed`].
        code: String,
        /// The provider's status, `amqp:not-found`.
        status: Option<String>,
    },
    /// It was sent, and the provider's answer never came: it may have happened.
    Unknown {
        /// How the answer was lost, as in [`Outcome::Unknown`].
        code: String,
    },
}

/// The provider's own words in an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provider {
    /// Its status, at most [`MAX_PROVIDER_BYTES`].
    pub status: Option<String>,
    /// Its name for what it did, at most [`MAX_PROVIDER_BYTES`].
    pub id: Option<String>,
}

/// Longest text of a provider that an entry keeps, in bytes; longer ones are cut.
pub const MAX_PROVIDER_BYTES: usize = 256;

impl Report {
    /// The outcome and the provider's words that an entry records.
    pub fn into_outcome(self) -> (Outcome, Option<Provider>) {
        let (outcome, status, id) = match self {
            Self::Done { status, id } => (Outcome::Done, status, id),
            Self::Failed { code, status } => (Outcome::Failed { code }, status, None),
            Self::Unknown { code } => (Outcome::Unknown { code }, None, None),
        };
        let cut = |text: String| {
            text.get(..text.floor_char_boundary(MAX_PROVIDER_BYTES)).unwrap_or_default().to_owned()
        };
        let provider = Provider { status: status.map(cut), id: id.map(cut) };
        (outcome, (provider.status.is_some() || provider.id.is_some()).then_some(provider))
    }
}
