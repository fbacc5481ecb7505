//! How a value says what it is, once, for every policy.

use std::fmt;
use std::marker::PhantomData;

use wpc_model::Malformed;

use crate::action::{Batched, Interface, Plain};

/// A record of an interface, or the arguments of an action that takes no batch, by name.
pub trait Record: 'static {
    /// Every field, borrowed from the value that is described.
    type Fields<'a>: Copy;
}

/// A value that measures itself for records of `R`.
///
/// Written once, by the author of the client that sends the value. What it says is what policies
/// decide on, and what the client compares with the bytes it is about to send. A required field
/// that is forgotten does not compile:
///
/// ```
/// use wpc::interface::azure_service_bus as bus;
/// use wpc::{Describe, TextMap};
///
/// struct Ping;
///
/// impl Describe<bus::Message> for Ping {
///     fn describe(&self) -> bus::MessageRecord<'_> {
///         bus::MessageRecord {
///             message_bytes: 4,
///             properties: TextMap::EMPTY,
///             content_type: None,
///             session_id: None,
///             body: None,
///         }
///     }
/// }
/// assert_eq!(Ping.describe().message_bytes, 4);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not describe itself for `{R}`",
    note = "implement `wpc::Describe` where `{Self}` is defined, or wrap it in a type that does"
)]
pub trait Describe<R: Record> {
    /// Every field of the record, measured.
    fn describe(&self) -> R::Fields<'_>;
}

#[diagnostic::do_not_recommend]
impl<R: Record, T: Describe<R> + ?Sized> Describe<R> for &T {
    fn describe(&self) -> R::Fields<'_> {
        T::describe(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Record, T: Describe<R> + ?Sized> Describe<R> for Box<T> {
    fn describe(&self) -> R::Fields<'_> {
        T::describe(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: Record, T: Describe<R> + ?Sized> Describe<R> for std::sync::Arc<T> {
    fn describe(&self) -> R::Fields<'_> {
        T::describe(self)
    }
}

/// A value that is many records of `R`: a `Vec`, or a client's own batch.
pub trait DescribeMany<R: Record> {
    /// How many there are.
    fn count(&self) -> usize;

    /// The one at `index`, from 0; `None` from [`DescribeMany::count`] on.
    fn describe_at(&self, index: usize) -> Option<R::Fields<'_>>;
}

impl<R: Record, T: Describe<R>> DescribeMany<R> for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn describe_at(&self, index: usize) -> Option<R::Fields<'_>> {
        self.get(index).map(Describe::describe)
    }
}

impl<R: Record, T: Describe<R>, const N: usize> DescribeMany<R> for [T; N] {
    fn count(&self) -> usize {
        N
    }

    fn describe_at(&self, index: usize) -> Option<R::Fields<'_>> {
        self.get(index).map(Describe::describe)
    }
}

impl<R: Record, T: DescribeMany<R> + ?Sized> DescribeMany<R> for &T {
    fn count(&self) -> usize {
        T::count(self)
    }

    fn describe_at(&self, index: usize) -> Option<R::Fields<'_>> {
        T::describe_at(self, index)
    }
}

/// A `list` or `set` of records, borrowed from whatever holds them.
pub struct Records<'a, R>(&'a dyn DescribeMany<R>);

impl<'a, R: Record> Records<'a, R> {
    /// A view of `records`.
    #[must_use]
    pub const fn new(records: &'a dyn DescribeMany<R>) -> Self {
        Self(records)
    }

    /// How many there are.
    #[must_use]
    pub fn size(self) -> usize {
        self.0.count()
    }

    /// The one at `index`, from 0.
    #[must_use]
    pub fn at(self, index: usize) -> Option<R::Fields<'a>> {
        self.0.describe_at(index)
    }
}

impl<R> Clone for Records<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Records<'_, R> {}

impl<R: Record> fmt::Debug for Records<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Records({})", self.size())
    }
}

/// One record or many. `F` is the record's fields.
pub enum Batch<'a, R, F> {
    /// A batch of one: nothing is looked up through a pointer.
    One(F),
    /// A batch of so many as are measured, none included.
    Many(&'a dyn DescribeMany<R>),
}

impl<R, F: Clone> Clone for Batch<'_, R, F> {
    fn clone(&self) -> Self {
        match self {
            Self::One(fields) => Self::One(fields.clone()),
            Self::Many(many) => Self::Many(*many),
        }
    }
}

impl<R, F: Copy> Copy for Batch<'_, R, F> {}

impl<R: Record, F> Batch<'_, R, F> {
    /// How many records there are.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.count(),
        }
    }
}

impl<'a, R: Record> Batch<'a, R, R::Fields<'a>> {
    /// The least of what `element` says of each, a plain function so that a thousand lists of
    /// conditions share one copy of this: the first condition of an allow that some element
    /// fails. A batch that shrinks while it is read fails the first.
    #[doc(hidden)]
    #[inline]
    pub fn first_failing(&self, element: fn(&R::Fields<'_>) -> u32) -> u32 {
        match self {
            Self::One(fields) => element(fields),
            Self::Many(many) => first_failing(*many, element),
        }
    }

    /// Whether `element` says so of one at least. A batch that shrinks while it is read is hit.
    #[doc(hidden)]
    #[inline]
    pub fn is_hit(&self, element: fn(&R::Fields<'_>) -> bool) -> bool {
        match self {
            Self::One(fields) => element(fields),
            Self::Many(many) => is_hit(*many, element),
        }
    }
}

// Kept apart, so that the path of one record stays short.
#[inline(never)]
fn first_failing<R: Record>(many: &dyn DescribeMany<R>, element: fn(&R::Fields<'_>) -> u32) -> u32 {
    let one = |index| many.describe_at(index).map_or(0, |fields| element(&fields));
    (0..many.count()).map(one).min().unwrap_or(crate::rule::HOLDS)
}

#[inline(never)]
fn is_hit<R: Record>(many: &dyn DescribeMany<R>, element: fn(&R::Fields<'_>) -> bool) -> bool {
    (0..many.count()).any(|index| many.describe_at(index).is_none_or(|fields| element(&fields)))
}

impl<R: Record, F: fmt::Debug> fmt::Debug for Batch<'_, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(fields) => f.debug_tuple("One").field(fields).finish(),
            Self::Many(many) => write!(f, "Many({})", many.count()),
        }
    }
}

/// A value from which the facts of a call of `I` can be measured. `How` is inferred.
///
/// Never implemented by hand: implement [`Describe`], for a batch of one or for all arguments of
/// an action, or [`DescribeMany`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not describe itself for action `{I}`",
    label = "does not describe itself",
    note = "implement `wpc::Describe` where `{Self}` is defined, or wrap it in a type that does"
)]
pub trait Describes<I: Interface, How> {
    /// The facts: what the value measures of itself, and what it does not measure from
    /// `overrides`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if neither has a required argument.
    fn facts<'a, 'o: 'a>(&'a self, overrides: I::Overrides<'o>) -> Result<I::Facts<'a>, Malformed>;
}

/// The value is the one element of the action's batch.
#[derive(Debug)]
pub struct AsElement(PhantomData<()>);

/// The value is the action's batch.
#[derive(Debug)]
pub struct AsBatch(PhantomData<()>);

/// The value is all of the action's arguments.
#[derive(Debug)]
pub struct AsArguments(PhantomData<()>);

/// There is no value: everything is stated.
#[derive(Debug)]
pub struct AsStated(PhantomData<()>);

/// Stands where a call has no value: every argument is in the overrides.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unvalued;

#[diagnostic::do_not_recommend]
impl<I: Batched, T: Describe<I::Element>> Describes<I, AsElement> for T {
    #[inline]
    fn facts<'a, 'o: 'a>(&'a self, overrides: I::Overrides<'o>) -> Result<I::Facts<'a>, Malformed> {
        I::of_batch(Batch::One(self.describe()), overrides)
    }
}

#[diagnostic::do_not_recommend]
impl<I: Batched, T: DescribeMany<I::Element>> Describes<I, AsBatch> for T {
    fn facts<'a, 'o: 'a>(&'a self, overrides: I::Overrides<'o>) -> Result<I::Facts<'a>, Malformed> {
        I::of_batch(Batch::Many(self), overrides)
    }
}

#[diagnostic::do_not_recommend]
impl<I: Plain, T: Describe<I>> Describes<I, AsArguments> for T {
    fn facts<'a, 'o: 'a>(&'a self, overrides: I::Overrides<'o>) -> Result<I::Facts<'a>, Malformed> {
        I::of_arguments(self.describe(), overrides)
    }
}

impl<I: Interface> Describes<I, AsStated> for Unvalued {
    fn facts<'a, 'o: 'a>(&'a self, overrides: I::Overrides<'o>) -> Result<I::Facts<'a>, Malformed> {
        I::of_overrides(overrides)
    }
}
