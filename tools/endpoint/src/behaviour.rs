//! What the endpoint does with what arrives.

use fe2o3_amqp::types::definitions::{Error, ErrorCondition};
use fe2o3_amqp::types::primitives::Symbol;

/// What the endpoint does with what arrives at one node.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Behaviour {
    /// Takes it and says so.
    #[default]
    Accept,
    /// Refuses each message with an error: nothing is kept.
    Reject {
        /// Error condition, `amqp:not-allowed`.
        condition: String,
        /// What is wrong.
        description: String,
    },
    /// Answers each message with `released`: nothing is kept.
    Release,
    /// Answers each message with `modified (delivery-failed)`: nothing is kept.
    Modify,
    /// Takes it and never answers.
    Silent,
    /// Takes it, then closes the link instead of answering.
    Detach,
    /// Takes it, then closes the connection with `amqp:connection:forced` instead of answering.
    Close,
    /// Takes it, then cuts the TCP connection without a word.
    Cut,
    /// `$cbs` and management nodes: answers each request with this status, and does nothing else.
    Status {
        /// As in HTTP.
        code: i32,
        /// What is wrong.
        description: String,
    },
}

/// An AMQP error.
pub(crate) fn error(condition: &str, description: &str) -> Error {
    Error::new(ErrorCondition::Custom(Symbol::from(condition)), description.to_owned(), None)
}
