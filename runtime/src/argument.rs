//! The types of the policy language by name, and what may stand for an argument of each.

use std::marker::PhantomData;
use std::time::SystemTime;

use crate::view::{Pairs, Sealed, TextList, TextMap};

/// A type of the policy language. The types that implement it hold no values; they are names.
pub trait Type: 'static {
    /// One value, as a decision sees it.
    type Value<'a>;
    /// A `list` or `set` of them.
    type Members<'a>;
    /// A `map` to them.
    type Entries<'a>;
}

/// A value that can be the argument of an action.
///
/// ```
/// use wpc::argument::{Argument, Count};
/// struct Lines(u32);
/// impl Argument<Count> for Lines {
///     fn to_value(&self) -> u64 {
///         self.0.into()
///     }
/// }
/// assert_eq!(Lines(3).to_value(), 3);
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be a `{T}` argument", label = "not a `{T}`")]
pub trait Argument<T: Type> {
    /// The value that the decision is made on.
    fn to_value(&self) -> T::Value<'_>;
}

/// A `choice` of an interface: an enum with one variant per word. It is its own type.
pub trait Choice:
    Copy + for<'a> Type<Value<'a> = Self, Members<'a> = &'a [Self], Entries<'a> = Pairs<'a, Self>>
{
    /// The word as the policy writes it.
    fn word(self) -> &'static str;
}

#[diagnostic::do_not_recommend]
impl<T: Type, V: Argument<T> + ?Sized> Argument<T> for &V {
    fn to_value(&self) -> T::Value<'_> {
        V::to_value(self)
    }
}

/// Declares a type whose values are plain numbers or truth values.
macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident = $value:ty, from $($from:ty),*;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Type for $name {
            type Value<'a> = $value;
            type Members<'a> = &'a [$value];
            type Entries<'a> = Pairs<'a, $value>;
        }

        $(impl Argument<$name> for $from {
            fn to_value(&self) -> $value {
                (*self).into()
            }
        })*

        impl Argument<List<$name>> for Vec<$value> {
            fn to_value(&self) -> &[$value] {
                self
            }
        }

        impl Argument<List<$name>> for [$value] {
            fn to_value(&self) -> &[$value] {
                self
            }
        }
    )*};
}

plain! {
    /// `bool`.
    Bool = bool, from bool;
    /// `int`: a whole number within ±(2^53 - 1).
    Int = i64, from i64, i32, i16, i8, u32, u16, u8;
    /// `count`: a whole number of things, 0 to 2^53 - 1.
    Count = u64, from u64, u32, u16, u8;
    /// `bytes`: a size, 0 to 2^53 - 1 bytes.
    Bytes = u64, from u64, u32, u16, u8;
    /// `duration`: 0 to 2^53 - 1 milliseconds.
    Duration = u64,  from;
    /// `decimal<S>`: a whole number of units of the last fraction digit, within ±(2^53 - 1).
    Decimal = i64, from i64, i32;
    /// `money<C>`: an amount in the currency's minor unit, within ±(2^53 - 1).
    Money = i64, from i64, i32;
    /// `time`: Unix milliseconds, within ±(2^53 - 1).
    Time = i64, from i64;
}

/// Beyond every bound, so that the call is malformed.
const OUT_OF_RANGE: u64 = u64::MAX;

impl Argument<Count> for usize {
    fn to_value(&self) -> u64 {
        u64::try_from(*self).unwrap_or(OUT_OF_RANGE)
    }
}

impl Argument<Bytes> for usize {
    fn to_value(&self) -> u64 {
        u64::try_from(*self).unwrap_or(OUT_OF_RANGE)
    }
}

/// A duration that is not whole milliseconds is malformed: rounding it either way could satisfy a
/// condition that it does not.
impl Argument<Duration> for std::time::Duration {
    fn to_value(&self) -> u64 {
        if self.subsec_nanos().is_multiple_of(1_000_000) {
            u64::try_from(self.as_millis()).unwrap_or(OUT_OF_RANGE)
        } else {
            OUT_OF_RANGE
        }
    }
}

/// Rounded down to the millisecond.
impl Argument<Time> for SystemTime {
    fn to_value(&self) -> i64 {
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration().as_nanos().div_ceil(1_000_000);
                i64::try_from(before).map_or(i64::MIN, i64::wrapping_neg)
            }
        }
    }
}

/// Declares a type whose values are texts.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Type for $name {
            type Value<'a> = &'a str;
            type Members<'a> = TextList<'a>;
            type Entries<'a> = TextMap<'a>;
        }

        impl Argument<$name> for str {
            fn to_value(&self) -> &str {
                self
            }
        }

        impl Argument<$name> for String {
            fn to_value(&self) -> &str {
                self
            }
        }

        impl Argument<List<$name>> for Vec<String> {
            fn to_value(&self) -> TextList<'_> {
                self.into()
            }
        }

        impl Argument<List<$name>> for [String] {
            fn to_value(&self) -> TextList<'_> {
                self.into()
            }
        }

        impl<'v> Argument<List<$name>> for Vec<&'v str> {
            fn to_value(&self) -> TextList<'_> {
                self.into()
            }
        }

        impl Argument<Map<$name>> for Vec<(String, String)> {
            fn to_value(&self) -> TextMap<'_> {
                self.into()
            }
        }

        impl Argument<Map<$name>> for std::collections::BTreeMap<String, String> {
            fn to_value(&self) -> TextMap<'_> {
                self.into()
            }
        }

        impl<S: 'static> Argument<Map<$name>> for std::collections::HashMap<String, String, S> {
            fn to_value(&self) -> TextMap<'_> {
                self.into()
            }
        }
    )*};
}

texts! {
    /// `text`: any Unicode text.
    Text;
    /// `host`: a host name, lower-case ASCII.
    Host;
    /// `did`: a decentralised identifier.
    Did;
    /// `email`: an e-mail address.
    Email;
    /// `url`: an absolute URL.
    Url;
    /// `ip`: an IP address.
    Ip;
    /// `path`: an absolute, normalised file path.
    Path;
    /// `entity_name<N>`: the name of an entity.
    EntityName;
}

/// A `json`, or an argument that is `sealed`: what of it a policy asks about the gate reads, and nobody else.
#[derive(Debug)]
pub enum Body {}

impl Type for Body {
    type Value<'a> = Sealed<'a>;
    type Members<'a> = &'a [Sealed<'a>];
    type Entries<'a> = Pairs<'a, Sealed<'a>>;
}

impl Argument<Body> for str {
    fn to_value(&self) -> Sealed<'_> {
        Sealed::text(self)
    }
}

impl Argument<Body> for String {
    fn to_value(&self) -> Sealed<'_> {
        Sealed::text(self)
    }
}

impl Argument<Body> for [u8] {
    fn to_value(&self) -> Sealed<'_> {
        Sealed::bytes(self)
    }
}

impl Argument<Body> for Vec<u8> {
    fn to_value(&self) -> Sealed<'_> {
        Sealed::bytes(self)
    }
}

impl Argument<Body> for serde_json::Value {
    fn to_value(&self) -> Sealed<'_> {
        Sealed::json(self)
    }
}

/// `list<T>` or `set<T>`.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);

impl<T: Type> Type for List<T> {
    type Value<'a> = T::Members<'a>;
    type Members<'a> = &'a [T::Members<'a>];
    type Entries<'a> = Pairs<'a, T::Members<'a>>;
}

/// `map<T>`.
#[derive(Debug)]
pub struct Map<T>(PhantomData<T>);

impl<T: Type> Type for Map<T> {
    type Value<'a> = T::Entries<'a>;
    type Members<'a> = &'a [T::Entries<'a>];
    type Entries<'a> = Pairs<'a, T::Entries<'a>>;
}

impl<C: Choice> Argument<List<C>> for Vec<C> {
    fn to_value(&self) -> &[C] {
        self
    }
}
