//! Which of many patterns may match a name, without trying them one after another.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use wpc_model::{Slot, Target};

use super::index::Hashed;
use super::name::NameHash;

/// Patterns that one sieve tells apart: as many as fit into a few words.
const MAX_PATTERNS: usize = 1_024;
const WORDS: usize = MAX_PATTERNS / 64;

/// Some of the patterns: one bit each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passed([u64; WORDS]);

/// Patterns by the literal text that they begin with, or end with if they begin with none. A name is
/// looked up once for each length that such a text has, and not once for each pattern.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    /// Patterns in which nothing literal stands first or last.
    always: Option<Passed>,
    begin: Ends,
    end: Ends,
    /// There are more patterns than bits.
    overfull: bool,
}

/// Patterns by one of their ends.
#[derive(Debug, Default)]
struct Ends {
    /// The lengths of the literal texts, in bytes, each once.
    lengths: Vec<usize>,
    /// By the hash of the text without case.
    of: HashMap<u64, Passed, BuildHasherDefault<Hashed>>,
}

impl Passed {
    const NONE: Self = Self([0; WORDS]);

    fn insert(&mut self, pattern: usize) {
        if let Some(word) = self.0.get_mut(pattern / 64) {
            *word |= 1 << (pattern % 64);
        }
    }

    fn join(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word |= other);
    }

    /// The next pattern from `from` on.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let first = self.0.get(from / 64)? & u64::MAX.checked_shl(u32::try_from(from % 64).ok()?)?;
        let rest = self.0.iter().copied().enumerate().skip((from / 64).checked_add(1)?);
        let (at, word) = std::iter::once((from / 64, first)).chain(rest).find(|(_, word)| *word != 0)?;
        at.checked_mul(64)?.checked_add(usize::try_from(word.trailing_zeros()).ok()?)
    }
}

impl Sieve {
    /// Sorts the targets of broad rules by the pattern of their first name.
    pub(super) fn of<'t>(targets: impl Iterator<Item = &'t Target>) -> Self {
        let mut sieve = Self::default();
        for (pattern, target) in targets.enumerate() {
            if pattern >= MAX_PATTERNS {
                return Self { overfull: true, ..Self::default() };
            }
            let slot = if let Target::Of { slots, .. } = target { slots.first() } else { None };
            match slot.map(literal) {
                Some(Literal::First(text)) => sieve.begin.insert(&text, pattern),
                Some(Literal::Last(text)) => sieve.end.insert(&text, pattern),
                Some(Literal::Neither) | None => {
                    sieve.always.get_or_insert(Passed::NONE).insert(pattern);
                }
            }
        }
        sieve
    }

    /// The patterns that may match a resource's first name; `None` if all may.
    pub(super) fn pass(&self, name: Option<&str>) -> Option<Passed> {
        // Where nothing is literal, as in `deny manage on any`, there is nothing to look up.
        if self.overfull || (self.begin.lengths.is_empty() && self.end.lengths.is_empty()) {
            return None;
        }
        let mut passed = self.always.unwrap_or(Passed::NONE);
        let name = name.unwrap_or_default();
        self.begin.find(&mut passed, |length| name.get(..length));
        self.end.find(&mut passed, |length| name.get(name.len().checked_sub(length)?..));
        Some(passed)
    }
}

impl Ends {
    fn insert(&mut self, text: &str, pattern: usize) {
        if !self.lengths.contains(&text.len()) {
            self.lengths.push(text.len());
        }
        let hash = NameHash::new().text(text).finish();
        self.of.entry(hash).or_insert(Passed::NONE).insert(pattern);
    }

    /// Two texts may have one hash: what passes is compared by whoever asked.
    fn find<'n>(&self, passed: &mut Passed, end: impl Fn(usize) -> Option<&'n str>) {
        for text in self.lengths.iter().filter_map(|length| end(*length)) {
            if let Some(found) = self.of.get(&NameHash::new().text(text).finish()) {
                passed.join(found);
            }
        }
    }
}

/// The literal text at an end of a pattern.
enum Literal {
    First(String),
    Last(String),
    Neither,
}

fn literal(slot: &Slot) -> Literal {
    let pattern = match slot {
        Slot::Any => return Literal::Neither,
        Slot::Exact(name) => return Literal::First(name.clone()),
        Slot::Like(pattern) => pattern,
    };
    // The literal runs between wildcards, escapes taken away.
    let mut runs = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, runs.last_mut()) {
            ('*' | '?', _) | (_, None) => runs.push(String::new()),
            ('\\', Some(run)) => run.push(chars.next().unwrap_or('\\')),
            (plain, Some(run)) => run.push(plain),
        }
    }
    let first = runs.first().cloned().unwrap_or_default();
    let last = runs.pop().unwrap_or_default();
    if !first.is_empty() {
        Literal::First(first)
    } else if !last.is_empty() {
        Literal::Last(last)
    } else {
        Literal::Neither
    }
}
