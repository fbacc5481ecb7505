//! What is asked of a truth.

use wpc_model::Truth;

/// At least or at most so true. Of these four every question about rules is made: an allow holds
/// (true) or not (not true), a deny hits (not false) or not (false).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bound {
    True,
    NotFalse,
    NotTrue,
    False,
}

impl Bound {
    pub(crate) const fn admits(self, truth: Truth) -> bool {
        match self {
            Self::True => truth.is_true(),
            Self::NotFalse => truth.is_not_false(),
            Self::NotTrue => !truth.is_true(),
            Self::False => !truth.is_not_false(),
        }
    }

    /// What admits exactly the other truths.
    pub(crate) const fn opposite(self) -> Self {
        match self {
            Self::True => Self::NotTrue,
            Self::NotFalse => Self::False,
            Self::NotTrue => Self::True,
            Self::False => Self::NotFalse,
        }
    }

    /// Whether it asks for at least so much: then it is asked of every part of a conjunction, and
    /// otherwise of one of them.
    pub(crate) const fn is_least(self) -> bool {
        matches!(self, Self::True | Self::NotFalse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Bound; 4] = [Bound::True, Bound::NotFalse, Bound::NotTrue, Bound::False];
    const TRUTHS: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];

    #[test]
    fn a_truth_is_admitted_by_a_bound_or_by_its_opposite() {
        for bound in ALL {
            assert_eq!(bound.opposite().opposite(), bound);
            for truth in TRUTHS {
                assert_ne!(bound.admits(truth), bound.opposite().admits(truth));
            }
        }
    }

    #[test]
    fn a_least_bound_of_a_conjunction_is_that_of_every_part_and_a_greatest_that_of_one() {
        for bound in ALL {
            for left in TRUTHS {
                for right in TRUTHS {
                    let parts = [left, right].map(|truth| bound.admits(truth));
                    let expect = if bound.is_least() { parts[0] && parts[1] } else { parts[0] || parts[1] };
                    assert_eq!(bound.admits(left.and(right)), expect, "{bound:?} {left:?} {right:?}");
                }
            }
        }
    }
}
