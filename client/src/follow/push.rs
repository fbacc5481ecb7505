//! What a follower hands in: its ledger's own log, requests for approvals, and bundles of jobs that are closed.

use std::sync::Weak;
use std::thread;
use std::time::Duration;

use wpc::bundle::BundleError;
use wpc::ledger::{Body, Entry};
use wpc::{FollowError, JobId, approval};
use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::entry::{Attempt, Verdict};
use wpc_model::Reason;

use super::{State, alive, locked, of_ledger, told};
use crate::ClientError;
use crate::wire::Checkpoint;

/// How often the ledger is looked at for what to push.
const PUSH: Duration = Duration::from_secs(1);
/// How many looks later a bundle that could not be handed in is tried again.
const HAND_IN_AGAIN: u32 = 30;
/// Leaves of one push.
const LEAVES: usize = 1_000;
const PAGE: usize = 256;

/// Pushes every second, until nobody wants it any more.
pub(super) fn push(of: &Weak<State>) {
    // Bundles are large: those that could not be handed in wait.
    let mut pause = 0_u32;
    while let Some(state) = alive(of) {
        let handed_in = if pause == 0 { state.hand_in() } else { Ok(()) };
        pause = if handed_in.is_err() { HAND_IN_AGAIN } else { pause.saturating_sub(1) };
        // What fails is tried again; a ledger that is behind its own checkpoint is never right again.
        for pushed in [state.push_log(), state.push_requests(), handed_in] {
            if let Err(FollowError {
                code: code @ ("ledger_behind_checkpoint" | "checkpoint_inconsistent"),
                ..
            }) = pushed
            {
                state.broken(code);
            }
        }
        drop(state);
        thread::sleep(PUSH);
    }
}

/// Why a bundle is not handed in, and whether it ever will be.
struct Unhanded {
    error: FollowError,
    is_final: bool,
}

impl State {
    /// Pushes what the control plane does not have. Others who share the ledger push too: that it has more by now than
    /// a head covers says nothing of the ledger, if that has grown as well.
    pub(super) fn push_log(&self) -> Result<(), FollowError> {
        let mut size = self.anchor()?.unverified().size;
        loop {
            match self.push_head() {
                Err(error) if error.code == "ledger_behind_checkpoint" => {
                    let now = self.anchor()?.unverified().size;
                    if now <= size {
                        return Err(error);
                    }
                    size = now;
                }
                pushed => return pushed,
            }
        }
    }

    fn anchor(&self) -> Result<SignedCheckpoint, FollowError> {
        self.ledger.anchor().map_err(|error| of_ledger(&error))
    }

    fn push_head(&self) -> Result<(), FollowError> {
        let known = self.client.checkpoint(self.ledger.did()).map_err(told)?;
        let mut first = known.map_or(0, |known| known.size);
        let head = self.anchor()?;
        let size = head.unverified().size;
        if size < first {
            let message = format!("{first} leaves were pushed, the ledger has {size}");
            return Err(FollowError { code: "ledger_behind_checkpoint", message });
        }
        while first < size {
            let left = usize::try_from(size.saturating_sub(first)).unwrap_or(LEAVES).min(LEAVES);
            let leaves = self.ledger.leaves(first, left).map_err(|error| of_ledger(&error))?;
            let leaves = leaves.into_iter().map(|leaf| String::from_utf8_lossy(&leaf).into_owned()).collect();
            let checkpoint = Checkpoint { checkpoint: head.to_string(), first, leaves };
            let taken = self.client.push(&checkpoint).map_err(told)?.size;
            if taken <= first {
                let message = format!("of {size} leaves it takes {first}");
                return Err(FollowError { code: "control_plane_refused", message });
            }
            first = taken;
        }
        Ok(())
    }

    /// Hands in bundles of jobs that are closed.
    pub(super) fn hand_in(&self) -> Result<(), FollowError> {
        let jobs = locked(&self.closed).clone();
        if jobs.is_empty() {
            return Ok(());
        }
        // The log names every job's head, and the control plane knows the log, before a bundle says so.
        self.push_log()?;
        let mut handed_in = Ok(());
        for job in jobs {
            match self.hand_in_job(&job) {
                Ok(()) => drop(locked(&self.closed).remove(&job)),
                Err(Unhanded { error, is_final }) => {
                    if is_final {
                        locked(&self.closed).remove(&job);
                    }
                    handed_in = handed_in.and(Err(error));
                }
            }
        }
        handed_in
    }

    fn hand_in_job(&self, job: &JobId) -> Result<(), Unhanded> {
        let later = |error| Unhanded { error, is_final: false };
        let known = self.client.checkpoint(self.ledger.did()).map_err(|error| later(told(error)))?;
        let note = known.map(|known| SignedCheckpoint::parse(&known.checkpoint)).transpose();
        let note = note.map_err(|error| {
            later(FollowError { code: "control_plane_refused", message: error.to_string() })
        })?;
        let bundle =
            wpc::bundle::of_job(&*self.ledger, self.client.key(), job, note.as_ref()).map_err(|error| {
                let is_final = matches!(error, BundleError::Key | BundleError::DocumentMissing);
                Unhanded { error: FollowError { code: error.code(), message: error.to_string() }, is_final }
            })?;
        self.client.put_bundle(&bundle).map(drop).map_err(|error| {
            // Too large, or refused for what it is: so it will be the next time.
            let is_final =
                matches!(&error, ClientError::Refused(problem) if matches!(problem.status, 400 | 413 | 422));
            Unhanded { error: told(error), is_final }
        })
    }

    /// Hands in requests for calls that wait for people.
    pub(super) fn push_requests(&self) -> Result<(), FollowError> {
        let jobs: Vec<_> = locked(&self.jobs).iter().map(|(job, from)| (job.clone(), *from)).collect();
        let mut pushed = Ok(());
        for (job, from) in jobs {
            // One job's trouble is not the others'.
            pushed = pushed.and(self.push_requests_of(&job, from));
        }
        pushed
    }

    fn push_requests_of(&self, job: &JobId, mut from: u64) -> Result<(), FollowError> {
        let (mut waits, mut closed) = (false, false);
        loop {
            let page = self.ledger.entries(job, from, PAGE).map_err(|error| of_ledger(&error))?;
            if page.is_empty() {
                break;
            }
            from = from.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            for entry in page.iter().filter_map(|bytes| Entry::decode(bytes).ok()) {
                waits |= matches!(
                    &entry.body,
                    Body::Attempt(Attempt {
                        verdict: Verdict::Deny { reason: Reason::ApprovalRequired, .. },
                        ..
                    })
                );
                closed |= matches!(entry.body, Body::Closed(_));
            }
        }
        if closed {
            // Nobody can approve anything of it any more.
            locked(&self.jobs).remove(job);
            locked(&self.closed).insert(job.clone());
            return Ok(());
        }
        if waits {
            let requests = approval::requests(&*self.ledger, &self.trust, job)
                .map_err(|error| FollowError { code: error.code(), message: error.to_string() })?;
            for request in requests {
                let Ok(hash) = request.hash() else { continue };
                if locked(&self.asked).contains(&hash) {
                    continue;
                }
                self.client.request_approval(&request).map_err(told)?;
                locked(&self.asked).insert(hash);
            }
        }
        locked(&self.jobs).insert(job.clone(), from);
        Ok(())
    }
}
