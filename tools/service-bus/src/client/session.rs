//! Message sessions: accepted, received from, kept, remembered.

use std::sync::Arc;

use tokio::time::Duration;
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Describe, JobId, Permit, Permitted};
use wpc_model::Value;

use super::receive::{compare_receive, told};
use super::{ServiceBus, report_read};
use crate::begin::{Begun, Needs, Spendable, begin, report};
use crate::dialect::reply::Reply;
use crate::dialect::request::{LockedBy, Request};
use crate::dialect::{received, request};
use crate::held::{LockedMessage, OwnedSession, SessionHandle};
use crate::sending::done;
use crate::wire::HeldSession;
use crate::{BusError, facts};

/// A session that is held by this job, and what was received in it at once.
#[derive(Debug)]
pub struct AcceptedSession {
    handle: SessionHandle,
    id: String,
    locked_until_ms: Option<i64>,
    messages: Vec<LockedMessage>,
}

impl AcceptedSession {
    /// What it is used by.
    #[must_use]
    pub const fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// The session id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Until when nobody else gets it, in Unix milliseconds.
    #[must_use]
    pub const fn locked_until_ms(&self) -> Option<i64> {
        self.locked_until_ms
    }

    /// What was received in it.
    #[must_use]
    pub fn messages(&self) -> &[LockedMessage] {
        &self.messages
    }

    /// What was received in it.
    #[must_use]
    pub fn into_messages(self) -> Vec<LockedMessage> {
        self.messages
    }
}

/// What to keep about a session that is held.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionState {
    pub(crate) session: SessionHandle,
    pub(crate) session_id: String,
    pub(crate) bytes: Vec<u8>,
}

impl SessionState {
    /// These bytes, about that session; none of them ends what was kept.
    #[must_use]
    pub fn new(session: &SessionHandle, session_id: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { session: session.clone(), session_id: session_id.to_owned(), bytes: bytes.into() }
    }
}

impl Describe<interface::SetSessionState> for SessionState {
    fn describe(&self) -> interface::SetSessionStateArguments<'_> {
        interface::SetSessionStateArguments {
            session_id: &self.session_id,
            state_bytes: u64::try_from(self.bytes.len()).unwrap_or(u64::MAX),
        }
    }
}

impl ServiceBus {
    /// Accepts the session of this id, or the next with messages if none is named, and receives in it at most
    /// as many messages as the permit admits. The broker waits for a session, and the call for a first
    /// message, as long as `wait`. The call's `mode` must be `peek_lock`, and its `session_id` the one that is
    /// named, or absent.
    ///
    /// The session is held until its lock ends, it is [released](Self::release_session), or the connection
    /// ends.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive), and [`BusError::LinkRefused`] if somebody else has the session or none
    /// waits.
    pub async fn accept_session<A>(
        &self,
        permit: Permit<'_, A>,
        session_id: Option<&str>,
        wait: Duration,
    ) -> Result<AcceptedSession, BusError>
    where
        A: Action<Interface = interface::Receive>,
    {
        self.accept(permit, session_id, wait).await
    }

    /// Receives in a session that this job holds, otherwise as [`receive`](Self::receive). The call's
    /// `session_id` must be the session's.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive), [`BusError::NotHeld`] and [`BusError::SessionLost`].
    pub async fn receive_in_session<A>(
        &self,
        permit: Permit<'_, A>,
        session: &SessionHandle,
        wait: Duration,
    ) -> Result<Vec<LockedMessage>, BusError>
    where
        A: Action<Interface = interface::Receive>,
    {
        self.receive_held(permit, session, wait).await
    }

    /// What is kept about a session that this job holds.
    ///
    /// # Errors
    ///
    /// [`BusError::NotHeld`], [`BusError::SessionLost`], or what the broker refused with.
    pub async fn session_state<A>(
        &self,
        permit: Permit<'_, A>,
        session: &SessionHandle,
    ) -> Result<Option<Vec<u8>>, BusError>
    where
        A: Action<Interface = interface::GetSessionState>,
    {
        self.state(permit, session).await
    }

    /// Keeps something about a session that this job holds, and waits for the broker to say so.
    ///
    /// # Errors
    ///
    /// As [`session_state`](Self::session_state).
    pub async fn set_session_state<A>(&self, state: Permitted<'_, SessionState, A>) -> Result<(), BusError>
    where
        A: Action<Interface = interface::SetSessionState>,
    {
        self.set_state(state).await
    }

    /// Keeps the lock of a session that this job holds; until when, in Unix milliseconds. The call's `messages`
    /// must be 1: one lock.
    ///
    /// # Errors
    ///
    /// As [`session_state`](Self::session_state).
    pub async fn renew_session<A>(
        &self,
        permit: Permit<'_, A>,
        session: &SessionHandle,
    ) -> Result<i64, BusError>
    where
        A: Action<Interface = interface::RenewLock>,
    {
        self.renew_held(permit, session).await
    }

    /// Lets go of a session of a job: others may accept it, and what was received in it and not settled is
    /// delivered again. Needs no permit: nothing is taken or given.
    pub fn release_session(&self, job: &JobId, session: &SessionHandle) {
        self.held.release(job, session);
    }

    pub(super) async fn accept<P: Spendable>(
        &self,
        permit: P,
        session_id: Option<&str>,
        wait: Duration,
    ) -> Result<AcceptedSession, BusError> {
        let begun = begin(&self.wire, permit, Needs::Nothing).await?;
        let accepted = async {
            compare_receive(&begun, "peek_lock", session_id)?;
            let most = facts::messages(begun.spent.call())?;
            let wanted = session_id.map(str::to_owned);
            let session = self.wire.accept_session(begun.entity.node(), wanted, wait, begun.begin_by).await?;
            let session = Arc::new(session);
            // The session is accepted in time, so the effect has begun.
            let credit_by = tokio::time::Instant::now() + wpc::BEGIN_WITHIN;
            let taken = self.wire.receive_in(Arc::clone(&session), most, wait, credit_by).await?;
            Ok((session, taken))
        };
        let (session, taken) = match accepted.await {
            Ok(accepted) => accepted,
            Err(error) => return Err(told(&begun.spent, error)),
        };
        let owned = OwnedSession {
            job: begun.spent.job().clone(),
            entity: begun.entity.clone(),
            session: Arc::clone(&session),
        };
        let handle = self.held.hold_session(owned)?;
        let messages = self.keep(&begun, taken, &session.link, Some(&session))?;
        Ok(AcceptedSession {
            handle,
            id: session.id.clone(),
            locked_until_ms: session.locked_until_ms,
            messages,
        })
    }

    pub(super) async fn receive_held<P: Spendable>(
        &self,
        permit: P,
        session: &SessionHandle,
        wait: Duration,
    ) -> Result<Vec<LockedMessage>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Nothing).await?;
        let taken = async {
            let session = self.held_open(&begun, session).await?;
            compare_receive(&begun, "peek_lock", Some(&session.id))?;
            let most = facts::messages(begun.spent.call())?;
            let taken = self.wire.receive_in(Arc::clone(&session), most, wait, begun.begin_by).await?;
            Ok((session, taken))
        };
        let (session, taken) = match taken.await {
            Ok(taken) => taken,
            Err(error) => return Err(told(&begun.spent, error)),
        };
        self.keep(&begun, taken, &session.link, Some(&session))
    }

    pub(super) async fn state<P: Spendable>(
        &self,
        permit: P,
        session: &SessionHandle,
    ) -> Result<Option<Vec<u8>>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let state = async {
            let session = self.held_open(&begun, session).await?;
            let arguments = [("session_id", facts::text(Some(&session.id)))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            begun.spent.facts_encoded();
            let reply = self.ask_about(&begun, &session, request::session_state).await?;
            received::session_state(&reply.body)
                .ok_or_else(|| BusError::Unknown { problem: "the reply holds no state".to_owned() })
        };
        let state: Result<Option<Vec<u8>>, BusError> = state.await;
        report_read(&begun.spent, "read", &state, |_| String::new());
        state
    }

    pub(super) async fn set_state<P: Spendable<Value = SessionState>>(
        &self,
        permit: P,
    ) -> Result<(), BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let SessionState { session, session_id, bytes } = &begun.value;
        let kept = async {
            let session = self.held_open(&begun, session).await?;
            if session.id != *session_id {
                return Err(BusError::DescribedDiffers { what: "session_id" });
            }
            let arguments =
                [("session_id", facts::text(Some(&session.id))), ("state_bytes", facts::count(bytes.len()))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            begun.spent.facts_encoded();
            let state = Some(bytes.as_slice()).filter(|bytes| !bytes.is_empty());
            let request = |by: LockedBy<'_>, timeout_ms| request::set_session_state(state, by, timeout_ms);
            self.ask_about(&begun, &session, request).await.map(drop)
        };
        let kept = kept.await;
        report(&begun.spent, kept.as_ref().map(|()| ("kept", String::new())));
        kept
    }

    pub(super) async fn renew_held<P: Spendable>(
        &self,
        permit: P,
        session: &SessionHandle,
    ) -> Result<i64, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let renewed = async {
            let session = self.held_open(&begun, session).await?;
            let arguments = [("messages", Some(Value::Int(1)))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            begun.spent.facts_encoded();
            let reply = self.ask_about(&begun, &session, request::renew_session).await?;
            received::time(&reply.body, "expiration")
                .ok_or_else(|| BusError::Unknown { problem: "the reply does not say until when".to_owned() })
        };
        let renewed: Result<i64, BusError> = renewed.await;
        report(&begun.spent, renewed.as_ref().map(|_| ("renewed", String::new())));
        renewed
    }

    async fn held_open<T>(
        &self,
        begun: &Begun<T>,
        session: &SessionHandle,
    ) -> Result<Arc<HeldSession>, BusError> {
        let held = self.held.session(begun.spent.job(), &begun.entity, session)?;
        if !self.wire.is_open(&held.link).await {
            self.held.release(begun.spent.job(), session);
            return Err(BusError::SessionLost);
        }
        Ok(held)
    }

    async fn ask_about<T>(
        &self,
        begun: &Begun<T>,
        session: &HeldSession,
        request: impl Fn(LockedBy<'_>, u32) -> Request,
    ) -> Result<Reply, BusError> {
        let by = LockedBy { link: Some(&session.link.name), session: Some(&session.id) };
        let request = request(by, self.wire.timeouts.answer_ms());
        done(self.wire.ask(begun.entity.node(), request, begun.begin_by).await?)
    }
}
