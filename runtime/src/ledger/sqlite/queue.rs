//! The thread that waits for the disk, so that nobody else has to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::{Ask, Inner};
use crate::ledger::{LedgerError, Task};

/// Most tasks that share one transaction.
const MAX_BATCH: usize = 64;

/// Tasks on their way to the thread. Dropping it waits until all are done.
pub(super) struct Queue {
    tasks: Option<Sender<Box<dyn Task>>>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn start(inner: Arc<Inner>) -> Result<Self, LedgerError> {
        let (tasks, queue) = mpsc::channel();
        let thread = thread::Builder::new().name("wpc-ledger".to_owned()).spawn(move || run(&inner, &queue));
        Ok(Self { tasks: Some(tasks), thread: Some(thread.map_err(LedgerError::unavailable)?) })
    }

    /// Hands a task over; returns it if the thread has ended.
    pub(super) fn push(&self, task: Box<dyn Task>) -> Result<(), Box<dyn Task>> {
        match &self.tasks {
            Some(tasks) => tasks.send(task).map_err(|mpsc::SendError(task)| task),
            None => Err(task),
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

fn run(inner: &Inner, queue: &Receiver<Box<dyn Task>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(MAX_BATCH.saturating_sub(1)));
        batch.retain(|task| task.is_wanted());
        // A task that panics is dropped with its batch, which tells the callers; the connection is
        // poisoned, so that nothing is admitted after it.
        let _ = catch_unwind(AssertUnwindSafe(|| commit(inner, batch)));
    }
}

/// Applies a batch in one transaction.
fn commit(inner: &Inner, mut batch: Vec<Box<dyn Task>>) {
    let results = inner.append(batch.iter_mut().map(|task| Ask::Queued(task.as_mut())).collect());
    for (task, result) in batch.into_iter().zip(results) {
        task.done(result);
    }
}
