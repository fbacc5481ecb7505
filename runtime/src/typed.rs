//! The typed gate: calls whose action is known when the program is compiled.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use wpc_model::{Call, Hash, Malformed};

use crate::action::{Action, Interface, Policy, Takes};
use crate::call;
use crate::describe::Describes;
use crate::gate::{Asked, Core};
use crate::ledger::{Ledger, LedgerError};
use crate::place::Place;
use crate::running::Running;
use crate::{Input, JobId, ModelCalled, OpenError, Opening, Presented, Refused};

/// The gate of one job under the policy `P` that was compiled into this program.
///
/// Tools take it by reference; `#[wpc::tool]` does the rest. What it does, in order: the value
/// describes itself, the generated rules decide, and limits and approvals are decided inside the
/// ledger's append. Only then is there a [`Running`], and only a `Running` gives a permit.
pub struct Gate<P> {
    core: Arc<Core>,
    policy: PhantomData<fn() -> P>,
}

/// The arguments that are stated beside a value, for the action `A`.
pub type Overrides<'a, A> = <<A as Action>::Interface as Interface>::Overrides<'a>;

impl<P: Policy> Gate<P> {
    /// Verifies the signed policy, compares its hash with the code's, and opens the job or joins it.
    /// Blocks while the ledger records the opening.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the first reason found; then nothing was recorded.
    pub fn open(opening: Opening<'_>) -> Result<Self, OpenError> {
        Self::open_with_input(opening, &Input::NONE)
    }

    /// The same for a job that was asked to do something: values of calls may be demanded to come from its
    /// input (`from [job.input]`). Whoever joins the job gives the same, some of it, or none.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the first reason found; then nothing was recorded.
    pub fn open_with_input(opening: Opening<'_>, input: &Input) -> Result<Self, OpenError> {
        Ok(Self { core: Core::open(opening, input, Some(P::HASH))?, policy: PhantomData })
    }

    /// Asks to do `A` to the resource `name` with `value`; `overrides` states the arguments that the
    /// value does not measure. [`crate::Unvalued`] stands for no value.
    ///
    /// The value describes itself and the rules decide at once, so that the future holds no borrowed
    /// facts and may move between threads; nothing is asked before its first poll.
    ///
    /// Cancellation-safe: dropped before it has an answer, the call was either never asked or is
    /// recorded as abandoned.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the policy does not allow the call now, if it is malformed, or if it could not
    /// be recorded.
    pub fn begin<'g, 'o, A, T, N, How>(
        &'g self,
        name: N,
        value: T,
        overrides: Overrides<'o, A>,
    ) -> impl Future<Output = Result<Running<A, T>, Refused>> + use<'g, P, A, T, N, How>
    where
        A: Action<Policy = P> + Takes<N>,
        T: Describes<A::Interface, How>,
    {
        let asked = self.ask::<A, T, N, How>(name, &value, overrides);
        async move {
            let (asked, place) = match asked {
                Ok(asked) => asked,
                Err(malformed) => {
                    let (code, text) = (malformed.code.code(), malformed.to_string());
                    return Err(self.core.refuse_untyped_async(code, text, b"").await);
                }
            };
            let call = Arc::clone(&asked.call);
            let admitted = self.core.begin_async(asked).await?;
            Ok(Running::new(admitted, call, place, value))
        }
    }

    /// As [`Gate::begin`]; blocks until the ledger has the attempt.
    ///
    /// # Errors
    ///
    /// As [`Gate::begin`].
    pub fn begin_sync<A, T, N, How>(
        &self,
        name: N,
        value: T,
        overrides: Overrides<'_, A>,
    ) -> Result<Running<A, T>, Refused>
    where
        A: Action<Policy = P> + Takes<N>,
        T: Describes<A::Interface, How>,
    {
        let (asked, place) = self.ask::<A, T, N, How>(name, &value, overrides).map_err(|malformed| {
            self.core.refuse_untyped(malformed.code.code(), malformed.to_string(), b"")
        })?;
        let call = Arc::clone(&asked.call);
        let admitted = self.core.begin(asked)?;
        Ok(Running::new(admitted, call, place, value))
    }

    /// Describes the value: what the rules decide on is what the entry and the client see.
    fn ask<A, T, N, How>(
        &self,
        name: N,
        value: &T,
        overrides: Overrides<'_, A>,
    ) -> Result<(Asked, Option<Place>), Malformed>
    where
        A: Action<Policy = P> + Takes<N>,
        T: Describes<A::Interface, How>,
    {
        let place = A::place(name);
        let facts = value.facts(overrides)?;
        let call = Call {
            tool: A::TOOL.to_owned(),
            action: A::Interface::ACTION.to_owned(),
            resource: place.as_ref().map(Place::to_resource),
            arguments: call::arguments(&facts, self.core.seal(A::TOOL, A::Interface::ACTION))?,
        };
        call.conform(self.core.policy())?;
        let asked = self.core.asked_of_generated(call, || A::rule(place.as_ref(), &facts))?;
        Ok((asked, place))
    }
}

impl<P> Gate<P> {
    /// The policy's hash.
    #[must_use]
    pub fn policy_hash(&self) -> Hash {
        self.core.hash()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.core.job()
    }

    /// The ledger that the job is recorded in.
    #[must_use]
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        self.core.ledger()
    }

    /// Works under another token of the same job and agent from now on: tokens live shorter than jobs.
    /// Blocks while the ledger records it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the token is refused, or is another job's or agent's; then the old one stays.
    pub fn renew(&self, presented: Presented<'_>) -> Result<(), OpenError> {
        self.core.renew(presented)
    }

    /// Records a call of a model: see [`crate::DynamicGate::model_call_sync`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn model_call_sync(&self, receipt: &[u8]) -> Result<ModelCalled, Refused> {
        self.core.model_call(receipt)
    }

    /// Closes the job as completed: it takes no more calls, from any gate. Blocks until the ledger
    /// has it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the job is closed already or the ledger fails.
    pub fn close(&self) -> Result<(), LedgerError> {
        self.core.close()
    }
}

/// Another handle on the same gate.
impl<P> Clone for Gate<P> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), policy: PhantomData }
    }
}

impl<P> fmt::Debug for Gate<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("core", &self.core).finish_non_exhaustive()
    }
}
