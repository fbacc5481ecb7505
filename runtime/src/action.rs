//! What generated code implements: policies, interfaces and actions.

use wpc_model::{Malformed, Ruling};

use crate::call::Fact;
use crate::describe::{Batch, Record};
use crate::place::Place;

/// A policy that was compiled into this program.
pub trait Policy: 'static {
    /// `policy NAME`.
    const NAME: &'static str;
    /// Its hash, 43 characters of base64url. A gate takes no artifact with another one.
    const HASH: &'static str;
}

/// One action as its interface declares it, the same in every policy.
pub trait Interface: 'static {
    /// The interface's name, `azure_service_bus`.
    const TOOL: &'static str;
    /// The action's name, `send`.
    const ACTION: &'static str;
    /// Every argument, measured: what a decision is made on.
    type Facts<'a>: Copy + Fact;
    /// The arguments that are stated beside a value, each maybe.
    type Overrides<'a>: Copy + Default;

    /// The facts of a call without a value.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if a required argument is not stated.
    fn of_overrides<'a, 'o: 'a>(overrides: Self::Overrides<'o>) -> Result<Self::Facts<'a>, Malformed>;
}

/// An action that takes a `batch<R>`.
pub trait Batched: Interface {
    /// The batch's record.
    type Element: Record;

    /// The facts of a call whose value is `batch`; the batch of `overrides` is not looked at.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if another required argument is not stated.
    fn of_batch<'a, 'o: 'a>(
        batch: Batch<'a, Self::Element, <Self::Element as Record>::Fields<'a>>,
        overrides: Self::Overrides<'o>,
    ) -> Result<Self::Facts<'a>, Malformed>;
}

/// An action without a batch: a value may describe all of its arguments.
pub trait Plain: Interface + for<'a> Record<Fields<'a> = <Self as Interface>::Facts<'a>> {
    /// The facts of a call whose value says `described`. What `overrides` states beside it must be what
    /// the value says, or the call would be decided on other facts than are sent.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if an argument is stated otherwise than it is described.
    fn of_arguments<'a, 'o: 'a>(
        described: Self::Facts<'a>,
        overrides: Self::Overrides<'o>,
    ) -> Result<Self::Facts<'a>, Malformed>;
}

/// One action of one policy. Generated from a `.wpc` file, never written by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an action of any policy",
    label = "not an action",
    note = "name a type that `wpc::policy!` generated, as in `orders::azure_service_bus::Send`"
)]
pub trait Action: 'static {
    /// The policy.
    type Policy: Policy;
    /// The action as its interface declares it.
    type Interface: Interface;
    /// The tool's name in the policy.
    const TOOL: &'static str;

    /// What the policy's own rules say, as [`wpc_model::rule`] does, without allocating. What it extends
    /// the gate asks too.
    fn rule(resource: Option<&Place>, facts: &<Self::Interface as Interface>::Facts<'_>) -> Ruling;
}

/// An action that takes resources named by `N`; `()` where it takes none.
#[diagnostic::on_unimplemented(
    message = "`{N}` does not name a resource of `{Self}`",
    label = "not a resource of this action"
)]
pub trait Takes<N>: Action {
    /// The resource.
    fn place(name: N) -> Option<Place>;
}
