//! What was revoked of that on which a job stands, and from when on no call may have begun.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::documents::Documents;
use super::grants::{Held, Tokens};
use super::log::{Logged, readable};
use super::policy::{Under, opened};
use super::read::Run;
use super::report::Options;
use crate::entry::{self, Attempt, Body, Entry};
use crate::statement::{Heartbeat, Revocation, RevocationHead, Revoked, Statement, StatementError};
use crate::trust::Trust;
use crate::{Did, JobId};

/// How much later than its signature a revocation may reach a gate, in milliseconds: the default bound on
/// staleness and the time in which an admitted call begins (SECURITY.md 1.10).
pub const REVOCATION_BOUND_MS: i64 = 11_000;

/// One revocation, as a ledger or a revoker has it.
#[derive(Clone, Debug)]
struct Stop {
    /// Its place in the ledger; `None` in the revoker's own log.
    seq: Option<u64>,
    /// From then on it counts, Unix milliseconds.
    from: i64,
    /// Tokens that were issued until then.
    at: i64,
    revoked: Revoked,
}

/// All that was revoked, by what it stops.
#[derive(Debug, Default)]
pub(super) struct Stops {
    all: Vec<Stop>,
    /// Until when the revoker's log is known, Unix milliseconds; `None` if it was not given.
    known_until: Option<i64>,
}

/// The least places and times from which on a token's calls are stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    seq: u64,
    from: i64,
}

impl Stops {
    /// Of the bundle, and of the revoker's own log.
    ///
    /// # Errors
    ///
    /// [`StatementError`] if that log does not verify.
    pub(super) fn read(
        documents: &Documents<'_>,
        entries: &[Logged],
        options: &Options<'_>,
        trust: &Trust,
    ) -> Result<Self, StatementError> {
        let mut stops = Self::default();
        stops.all.extend(readable(entries).filter_map(logged));
        stops.all.extend(documents.revocations.iter().map(|taken| Stop {
            seq: Some(taken.seq),
            from: taken.at,
            at: taken.at,
            revoked: taken.revoked.clone(),
        }));
        let Some(envelopes) = options.revocations else { return Ok(stops) };
        let mut head = RevocationHead::default();
        for envelope in envelopes {
            match Revocation::verify(envelope, trust) {
                Ok(signed) => {
                    head = head.follow(&signed).map_err(|_| StatementError::Member("seq"))?;
                    let Revocation { at, revoked, .. } = signed.statement;
                    let from = at.saturating_add(REVOCATION_BOUND_MS);
                    stops.all.push(Stop { seq: None, from, at, revoked });
                }
                Err(error) => {
                    let Ok(beat) = Heartbeat::verify(envelope, trust) else { return Err(error) };
                    head = head.beat(&beat.statement).map_err(|_| StatementError::Member("seq"))?;
                }
            }
        }
        stops.known_until = Some(head.at);
        Ok(stops)
    }

    /// Whether the revoker's log was given, and reaches the last call that was admitted.
    pub(super) fn is_known(&self, entries: &[Logged]) -> bool {
        let last = readable(entries).filter(|entry| matches!(entry.body, Body::Attempt(_))).last();
        let until = self.known_until.map(|at| at.saturating_add(REVOCATION_BOUND_MS));
        until.is_some_and(|until| last.is_none_or(|last| last.at <= until))
    }

    /// Approvals that were withdrawn, and the place of that among the ledger's revocations.
    pub(super) fn withdrawn(&self) -> BTreeMap<Hash, u64> {
        let mut withdrawn = BTreeMap::new();
        for stop in &self.all {
            if let (Revoked::Approval(approval), Some(seq)) = (&stop.revoked, stop.seq) {
                let first = withdrawn.entry(*approval).or_insert(seq);
                *first = seq.min(*first);
            }
        }
        withdrawn
    }

    /// From when on calls under `held` are stopped; of the job's without a token for `None`.
    fn until(&self, held: Option<&Held>, run: &Run<'_>, entries: &[Logged], under: &Under) -> Until {
        let agent = opened(entries).map(|(opened, _)| opened.agent.as_str());
        let issued = |at| held.is_none_or(|held| held.taken.iat.saturating_mul(1_000) <= at);
        let mut until = Until { seq: u64::MAX, from: i64::MAX };
        for stop in &self.all {
            let stops = match &stop.revoked {
                Revoked::Job(job) => run.origin.job_id() == Some(job),
                Revoked::Policy(hash) => under.hashes.contains(hash),
                Revoked::Agent(name) => agent == Some(name.as_str()) && issued(stop.at),
                Revoked::Jti { issuer, jti } => {
                    held.is_some_and(|held| held.taken.issuer == *issuer && held.taken.jti == *jti)
                }
                Revoked::IssuerKey(key) => {
                    held.is_some_and(|held| held.taken.issuer == *key) && issued(stop.at)
                }
                Revoked::Approval(_) => false,
            };
            if stops {
                until.seq = until.seq.min(stop.seq.unwrap_or(u64::MAX));
                until.from = until.from.min(stop.from);
            }
        }
        until
    }
}

/// What the log itself says was revoked.
fn logged(entry: &Entry) -> Option<Stop> {
    let Body::Revoked(entry::Revoked { what, value, revocation_seq }) = &entry.body else { return None };
    let revoked = match what.as_str() {
        "jti" => {
            let (issuer, jti) = value.split_once(' ')?;
            Revoked::Jti { issuer: Did::parse(issuer).ok()?, jti: jti.to_owned() }
        }
        "job" => Revoked::Job(JobId::parse(value).ok()?),
        "policy" => Revoked::Policy(Hash::from_text(value)?),
        "agent" => Revoked::Agent(value.clone()),
        "issuer_key" => Revoked::IssuerKey(Did::parse(value).ok()?),
        "approval" => Revoked::Approval(Hash::from_text(value)?),
        _ => return None,
    };
    // When the ledger took it does not stand in the log: not after it told.
    Some(Stop { seq: Some(*revocation_seq), from: entry.at, at: entry.at, revoked })
}

/// Whether calls come after a revocation that stops them.
pub(super) struct Watch<'a> {
    tokens: &'a Tokens,
    of_token: Vec<Until>,
    without: Until,
    /// How many revocations the ledger held at the last attempt.
    known: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        stops: &Stops,
        run: &Run<'_>,
        entries: &[Logged],
        under: &Under,
        tokens: &'a Tokens,
    ) -> Self {
        let of = |held| stops.until(held, run, entries, under);
        Self {
            of_token: tokens.held.iter().map(|held| of(Some(held))).collect(),
            without: of(None),
            tokens,
            known: 0,
        }
    }

    /// Takes note of an attempt; whether it was stopped.
    pub(super) fn stopped(&mut self, attempt: &Attempt, seq: u64, at: i64) -> bool {
        self.known = self.known.max(attempt.revocation_seq);
        let held = attempt.jti.as_deref().and_then(|jti| self.tokens.at(jti, seq));
        let until = held.and_then(|(index, _)| self.of_token.get(index)).unwrap_or(&self.without);
        self.known >= until.seq || at > until.from
    }
}
