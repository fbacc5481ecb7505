//! What a tool may return: something with room for a refusal.

use crate::{Outcome, Refused};

/// A type that can say that a call was refused.
///
/// Implemented for every `Result<T, E>` with `E: From<Refused>`.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`: it has no room for a refusal",
    label = "no room for a refusal",
    note = "return a `Result` whose error is `From<wpc::Refused>`"
)]
pub trait Refusable {
    /// The value that says so.
    fn refused(refused: Refused) -> Self;

    /// How a body that returned this ended, where no client reported what the provider answered.
    fn outcome(&self) -> Outcome;
}

/// An `Err` of the body is recorded as `unknown`: the effect may have happened before it.
#[diagnostic::do_not_recommend]
impl<T, E: From<Refused>> Refusable for Result<T, E> {
    fn refused(refused: Refused) -> Self {
        Err(refused.into())
    }

    fn outcome(&self) -> Outcome {
        match self {
            Ok(_) => Outcome::Done,
            Err(_) => Outcome::Unknown { code: "body_error".to_owned() },
        }
    }
}
