//! Outcomes that the ledger did not take: a store fails over, a disk is full.
//!
//! The gate owes them. It keeps them, refuses everything meanwhile, and hands them in again, every second and before
//! whatever is asked next, so that it goes on once the ledger does, and nobody has to ask it. What it owes when its process
//! ends is for others to find: an attempt without an outcome, whose process is gone.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Core;
use super::admitted::Ended;
use crate::refused::Refused;

/// How often what is owed is handed in again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often more once nobody else has the gate.
const ALONE: u32 = 60;

/// What a gate owes its ledger.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// Those that nobody is handing in at the moment.
    kept: Mutex<Vec<Ended>>,
    /// How many there are, with those that somebody is handing in.
    count: AtomicUsize,
    /// A thread hands them in again.
    is_retried: AtomicBool,
}

impl Owed {
    pub(super) fn is_nothing(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// An outcome was not taken; `again` says that it was owed before.
    pub(super) fn keep(&self, ended: Ended, again: bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(ended);
        if !again {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Those to be handed in now. Each is either kept again or paid.
    pub(super) fn take(&self) -> Vec<Ended> {
        if self.is_nothing() {
            return Vec::new();
        }
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An outcome that was owed is in the ledger.
    pub(super) fn paid(&self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Core {
    /// Hands in what is owed. Blocks until the ledger has it.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it does not take it: then nothing else may be asked here.
    pub(crate) fn pay(self: &Arc<Self>) -> Result<(), Refused> {
        for ended in self.owed.take() {
            ended.hand_in(self);
        }
        self.is_sound()
    }

    /// As [`Core::pay`], without blocking.
    pub(crate) async fn pay_async(self: &Arc<Self>) -> Result<(), Refused> {
        let hand_in = |ended: Ended| {
            let (reply, answer) = oneshot::channel();
            ended.submit(self, Some(reply));
            answer
        };
        let answers: Vec<_> = self.owed.take().into_iter().map(hand_in).collect();
        for answer in answers {
            // An error says that the ledger is gone, and the outcome owed.
            let _gone = answer.await;
        }
        self.is_sound()
    }

    /// Hands in what is owed every second from now on, until nothing is.
    pub(super) fn retry(self: &Arc<Self>) {
        if self.owed.is_retried.swap(true, Ordering::SeqCst) {
            return;
        }
        let core = Arc::clone(self);
        let spawned = thread::Builder::new().name("wpc-owed".to_owned()).spawn(move || core.retrying());
        if spawned.is_err() {
            // Whoever asks next hands it in.
            self.owed.is_retried.store(false, Ordering::SeqCst);
        }
    }

    fn retrying(self: &Arc<Self>) {
        let retried = &self.owed.is_retried;
        let mut alone = 0_u32;
        while alone < ALONE {
            thread::sleep(AGAIN);
            if self.pay().is_ok() {
                retried.store(false, Ordering::SeqCst);
                // Something may be owed since, by somebody who saw this thread.
                if self.owed.is_nothing() || retried.swap(true, Ordering::SeqCst) {
                    return;
                }
            }
            alone = if Arc::strong_count(self) == 1 { alone.saturating_add(1) } else { 0 };
        }
    }
}
