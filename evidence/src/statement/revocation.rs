//! Revocations: a stream without gaps, and the heartbeats that tell its silence from a cut line.

use wpc_model::Hash;
use wpc_model::canon::Json;

use super::{
    REVOCATION_TYPE, Schema, Signed, Statement, StatementError, check, hash_json, is_text, number_json,
    time_json,
};
use crate::entry::MAX_AGENT_BYTES;
use crate::members::{Members, Wrong};
use crate::trust::Role;
use crate::{Did, JobId};

/// Longest accepted id of a revoked token, in bytes.
pub const MAX_REVOKED_BYTES: usize = 512;

/// No more of this, or again as before (SECURITY.md 1.10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// Its number in the revoker's stream, from 1.
    pub seq: u64,
    /// The hash of the payload before; `None` of the first.
    pub prev: Option<Hash>,
    /// When, Unix milliseconds.
    pub at: i64,
    /// What.
    pub revoked: Revoked,
}

/// What is revoked, or lifted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Revoked {
    /// One token.
    Jti {
        /// Who issued it.
        issuer: Did,
        /// Its id.
        jti: String,
    },
    /// A job.
    Job(JobId),
    /// A policy, by its hash, and every policy that extends it.
    Policy(Hash),
    /// An agent's tokens that were issued until then.
    Agent(String),
    /// An issuer's tokens that were issued until then.
    IssuerKey(Did),
    /// An approval, by the hash of its payload.
    Approval(Hash),
    /// Nothing: what was revoked of an agent is lifted, and its older tokens are good again.
    AgentLifted(String),
    /// Nothing: what was revoked of an issuer's key is lifted, and its older tokens are good again.
    IssuerKeyLifted(Did),
}

/// Nothing after `seq` was revoked until `at`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heartbeat {
    /// The number of the last revocation; 0 before the first.
    pub seq: u64,
    /// When, Unix milliseconds.
    pub at: i64,
}

/// How far a reader of the stream has come.
///
/// ```
/// use wpc_evidence::statement::{Heartbeat, RevocationHead, StreamError};
/// let head = RevocationHead::default().beat(&Heartbeat { seq: 0, at: 5 }).unwrap();
/// assert_eq!((head.seq, head.at), (0, 5));
/// // Somebody kept a revocation back.
/// assert_eq!(head.beat(&Heartbeat { seq: 1, at: 6 }), Err(StreamError::Gap));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RevocationHead {
    /// The number of the last revocation; 0 before the first.
    pub seq: u64,
    /// The hash of its payload.
    pub hash: Option<Hash>,
    /// Until when the stream is known, Unix milliseconds.
    pub at: i64,
}

/// What came is not what comes next in a stream of revocations.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// A revocation before it is missing. Code `revocation_gap`.
    #[error("a revocation is missing before this one")]
    Gap,
    /// It is behind what is known already. Code `revocation_repeated`.
    #[error("the stream is behind what is known of it")]
    Repeated,
    /// It follows another revocation than the one that is known. Code `revocation_forked`.
    #[error("the stream has another past")]
    Forked,
    /// Its time is before that of what came before. Code `time_backwards`.
    #[error("the stream's time goes backwards")]
    TimeBackwards,
}

impl StreamError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gap => "revocation_gap",
            Self::Repeated => "revocation_repeated",
            Self::Forked => "revocation_forked",
            Self::TimeBackwards => "time_backwards",
        }
    }
}

impl RevocationHead {
    /// The head after the next revocation.
    ///
    /// # Errors
    ///
    /// [`StreamError`] if it is not the next one.
    pub fn follow(&self, next: &Signed<Revocation>) -> Result<Self, StreamError> {
        let Revocation { seq, prev, at, .. } = &next.statement;
        match self.seq.checked_add(1) {
            Some(expected) if *seq == expected => {}
            Some(expected) if *seq < expected => return Err(StreamError::Repeated),
            Some(_) | None => return Err(StreamError::Gap),
        }
        if *prev != self.hash {
            return Err(StreamError::Forked);
        }
        if *at < self.at {
            return Err(StreamError::TimeBackwards);
        }
        Ok(Self { seq: *seq, hash: Some(next.hash), at: *at })
    }

    /// The head after a heartbeat.
    ///
    /// # Errors
    ///
    /// [`StreamError`] if a revocation is missing, or the heartbeat is an old one.
    pub const fn beat(&self, heartbeat: &Heartbeat) -> Result<Self, StreamError> {
        if heartbeat.seq > self.seq {
            return Err(StreamError::Gap);
        }
        if heartbeat.seq < self.seq {
            return Err(StreamError::Repeated);
        }
        if heartbeat.at < self.at {
            return Err(StreamError::TimeBackwards);
        }
        Ok(Self { at: heartbeat.at, ..*self })
    }
}

impl Revoked {
    /// The word of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Jti { .. } => "jti",
            Self::Job(_) => "job",
            Self::Policy(_) => "policy",
            Self::Agent(_) => "agent",
            Self::IssuerKey(_) => "issuer_key",
            Self::Approval(_) => "approval",
            Self::AgentLifted(_) => "agent_lifted",
            Self::IssuerKeyLifted(_) => "issuer_key_lifted",
        }
    }

    /// What of that kind, as text.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Jti { jti, .. } => jti.clone(),
            Self::Job(job) => job.to_string(),
            Self::Policy(hash) | Self::Approval(hash) => hash.to_string(),
            Self::Agent(agent) | Self::AgentLifted(agent) => agent.clone(),
            Self::IssuerKey(key) | Self::IssuerKeyLifted(key) => key.to_string(),
        }
    }

    /// What lifts it; `None` of what is revoked for ever (SECURITY.md 1.10), and of what lifts.
    ///
    /// ```
    /// use wpc_evidence::statement::Revoked;
    /// let revoked = Revoked::Agent("agent:planner@3".to_owned());
    /// let lift = revoked.lifted_by().unwrap();
    /// assert_eq!((lift.kind(), lift.lifts()), ("agent_lifted", Some(revoked)));
    /// ```
    #[must_use]
    pub fn lifted_by(&self) -> Option<Self> {
        match self {
            Self::Agent(agent) => Some(Self::AgentLifted(agent.clone())),
            Self::IssuerKey(key) => Some(Self::IssuerKeyLifted(*key)),
            Self::Jti { .. }
            | Self::Job(_)
            | Self::Policy(_)
            | Self::Approval(_)
            | Self::AgentLifted(_)
            | Self::IssuerKeyLifted(_) => None,
        }
    }

    /// What it lifts; `None` if it revokes.
    #[must_use]
    pub fn lifts(&self) -> Option<Self> {
        match self {
            Self::AgentLifted(agent) => Some(Self::Agent(agent.clone())),
            Self::IssuerKeyLifted(key) => Some(Self::IssuerKey(*key)),
            Self::Jti { .. }
            | Self::Job(_)
            | Self::Policy(_)
            | Self::Agent(_)
            | Self::IssuerKey(_)
            | Self::Approval(_) => None,
        }
    }

    /// The issuer of a token.
    #[must_use]
    pub const fn issuer(&self) -> Option<&Did> {
        if let Self::Jti { issuer, .. } = self { Some(issuer) } else { None }
    }

    fn fits(&self) -> bool {
        match self {
            Self::Jti { jti, .. } => is_text(jti, MAX_REVOKED_BYTES),
            Self::Agent(agent) | Self::AgentLifted(agent) => is_text(agent, MAX_AGENT_BYTES),
            Self::Job(_)
            | Self::Policy(_)
            | Self::IssuerKey(_)
            | Self::IssuerKeyLifted(_)
            | Self::Approval(_) => true,
        }
    }
}

impl Statement for Revocation {
    const PAYLOAD_TYPE: &'static str = REVOCATION_TYPE;
    const ROLE: Role = Role::Revoker;
}

impl Schema for Revocation {
    fn to_json(&self) -> Result<Json, StatementError> {
        check(self.seq > 0, "seq")?;
        check(self.prev.is_some() == (self.seq > 1), "prev")?;
        check(self.revoked.fits(), "value")?;
        // Before the first one nothing was revoked.
        check(self.seq > 1 || self.revoked.lifts().is_none(), "kind")?;
        let mut members = vec![
            ("at", time_json(self.at, "at")?),
            ("kind", Json::from(self.revoked.kind())),
            ("prev", hash_json(self.prev.as_ref())),
            ("seq", number_json(self.seq, "seq")?),
            ("v", Json::Integer(1)),
            ("value", Json::Text(self.revoked.value())),
        ];
        members.extend(self.revoked.issuer().map(|issuer| ("issuer", Json::from(issuer.as_str()))));
        Ok(Json::object(members))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        from.version()?;
        let value = || from.text("value").map(str::to_owned);
        let revoked = match from.text("kind")? {
            "jti" => Revoked::Jti { issuer: from.did("issuer")?, jti: value()? },
            "job" => Revoked::Job(from.job("value")?),
            "policy" => Revoked::Policy(from.hash("value")?),
            "agent" => Revoked::Agent(value()?),
            "issuer_key" => Revoked::IssuerKey(from.did("value")?),
            "approval" => Revoked::Approval(from.hash("value")?),
            "agent_lifted" => Revoked::AgentLifted(value()?),
            "issuer_key_lifted" => Revoked::IssuerKeyLifted(from.did("value")?),
            _ => return Err(Wrong("kind")),
        };
        Ok(Self {
            seq: from.number("seq")?,
            prev: from.or_null("prev", Members::hash)?,
            at: from.time("at")?,
            revoked,
        })
    }
}

impl Statement for Heartbeat {
    const PAYLOAD_TYPE: &'static str = REVOCATION_TYPE;
    const ROLE: Role = Role::Revoker;
}

impl Schema for Heartbeat {
    fn to_json(&self) -> Result<Json, StatementError> {
        let (at, seq) = (time_json(self.at, "at")?, number_json(self.seq, "seq")?);
        Ok(Json::object([("at", at), ("seq", seq), ("v", Json::Integer(1))]))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        from.version()?;
        Ok(Self { seq: from.number("seq")?, at: from.time("at")? })
    }
}
