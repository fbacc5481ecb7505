//! Condition lists, each kept once and evaluated as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_model::{Action, Call, Condition, Situation, Value};

use super::group::Groups;

/// The distinct condition lists of one action. Most rules share one.
#[derive(Debug, Default)]
pub(super) struct Lists(Vec<List>);

/// One condition list of one action.
#[derive(Debug)]
struct List {
    of_call: Groups,
    of_element: Groups,
}

/// A list of [`Lists`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ListId(u32);

/// Finds lists that are the same while an index is built.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: BTreeMap<Arc<[Condition]>, ListId>,
    /// Neighbours often share not only the conditions but the allocation.
    last: Option<(Arc<[Condition]>, ListId)>,
}

impl Lists {
    /// The id of `conditions`, added if they are new.
    pub(super) fn add(
        &mut self,
        known: &mut Interner,
        conditions: &Arc<[Condition]>,
        action: &Action,
    ) -> ListId {
        if let Some((last, id)) = &known.last
            && Arc::ptr_eq(last, conditions)
        {
            return *id;
        }
        let id = match known.known.get(conditions) {
            Some(&id) => id,
            None => {
                let id = self.push(conditions, action);
                known.known.insert(Arc::clone(conditions), id);
                id
            }
        };
        known.last = Some((Arc::clone(conditions), id));
        id
    }

    fn push(&mut self, conditions: &[Condition], action: &Action) -> ListId {
        let id = ListId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        let numbered = (0_u32..).zip(conditions);
        let (of_element, of_call): (Vec<_>, Vec<_>) =
            numbered.partition(|(_, condition)| condition.subject.is_of_element(action));
        self.0.push(List { of_call: Groups::new(&of_call), of_element: Groups::new(&of_element) });
        id
    }

    /// Whether all conditions are true of the call, and of every element of its batch; if not, the
    /// index of the first that is not.
    #[inline]
    pub(super) fn allows(&self, id: ListId, asked: &Asked<'_>) -> Result<(), Option<u32>> {
        let list = self.0.get(id.0 as usize).ok_or(None)?;
        let mut failing = list.of_call.first_not_true(&asked.call.arguments, asked.situation);
        if !list.of_element.is_empty() {
            match asked.elements {
                None => failing = least(failing, list.of_element.first()),
                Some(elements) => {
                    for element in elements {
                        let found = match element.as_map() {
                            Some(fields) => list.of_element.first_not_true(fields, asked.situation),
                            None => list.of_element.first(),
                        };
                        failing = least(failing, found);
                    }
                }
            }
        }
        if failing.is_none() { Ok(()) } else { Err(failing) }
    }

    /// Whether a deny with these conditions hits: unless they are false of the call, or of every
    /// element of its batch.
    #[inline]
    pub(super) fn denies(&self, id: ListId, asked: &Asked<'_>) -> bool {
        let Some(list) = self.0.get(id.0 as usize) else { return true };
        if !list.of_call.may_hold(&asked.call.arguments, asked.situation) {
            return false;
        }
        if list.of_element.is_empty() {
            return true;
        }
        let Some(elements) = asked.elements else { return true };
        let may_hold = |fields| list.of_element.may_hold(fields, asked.situation);
        elements.iter().any(|element| element.as_map().is_none_or(may_hold))
    }
}

/// A call, the elements of its batch, and the situation in which it is decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) call: &'a Call,
    /// `None` if they are not there.
    pub(super) elements: Option<&'a [Value]>,
    pub(super) situation: Situation<'a>,
}

fn least(left: Option<u32>, right: Option<u32>) -> Option<u32> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (one, other) => one.or(other),
    }
}
