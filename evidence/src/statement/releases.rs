//! The releases of one policy name, and how a policy stands among them at one time (SECURITY.md 1.11).
//!
//! ```text
//! release 1 ◀─previous─ release 2 ◀─previous─ release 3 ◀─ signed by a releaser whom the trust file names
//!    policy A              policy B              policy A
//!
//! current at t: the last release whose `not_before` has come; whatever was current before is over, also
//! once the current one has expired
//! ```
//!
//! Only the newest release must bear a signature that counts today: it names the one before by hash, and that
//! the one before it. So a releaser's key can be replaced, and whoever finds an old one can fork nothing.

use wpc_model::{Hash, OnChange};

use super::{
    MAX_STATEMENT_ENVELOPE_BYTES, RELEASE_TYPE, Release, ReleaseError, ReleaseHead, Statement,
    StatementError, stricter,
};
use crate::sign::{self, SignatureError};
use crate::trust::Trust;

/// Most releases of one name.
pub const MAX_RELEASES: usize = 10_000;

/// One release of a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Released {
    /// What was signed.
    pub release: Release,
    /// The hash of its payload.
    pub hash: Hash,
}

impl Released {
    /// The head of a chain that ends with it.
    #[must_use]
    pub fn head(&self) -> ReleaseHead {
        let Release { policy_name, seq, .. } = &self.release;
        ReleaseHead { policy_name: policy_name.clone(), seq: *seq, hash: self.hash }
    }

    /// Reads an envelope whose signatures nobody has looked at: for showing it, or where a later one vouches for
    /// it by its hash.
    ///
    /// # Errors
    ///
    /// [`StatementError`] if it is no release.
    pub fn unverified(envelope: &[u8]) -> Result<Self, StatementError> {
        let (payload, payload_type) = sign::unverified(envelope, MAX_STATEMENT_ENVELOPE_BYTES)?;
        if payload_type != RELEASE_TYPE {
            return Err(SignatureError::PayloadType.into());
        }
        Ok(Self { release: Release::decode(&payload)?, hash: Hash::of(&payload) })
    }
}

/// Releases of one name without gaps, oldest first. They need not begin with the first.
///
/// ```
/// use wpc_evidence::statement::{Release, Releases, Statement};
/// use wpc_evidence::{Key, Trust};
/// use wpc_model::{Hash, OnChange};
///
/// let key = Key::from_seed(&[1; 32]);
/// let trust = format!(
///     r#"{{"v":1,"principals":[{{"name":"cd","keys":["{}"],"roles":["releaser"]}}]}}"#,
///     key.did(),
/// );
/// let trust = Trust::parse(trust.as_bytes()).unwrap();
/// let policy = Hash::of(b"a policy");
/// let first = Release {
///     policy_name: "orders".to_owned(),
///     seq: 1,
///     policy_hash: policy,
///     previous: None,
///     not_before: 1_000,
///     not_after: 9_000,
///     running: OnChange::Drain,
/// };
/// let releases = Releases::verify([first.sign(&[key]).unwrap()], &trust).unwrap();
/// let at = |ms| releases.at(policy, OnChange::Finish, ms);
/// assert_eq!(at(1_000).opens(), Ok(1));
/// assert_eq!(at(999).opens().unwrap_err().code(), "policy_release_early");
/// assert_eq!(at(9_000).opens().unwrap_err().code(), "policy_release_expired");
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Releases(Vec<Released>);

impl Releases {
    /// Those of `envelopes`, oldest first; the newest must be signed.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if one does not read, does not follow the one before, or the newest was not signed by
    /// releasers of `trust`, as many as it demands.
    pub fn verify<E: AsRef<[u8]>>(
        envelopes: impl IntoIterator<Item = E>,
        trust: &Trust,
    ) -> Result<Self, ReleaseError> {
        let mut all = Self::default();
        all.extend(envelopes, trust)?;
        Ok(all)
    }

    /// Adds those that follow; the newest of `envelopes` must be signed. On an error nothing is added.
    ///
    /// # Errors
    ///
    /// As [`Releases::verify`].
    pub fn extend<E: AsRef<[u8]>>(
        &mut self,
        envelopes: impl IntoIterator<Item = E>,
        trust: &Trust,
    ) -> Result<(), ReleaseError> {
        let (mut head, mut more, mut newest) = (self.head(), Vec::new(), None);
        for envelope in envelopes {
            let next = Released::unverified(envelope.as_ref())?;
            head = match head {
                Some(known) if next.release.seq == known.seq => return Err(ReleaseError::Forked),
                Some(known) => Some(ReleaseHead::next(Some(&known), &next.release, next.hash)?),
                None => Some(next.head()),
            };
            more.push(next);
            newest = Some(envelope);
        }
        if self.0.len().saturating_add(more.len()) > MAX_RELEASES {
            return Err(StatementError::TooLong.into());
        }
        if let Some(newest) = newest {
            Release::verify(newest.as_ref(), trust)?;
        }
        self.0.append(&mut more);
        Ok(())
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Released] {
        &self.0
    }

    /// The newest.
    #[must_use]
    pub fn head(&self) -> Option<ReleaseHead> {
        self.0.last().map(Released::head)
    }

    /// The release of this number.
    #[must_use]
    pub fn get(&self, seq: u64) -> Option<&Released> {
        let first = self.0.first()?.release.seq;
        self.0.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// Those that follow `known`, the last release of this name that somebody else has.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::RolledBack`] if all of them are older than that, [`ReleaseError::Forked`] if they have
    /// another past, [`ReleaseError::Gap`] if some are missing in between, [`ReleaseError::Name`].
    pub fn after(&self, known: Option<&ReleaseHead>) -> Result<&[Released], ReleaseError> {
        let Some(newest) = self.0.last() else { return Ok(&[]) };
        if let Some(known) = known {
            if newest.release.policy_name != known.policy_name {
                return Err(ReleaseError::Name);
            }
            if newest.release.seq < known.seq {
                return Err(ReleaseError::RolledBack);
            }
        }
        let first_new = self.0.partition_point(|one| known.is_some_and(|known| one.release.seq <= known.seq));
        let (old, new) = self.0.split_at_checked(first_new).unwrap_or((&[], &[]));
        if let (Some(known), Some(same)) = (known, old.last())
            && same.hash != known.hash
        {
            return Err(ReleaseError::Forked);
        }
        if let Some(next) = new.first() {
            ReleaseHead::next(known, &next.release, next.hash)?;
        }
        Ok(new)
    }

    /// How the policy of `hash` stands among them at `at`, Unix milliseconds; `on_change` is what it says itself
    /// of running jobs ([`wpc_model::Policy::on_change`]).
    #[must_use]
    pub fn at(&self, hash: Hash, on_change: OnChange, at: i64) -> Currency<'_> {
        Currency::of(&self.0, hash, on_change, at)
    }

    /// As [`Releases::at`], as if those after number `seq` were not there.
    #[must_use]
    pub fn until(&self, seq: u64, hash: Hash, on_change: OnChange, at: i64) -> Currency<'_> {
        let until = self.0.partition_point(|one| one.release.seq <= seq);
        Currency::of(self.0.get(..until).unwrap_or_default(), hash, on_change, at)
    }
}

/// How a policy stands among the releases of its name at one time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Currency<'a> {
    all: &'a [Released],
    hash: Hash,
    at: i64,
    current: Option<&'a Release>,
    /// The last release of the policy that was current.
    own: Option<&'a Release>,
    /// What becomes of its jobs, where another policy is current.
    running: OnChange,
}

impl<'a> Currency<'a> {
    fn of(all: &'a [Released], hash: Hash, on_change: OnChange, at: i64) -> Self {
        let begun = || all.iter().map(|one| &one.release).filter(|release| release.not_before <= at);
        let own = begun().rfind(|release| release.policy_hash == hash);
        let later = begun().filter(|release| own.is_none_or(|own| release.seq > own.seq));
        let running = later.fold(on_change, |strictest, release| stricter(strictest, release.running));
        Self { all, hash, at, current: begun().next_back(), own, running }
    }

    /// The current release, if there is one.
    #[must_use]
    pub const fn current(&self) -> Option<&'a Release> {
        self.current
    }

    /// Whether another policy is the current one.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.current.is_some_and(|current| current.policy_hash != self.hash)
    }

    /// What becomes of the policy's running jobs: the strictest of what it says itself and of what the releases
    /// say that came after its own. [`OnChange::Finish`] while it is current.
    #[must_use]
    pub fn running(&self) -> OnChange {
        if self.is_changed() { self.running } else { OnChange::Finish }
    }

    /// Whether a new job may be opened under the policy; the number of the release that lets it.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::Required`], [`ReleaseError::NotReleased`], [`ReleaseError::RolledBack`],
    /// [`ReleaseError::Early`] and [`ReleaseError::Expired`] only.
    pub fn opens(&self) -> Result<u64, ReleaseError> {
        let is_own = |one: &&Released| one.release.policy_hash == self.hash;
        match self.current {
            Some(current) if current.policy_hash == self.hash => {
                current.holds_at(self.at).map(|()| current.seq)
            }
            _ if self.all.is_empty() => Err(ReleaseError::Required),
            current => match self.all.iter().rfind(is_own) {
                None => Err(ReleaseError::NotReleased),
                Some(own) if current.is_none_or(|current| own.release.seq > current.seq) => {
                    Err(ReleaseError::Early)
                }
                Some(_) => Err(ReleaseError::RolledBack),
            },
        }
    }

    /// Whether a job that runs under the policy may begin another call.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::Required`], [`ReleaseError::Changed`], [`ReleaseError::Early`] and
    /// [`ReleaseError::Expired`] only.
    pub fn continues(&self) -> Result<(), ReleaseError> {
        if self.current.is_none() {
            let none = self.all.is_empty();
            return Err(if none { ReleaseError::Required } else { ReleaseError::Early });
        }
        if self.running() != OnChange::Finish {
            return Err(ReleaseError::Changed);
        }
        // One that finishes does so within the time for which its own policy was released.
        self.own.map_or(Ok(()), |own| own.holds_at(self.at))
    }
}
