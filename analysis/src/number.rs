//! Sets of integers: intervals with holes.

use wpc_model::{Comparison, MAX_INTEGER, Test, Value};

use crate::bound::Bound;

/// A set of integers as sorted intervals, ends included, that do not touch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Numbers(Vec<(i64, i64)>);

impl Numbers {
    /// From `least` to `most`, both included.
    pub(crate) fn between(least: i64, most: i64) -> Self {
        Self(if least <= most { vec![(least, most)] } else { Vec::new() })
    }

    /// The integers of which `test` is within `bound`; `None` if it is no test of integers.
    pub(crate) fn of(test: &Test, bound: Bound) -> Option<Self> {
        let all = |test: bool| if test { Self::between(i64::MIN, i64::MAX) } else { Self(Vec::new()) };
        let holds = match test {
            Test::Present => all(true),
            Test::Absent => all(false),
            Test::Compare(comparison, Value::Int(constant)) => Self::compared(*comparison, *constant),
            Test::In(set) => Self::listed(set),
            Test::NotIn(set) => Self::listed(set).complement(),
            Test::Compare(..)
            | Test::Conforms(_)
            | Test::From(_)
            | Test::Has(_)
            | Test::Lacks(_)
            | Test::Like(_)
            | Test::Matches(_)
            | Test::UnderDomain(_)
            | Test::UnderPath(_)
            | Test::WithinCidr(_) => return None,
        };
        Some(if bound.is_least() { holds } else { holds.complement() })
    }

    fn compared(comparison: Comparison, constant: i64) -> Self {
        let (before, after) = (constant.saturating_sub(1), constant.saturating_add(1));
        match comparison {
            Comparison::Equal => Self::between(constant, constant),
            Comparison::NotEqual => Self::between(constant, constant).complement(),
            Comparison::Less => Self::between(i64::MIN, before),
            Comparison::AtMost => Self::between(i64::MIN, constant),
            Comparison::Greater => Self::between(after, i64::MAX),
            Comparison::AtLeast => Self::between(constant, i64::MAX),
        }
    }

    fn listed(set: &[Value]) -> Self {
        let mut numbers: Vec<i64> = set.iter().filter_map(Value::as_int).collect();
        numbers.sort_unstable();
        let mut intervals: Vec<(i64, i64)> = Vec::new();
        for number in numbers {
            match intervals.last_mut() {
                Some((_, most)) if number <= most.saturating_add(1) => *most = number,
                _ => intervals.push((number, number)),
            }
        }
        Self(intervals)
    }

    fn complement(&self) -> Self {
        let mut intervals = Vec::new();
        let mut from = Some(i64::MIN);
        for (least, most) in &self.0 {
            if let Some(from) = from.filter(|from| from < least) {
                intervals.push((from, least.saturating_sub(1)));
            }
            from = most.checked_add(1);
        }
        intervals.extend(from.map(|from| (from, i64::MAX)));
        Self(intervals)
    }

    /// What is in both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut intervals = Vec::new();
        while let (Some((a, b)), Some((c, d))) = (left.peek(), right.peek()) {
            let (least, most) = (*a.max(c), *b.min(d));
            if least <= most {
                intervals.push((least, most));
            }
            if b <= d {
                left.next()
            } else {
                right.next()
            };
        }
        Self(intervals)
    }

    /// The intervals, sorted.
    pub(crate) fn intervals(&self) -> &[(i64, i64)] {
        &self.0
    }

    /// The least member that is at least `least`.
    pub(crate) fn at_least(&self, least: i64) -> Option<i64> {
        self.0.iter().find(|(_, most)| *most >= least).map(|(from, _)| least.max(*from))
    }

    /// The member that is nearest to nothing.
    pub(crate) fn nearest_to_zero(&self) -> Option<i64> {
        let nearest = |(least, most): &(i64, i64)| 0.clamp(*least, *most);
        self.0.iter().map(nearest).min_by_key(|number| (number.unsigned_abs(), *number < 0))
    }

    /// Every integer that a value can be.
    pub(crate) fn representable() -> Self {
        Self::between(-MAX_INTEGER, MAX_INTEGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(test: Test, members: &[i64]) {
        let holds = Numbers::of(&test, Bound::True).expect("a test of integers");
        let fails = Numbers::of(&test, Bound::False).expect("a test of integers");
        for number in -3..=3 {
            let one = Numbers::between(number, number);
            assert_eq!(holds.and(&one) == one, members.contains(&number), "{test:?} {number}");
            assert_eq!(fails.and(&one) == one, !members.contains(&number), "{test:?} {number}");
        }
    }

    #[test]
    fn a_test_is_the_set_of_what_passes_and_its_bound_may_ask_for_the_rest() {
        let compare = |comparison| Test::Compare(comparison, Value::Int(1));
        check(compare(Comparison::Equal), &[1]);
        check(compare(Comparison::NotEqual), &[-3, -2, -1, 0, 2, 3]);
        check(compare(Comparison::Less), &[-3, -2, -1, 0]);
        check(compare(Comparison::AtMost), &[-3, -2, -1, 0, 1]);
        check(compare(Comparison::Greater), &[2, 3]);
        check(compare(Comparison::AtLeast), &[1, 2, 3]);
        check(Test::In(vec![Value::Int(-1), Value::Int(0), Value::Int(3)]), &[-1, 0, 3]);
        check(Test::NotIn(vec![Value::Int(-3), Value::Int(3)]), &[-2, -1, 0, 1, 2]);
    }

    #[test]
    fn a_member_is_found_beside_a_hole() {
        let test = Test::NotIn(vec![Value::Int(0), Value::Int(1)]);
        let numbers = Numbers::of(&test, Bound::True).expect("a test of integers");
        let naturals = numbers.and(&Numbers::between(0, 9));
        assert_eq!(naturals.nearest_to_zero(), Some(2));
        assert_eq!(naturals.at_least(1), Some(2));
        assert_eq!(naturals.at_least(10), None);
    }
}
