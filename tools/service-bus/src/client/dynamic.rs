//! Calls that are known only at run time: the same client behind the dynamic gate.

use tokio::time::Duration;
use wpc::DynamicPermit;

use super::settle::Demand;
use super::{
    AcceptedSession, Administration, Description, Scheduled, Sent, ServiceBus, SessionState, Settled,
};
use crate::begin::{Dynamic, Needs};
use crate::dialect::request::Settlement;
use crate::held::{DeadLetters, Handles, LockedMessage, SessionHandle};
use crate::received::ReceivedMessage;
use crate::{BusError, Message};

/// What a call is about beside its arguments: the value that was measured, or what the arguments only count.
///
/// Which action it must be admitted as is said with each.
#[derive(Clone, Debug)]
pub enum Performing {
    /// `send`: these messages.
    Send(Vec<Message>),
    /// `schedule`: these messages, at the call's `at`.
    Schedule(Vec<Message>),
    /// `cancel_scheduled`: these sequence numbers.
    CancelScheduled(Vec<i64>),
    /// `receive`, in `peek_lock` mode, waiting so long for the first message.
    Receive(Duration),
    /// `receive`, in `receive_and_delete` mode, waiting so long for the first message.
    ReceiveAndDelete(Duration),
    /// `receive`: these deferred messages.
    ReceiveDeferred(Vec<i64>),
    /// `receive`: in the session of the call's `session_id`, or the next, waiting so long.
    AcceptSession(Duration),
    /// `receive`: in this session, waiting so long.
    ReceiveInSession(SessionHandle, Duration),
    /// `peek`: from this sequence number on.
    Peek(i64),
    /// `complete`: these messages.
    Complete(Handles),
    /// `abandon`: these messages.
    Abandon(Handles),
    /// `defer`: these messages.
    Defer(Handles),
    /// `renew_lock`: of these messages.
    RenewLock(Handles),
    /// `renew_lock`: of this session.
    RenewSession(SessionHandle),
    /// `get_session_state`: of this session.
    SessionState(SessionHandle),
    /// `set_session_state`: this.
    SetSessionState(SessionState),
    /// `deadletter`: these messages.
    DeadLetter(DeadLetters),
    /// `deadletter_read`: from this sequence number on.
    DeadLetterRead(i64),
    /// `deadletter_purge`.
    DeadLetterPurge,
    /// `manage`: this operation.
    Manage(Administration),
    /// `list_entities`.
    ListEntities,
}

/// What came of a dynamic call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Of `send`.
    Sent(Sent),
    /// Of `schedule`.
    Scheduled(Scheduled),
    /// Of what has nothing else to say.
    Done,
    /// Messages that are locked.
    Locked(Vec<LockedMessage>),
    /// Messages that were looked at, or deleted as they were delivered.
    Messages(Vec<ReceivedMessage>),
    /// A session and what was received in it.
    Session(AcceptedSession),
    /// Of what settles.
    Settled(Settled),
    /// Until when locks last, in Unix milliseconds.
    Renewed(Vec<i64>),
    /// Of `get_session_state`.
    State(Option<Vec<u8>>),
    /// The sequence numbers of `deadletter_purge`.
    Purged(Vec<i64>),
    /// Of `manage` and `list_entities`.
    Described(Vec<Description>),
}

impl Performing {
    /// The action that it must be admitted as.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Schedule(_) => "schedule",
            Self::CancelScheduled(_) => "cancel_scheduled",
            Self::Receive(_)
            | Self::ReceiveAndDelete(_)
            | Self::ReceiveDeferred(_)
            | Self::AcceptSession(_)
            | Self::ReceiveInSession(..) => "receive",
            Self::Peek(_) => "peek",
            Self::Complete(_) => "complete",
            Self::Abandon(_) => "abandon",
            Self::Defer(_) => "defer",
            Self::RenewLock(_) | Self::RenewSession(_) => "renew_lock",
            Self::SessionState(_) => "get_session_state",
            Self::SetSessionState(_) => "set_session_state",
            Self::DeadLetter(_) => "deadletter",
            Self::DeadLetterRead(_) => "deadletter_read",
            Self::DeadLetterPurge => "deadletter_purge",
            Self::Manage(_) => "manage",
            Self::ListEntities => "list_entities",
        }
    }
}

impl ServiceBus {
    /// Does what a dynamic call was admitted to, as the method of the same name does it for a typed one.
    ///
    /// # Errors
    ///
    /// As that method; [`BusError::DescribedDiffers`] also if the call was admitted as another action.
    pub async fn perform(&self, permit: DynamicPermit<'_>, what: Performing) -> Result<Answer, BusError> {
        // The tool's name is the policy's own matter; its action is not.
        if permit.call().action != what.action() {
            let error = BusError::DescribedDiffers { what: "action" };
            if let Ok(spent) = permit.spend() {
                crate::begin::report(&spent, Err(&error));
            }
            return Err(error);
        }
        let session_id =
            permit.call().arguments.get("session_id").and_then(|id| id.as_text()).map(str::to_owned);
        macro_rules! with {
            ($value:expr) => {
                Dynamic { permit, value: $value }
            };
        }
        Ok(match what {
            Performing::Send(messages) => Answer::Sent(self.send_all(with!(messages)).await?),
            Performing::Schedule(messages) => Answer::Scheduled(self.schedule_all(with!(messages)).await?),
            Performing::CancelScheduled(numbers) => {
                self.cancel(with!(()), &numbers).await?;
                Answer::Done
            }
            Performing::Receive(wait) => Answer::Locked(self.receive_locked(with!(()), wait).await?),
            Performing::ReceiveAndDelete(wait) => Answer::Messages(self.receive_gone(with!(()), wait).await?),
            Performing::ReceiveDeferred(numbers) => {
                Answer::Locked(self.receive_by_number(with!(()), &numbers).await?)
            }
            Performing::AcceptSession(wait) => {
                Answer::Session(self.accept(with!(()), session_id.as_deref(), wait).await?)
            }
            Performing::ReceiveInSession(session, wait) => {
                Answer::Locked(self.receive_held(with!(()), &session, wait).await?)
            }
            Performing::Peek(from) => Answer::Messages(self.look(with!(()), from, Needs::Requests).await?),
            Performing::Complete(handles) => {
                Answer::Settled(self.settle(with!(handles), &Settlement::Complete, Demand::Nothing).await?)
            }
            Performing::Abandon(handles) => {
                Answer::Settled(self.settle(with!(handles), &Settlement::Abandon, Demand::Limit).await?)
            }
            Performing::Defer(handles) => {
                Answer::Settled(self.settle(with!(handles), &Settlement::Defer, Demand::Nothing).await?)
            }
            Performing::RenewLock(handles) => Answer::Renewed(self.renew(with!(handles)).await?),
            Performing::RenewSession(session) => {
                Answer::Renewed(vec![self.renew_held(with!(()), &session).await?])
            }
            Performing::SessionState(session) => Answer::State(self.state(with!(()), &session).await?),
            Performing::SetSessionState(state) => {
                self.set_state(with!(state)).await?;
                Answer::Done
            }
            Performing::DeadLetter(letters) => Answer::Settled(self.bury(with!(letters)).await?),
            Performing::DeadLetterRead(from) => {
                Answer::Messages(self.look(with!(()), from, Needs::DeadLetterRequests).await?)
            }
            Performing::DeadLetterPurge => Answer::Purged(self.purge(with!(())).await?),
            Performing::Manage(call) => Answer::Described(self.administer(with!(call)).await?),
            Performing::ListEntities => Answer::Described(self.list(with!(())).await?),
        })
    }
}
