//! What the broker says no with.

/// A refusal: a status as in HTTP, and an AMQP error condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: i32,
    pub(crate) condition: String,
    pub(crate) description: String,
}

impl Refusal {
    pub(crate) const LOCK_LOST: Words = Words(410, "com.microsoft:message-lock-lost", "the lock is gone");
    pub(crate) const SESSION_LOST: Words =
        Words(410, "com.microsoft:session-lock-lost", "the session's lock is gone");
    pub(crate) const SESSION_TAKEN: Words =
        Words(409, "com.microsoft:session-cannot-be-locked", "another receiver has the session");
    pub(crate) const NO_SESSION: Words = Words(408, "com.microsoft:timeout", "no session has messages");
    pub(crate) const NOT_FOUND: Words = Words(404, "com.microsoft:message-not-found", "no such message");
    pub(crate) const NO_ENTITY: Words = Words(404, "amqp:not-found", "no such entity");
    pub(crate) const EXISTS: Words = Words(409, "com.microsoft:entity-already-exists", "it exists");
    pub(crate) const SESSION_REQUIRED: Words =
        Words(400, "amqp:not-allowed", "the entity is received from by session");
    pub(crate) const NOT_SERVED: Words = Words(501, "amqp:not-implemented", "not served");
    pub(crate) const BODY: Words =
        Words(400, "amqp:invalid-field", "the body is not what this request takes");

    pub(crate) fn new(status: i32, condition: &str, description: &str) -> Self {
        Self { status, condition: condition.to_owned(), description: description.to_owned() }
    }
}

/// A refusal that is known beforehand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(i32, &'static str, &'static str);

impl From<Words> for Refusal {
    fn from(Words(status, condition, description): Words) -> Self {
        Self::new(status, condition, description)
    }
}
