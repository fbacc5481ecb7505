//! Threads that wait for a store, so that nobody else has to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::{Appended, Decide, Head, LedgerError, Step, Task};
use crate::JobId;

/// Most tasks that share one transaction.
const MAX_BATCH: usize = 64;

/// One append of a batch.
pub(super) enum Ask<'a, 'd> {
    /// Somebody waits on this thread.
    Here(&'a JobId, &'a mut Decide<'d>),
    /// Somebody waits elsewhere.
    Queued(&'a mut dyn Task),
}

impl Ask<'_, '_> {
    pub(super) fn job(&self) -> &JobId {
        match self {
            Self::Here(job, _) => job,
            Self::Queued(task) => task.job(),
        }
    }

    pub(super) fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        match self {
            Self::Here(_, decide) => decide(head),
            Self::Queued(task) => task.decide(head),
        }
    }
}

/// Tasks on their way to a thread. Dropping it waits until all are done.
pub(super) struct Queue {
    tasks: Option<Sender<Box<dyn Task>>>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    /// Starts the thread; `apply` applies a batch in one transaction, one result for each.
    pub(super) fn start(
        apply: impl Fn(Vec<Ask<'_, '_>>) -> Vec<Result<Appended, LedgerError>> + Send + 'static,
    ) -> Result<Self, LedgerError> {
        let (tasks, queue) = mpsc::channel();
        let thread = thread::Builder::new().name("wpc-ledger".to_owned()).spawn(move || run(&apply, &queue));
        Ok(Self { tasks: Some(tasks), thread: Some(thread.map_err(LedgerError::unavailable)?) })
    }

    /// Hands a task over; if the thread has ended, tells it so.
    pub(super) fn push(&self, task: Box<dyn Task>) {
        let left = match &self.tasks {
            Some(tasks) => tasks.send(task).map_err(|mpsc::SendError(task)| task),
            None => Err(task),
        };
        if let Err(task) = left {
            task.done(Err(LedgerError::unavailable("the ledger's thread ended")));
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take()
            // The last owner may be a task that the thread itself drops.
            && thread.thread().id() != thread::current().id()
        {
            // A panic there was a task's, and its callers were told.
            let _ = thread.join();
        }
    }
}

fn run(
    apply: &impl Fn(Vec<Ask<'_, '_>>) -> Vec<Result<Appended, LedgerError>>,
    queue: &Receiver<Box<dyn Task>>,
) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(MAX_BATCH.saturating_sub(1)));
        batch.retain(|task| task.is_wanted());
        // A task that panics is dropped with its batch, which tells the callers; the store refuses
        // whatever comes after it.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let results = apply(batch.iter_mut().map(|task| Ask::Queued(task.as_mut())).collect());
            for (task, result) in batch.into_iter().zip(results) {
                task.done(result);
            }
        }));
    }
}
