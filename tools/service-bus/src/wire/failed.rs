//! What went wrong on a link, and whether it was before anything was handed over.

use fe2o3_amqp::connection::ConnectionStopReason;
use fe2o3_amqp::link::{
    LinkStateError, ReceiverAttachError, RecvError, SendError, SenderAttachError, SessionStopReason,
};
use fe2o3_amqp::types::definitions::{Error, ErrorCondition};
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::Value;

use crate::BusError;
use crate::error::outside;

/// The condition with which a broker that has too much to do refuses: nothing was done.
pub(crate) const BUSY: &str = "com.microsoft:server-busy";

/// One try that failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing was done, because a link or the connection was no longer there or the broker was busy: a
    /// second try may succeed.
    Stale(BusError),
    /// A second try would end the same way, or could send twice.
    Final(BusError),
}

impl From<Failed> for BusError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Stale(error) | Failed::Final(error) => error,
        }
    }
}

/// A transfer that was not handed over whole.
///
/// fe2o3-amqp hands frames to the session in order and fails only if it could not hand over the
/// next, so the last frame never went out, and a delivery without its last frame is never processed
/// (OASIS AMQP 1.0 part 2, section 2.6.14).
pub(super) fn not_handed_over(error: SendError) -> Failed {
    match error {
        SendError::MessageSizeExceeded(size) => {
            Failed::Final(BusError::TooLarge { bytes: size.size, max: size.max_size })
        }
        SendError::MessageEncodeError => Failed::Final(BusError::DescribedDiffers { what: "encoding" }),
        SendError::LinkStateError(error) => Failed::Stale(refused(&said(&error))),
        SendError::Detached(error) => Failed::Stale(refused(&said(&LinkStateError::from(error)))),
        SendError::NonTerminalDeliveryState | SendError::IllegalDeliveryState => {
            Failed::Stale(refused(&Said::words("the link is in an illegal state")))
        }
    }
}

/// The link that something was meant for is gone.
pub(super) fn broke() -> Failed {
    Failed::Stale(BusError::LinkRefused {
        condition: String::new(),
        description: "the link broke".to_owned(),
    })
}

/// What the broker answered to a transfer.
pub(super) fn settled(answer: Result<Outcome, SendError>) -> Result<(), Failed> {
    let error = match answer {
        Ok(Outcome::Accepted(_)) => return Ok(()),
        Ok(Outcome::Rejected(rejected)) => {
            let said = rejected.error.as_ref().map(Said::from).unwrap_or_default();
            if said.condition == BUSY {
                return Err(Failed::Stale(BusError::Busy { description: said.description }));
            }
            BusError::Rejected { condition: said.condition, description: said.description }
        }
        Ok(Outcome::Released(_)) => BusError::Released,
        Ok(Outcome::Modified(_)) => BusError::Modified,
        Err(SendError::LinkStateError(error)) => lost(&said(&error)),
        Err(SendError::Detached(error)) => lost(&said(&LinkStateError::from(error))),
        Err(
            error @ (SendError::NonTerminalDeliveryState
            | SendError::IllegalDeliveryState
            | SendError::MessageSizeExceeded(_)
            | SendError::MessageEncodeError),
        ) => lost(&Said::words(&error.to_string())),
    };
    Err(Failed::Final(error))
}

/// Why nothing more is received on a link.
pub(super) fn receiving(error: &RecvError) -> BusError {
    if let RecvError::LinkStateError(error) = error {
        lost(&said(error))
    } else {
        lost(&Said::words(&error.to_string()))
    }
}

/// A link for sending that could not be attached.
pub(super) fn sender_not_attached(error: SenderAttachError) -> Failed {
    if let SenderAttachError::SessionStopped(reason) = error {
        Failed::Stale(refused(&stopped(&reason)))
    } else if matches!(error, SenderAttachError::SessionNotMapped) {
        Failed::Stale(refused(&Said::words("the session is not open")))
    } else if let SenderAttachError::RemoteClosedWithError(error) = error {
        Failed::Final(refused(&Said::from(&error)))
    } else {
        Failed::Final(refused(&Said::words(&error.to_string())))
    }
}

/// A link for replies that could not be attached.
pub(super) fn receiver_not_attached(error: ReceiverAttachError) -> Failed {
    if let ReceiverAttachError::SessionStopped(reason) = error {
        Failed::Stale(refused(&stopped(&reason)))
    } else if matches!(error, ReceiverAttachError::SessionNotMapped) {
        Failed::Stale(refused(&Said::words("the session is not open")))
    } else if let ReceiverAttachError::RemoteClosedWithError(error) = error {
        Failed::Final(refused(&Said::from(&error)))
    } else {
        Failed::Final(refused(&Said::words(&error.to_string())))
    }
}

/// What the other side said when it ended something. Safe to show.
#[derive(Debug, Default)]
struct Said {
    condition: String,
    description: String,
}

impl Said {
    fn words(text: &str) -> Self {
        Self { condition: String::new(), description: outside(text) }
    }
}

impl From<&Error> for Said {
    fn from(error: &Error) -> Self {
        Self {
            condition: condition(&error.condition),
            description: outside(error.description.as_deref().unwrap_or_default()),
        }
    }
}

fn condition(condition: &ErrorCondition) -> String {
    if let Ok(Value::Symbol(symbol)) = serde_amqp::to_value(condition) {
        outside(symbol.as_str())
    } else {
        String::new()
    }
}

fn said(error: &LinkStateError) -> Said {
    match error {
        LinkStateError::RemoteDetachedWithError(error) | LinkStateError::RemoteClosedWithError(error) => {
            error.into()
        }
        LinkStateError::SessionStopped(reason) => stopped(reason),
        LinkStateError::RemoteDetached | LinkStateError::RemoteClosed => {
            Said::words("the broker detached the link")
        }
        LinkStateError::IllegalState | LinkStateError::ExpectImmediateDetach => Said::words("the link broke"),
    }
}

fn stopped(reason: &SessionStopReason) -> Said {
    match reason {
        SessionStopReason::EndedWithError(error)
        | SessionStopReason::RemoteEndedWithError(error)
        | SessionStopReason::ConnectionStopped(
            ConnectionStopReason::ClosedWithError(error) | ConnectionStopReason::RemoteClosedWithError(error),
        ) => error.into(),
        SessionStopReason::Ended | SessionStopReason::RemoteEnded => Said::words("the session ended"),
        SessionStopReason::ConnectionStopped(
            ConnectionStopReason::Closed | ConnectionStopReason::RemoteClosed,
        ) => Said::words("the connection closed"),
    }
}

fn refused(said: &Said) -> BusError {
    BusError::LinkRefused { condition: said.condition.clone(), description: said.description.clone() }
}

fn lost(said: &Said) -> BusError {
    let Said { condition, description } = said;
    let problem =
        if condition.is_empty() { description.clone() } else { format!("{condition}: {description}") };
    BusError::Unknown { problem }
}
