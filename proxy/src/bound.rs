//! How a call ended, and what it is charged: what the provider said, or else the most that it can have used.

use crate::usage::{MAX_TOKENS, Seen};

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The whole answer was read.
    Complete,
    /// The provider answered that it failed.
    Failed,
    /// The client went away.
    Cancelled,
    /// The provider broke off.
    Dropped,
    /// It took too long.
    TimedOut,
    /// It answered too much.
    TooLarge,
    /// Another model answered.
    AnotherModel,
    /// Its answer is none of its protocol.
    Unreadable,
    /// Its answer is compressed, which nobody asked for: it was not read.
    Compressed,
}

impl End {
    /// As a receipt notes it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Dropped => "dropped",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::AnotherModel => "another_model",
            Self::Unreadable => "unreadable",
            Self::Compressed => "compressed",
        }
    }
}

/// What was reserved for a call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Reserved {
    /// Of the budget of tokens, if there is one.
    pub(crate) tokens: Option<i64>,
    /// Of the budget of money, in minor units, if there is one.
    pub(crate) cost: Option<i64>,
}

/// How tokens were counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Counting {
    /// The provider said so.
    Reported,
    /// It did not say: the most that it can have used.
    Bound,
    /// It refused to answer: nothing.
    Refused,
}

impl Counting {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Bound => "bound",
            Self::Refused => "refused",
        }
    }
}

/// What a call is charged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Charge {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) counting: Counting,
    /// Minor units that it is charged at least.
    pub(crate) least_cost: Option<i64>,
}

/// What is known when a call has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'k> {
    pub(crate) end: End,
    /// The provider answered with success.
    pub(crate) success: bool,
    pub(crate) seen: &'k Seen,
    pub(crate) sent_bytes: usize,
    pub(crate) received_bytes: usize,
    /// The most that the request lets be written.
    pub(crate) most_output: Option<u64>,
    pub(crate) reserved: Reserved,
}

impl Known<'_> {
    /// Whether all that the provider had to say was read, so that what it said of tokens is its last word.
    const fn is_whole(&self) -> bool {
        match self.end {
            End::Complete | End::Unreadable => true,
            // A stream that fails says so in its middle.
            End::Failed => !self.success,
            End::Cancelled
            | End::Dropped
            | End::TimedOut
            | End::TooLarge
            | End::AnotherModel
            | End::Compressed => false,
        }
    }

    pub(crate) fn charge(&self) -> Charge {
        let seen = self.seen;
        let is_whole = self.is_whole();
        let exactly = |(input, output), counting| Charge { input, output, counting, least_cost: None };
        match seen.used() {
            // What a broken stream said so far is not all.
            Some(used) if is_whole => return exactly(used, Counting::Reported),
            // An error that the provider answers with is no completion.
            None if !self.success && is_whole => return exactly((0, 0), Counting::Refused),
            _ => {}
        }
        // A token has at least one byte.
        let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(MAX_TOKENS);
        let input = seen.input.unwrap_or_else(|| bytes(self.sent_bytes)).min(MAX_TOKENS);
        let received = bytes(self.received_bytes);
        let (output, least_cost) = match self.most_output {
            Some(most) => (most, None),
            None if is_whole => (received, None),
            // Nobody knows how much was written: what was reserved is gone.
            None => {
                let rest = self.reserved.tokens.and_then(|tokens| u64::try_from(tokens).ok());
                (rest.unwrap_or_default().saturating_sub(input).max(received), self.reserved.cost)
            }
        };
        let output = output.max(seen.output.unwrap_or_default()).min(MAX_TOKENS);
        Charge { input, output, counting: Counting::Bound, least_cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(end: End, success: bool, seen: &Seen, most_output: Option<u64>) -> (u64, u64, Counting) {
        let reserved = Reserved { tokens: Some(500), cost: Some(7) };
        let known = Known { end, success, seen, sent_bytes: 40, received_bytes: 90, most_output, reserved };
        let Charge { input, output, counting, .. } = known.charge();
        (input, output, counting)
    }

    #[test]
    fn what_a_provider_says_is_charged_and_else_the_most_that_it_can_have_used() {
        let silent = Seen::default();
        let said = Seen { input: Some(10), output: Some(20), ..Seen::default() };
        assert_eq!(charged(End::Complete, true, &said, Some(9)), (10, 20, Counting::Reported));
        assert_eq!(charged(End::Failed, false, &silent, Some(9)), (0, 0, Counting::Refused));
        // A stream that failed had said how much it had written so far.
        assert_eq!(charged(End::Failed, true, &said, Some(90)), (10, 90, Counting::Bound));
        assert_eq!(charged(End::Complete, true, &silent, Some(9)), (40, 9, Counting::Bound));
        assert_eq!(charged(End::Complete, true, &silent, None), (40, 90, Counting::Bound));
        assert_eq!(charged(End::Dropped, true, &silent, Some(9)), (40, 9, Counting::Bound));
        assert_eq!(charged(End::Dropped, true, &said, None), (10, 490, Counting::Bound));
        assert_eq!(charged(End::TimedOut, false, &silent, None), (40, 460, Counting::Bound));
        assert_eq!(charged(End::Cancelled, true, &said, Some(15)), (10, 20, Counting::Bound));
    }

    #[test]
    fn a_call_of_which_nothing_is_known_costs_what_was_reserved() {
        let reserved = Reserved { tokens: None, cost: Some(7) };
        let seen = Seen::default();
        let known = Known {
            end: End::TimedOut,
            success: false,
            seen: &seen,
            sent_bytes: 4,
            received_bytes: 0,
            most_output: None,
            reserved,
        };
        assert_eq!(known.charge().least_cost, Some(7));
        assert_eq!(Known { most_output: Some(1), ..known }.charge().least_cost, None);
    }
}
