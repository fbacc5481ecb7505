//! Finding names in a table, also while the program is compiled: a resource that the program's
//! text names costs no search at run time.

#![expect(clippy::indexing_slicing, reason = "iterators are not const; every index is below its length")]

use super::Names;

/// The entry that is exactly `names`.
pub(super) const fn exact(table: &Names, names: &[&str]) -> Option<u32> {
    let Some(mut entry) = first(table, names) else { return None };
    while entry < count(table) && compare(table, entry, names, Case::Folded) == 0 {
        if compare(table, entry, names, Case::Exact) == 0 {
            return Some(entry);
        }
        entry = entry.saturating_add(1);
    }
    None
}

/// The first entry that is `names` but for ASCII case.
pub(super) const fn first(table: &Names, names: &[&str]) -> Option<u32> {
    if names.len() != table.slots.len() || names.is_empty() {
        return None;
    }
    let (mut low, mut high) = (0, count(table));
    while low < high {
        let middle = u32::midpoint(low, high);
        if compare(table, middle, names, Case::Folded) < 0 {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    if low < count(table) && compare(table, low, names, Case::Folded) == 0 { Some(low) } else { None }
}

/// Whether letter case counts.
#[derive(Clone, Copy)]
enum Case {
    Folded,
    Exact,
}

/// How many entries there are.
const fn count(table: &Names) -> u32 {
    match table.ends.len().checked_div(table.slots.len()) {
        // `ends` holds `u32` offsets of distinct names, so there are fewer than 2^32 of them.
        #[expect(clippy::cast_possible_truncation, reason = "as said")]
        Some(count) => count as u32,
        None => 0,
    }
}

/// Negative, zero or positive as the entry sorts before, with or after `names`.
const fn compare(table: &Names, entry: u32, names: &[&str], case: Case) -> i32 {
    let text = table.text.as_bytes();
    let mut slot = 0;
    while slot < names.len() {
        let at = (entry as usize).saturating_mul(names.len()).saturating_add(slot);
        let mut ours = if at == 0 { 0 } else { table.ends[at.saturating_sub(1)] as usize };
        let end = table.ends[at] as usize;
        let name = names[slot].as_bytes();
        let mut theirs = 0;
        while ours < end && theirs < name.len() {
            let difference = fold(text[ours], case).wrapping_sub(fold(name[theirs], case));
            if difference != 0 {
                return difference;
            }
            ours = ours.saturating_add(1);
            theirs = theirs.saturating_add(1);
        }
        if ours < end {
            return 1;
        }
        if theirs < name.len() {
            return -1;
        }
        slot = slot.saturating_add(1);
    }
    0
}

const fn fold(byte: u8, case: Case) -> i32 {
    match case {
        Case::Folded => byte.to_ascii_lowercase() as i32,
        Case::Exact => byte as i32,
    }
}
