//! The answer to a question, and how much may be spent on it.

/// Whether something exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Answer<T> {
    /// This.
    Yes(T),
    /// Nothing.
    No,
    /// Not found out.
    Undecided,
}

impl<T> Answer<T> {
    pub(crate) fn map<U>(self, with: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Yes(found) => Answer::Yes(with(found)),
            Self::No => Answer::No,
            Self::Undecided => Answer::Undecided,
        }
    }
}

/// Steps that are left: boxes that are split, states of automata, members that are tried.
#[derive(Debug)]
pub(crate) struct Budget(u32);

impl Budget {
    pub(crate) const fn new(steps: u32) -> Self {
        Self(steps)
    }

    pub(crate) const fn left(&self) -> u32 {
        self.0
    }

    /// Takes `steps`; false if so many are not left.
    #[must_use]
    pub(crate) fn spend(&mut self, steps: usize) -> bool {
        let left = u32::try_from(steps).ok().and_then(|steps| self.0.checked_sub(steps));
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}
