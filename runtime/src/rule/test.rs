//! Tests of values against constants.

use wpc_model::Truth;

use crate::describe::{Record, Records};
use crate::view::TextList;

/// A number as conditions compare it.
pub trait Integer {
    /// The number; what no call can have becomes the greatest.
    fn integer(self) -> i64;
}

impl Integer for i64 {
    #[inline]
    fn integer(self) -> i64 {
        self
    }
}

impl Integer for u64 {
    #[inline]
    fn integer(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl Integer for usize {
    #[inline]
    fn integer(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

/// The members of a list or set.
pub trait Members {
    /// One of them.
    type Member;

    /// Calls `visit` with every one, and says whether all that were counted were there.
    fn each_member(self, visit: impl FnMut(Self::Member)) -> Truth;
}

impl<T: Copy> Members for &[T] {
    type Member = T;

    #[inline]
    fn each_member(self, visit: impl FnMut(T)) -> Truth {
        self.iter().copied().for_each(visit);
        Truth::True
    }
}

impl<'a> Members for TextList<'a> {
    type Member = &'a str;

    #[inline]
    fn each_member(self, visit: impl FnMut(&'a str)) -> Truth {
        self.each(visit);
        Truth::True
    }
}

impl<'a, R: Record> Members for Records<'a, R> {
    type Member = R::Fields<'a>;

    #[inline]
    fn each_member(self, mut visit: impl FnMut(R::Fields<'a>)) -> Truth {
        let mut all = Truth::True;
        for index in 0..self.size() {
            match self.at(index) {
                Some(member) => visit(member),
                // A list that shrinks while it is read is neither what it was nor what it is.
                None => all = Truth::Unknown,
            }
        }
        all
    }
}

/// `each`: the test holds of every member; true of none.
#[must_use]
#[inline]
pub fn every<M: Members>(members: M, test: impl Fn(M::Member) -> Truth) -> Truth {
    let mut all = Truth::True;
    let there = members.each_member(|member| all = all.and(test(member)));
    all.and(there)
}

/// `some`: the test holds of one member at least; false of none.
#[must_use]
#[inline]
pub fn any<M: Members>(members: M, test: impl Fn(M::Member) -> Truth) -> Truth {
    let mut one = Truth::False;
    let there = members.each_member(|member| one = one.or(test(member)));
    if there.is_true() { one } else { one.or(there) }
}

/// `has` of a list: every constant is a member. `view` makes a member comparable.
#[must_use]
#[inline]
pub fn has<M: Members + Copy, C: PartialEq + Copy>(
    members: M,
    constants: &[C],
    view: impl Fn(M::Member) -> C,
) -> Truth {
    Truth::of(constants.iter().all(|constant| contains(members, *constant, &view)))
}

/// `lacks` of a list: no constant is a member. `view` makes a member comparable.
#[must_use]
#[inline]
pub fn lacks<M: Members + Copy, C: PartialEq + Copy>(
    members: M,
    constants: &[C],
    view: impl Fn(M::Member) -> C,
) -> Truth {
    Truth::of(!constants.iter().any(|constant| contains(members, *constant, &view)))
}

#[inline]
fn contains<M: Members, C: PartialEq>(members: M, constant: C, view: impl Fn(M::Member) -> C) -> bool {
    let mut found = false;
    let _ = members.each_member(|member| found |= view(member) == constant);
    found
}

/// `in` of a sorted set of numbers.
#[must_use]
#[inline]
pub fn among(constants: &[i64], value: i64) -> bool {
    constants.binary_search(&value).is_ok()
}

/// `in` of a sorted set of texts.
#[must_use]
#[inline]
pub fn texts_among(constants: &[&str], value: &str) -> bool {
    constants.binary_search(&value).is_ok()
}

/// `like`.
#[must_use]
#[inline]
pub fn glob(pattern: &str, text: &str) -> Truth {
    Truth::of(wpc_model::glob(pattern, text))
}

/// `like` of a resource's name: a match in another ASCII case is unknown.
pub(crate) fn like_name(pattern: &str, name: &str) -> Truth {
    if differs_early(pattern, name) || !wpc_model::glob_ignoring_case(pattern, name) {
        Truth::False
    } else if wpc_model::glob(pattern, name) {
        Truth::True
    } else {
        Truth::Unknown
    }
}

/// Whether the name differs from the pattern before its first wildcard or escape: most names and
/// patterns do.
fn differs_early(pattern: &str, name: &str) -> bool {
    let literal = pattern.bytes().take_while(|byte| !matches!(byte, b'*' | b'?' | b'\\'));
    literal.zip(name.bytes()).any(|(wanted, found)| !wanted.eq_ignore_ascii_case(&found))
}
