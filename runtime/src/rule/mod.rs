//! The machinery under a generated [`crate::Action::rule`]: no allocation, no panic.
//!
//! Generated code holds tables and one function per list of conditions; [`decide`] walks the rules
//! that speak of the call in the order of their ids, exactly as [`wpc_model::rule`] does.

mod found;
mod keys;
mod test;
mod text;

use wpc_model::{Near, Ruling, Truth};

use crate::place::{Names, Place, Slot};

pub use found::{Found, find, find_text};
pub use keys::{Keys, Seen, keys};
pub use test::{Integer, Members, among, any, every, glob, has, lacks, texts_among};

pub use text::{Blocks, Regex, port, text_part, under_domain, under_path};

pub(crate) use test::like_name;

/// All conditions of a list hold.
pub const HOLDS: u32 = u32::MAX;

/// The allows and denies of one action.
#[derive(Debug)]
pub struct Rules {
    /// Those that deny it, also those that deny every action.
    pub deny: Side,
    /// Those that allow it.
    pub allow: Side,
}

/// The rules of one effect.
#[derive(Debug)]
pub struct Side {
    /// Rules that name their resource exactly, by its kind.
    pub named: &'static [Named],
    /// All others, in the order of their ids.
    pub open: &'static [Open],
}

/// Rules that name resources of one kind.
#[derive(Debug)]
pub struct Named {
    /// The kind's table.
    pub names: &'static Names,
    /// For each entry of the table, where its rules start; and where the last one's end.
    pub starts: &'static [u32],
    /// The rules of each entry in the order of their ids: twice the index, and 1 more where the
    /// rule's name differs from the entry's in ASCII case.
    pub rules: &'static [u32],
    /// The list of conditions of each of `rules`; empty where all have the list 0.
    pub lists: &'static [u32],
}

/// A rule that does not name its resource exactly.
#[derive(Debug)]
pub struct Open {
    /// Its index.
    pub rule: u32,
    /// Its list of conditions.
    pub list: u32,
    /// What it speaks of; `None` for every resource and none.
    pub target: Option<Pattern>,
}

/// Resources of one kind.
#[derive(Debug)]
pub struct Pattern {
    /// The kind.
    pub names: &'static Names,
    /// What may stand in each slot.
    pub slots: &'static [Slot],
}

/// A rule that speaks of the call.
#[derive(Clone, Copy)]
struct Candidate {
    rule: u32,
    list: u32,
    /// Whether it speaks of the resource; never false.
    target: Truth,
}

/// What the rules say of a call.
///
/// `hits` says whether a deny's list of conditions is not false; `fails` gives the first condition
/// of an allow's list that is not true, or [`HOLDS`].
#[inline]
pub fn decide(
    rules: &'static Rules,
    place: Option<&Place>,
    hits: impl Fn(u32) -> bool,
    fails: impl Fn(u32) -> u32,
) -> Ruling {
    let mut denies = rules.deny.of(place);
    while let Some(deny) = denies.next() {
        if hits(deny.list) {
            return Ruling::ExplicitDeny { rule: deny.rule };
        }
    }
    let mut near = None;
    let mut allows = rules.allow.of(place);
    while let Some(allow) = allows.next() {
        if !allow.target.is_true() {
            near.get_or_insert(Near { rule: allow.rule, condition: None });
            continue;
        }
        let condition = fails(allow.list);
        if condition == HOLDS {
            return Ruling::Allow { rule: allow.rule };
        }
        near.get_or_insert(Near { rule: allow.rule, condition: Some(condition) });
    }
    Ruling::DefaultDeny { near }
}

impl Side {
    /// No rules.
    pub const EMPTY: Self = Self { named: &[], open: &[] };

    #[inline]
    fn of<'a>(&'static self, place: Option<&'a Place>) -> Candidates<'a> {
        let named = place.and_then(|place| {
            let named = self.named.iter().find(|named| std::ptr::eq(named.names, place.table()))?;
            let entry = usize::try_from(place.first()?).ok()?;
            let start = usize::try_from(*named.starts.get(entry)?).ok()?;
            let end = usize::try_from(*named.starts.get(entry.checked_add(1)?)?).ok()?;
            Some((named, start, end))
        });
        let (named, next, end) = match named {
            Some((named, start, end)) => (Some(named), start, end),
            None => (None, 0, 0),
        };
        Candidates { place, named, next, end, open: self.open }
    }
}

/// The rules of a side that speak of a place, in the order of their ids.
struct Candidates<'a> {
    place: Option<&'a Place>,
    named: Option<&'static Named>,
    next: usize,
    end: usize,
    open: &'static [Open],
}

impl Candidates<'_> {
    #[inline]
    fn next(&mut self) -> Option<Candidate> {
        let named = self.peek_named();
        // An open rule that does not speak of the place is skipped; one that comes after the
        // next named rule has to wait.
        while let [first, rest @ ..] = self.open {
            if named.is_some_and(|named| named.rule < first.rule) {
                break;
            }
            self.open = rest;
            let target = first.speaks_of(self.place);
            if target.is_not_false() {
                return Some(Candidate { rule: first.rule, list: first.list, target });
            }
        }
        if named.is_some() {
            self.next = self.next.saturating_add(1);
        }
        named
    }

    #[inline]
    fn peek_named(&self) -> Option<Candidate> {
        if self.next >= self.end {
            return None;
        }
        let named = self.named?;
        let packed = *named.rules.get(self.next)?;
        let is_entry = self.place.is_some_and(|place| place.entry().is_some());
        let same_case = packed & 1 == 0 && is_entry;
        Some(Candidate {
            rule: packed >> 1,
            list: named.lists.get(self.next).copied().unwrap_or(0),
            target: if same_case { Truth::True } else { Truth::Unknown },
        })
    }
}

impl Open {
    fn speaks_of(&self, place: Option<&Place>) -> Truth {
        let Some(pattern) = &self.target else { return Truth::True };
        let Some(place) = place else { return Truth::False };
        if !std::ptr::eq(pattern.names, place.table()) || pattern.slots.len() != place.size() {
            return Truth::False;
        }
        Truth::all(pattern.slots.iter().zip(place.names()).map(|(slot, name)| slot.matches(name)))
    }
}
