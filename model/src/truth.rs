//! Three-valued logic (Kleene): unknown is never yes.

/// True, false, or not known.
///
/// No conversion to `bool` exists: a caller says which way unknown falls, with
/// [`Truth::is_true`] (an allow) or [`Truth::is_not_false`] (a deny).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Truth {
    /// Definitely not.
    False,
    /// Not known: something compared was absent, or differs in letter case only.
    Unknown,
    /// Definitely.
    True,
}

impl Truth {
    /// `True` or `False`.
    #[must_use]
    #[inline]
    pub const fn of(definite: bool) -> Self {
        if definite { Self::True } else { Self::False }
    }

    /// False if either is false, else unknown if either is unknown.
    #[must_use]
    #[inline]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// True if either is true, else unknown if either is unknown.
    #[must_use]
    #[inline]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// The opposite; unknown stays unknown.
    #[must_use]
    #[inline]
    pub const fn negate(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    /// What an `allow` or a `require` needs.
    #[must_use]
    #[inline]
    pub const fn is_true(self) -> bool {
        matches!(self, Self::True)
    }

    /// When a `deny` hits, a limit counts and an approval is asked for.
    #[must_use]
    #[inline]
    pub const fn is_not_false(self) -> bool {
        !matches!(self, Self::False)
    }

    /// All of `truths`; true of none.
    #[must_use]
    pub fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::True, Self::and)
    }

    /// Any of `truths`; false of none.
    #[must_use]
    pub fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        truths.into_iter().fold(Self::False, Self::or)
    }
}
