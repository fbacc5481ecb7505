//! All that is asked of a text as one automaton, made while it is walked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use wpc_model::Value;

use super::pattern::{Pattern, Places, other_case};
use super::spelling::Spelling;
use super::{Ask, Under, alphabet};
use crate::answer::{Answer, Budget};

/// The product of a type's spelling, patterns, and constants that it must not be.
#[derive(Debug)]
pub(super) struct Automaton {
    spelling: Spelling,
    /// With whether it must match.
    patterns: Vec<(Pattern, bool)>,
    /// Constants that are excluded, each in its own letter case.
    exact: Trie,
    /// Those that are excluded in any case, in lower case.
    folded: Trie,
    alphabet: Vec<char>,
}

/// Texts by their beginnings.
#[derive(Debug, Default)]
struct Trie {
    next: BTreeMap<(u32, char), u32>,
    ends: BTreeSet<u32>,
    nodes: u32,
}

impl Trie {
    fn add(&mut self, text: impl Iterator<Item = char>) {
        let mut node = 0;
        for c in text {
            let fresh = self.nodes.saturating_add(1);
            node = *self.next.entry((node, c)).or_insert(fresh);
            self.nodes = self.nodes.max(node);
        }
        self.ends.insert(node);
    }

    /// `None`: no text of it begins so any more.
    fn step(&self, node: Option<u32>, c: char) -> Option<u32> {
        self.next.get(&(node?, c)).copied()
    }

    fn ends_at(&self, node: Option<u32>) -> bool {
        node.is_some_and(|node| self.ends.contains(&node))
    }
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct State {
    spelling: u8,
    patterns: Vec<Places>,
    exact: Option<u32>,
    folded: Option<u32>,
    /// Bytes so far, up to the size that is wanted.
    size: i64,
}

/// How a state was reached with the fewest bytes so far.
struct Reached {
    bytes: usize,
    from: Option<(usize, char)>,
}

impl Automaton {
    /// `None`: a pattern is too large.
    pub(super) fn new(spelling: Spelling, asks: &[Ask<'_>]) -> Option<Self> {
        let (mut patterns, mut exact, mut folded) = (Vec::new(), Trie::default(), Trie::default());
        let mut named = BTreeSet::new();
        // What must be among constants is looked for there: here they are only excluded.
        for ask in asks {
            match ask {
                Ask::Among { set, .. } => {
                    for text in set.iter().filter_map(Value::as_text) {
                        exact.add(text.chars());
                        named.extend(text.chars());
                    }
                }
                Ask::Exactly { name, .. } => {
                    exact.add(name.chars());
                    named.extend(name.chars());
                }
                Ask::Same { name, wanted: false } => {
                    folded.add(name.chars().map(|c| c.to_ascii_lowercase()));
                    named.extend(name.chars().flat_map(|c| [c, other_case(c).unwrap_or(c)]));
                }
                Ask::Same { name, wanted: true } => patterns.push((Pattern::exactly(name, true), true)),
                Ask::Like { pattern, fold, wanted } => patterns.push((Pattern::new(pattern, *fold), *wanted)),
                Ask::Matches { pattern, wanted } => patterns.push((Pattern::regex(pattern)?, *wanted)),
                Ask::Under { set, what, wanted } => {
                    let of = set.iter().filter_map(Value::as_text);
                    let pattern = match what {
                        Under::Domain => Pattern::under_domain(of),
                        Under::Path => Pattern::under_path(of),
                    };
                    patterns.push((pattern, *wanted));
                }
            }
        }
        named.extend(patterns.iter().flat_map(|(pattern, _)| pattern.characters()));
        let cuts = patterns.iter().flat_map(|(pattern, _)| pattern.cuts()).collect();
        let alphabet = alphabet::of(spelling, &named, &cuts);
        Some(Self { spelling, patterns, exact, folded, alphabet })
    }

    /// The text with the fewest bytes that it accepts, of at least `least` bytes.
    pub(super) fn shortest(&self, least: i64, budget: &mut Budget) -> Answer<String> {
        let start = State {
            spelling: self.spelling.start(),
            patterns: self.patterns.iter().map(|(pattern, _)| pattern.start()).collect(),
            exact: Some(0),
            folded: Some(0),
            size: 0,
        };
        let mut known = BTreeMap::from([(start.clone(), 0_usize)]);
        let mut states = vec![start];
        let mut reached: Vec<Reached> = vec![Reached { bytes: 0, from: None }];
        let mut heap = BinaryHeap::from([Reverse((0_usize, 0_usize))]);
        while let Some(Reverse((bytes, at))) = heap.pop() {
            if reached.get(at).is_none_or(|found| found.bytes < bytes) {
                continue;
            }
            let Some(state) = states.get(at).cloned() else { return Answer::Undecided };
            if state.size >= least && self.accepts(&state) {
                return Answer::Yes(spelt(&reached, at));
            }
            if !budget.spend(1) {
                return Answer::Undecided;
            }
            for &c in &self.alphabet {
                let Some(next) = self.step(&state, c, least) else { continue };
                let by = Reached { bytes: bytes.saturating_add(c.len_utf8()), from: Some((at, c)) };
                let bytes = by.bytes;
                let id = *known.entry(next.clone()).or_insert(states.len());
                match reached.get_mut(id) {
                    Some(found) if found.bytes <= bytes => continue,
                    Some(found) => *found = by,
                    None => {
                        states.push(next);
                        reached.push(by);
                    }
                }
                heap.push(Reverse((bytes, id)));
            }
        }
        Answer::No
    }

    fn accepts(&self, state: &State) -> bool {
        let mut patterns = self.patterns.iter().zip(&state.patterns);
        self.spelling.accepts(state.spelling)
            && !self.exact.ends_at(state.exact)
            && !self.folded.ends_at(state.folded)
            && patterns.all(|((pattern, wanted), places)| pattern.accepts(places) == *wanted)
    }

    fn step(&self, state: &State, c: char, least: i64) -> Option<State> {
        let spelling = self.spelling.step(state.spelling, c)?;
        let mut patterns = Vec::with_capacity(self.patterns.len());
        for ((pattern, wanted), places) in self.patterns.iter().zip(&state.patterns) {
            let next = pattern.step(places, c);
            if *wanted && next.is_empty() {
                return None;
            }
            patterns.push(next);
        }
        let bytes = i64::try_from(c.len_utf8()).unwrap_or(1);
        Some(State {
            spelling,
            patterns,
            exact: self.exact.step(state.exact, c),
            folded: self.folded.step(state.folded, c.to_ascii_lowercase()),
            size: state.size.saturating_add(bytes).min(least.max(0)),
        })
    }
}

/// The characters that lead to state `at`.
fn spelt(reached: &[Reached], mut at: usize) -> String {
    let mut characters = Vec::new();
    while let Some((from, by)) = reached.get(at).and_then(|found| found.from) {
        characters.push(by);
        at = from;
    }
    characters.into_iter().rev().collect()
}
