//! What stands at the end of a condition's path.

use wpc_model::Truth;

use crate::view::{Pairs, TextMap};

/// As in [`wpc_model::Condition::holds`]: a value, or why there is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found<V> {
    /// This value.
    Value(V),
    /// Nothing: an absent optional argument or a missing key.
    Nothing,
    /// This value, but a map on the way has its key in another ASCII case as well.
    Ambiguous(V),
    /// Not known: a map has the key in another ASCII case only, or a value is sealed.
    Unclear,
}

impl<V> Found<V> {
    /// An optional argument or field.
    #[must_use]
    #[inline]
    pub fn of(value: Option<V>) -> Self {
        value.map_or(Self::Nothing, Self::Value)
    }

    /// `is present`.
    #[must_use]
    #[inline]
    pub fn present(self) -> Truth {
        match self {
            Self::Value(_) | Self::Ambiguous(_) => Truth::True,
            Self::Nothing => Truth::False,
            Self::Unclear => Truth::Unknown,
        }
    }

    /// `is absent`.
    #[must_use]
    #[inline]
    pub fn absent(self) -> Truth {
        self.present().negate()
    }

    /// Any other test.
    #[must_use]
    #[inline]
    pub fn holds(self, test: impl FnOnce(V) -> Truth) -> Truth {
        match self {
            Self::Value(value) => test(value),
            Self::Nothing | Self::Ambiguous(_) | Self::Unclear => Truth::Unknown,
        }
    }

    /// A step that every value has.
    #[must_use]
    #[inline]
    pub fn step<W>(self, step: impl FnOnce(V) -> W) -> Found<W> {
        match self {
            Self::Value(value) => Found::Value(step(value)),
            Self::Ambiguous(value) => Found::Ambiguous(step(value)),
            Self::Nothing => Found::Nothing,
            Self::Unclear => Found::Unclear,
        }
    }

    /// A step that may find nothing.
    #[must_use]
    #[inline]
    pub fn then<W>(self, step: impl FnOnce(V) -> Found<W>) -> Found<W> {
        match self {
            Self::Value(value) => step(value),
            Self::Ambiguous(value) => match step(value) {
                Found::Value(found) | Found::Ambiguous(found) => Found::Ambiguous(found),
                Found::Nothing | Found::Unclear => Found::Unclear,
            },
            Self::Nothing => Found::Nothing,
            Self::Unclear => Found::Unclear,
        }
    }

    /// A step into what conditions do not read.
    #[must_use]
    #[inline]
    pub fn unclear<W>(self) -> Found<W> {
        match self {
            Self::Nothing => Found::Nothing,
            Self::Value(_) | Self::Ambiguous(_) | Self::Unclear => Found::Unclear,
        }
    }
}

/// What a map has under a key.
struct Lookup<V> {
    exact: Option<V>,
    other_case: bool,
}

impl<V> Lookup<V> {
    const NONE: Self = Self { exact: None, other_case: false };

    #[inline]
    fn see(&mut self, wanted: &str, key: &str, value: V) {
        if key.len() == wanted.len() {
            if key == wanted {
                self.exact = Some(value);
            } else if key.eq_ignore_ascii_case(wanted) {
                self.other_case = true;
            }
        }
    }

    #[inline]
    fn found(self) -> Found<V> {
        match (self.exact, self.other_case) {
            (Some(value), false) => Found::Value(value),
            (Some(value), true) => Found::Ambiguous(value),
            (None, false) => Found::Nothing,
            (None, true) => Found::Unclear,
        }
    }
}

/// `map["key"]` of a map of texts.
#[must_use]
#[inline]
pub fn find_text<'a>(map: TextMap<'a>, wanted: &str) -> Found<&'a str> {
    let mut lookup = Lookup::NONE;
    map.each(|key, value| lookup.see(wanted, key, value));
    lookup.found()
}

/// `map["key"]` of any other map.
#[must_use]
#[inline]
pub fn find<V: Copy>(map: Pairs<'_, V>, wanted: &str) -> Found<V> {
    let mut lookup = Lookup::NONE;
    map.each(|key, value| lookup.see(wanted, key, value));
    lookup.found()
}
