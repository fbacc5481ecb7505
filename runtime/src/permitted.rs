//! Leave to do one thing, once: what a client takes instead of a bare value.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use wpc_model::{Call, Credential, Malformed, Value};

use crate::call::{Fact, Seal};
use crate::describe::Unvalued;
use crate::gate::Slip;
use crate::place::Place;
use crate::{CallId, JobId, Refused, Report};

/// A value that was described and admitted, with the resource that it was admitted for.
///
/// Read-only, not `Clone`, without a public constructor, spent once. A client that takes it by value
/// sends exactly what the policy saw, where the policy saw it:
///
/// ```
/// use wpc::interface::azure_service_bus as interface;
/// use wpc::{Action, Permitted, Refused};
///
/// # struct Message;
/// async fn send<A>(message: Permitted<'_, Message, A>) -> Result<(), Refused>
/// where
///     A: Action<Interface = interface::Send>,
/// {
///     let queue = message.place().and_then(|place| place.name(0)).map(str::to_owned);
///     let (message, spent) = message.spend()?;
///     // … encode, compare with `spent.call()`, send to `queue`, `spent.report(…)` …
/// #   let _ = (queue, message, spent);
///     Ok(())
/// }
/// ```
#[must_use = "dropping it spends the permit without an effect"]
pub struct Permitted<'g, T, A> {
    value: T,
    place: Option<Place>,
    call: Arc<Call>,
    slip: Arc<Slip>,
    of: Of<'g, A>,
}

/// The gate that a permit borrows, and its action.
type Of<'g, A> = PhantomData<(&'g (), fn() -> A)>;

/// The permit of an admitted call.
pub(crate) fn permit<'g, T, A>(
    value: T,
    place: Option<Place>,
    call: Arc<Call>,
    slip: Arc<Slip>,
) -> Permitted<'g, T, A> {
    Permitted { value, place, call, slip, of: PhantomData }
}

impl<T, A> Permitted<'_, T, A> {
    /// The value.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// What the call acts on; `None` for actions that take no resource.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The call that was admitted, with the facts that were measured of the value.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Where the policy lets the tool act: the values of its scope's parameters, in order.
    #[must_use]
    pub fn scope(&self) -> &[String] {
        self.slip.scope(&self.call.tool)
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.slip.job()
    }

    /// What the policy, and those that it extends, demand that the client logs in with.
    pub fn credentials(&self) -> impl Iterator<Item = Credential> + '_ {
        self.slip.credentials()
    }

    /// Spends the permit: for clients that encode the value, compare the encoded bytes with the
    /// admitted call, and report what the provider answered.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_expired` only if more than [`crate::BEGIN_WITHIN`] has
    /// passed since the call was admitted; then nothing may be sent.
    pub fn spend(self) -> Result<(T, Spent), Refused> {
        self.slip.begin_effect()?;
        Ok((self.value, Spent { call: self.call, slip: self.slip }))
    }

    /// Hands the value to a client that knows nothing of permits. From here on the body answers for
    /// what is sent, and the entry says so: `facts_by` is `declared`.
    ///
    /// # Errors
    ///
    /// As [`Permitted::spend`].
    pub fn release(self) -> Result<T, Refused> {
        self.spend().map(|(value, _)| value)
    }
}

impl<T, A> Deref for Permitted<'_, T, A> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug, A> fmt::Debug for Permitted<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permitted")
            .field("value", &self.value)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Leave for one call that has no value: to receive, to purge. Otherwise as [`Permitted`].
#[must_use = "dropping it spends the permit without an effect"]
pub struct Permit<'g, A>(Permitted<'g, Unvalued, A>);

/// The same without a value.
pub(crate) const fn bare<A>(permitted: Permitted<'_, Unvalued, A>) -> Permit<'_, A> {
    Permit(permitted)
}

impl<A> Permit<'_, A> {
    /// What the call acts on; `None` for actions that take no resource.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        self.0.place()
    }

    /// The call that was admitted.
    #[must_use]
    pub fn call(&self) -> &Call {
        self.0.call()
    }

    /// Where the policy lets the tool act, as [`Permitted::scope`].
    #[must_use]
    pub fn scope(&self) -> &[String] {
        self.0.scope()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.0.job()
    }

    /// What the client must log in with, as [`Permitted::credentials`].
    pub fn credentials(&self) -> impl Iterator<Item = Credential> + '_ {
        self.0.credentials()
    }

    /// Spends the permit.
    ///
    /// # Errors
    ///
    /// As [`Permitted::spend`].
    pub fn spend(self) -> Result<Spent, Refused> {
        self.0.spend().map(|(_, spent)| spent)
    }

    /// Spends the permit for a client that knows nothing of permits, as [`Permitted::release`].
    ///
    /// # Errors
    ///
    /// As [`Permitted::spend`].
    pub fn release(self) -> Result<(), Refused> {
        self.spend().map(|_| ())
    }
}

impl<A> fmt::Debug for Permit<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("place", &self.place()).finish_non_exhaustive()
    }
}

/// The permit of a call that is known only at run time. Otherwise as [`Permit`].
#[must_use = "dropping it spends the permit without an effect"]
pub struct DynamicPermit<'g> {
    call: Arc<Call>,
    slip: Arc<Slip>,
    of: PhantomData<&'g ()>,
}

impl DynamicPermit<'_> {
    pub(crate) fn new(call: Arc<Call>, slip: Arc<Slip>) -> Self {
        Self { call, slip, of: PhantomData }
    }

    /// The call that was admitted.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Where the policy lets the tool act, as [`Permitted::scope`].
    #[must_use]
    pub fn scope(&self) -> &[String] {
        self.slip.scope(&self.call.tool)
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.slip.job()
    }

    /// What the client must log in with, as [`Permitted::credentials`].
    pub fn credentials(&self) -> impl Iterator<Item = Credential> + '_ {
        self.slip.credentials()
    }

    /// Spends the permit.
    ///
    /// # Errors
    ///
    /// As [`Permitted::spend`].
    pub fn spend(self) -> Result<Spent, Refused> {
        self.slip.begin_effect()?;
        Ok(Spent { call: self.call, slip: self.slip })
    }
}

impl fmt::Debug for DynamicPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicPermit").field("action", &self.call.action).finish_non_exhaustive()
    }
}

/// A permit that is spent: the effect may begin, and its client says what came of it.
#[derive(Debug)]
pub struct Spent {
    call: Arc<Call>,
    slip: Arc<Slip>,
}

impl Spent {
    /// The call that was admitted: the facts that the encoded bytes must have.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Whether somebody's approval was used for the call: what a client may ask of calls that no policy
    /// should allow without.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.slip.is_approved()
    }

    /// Whether some limit counts the call, in the policy or in one that it extends.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.slip.is_limited(&self.call)
    }

    /// How long from now the effect may still begin: what has not begun by then must not.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.slip.remaining()
    }

    /// Says that the client encoded the value and found the admitted facts in the bytes. Until then
    /// the entry says that they are `declared`.
    pub fn facts_encoded(&self) {
        self.slip.facts_encoded();
    }

    /// Says what the provider answered; the first report counts, and beats what the body returns.
    pub fn report(&self, report: Report) {
        self.slip.report(report);
    }

    /// Says what the field `name` of the call's result is, for the policy's `before`s: the same types
    /// describe it that describe arguments (`&str`, `u64`, `i64`, `bool`, lists). It counts once the
    /// outcome is `done`; the last value of a field counts, and one that no `before` reads is not kept.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if the value is not what the interface says; the field then counts as absent,
    /// so that nothing that waits for it goes ahead.
    pub fn returned(&self, name: &str, value: &impl Fact) -> Result<(), Malformed> {
        let value = value.value(Seal::UNREAD).unwrap_or(Value::SEALED);
        self.slip.returned(&self.call, name, value)
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.slip.job()
    }

    /// The call's name within the job.
    #[must_use]
    pub fn call_id(&self) -> &CallId {
        self.slip.call_id()
    }

    /// Place of the attempt in the job's log.
    #[must_use]
    pub fn attempt_seq(&self) -> u64 {
        self.slip.attempt_seq()
    }

    /// The id of the message at `index`, from 0: `job:attempt_seq:index`. A retry sends the same ids,
    /// so that a provider can drop what it has already.
    #[must_use]
    pub fn message_id(&self, index: usize) -> String {
        format!("{}:{}:{index}", self.slip.job(), self.slip.attempt_seq())
    }
}
