//! What this process holds of the broker: locks and sessions, each under a handle that means nothing elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wpc::Describe;
use wpc::JobId;
use wpc::interface::azure_service_bus as interface;

use crate::BusError;
use crate::dialect::address::Entity;
use crate::dialect::lock::LockToken;
use crate::dialect::request::LockedBy;
use crate::received::ReceivedMessage;
use crate::wire::{HeldSession, LinkId};

/// How many locks are held at most; beyond it the oldest are forgotten, and their locks end by themselves.
const MAX_HELD: usize = 10_000;

/// Stands for a locked message, in this process and for the job that received it. It is no lock token: nobody can
/// settle anything with it elsewhere.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Handle(String);

/// Stands for a session that is held, otherwise as [`Handle`].
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionHandle(String);

macro_rules! handle {
    ($name:ident) => {
        impl $name {
            /// What it is written as: for callers that name it from outside.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A handle that came from outside. Whether something is held under it shows when it is used.
            #[must_use]
            pub fn named(text: impl Into<String>) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

handle!(Handle);
handle!(SessionHandle);

/// A message that is locked until it is settled, or its lock ends.
#[derive(Debug)]
pub struct LockedMessage {
    pub(crate) message: ReceivedMessage,
    pub(crate) handle: Handle,
}

impl LockedMessage {
    /// What the broker gave out.
    #[must_use]
    pub const fn message(&self) -> &ReceivedMessage {
        &self.message
    }

    /// What it is settled by.
    #[must_use]
    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}

/// Locked messages, by their handles: what settling takes.
///
/// ```
/// use wpc_service_bus::{Handle, Handles};
/// let two: Handles = ["m_1", "m_2"].into_iter().map(Handle::named).collect();
/// assert_eq!(two.count(), 2);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Handles(pub(crate) Vec<Handle>);

impl Handles {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn as_u64(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

impl FromIterator<Handle> for Handles {
    fn from_iter<I: IntoIterator<Item = Handle>>(handles: I) -> Self {
        Self(handles.into_iter().collect())
    }
}

impl From<LockedMessage> for Handles {
    fn from(message: LockedMessage) -> Self {
        Self(vec![message.handle])
    }
}

impl From<Vec<LockedMessage>> for Handles {
    fn from(messages: Vec<LockedMessage>) -> Self {
        messages.into_iter().map(|message| message.handle).collect()
    }
}

impl Describe<interface::Complete> for Handles {
    fn describe(&self) -> interface::CompleteArguments {
        interface::CompleteArguments { messages: self.as_u64() }
    }
}

impl Describe<interface::Abandon> for Handles {
    fn describe(&self) -> interface::AbandonArguments {
        interface::AbandonArguments { messages: self.as_u64() }
    }
}

impl Describe<interface::Defer> for Handles {
    fn describe(&self) -> interface::DeferArguments {
        interface::DeferArguments { messages: self.as_u64() }
    }
}

impl Describe<interface::RenewLock> for Handles {
    fn describe(&self) -> interface::RenewLockArguments {
        interface::RenewLockArguments { messages: self.as_u64() }
    }
}

/// Messages to move to the dead-letter queue, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetters {
    pub(crate) handles: Handles,
    pub(crate) reason: Option<String>,
    pub(crate) description: Option<String>,
}

impl DeadLetters {
    /// These messages, for no reason yet.
    #[must_use]
    pub fn new(handles: impl Into<Handles>) -> Self {
        Self { handles: handles.into(), reason: None, description: None }
    }

    /// Says why: the property `DeadLetterReason`, by which consumers tell dead letters apart.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Says more: the property `DeadLetterErrorDescription`.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl Describe<interface::Deadletter> for DeadLetters {
    fn describe(&self) -> interface::DeadletterArguments<'_> {
        interface::DeadletterArguments {
            messages: self.handles.as_u64(),
            reason: self.reason.as_deref(),
            description: self.description.as_deref(),
        }
    }
}

/// What is known of one lock.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) job: JobId,
    pub(crate) entity: Entity,
    pub(crate) token: LockToken,
    pub(crate) sequence_number: i64,
    pub(crate) until_ms: i64,
    /// The link on which the message came; none if it came in a reply.
    pub(crate) link: Option<LinkId>,
    /// The session in which it was received.
    pub(crate) session: Option<Arc<HeldSession>>,
}

impl Lock {
    /// What a request about it names, if its link is still there.
    pub(crate) fn by(&self, is_open: bool) -> LockedBy<'_> {
        LockedBy {
            link: self.link.as_ref().filter(|_| is_open).map(|link| link.name.as_str()),
            session: self.session.as_ref().map(|session| session.id.as_str()),
        }
    }
}

/// A session and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct OwnedSession {
    pub(crate) job: JobId,
    pub(crate) entity: Entity,
    pub(crate) session: Arc<HeldSession>,
}

/// Everything that is held.
#[derive(Debug, Default)]
pub(crate) struct Held {
    locks: Mutex<BTreeMap<Handle, Lock>>,
    sessions: Mutex<BTreeMap<SessionHandle, OwnedSession>>,
}

impl Held {
    fn locks(&self) -> MutexGuard<'_, BTreeMap<Handle, Lock>> {
        // Nothing panics while holding it.
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<SessionHandle, OwnedSession>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a lock.
    ///
    /// # Errors
    ///
    /// [`BusError::Unknown`] if the system gives no randomness for a handle: the message stays locked.
    pub(crate) fn hold(&self, lock: Lock) -> Result<Handle, BusError> {
        let handle = Handle(random('m')?);
        let mut locks = self.locks();
        if locks.len() >= MAX_HELD {
            let now_ms = now_ms();
            locks.retain(|_, lock| lock.until_ms > now_ms);
        }
        if locks.len() >= MAX_HELD {
            let oldest = locks.iter().min_by_key(|(_, lock)| lock.until_ms).map(|(handle, _)| handle.clone());
            oldest.and_then(|oldest| locks.remove(&oldest));
        }
        locks.insert(handle.clone(), lock);
        Ok(handle)
    }

    /// The locks of a job's messages of one entity, in order.
    ///
    /// # Errors
    ///
    /// [`BusError::NotHeld`] if one is not held by that job, is of another entity, or is named twice.
    pub(crate) fn of(
        &self,
        job: &JobId,
        entity: &Entity,
        handles: &Handles,
    ) -> Result<Vec<(Handle, Lock)>, BusError> {
        let mut sorted: Vec<&Handle> = handles.0.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < handles.count() {
            return Err(BusError::NotHeld);
        }
        let locks = self.locks();
        let own = |handle: &Handle| {
            let lock = locks.get(handle).filter(|lock| lock.job == *job && lock.entity == *entity);
            lock.map(|lock| (handle.clone(), lock.clone())).ok_or(BusError::NotHeld)
        };
        handles.0.iter().map(own).collect()
    }

    /// A lock is no more.
    pub(crate) fn forget(&self, handle: &Handle) {
        self.locks().remove(handle);
    }

    /// A lock lasts longer.
    pub(crate) fn renewed(&self, handle: &Handle, until_ms: i64) {
        if let Some(lock) = self.locks().get_mut(handle) {
            lock.until_ms = until_ms;
        }
    }

    /// Holds a session.
    ///
    /// # Errors
    ///
    /// As [`hold`](Self::hold): the session is let go of.
    pub(crate) fn hold_session(&self, session: OwnedSession) -> Result<SessionHandle, BusError> {
        let handle = SessionHandle(random('s')?);
        self.sessions().insert(handle.clone(), session);
        Ok(handle)
    }

    /// A job's session of one entity.
    ///
    /// # Errors
    ///
    /// [`BusError::NotHeld`] if it is not held by that job, or is of another entity.
    pub(crate) fn session(
        &self,
        job: &JobId,
        entity: &Entity,
        handle: &SessionHandle,
    ) -> Result<Arc<HeldSession>, BusError> {
        let sessions = self.sessions();
        let own = sessions.get(handle).filter(|session| session.job == *job && session.entity == *entity);
        own.map(|session| Arc::clone(&session.session)).ok_or(BusError::NotHeld)
    }

    /// Lets go of a job's session, and of the locks in it.
    pub(crate) fn release(&self, job: &JobId, handle: &SessionHandle) {
        let mut sessions = self.sessions();
        if sessions.get(handle).is_some_and(|session| session.job == *job) {
            let released = sessions.remove(handle);
            drop(sessions);
            let Some(OwnedSession { session, .. }) = released else { return };
            self.locks()
                .retain(|_, lock| !lock.session.as_ref().is_some_and(|own| Arc::ptr_eq(own, &session)));
        }
    }
}

/// 128 random bits under a letter that says what they stand for.
fn random(kind: char) -> Result<String, BusError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| BusError::Unknown { problem: "no randomness".to_owned() })?;
    Ok(format!("{kind}_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(job: &str, queue: &str, until_ms: i64) -> Lock {
        Lock {
            job: JobId::parse(job).unwrap(),
            entity: Entity::of("queue", &[queue]).unwrap(),
            token: LockToken::of_tag(&[7; 16]).unwrap(),
            sequence_number: 1,
            until_ms,
            link: None,
            session: None,
        }
    }

    #[test]
    fn a_handle_is_good_for_its_own_job_and_entity_alone() {
        let held = Held::default();
        let handle = held.hold(lock("job-1", "orders", i64::MAX)).unwrap();
        let of = |job: &str, queue: &str, handles: &[&Handle]| {
            let handles = handles.iter().map(|&handle| handle.clone()).collect();
            let entity = Entity::of("queue", &[queue]).unwrap();
            held.of(&JobId::parse(job).unwrap(), &entity, &handles).is_ok()
        };
        assert!(of("job-1", "orders", &[&handle]));
        assert!(!of("job-2", "orders", &[&handle]));
        assert!(!of("job-1", "orders-prod", &[&handle]));
        assert!(!of("job-1", "orders", &[&handle, &handle]));
        assert!(!of("job-1", "orders", &[&Handle::named("m_AAAA")]));
        held.forget(&handle);
        assert!(!of("job-1", "orders", &[&handle]));
    }

    #[test]
    fn no_more_is_held_than_fits() {
        let held = Held::default();
        let first = held.hold(lock("job-1", "orders", i64::MAX - 1)).unwrap();
        for _ in 0..MAX_HELD {
            held.hold(lock("job-1", "orders", i64::MAX)).unwrap();
        }
        assert_eq!(held.locks().len(), MAX_HELD);
        assert!(!held.locks().contains_key(&first));
    }

    #[test]
    fn nothing_shows_a_lock_token() {
        let shown = format!("{:?}", lock("job-1", "orders", 0));
        assert!(shown.contains("token: LockToken,"), "{shown}");
    }
}
