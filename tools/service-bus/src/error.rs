//! What can go wrong, and whether anything was sent.

use std::net::SocketAddr;

use wpc::Refused;

use crate::wire::BUSY;
use crate::{AddressError, MessageError};

/// A call that the broker did not confirm.
///
/// [`effect`](Self::effect) tells whether anything may have happened; [`code`](Self::code) is stable
/// and goes into the ledger. Texts from the broker and the credential are shortened and made safe to
/// show: no control characters, nothing as long as a token.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// The gate refused the call, or its permit expired.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// A namespace or entity has a name that it cannot have.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A message cannot be encoded.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The local endpoint is not on this machine.
    #[error("{0} is not a loopback address: a connection without TLS never leaves the machine")]
    NotLoopback(SocketAddr),
    /// There is nothing to send.
    #[error("an empty batch cannot be sent")]
    Empty,
    /// The encoded bytes say something else than what was described to the gate.
    #[error("what was encoded differs from what was described in its {what}")]
    DescribedDiffers {
        /// What differs: `message_bytes`, `properties`, ….
        what: &'static str,
    },
    /// No connection.
    #[error("not connected: {problem}")]
    NotConnected {
        /// What the network, TLS or the broker said.
        problem: String,
    },
    /// The credential gave no token.
    #[error("the credential gave no token: {problem}")]
    NoToken {
        /// What it said.
        problem: String,
    },
    /// The broker did not take the token.
    #[error("the broker did not take the token: {code} {description}")]
    Unauthorized {
        /// Status as in HTTP.
        code: i32,
        /// The broker's words.
        description: String,
    },
    /// The link could not be attached, or was closed before anything was sent on it.
    #[error("the broker closed the link before anything was sent: {condition}: {description}")]
    LinkRefused {
        /// AMQP error condition; empty if none was given.
        condition: String,
        /// The broker's words.
        description: String,
    },
    /// Larger than the link takes; nothing was sent.
    #[error("{bytes} bytes are more than the {max} that the entity takes in one transfer")]
    TooLarge {
        /// Encoded size.
        bytes: u64,
        /// The link's `max-message-size`.
        max: u64,
    },
    /// The effect could not begin before the permit expired: the broker gave no credit, or had to be
    /// connected again.
    #[error("the permit expired before anything was sent")]
    PermitExpired,
    /// Waited too long before anything was sent.
    #[error("timed out waiting for {what}")]
    TimedOut {
        /// What was waited for.
        what: &'static str,
    },
    /// The broker had too much to do, each time that it was tried; nothing was done.
    #[error("the broker is busy: {description}")]
    Busy {
        /// The broker's words.
        description: String,
    },
    /// The policy demands that the client logs in otherwise, or does not say that a shared access key may be
    /// used.
    #[error("the policy does not let the client use its credential")]
    CredentialNotAllowed,
    /// No message or session is held under this handle: it was never received by this job, or was settled, or
    /// its lock has ended, or it is another entity's.
    #[error("nothing that this job received is held under the handle")]
    NotHeld,
    /// The session's lock ended with the connection on which it was accepted.
    #[error("the session's lock ended with its connection")]
    SessionLost,
    /// The policy has no limit that counts this call: giving messages back without end is an attack.
    #[error("`{action}` needs a limit in the policy")]
    NotLimited {
        /// The action.
        action: &'static str,
    },
    /// Nobody approved the call: dead letters and the namespace itself are touched only with an approval.
    #[error("`{action}` needs somebody's approval")]
    NotApproved {
        /// The action.
        action: &'static str,
    },
    /// Some of a call's messages were settled, and some were not.
    #[error("{done} of {of} were settled, the others not: {problem}")]
    PartlySettled {
        /// How many were.
        done: usize,
        /// How many the call was about.
        of: usize,
        /// What the first of the others came to.
        problem: String,
    },
    /// Messages came that could not be read; they are locked until their locks end, or gone.
    #[error("{messages} messages came that could not be read")]
    Unreadable {
        /// How many.
        messages: usize,
    },
    /// The administration API has no such setting, or not for this kind of entity.
    #[error("{setting:?} is no setting of a {of}")]
    UnknownSetting {
        /// The setting.
        setting: String,
        /// What it is no setting of.
        of: &'static str,
    },
    /// The broker refused it: its own outcome.
    #[error("the broker rejected it: {condition}: {description}")]
    Rejected {
        /// AMQP error condition or status code.
        condition: String,
        /// The broker's words.
        description: String,
    },
    /// The broker did not take it: its own outcome `released`.
    #[error("the broker released it")]
    Released,
    /// The broker did not take it: its own outcome `modified`.
    #[error("the broker gave it back modified")]
    Modified,
    /// It was sent and the broker's answer never came: it may have taken effect.
    #[error("sent, and the outcome is unknown: {problem}")]
    Unknown {
        /// How the answer was lost.
        problem: String,
    },
}

/// What a failed call may have done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Nothing, for sure.
    Nothing,
    /// It may have taken effect.
    Unknown,
}

impl BusError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Address(_) => "invalid_name",
            Self::Message(_) => "invalid_message",
            Self::NotLoopback(_) => "not_loopback",
            Self::Empty => "empty_batch",
            Self::DescribedDiffers { .. } => "described_differs",
            Self::NotConnected { .. } => "not_connected",
            Self::NoToken { .. } => "no_token",
            Self::Unauthorized { .. } => "unauthorized",
            Self::LinkRefused { .. } => "link_refused",
            Self::TooLarge { .. } => "too_large",
            Self::PermitExpired => "permit_expired",
            Self::TimedOut { .. } => "timed_out",
            Self::Busy { .. } => "server_busy",
            Self::CredentialNotAllowed => "credential_not_allowed",
            Self::NotHeld => "not_held",
            Self::SessionLost => "session_lost",
            Self::NotLimited { .. } => "not_limited",
            Self::NotApproved { .. } => "not_approved",
            Self::PartlySettled { .. } => "partly_settled",
            Self::Unreadable { .. } => "unreadable",
            Self::UnknownSetting { .. } => "unknown_setting",
            Self::Rejected { .. } => "rejected",
            Self::Released => "released",
            Self::Modified => "modified",
            Self::Unknown { .. } => "outcome_unknown",
        }
    }

    /// Whether anything may have happened.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        match self {
            Self::Unknown { .. } | Self::PartlySettled { .. } | Self::Unreadable { .. } => Effect::Unknown,
            Self::Refused(_)
            | Self::Address(_)
            | Self::Message(_)
            | Self::NotLoopback(_)
            | Self::Empty
            | Self::DescribedDiffers { .. }
            | Self::NotConnected { .. }
            | Self::NoToken { .. }
            | Self::Unauthorized { .. }
            | Self::LinkRefused { .. }
            | Self::TooLarge { .. }
            | Self::PermitExpired
            | Self::TimedOut { .. }
            | Self::Busy { .. }
            | Self::CredentialNotAllowed
            | Self::NotHeld
            | Self::SessionLost
            | Self::NotLimited { .. }
            | Self::NotApproved { .. }
            | Self::UnknownSetting { .. }
            | Self::Rejected { .. }
            | Self::Released
            | Self::Modified => Effect::Nothing,
        }
    }
}

impl BusError {
    /// The broker's error condition, if it gave one.
    pub(crate) fn condition(&self) -> Option<&str> {
        match self {
            Self::Rejected { condition, .. } | Self::LinkRefused { condition, .. } => {
                Some(condition.as_str())
            }
            Self::Released | Self::Modified => Some(self.code()),
            Self::Busy { .. } => Some(BUSY),
            Self::Refused(_)
            | Self::Address(_)
            | Self::Message(_)
            | Self::NotLoopback(_)
            | Self::Empty
            | Self::DescribedDiffers { .. }
            | Self::NotConnected { .. }
            | Self::NoToken { .. }
            | Self::Unauthorized { .. }
            | Self::TooLarge { .. }
            | Self::PermitExpired
            | Self::TimedOut { .. }
            | Self::CredentialNotAllowed
            | Self::NotHeld
            | Self::SessionLost
            | Self::NotLimited { .. }
            | Self::NotApproved { .. }
            | Self::PartlySettled { .. }
            | Self::Unreadable { .. }
            | Self::UnknownSetting { .. }
            | Self::Unknown { .. } => None,
        }
        .filter(|condition| !condition.is_empty())
    }
}

/// Longest text that is kept of what the outside said, in characters.
const MAX_TEXT: usize = 300;

/// Longest word that is shown: keys, signatures and tokens are longer, conditions and ids are not.
const MAX_WORD: usize = 60;

/// A text from the broker, the credential or the network, safe to show and to keep.
pub(crate) fn outside(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words: Vec<&str> =
        words.map(|word| if word.chars().count() > MAX_WORD { "…" } else { word }).collect();
    words.join(" ").chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_outside_lose_control_characters_and_anything_like_a_token() {
        let token = format!("eyJ0eXAiOiJKV1Qi.{}.sig", "a".repeat(80));
        let text = outside(&format!("token {token} was\r\n\u{1b}[31mrefused  by amqps://host:5671/orders"));
        assert_eq!(text, "token … was [31mrefused by amqps://host:5671/orders");
        assert_eq!(outside(&"a b ".repeat(1000)).chars().count(), MAX_TEXT);
    }

    #[test]
    fn only_a_lost_answer_leaves_the_effect_unknown() {
        assert_eq!(BusError::Unknown { problem: String::new() }.effect(), Effect::Unknown);
        assert_eq!(BusError::PermitExpired.effect(), Effect::Nothing);
        assert_eq!(BusError::Released.effect(), Effect::Nothing);
    }
}
