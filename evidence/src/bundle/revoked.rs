//! What was revoked of that on which a job stands, and from when on no call may have begun.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::code::Code;
use super::documents::{Documents, Taken};
use super::grants::{Held, Tokens};
use super::log::{Logged, readable};
use super::policy::{Under, opened};
use super::read::Run;
use super::report::{Finding, Options};
use crate::entry::{self, Attempt, Body, Entry};
use crate::statement::{Heartbeat, Revocation, RevocationHead, Revoked, Statement, StatementError};
use crate::trust::Trust;
use crate::{Did, JobId};

/// How much later than its signature a revocation may reach a gate, in milliseconds: the default bound on
/// staleness and the time in which an admitted call begins (SECURITY.md 1.10).
pub const REVOCATION_BOUND_MS: i64 = 11_000;

/// How much the clocks of a ledger and of a revoker may differ, in milliseconds: a ledger may take what lifts a
/// revocation that much before its signature (SECURITY.md 1.3 has the same bound for tokens).
pub(super) const SKEW_MS: i64 = 5_000;

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
    lifted: Option<Lift>,
}

/// What ended a revocation.
#[derive(Clone, Copy, Debug)]
struct Lift {
    seq: Option<u64>,
    /// From then on, Unix milliseconds.
    at: i64,
}

/// All that was revoked, by what it stops.
#[derive(Debug, Default)]
pub(super) struct Stops {
    all: Vec<Stop>,
    /// Until when the revoker's log is known, Unix milliseconds; `None` if it was not given.
    known_until: Option<i64>,
}

/// Places and times at which a token's calls are stopped; without an end for what is not lifted.
#[derive(Clone, Copy, Debug)]
struct Within {
    /// Stopped where the ledger has this many revocations, if the ledger says.
    seq: Option<(u64, u64)>,
    /// Stopped after the first and before the second, Unix milliseconds.
    at: (i64, i64),
}

impl Within {
    /// Whether a call is stopped that is admitted at this time by a ledger that has so many revocations.
    fn covers(&self, known: u64, at: i64) -> bool {
        let by_place = self.seq.is_some_and(|(from, until)| from <= known && known < until);
        by_place || (self.at.0 < at && at < self.at.1)
    }
}

/// Whether a ledger's revocations, as a bundle has them, cannot be that ledger's: what they say of their order
/// is not one order, or one is lifted that is not among them.
pub(super) fn disorder(taken: &[Taken]) -> Option<Finding> {
    let (mut seq, mut at) = (0, i64::MIN);
    let mut standing = Vec::new();
    for one in taken {
        if one.seq <= seq {
            return Some(Finding::new(Code::SeqGap).because("revocations are not in their order"));
        }
        if one.at < at {
            return Some(Finding::new(Code::TimeBackwards).because("revocations are not in their order"));
        }
        (seq, at) = (one.seq, one.at);
        if !stands(&mut standing, &one.revoked) {
            return Some(Finding::new(Code::SeqGap).because("a revocation that was lifted is missing"));
        }
    }
    None
}

/// Follows what is revoked and not lifted; whether `next` revokes, or lifts what is revoked.
fn stands(standing: &mut Vec<Revoked>, next: &Revoked) -> bool {
    let Some(lifted) = next.lifts() else {
        if next.lifted_by().is_some() && !standing.contains(next) {
            standing.push(next.clone());
        }
        return true;
    };
    let found = standing.iter().position(|one| *one == lifted);
    found.map(|index| standing.swap_remove(index)).is_some()
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
        // What the log tells late, the statement dates.
        let dated = |stop: &Stop| {
            let same = |taken: &Taken| Some(taken.seq) == stop.seq && taken.revoked == stop.revoked;
            documents.revocations.iter().any(same)
        };
        stops.all.extend(readable(entries).filter_map(logged).filter(|stop| !dated(stop)));
        for Taken { seq, at, revoked } in &documents.revocations {
            stops.take(Some(*seq), *at, *at, revoked.clone(), *at);
        }
        let Some(envelopes) = options.revocations else { return Ok(stops) };
        let mut head = RevocationHead::default();
        let (mut own, mut standing) = (Self::default(), Vec::new());
        for envelope in envelopes {
            match Revocation::verify(envelope, trust) {
                Ok(signed) => {
                    head = head.follow(&signed).map_err(|_| StatementError::Member("seq"))?;
                    let Revocation { at, revoked, .. } = signed.statement;
                    if !stands(&mut standing, &revoked) {
                        return Err(StatementError::Member("kind"));
                    }
                    let from = at.saturating_add(REVOCATION_BOUND_MS);
                    own.take(None, from, at, revoked, at.saturating_sub(SKEW_MS));
                }
                Err(error) => {
                    let Ok(beat) = Heartbeat::verify(envelope, trust) else { return Err(error) };
                    head = head.beat(&beat.statement).map_err(|_| StatementError::Member("seq"))?;
                }
            }
        }
        stops.all.append(&mut own.all);
        stops.known_until = Some(head.at);
        Ok(stops)
    }

    /// Takes the next revocation of a ledger or of a revoker, or what lifts those that came before it.
    fn take(&mut self, seq: Option<u64>, from: i64, at: i64, revoked: Revoked, lifted_at: i64) {
        let Some(lifted) = revoked.lifts() else {
            self.all.push(Stop { seq, from, at, revoked, lifted: None });
            return;
        };
        // What the log alone tells may be told after it was lifted, and has its place.
        let before = |stop: &Stop| stop.seq.zip(seq).is_none_or(|(of, lift)| of < lift);
        for stop in &mut self.all {
            if stop.lifted.is_none() && stop.revoked == lifted && before(stop) {
                stop.lifted = Some(Lift { seq, at: lifted_at });
            }
        }
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

    /// Where calls under `held` are stopped; those of the job without a token for `None`.
    fn of(&self, held: Option<&Held>, run: &Run<'_>, entries: &[Logged], under: &Under) -> Vec<Within> {
        let agent = opened(entries).map(|(opened, _)| opened.agent.as_str());
        let issued = |at| held.is_none_or(|held| held.taken.iat.saturating_mul(1_000) <= at);
        let stops = |stop: &&Stop| match &stop.revoked {
            Revoked::Job(job) => run.origin.job_id() == Some(job),
            Revoked::Policy(hash) => under.hashes.contains(hash),
            Revoked::Agent(name) => agent == Some(name.as_str()) && issued(stop.at),
            Revoked::Jti { issuer, jti } => {
                held.is_some_and(|held| held.taken.issuer == *issuer && held.taken.jti == *jti)
            }
            Revoked::IssuerKey(key) => held.is_some_and(|held| held.taken.issuer == *key) && issued(stop.at),
            Revoked::Approval(_) | Revoked::AgentLifted(_) | Revoked::IssuerKeyLifted(_) => false,
        };
        let within = |stop: &Stop| Within {
            seq: stop.seq.map(|from| (from, stop.lifted.and_then(|lift| lift.seq).unwrap_or(u64::MAX))),
            at: (stop.from, stop.lifted.map_or(i64::MAX, |lift| lift.at)),
        };
        self.all.iter().filter(stops).map(within).collect()
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
    Some(Stop { seq: Some(*revocation_seq), from: entry.at, at: entry.at, revoked, lifted: None })
}

/// Whether calls come after a revocation that stops them, and before one that lifts it.
pub(super) struct Watch<'a> {
    tokens: &'a Tokens,
    of_token: Vec<Vec<Within>>,
    without: Vec<Within>,
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
        let of = |held| stops.of(held, run, entries, under);
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
        let within = held.and_then(|(index, _)| self.of_token.get(index)).unwrap_or(&self.without);
        within.iter().any(|within| within.covers(self.known, at))
    }
}
