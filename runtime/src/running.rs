//! An admitted call, from its permit to its outcome.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use wpc_model::Call;

use crate::describe::Unvalued;
use crate::gate::{Admitted, Slip};
use crate::permitted::{self, Permit, Permitted};
use crate::place::Place;
use crate::refused::Detail;
use crate::{CallId, Outcome, Refused};

/// A call that was admitted and is in the ledger. Gives its permit out once, then takes the outcome.
///
/// ```text
/// Gate::begin ─▶ Running ──permitted──▶ Permitted ──spend──▶ the value, on its way to the wire
///                   │ dropped: the ledger says "abandoned"
///                   └─finish─▶ the outcome is in the ledger
/// ```
///
/// The permit borrows from it, so the outcome cannot be recorded while the permit is still there.
#[must_use = "dropping it records the call as abandoned"]
pub struct Running<A, T> {
    admitted: Admitted,
    call: Arc<Call>,
    kept: Option<(T, Option<Place>)>,
    action: PhantomData<fn() -> A>,
}

impl<A, T> Running<A, T> {
    pub(crate) fn new(admitted: Admitted, call: Arc<Call>, place: Option<Place>, value: T) -> Self {
        Self { admitted, call, kept: Some((value, place)), action: PhantomData }
    }

    /// The value, under its permit.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_spent` only if it was given out before.
    pub fn permitted(&mut self) -> Result<Permitted<'_, T, A>, Refused> {
        let (slip, call) = (self.admitted.slip(), Arc::clone(&self.call));
        match self.kept.take() {
            Some((value, place)) => Ok(permitted::permit(value, place, call, slip)),
            None => Err(spent(&slip, &call)),
        }
    }

    /// The call that was admitted.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Its name within the job.
    #[must_use]
    pub fn call_id(&self) -> CallId {
        self.admitted.slip().call_id().clone()
    }

    /// Records how the call ended; what a client reported beats `outcome`. The outcome is on its way
    /// when this returns; the future is ready once the ledger has it.
    pub fn finish(self, outcome: Outcome) -> impl Future<Output = ()> + Send + use<A, T> {
        self.admitted.finish_async(outcome)
    }

    /// As [`Running::finish`]; blocks until the ledger has it.
    pub fn finish_sync(self, outcome: Outcome) {
        self.admitted.finish(outcome);
    }
}

impl<A> Running<A, Unvalued> {
    /// The permit of a call that has no value.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_spent` only if it was given out before.
    pub fn permit(&mut self) -> Result<Permit<'_, A>, Refused> {
        self.permitted().map(permitted::bare)
    }
}

fn spent(slip: &Slip, call: &Call) -> Refused {
    let detail = Detail {
        tool: Some(call.tool.clone()),
        action: Some(call.action.clone()),
        policy_hash: Some(slip.policy_hash()),
        job: Some(slip.job().clone()),
        call: Some(slip.call_id().clone()),
        ..Detail::default()
    };
    Refused::new("permit_spent", detail)
}

impl<A, T> fmt::Debug for Running<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("admitted", &self.admitted).finish_non_exhaustive()
    }
}
