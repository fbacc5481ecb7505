//! A follower: keeps a ledger up to date with a control plane (SECURITY.md 1.4, 1.5, 1.10).
//!
//! ```text
//! stream ──revocation──▶ verified, in order ──▶ ledger           one thread
//!        ──heartbeat───▶ verified ──▶ fresh until its time + bound
//!        ──release─────▶ the chain of its name fetched ──▶ ledger
//!        ──approval────▶ fetched ──▶ ledger
//! ledger ──own log, refused calls, bundles of closed jobs──▶ control plane    another, every second
//! ```
//!
//! The bound is 10 s. A revocation reaches a gate within the time of a message; if the stream is cut, or somebody
//! holds it back, calls are refused as `revocation_stale` from 10 s after the last heartbeat that arrived was
//! made; so they are while the releases of a policy that jobs run under cannot be fetched. A call that was admitted before begins within [`wpc::BEGIN_WITHIN`] or never. Both clocks are read: a
//! control plane whose clock is ahead adds what it is ahead to what a delayed stream can hide.

mod push;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use wpc::ledger::{Misplaced, RevocationKey};
use wpc::{Clock as _, Follow, FollowError, JobId, Ledger, LedgerError, SystemClock, Trust, approval};
use wpc_evidence::statement::{Heartbeat, Revocation, Statement as _, StreamError};
use wpc_model::Hash;

use crate::events::{Event, MAX_EVENT_BYTES, Reader};
use crate::place::{Next, Place};
use crate::releases;
use crate::{Client, ClientError};

/// How old the last heartbeat may be before calls are refused.
pub const STALE_AFTER: Duration = Duration::from_secs(10);
/// How long one connection of the stream lives: one that hangs is given up then.
const LIFE: Duration = Duration::from_secs(12);
/// How long to wait before the stream is begun anew.
const AGAIN: Duration = Duration::from_millis(200);

/// Follows a control plane for one ledger, until it is dropped.
#[derive(Debug)]
pub struct Follower {
    state: Arc<State>,
}

/// What gates ask.
pub struct Following(Arc<State>);

struct State {
    client: Client,
    ledger: Arc<dyn Ledger>,
    trust: Trust,
    clock: SystemClock,
    /// On the steady clock, in milliseconds; before the first heartbeat nothing is fresh.
    fresh_until: AtomicI64,
    /// What can never be right again: the ledger and the control plane have different pasts.
    broken: Mutex<Option<&'static str>>,
    beaten: Condvar,
    /// Jobs that were opened through this follower, and how far their entries were looked at.
    jobs: Mutex<BTreeMap<JobId, u64>>,
    /// Names of policies under which jobs were opened through this follower.
    policies: Mutex<BTreeSet<String>>,
    /// Those of them that are closed, and whose bundles are not handed in.
    closed: Mutex<BTreeSet<JobId>>,
    /// Requests that were handed in.
    asked: Mutex<BTreeSet<Hash>>,
    stopped: AtomicBool,
}

impl Follower {
    /// Begins to follow. The key of `client` is that of `ledger`.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the ledger's revocations do not hold together, or threads cannot be had.
    pub fn start(client: Client, ledger: Arc<dyn Ledger>, trust: Trust) -> Result<Self, LedgerError> {
        let mut place = Place::default();
        place.catch_up(&ledger.revocations(0)?, &trust).map_err(|cause| LedgerError::Damaged { cause })?;
        place.begin();
        let state = Arc::new(State {
            client,
            ledger,
            trust,
            clock: SystemClock::new(),
            fresh_until: AtomicI64::new(i64::MIN),
            broken: Mutex::new(None),
            beaten: Condvar::new(),
            jobs: Mutex::default(),
            closed: Mutex::default(),
            policies: Mutex::default(),
            asked: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let of = Arc::downgrade(&state);
        spawn("wpc-follow", move || listen(&of, place))?;
        let of = Arc::downgrade(&state);
        spawn("wpc-push", move || push::push(&of))?;
        Ok(Self { state })
    }

    /// What a ledger is given: [`wpc::ledger::Followed`].
    #[must_use]
    pub fn following(&self) -> Arc<Following> {
        Arc::new(Following(Arc::clone(&self.state)))
    }

    /// Waits until calls may begin; whether they may before `within` has passed.
    #[must_use]
    pub fn wait(&self, within: Duration) -> bool {
        let until = self.state.clock.monotonic().saturating_add(within);
        let mut broken = locked(&self.state.broken);
        loop {
            if broken.is_none() && self.state.is_fresh() {
                return true;
            }
            let left = until.saturating_sub(self.state.clock.monotonic());
            if left.is_zero() {
                return false;
            }
            broken = self.state.beaten.wait_timeout(broken, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Pushes what is new of the ledger's own log now.
    ///
    /// # Errors
    ///
    /// [`FollowError`] if the ledger or the control plane fails.
    pub fn push(&self) -> Result<(), FollowError> {
        self.state.push_log().and_then(|()| self.state.push_requests())
    }

    /// Pushes what is new, and hands in the bundle of every job that was opened through this follower, as it stands
    /// now: what a gate does last. Bundles of jobs that were closed before are handed in already, unless the control
    /// plane refused them for what they are.
    ///
    /// # Errors
    ///
    /// [`FollowError`] with the first reason found; the other bundles are handed in all the same.
    pub fn finish(&self) -> Result<(), FollowError> {
        let pushed = self.push();
        let open: Vec<_> = locked(&self.state.jobs).keys().cloned().collect();
        locked(&self.state.closed).extend(open);
        self.state.hand_in().and(pushed)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("ledger", self.ledger.did()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Following({})", self.0.ledger.did())
    }
}

impl Follow for Following {
    fn may_begin(&self) -> Result<(), &'static str> {
        if let Some(code) = *locked(&self.0.broken) {
            return Err(code);
        }
        if self.0.stopped.load(Ordering::SeqCst) || !self.0.is_fresh() {
            return Err("revocation_stale");
        }
        Ok(())
    }

    fn current(&self, policy_name: &str) -> Result<(), FollowError> {
        // Known first, so that a release which comes meanwhile is not missed.
        let known = &self.0.policies;
        locked(known).insert(policy_name.to_owned());
        self.0.take_releases(policy_name)
    }

    fn opened(&self, job: &JobId, leaf: Hash) -> Result<(), FollowError> {
        self.0.client.open_job(job, leaf).map_err(told)?;
        locked(&self.0.jobs).entry(job.clone()).or_insert(0);
        Ok(())
    }
}

/// A control plane's refusal, with a code of ours.
pub(crate) fn told(error: ClientError) -> FollowError {
    const KNOWN: [&str; 6] = [
        "job_open_elsewhere",
        "ledger_behind_checkpoint",
        "checkpoint_inconsistent",
        "signer_unknown",
        "forbidden",
        "ledger_mismatch",
    ];
    let code = match &error {
        ClientError::Refused(problem) => {
            KNOWN.into_iter().find(|known| problem.code == *known).unwrap_or("control_plane_refused")
        }
        ClientError::Url
        | ClientError::Unavailable(_)
        | ClientError::Answer(_)
        | ClientError::Artifact(_)
        | ClientError::Random(_) => "control_plane_unavailable",
    };
    FollowError { code, message: error.to_string() }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is done under these locks leaves anything half done.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn of_ledger(error: &LedgerError) -> FollowError {
    FollowError { code: error.code(), message: error.to_string() }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), LedgerError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map(drop).map_err(|error| LedgerError::Unavailable { cause: error.to_string() })
}

/// Whoever is followed for, unless nobody wants it any more.
fn alive(of: &Weak<State>) -> Option<Arc<State>> {
    of.upgrade().filter(|state| !state.stopped.load(Ordering::SeqCst))
}

fn listen(of: &Weak<State>, mut place: Place) {
    while let Some(state) = alive(of) {
        // Releases that came while no stream was there are fetched once one is.
        place.begin();
        if let Ok(stream) = state.client.stream(place.seq(), LIFE)
            && state.take_all_releases()
        {
            let limit = u64::try_from(MAX_EVENT_BYTES).unwrap_or(u64::MAX);
            let mut lines = BufReader::new(stream);
            let (mut reader, mut line) = (Reader::default(), Vec::new());
            loop {
                line.clear();
                let read = (&mut lines).take(limit).read_until(b'\n', &mut line);
                if !matches!(read, Ok(length) if length > 0) || !line.ends_with(b"\n") {
                    break;
                }
                let Ok(text) = std::str::from_utf8(&line) else { break };
                let Ok(event) = reader.line(text.trim_end_matches(['\r', '\n'])) else { break };
                if let Some(event) = event
                    && !state.take(event, &mut place)
                {
                    break;
                }
                if state.stopped.load(Ordering::SeqCst) {
                    return;
                }
            }
        }
        drop(state);
        thread::sleep(AGAIN);
    }
}

impl State {
    fn is_fresh(&self) -> bool {
        self.steady_ms() < self.fresh_until.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        i64::try_from(self.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }

    fn broken(&self, code: &'static str) {
        *locked(&self.broken) = Some(code);
    }

    /// Takes an event; whether the stream may go on.
    fn take(&self, event: Event, place: &mut Place) -> bool {
        match event {
            Event::Revocation { envelope, .. } => self.take_revocation(&envelope, place),
            Event::Heartbeat { envelope, .. } => self.take_heartbeat(&envelope, place),
            Event::Approval { job, request } => {
                // What cannot be fetched now is fetched by whoever asks the call again.
                let _later = self.take_approval(&job, &request);
                true
            }
            Event::Release { policy_name, .. } => {
                let known = locked(&self.policies).contains(&policy_name);
                !known || self.takes_releases(&policy_name)
            }
        }
    }

    /// Whether the ledger has what is released, of every policy under which jobs run.
    fn take_all_releases(&self) -> bool {
        let policies = locked(&self.policies).clone();
        policies.iter().all(|name| self.takes_releases(name))
    }

    /// Whether the ledger has what is released; if not, no heartbeat is taken until it has.
    fn takes_releases(&self, policy_name: &str) -> bool {
        match self.take_releases(policy_name) {
            Ok(()) => true,
            Err(FollowError { code: code @ "policy_release_forked", .. }) => {
                self.broken(code);
                false
            }
            Err(_) => false,
        }
    }

    fn take_releases(&self, policy_name: &str) -> Result<(), FollowError> {
        releases::hand_over(&self.client, &*self.ledger, &self.trust, policy_name)
    }

    fn take_revocation(&self, envelope: &[u8], place: &mut Place) -> bool {
        let Ok(signed) = Revocation::verify(envelope, &self.trust) else { return false };
        let head = match place.next(&signed) {
            Next::Known => return true,
            Next::New(head) => head,
            Next::Forked => {
                self.broken(StreamError::Forked.code());
                return false;
            }
            Next::Unfit => return false,
        };
        let what = RevocationKey::of(&signed.statement.revoked);
        match self.ledger.revoke(head.seq, what, envelope) {
            Ok(()) => {
                place.took(head);
                true
            }
            // Two streams, or one that does not hold together: nothing that it says can be believed.
            Err(LedgerError::Misplaced(Misplaced::NotRevoked)) => {
                self.broken(Misplaced::NotRevoked.code());
                false
            }
            // Somebody else who shares the ledger was first, with this one or another.
            Err(LedgerError::Misplaced(_)) => {
                let Ok(rows) = self.ledger.revocations(place.seq()) else { return false };
                let caught_up = place.catch_up(&rows, &self.trust).is_ok() && place.seq() >= head.seq;
                caught_up && self.take_revocation(envelope, place)
            }
            Err(_) => false,
        }
    }

    fn take_heartbeat(&self, envelope: &[u8], place: &mut Place) -> bool {
        let Ok(signed) = Heartbeat::verify(envelope, &self.trust) else { return false };
        if !place.beat(&signed.statement) {
            return false;
        }
        let age = self.clock.wall_ms().saturating_sub(signed.statement.at).max(0);
        let bound = i64::try_from(STALE_AFTER.as_millis()).unwrap_or(i64::MAX);
        let until = self.steady_ms().saturating_add(bound.saturating_sub(age));
        // Under the lock, so that nobody who waits misses it.
        let _locked = locked(&self.broken);
        self.fresh_until.fetch_max(until, Ordering::SeqCst);
        self.beaten.notify_all();
        true
    }

    fn take_approval(&self, job: &str, request: &str) -> Result<(), FollowError> {
        let Ok(job) = JobId::parse(job) else { return Ok(()) };
        let known = locked(&self.jobs).contains_key(&job);
        if !known {
            return Ok(());
        }
        let waiting = self.client.waiting(request).map_err(told)?;
        for approval in waiting.approvals {
            let bytes = |value: &serde_json::Value| serde_json::to_vec(value).unwrap_or_default();
            let memberships: Vec<_> = approval.memberships.iter().map(bytes).collect();
            // One that is there already, or does not hold, changes nothing.
            let _refused =
                approval::submit(&*self.ledger, &self.trust, &job, &bytes(&approval.approval), &memberships);
        }
        Ok(())
    }
}
