//! The names of jobs and calls.

use std::fmt;
use std::sync::Arc;

use crate::random::{self, RandomError};

/// Longest accepted job id, in characters.
pub const MAX_JOB_ID: usize = 128;

/// Names one job: 1 to 128 characters of `A-Z a-z 0-9 . _ -` (SECURITY.md 2.4).
///
/// Whoever starts the job mints it; it is never taken from the agent.
///
/// ```
/// use wpc_evidence::JobId;
/// let job = JobId::parse("job_7fz3q").unwrap();
/// assert_eq!(job.to_string(), "job_7fz3q");
/// assert!(JobId::parse("a job").is_err());
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct JobId(Arc<str>);

/// A text is not the id of a job. Code `job_id`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a job id has 1 to 128 letters, digits, `.`, `_` or `-`")]
pub struct JobIdError;

impl JobIdError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "job_id"
    }
}

impl JobId {
    /// A new id: `job_` and 128 random bits in base32.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn mint() -> Result<Self, RandomError> {
        Ok(Self(format!("job_{}", random::base32(random::bytes()?)).into()))
    }

    /// Reads an id that a control plane minted.
    ///
    /// # Errors
    ///
    /// [`JobIdError`] only if `text` is empty, too long, or holds another character.
    pub fn parse(text: &str) -> Result<Self, JobIdError> {
        let accepted = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if text.is_empty() || text.len() > MAX_JOB_ID || !text.bytes().all(accepted) {
            return Err(JobIdError);
        }
        Ok(Self(text.into()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one call within its job: `call_` and 26 characters of base32.
///
/// The gate makes it before the append, so that an append whose answer was lost can be looked up.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(Arc<str>);

impl CallId {
    /// Reads an id from an entry.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("call_")?;
        random::is_base32(digits).then(|| Self(text.into()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes the call ids of one gate: 80 random bits of the gate's own and a count, so that two gates
/// never make the same id and no call waits for the operating system's randomness.
#[derive(Debug)]
pub struct CallIds {
    gate: [u8; 10],
    next: std::sync::atomic::AtomicU64,
}

impl CallIds {
    /// Ids of a new gate.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn new() -> Result<Self, RandomError> {
        Ok(Self { gate: random::bytes()?, next: std::sync::atomic::AtomicU64::new(0) })
    }

    /// An id that no other call has.
    pub fn next(&self) -> CallId {
        let count = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut bytes = [0; 16];
        let count = count.to_be_bytes();
        // The low 48 bits: more calls than a gate can make.
        let parts = self.gate.iter().chain(count.iter().skip(2));
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        CallId(format!("call_{}", random::base32(bytes)).into())
    }
}
