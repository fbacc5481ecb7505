//! The rules of one action and effect, found by what they speak of.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::ControlFlow;

use wpc_model::{Resource, Slot, Target, Truth};

use super::lists::ListId;
use super::name::NameHash;
use super::sieve::Sieve;

/// Rules with every name written out are found by one hash lookup, whatever their number. Of the
/// others (`any`, `like`) only those are tried that a [`Sieve`] lets pass.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the hash of the names without case: where their rules begin in `exact`.
    table: HashMap<u64, Run, BuildHasherDefault<Hashed>>,
    /// Grouped by hash, each group in the rules' order.
    exact: Vec<Exact>,
    /// What `exact` speaks of: the number of names, then the kind and the names, each with its
    /// length before it.
    names: Vec<u8>,
    /// In the rules' order.
    broad: Vec<Broad>,
    /// Which of `broad` may speak of a name.
    sieve: Sieve,
}

/// Some of `exact`; the first is held here, since most are alone.
#[derive(Clone, Copy, Debug)]
struct Run {
    first: Exact,
    /// The rest: `start..end`.
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Exact {
    found: Found,
    /// Where it begins in `names`.
    names: u32,
}

#[derive(Debug)]
struct Broad {
    found: Found,
    target: Target,
}

/// A rule that speaks of an action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Its index in the tool's list.
    pub(super) rule: u32,
    /// Its conditions.
    pub(super) list: ListId,
}

/// Collects rules for an [`Index`].
#[derive(Debug, Default)]
pub(super) struct Builder {
    exact: Vec<(u64, Exact)>,
    names: Vec<u8>,
    broad: Vec<Broad>,
}

impl Builder {
    /// Adds a rule; rules come in their order.
    pub(super) fn add(&mut self, found: Found, target: &Target) {
        match written_out(target) {
            Some((kind, names)) => {
                let mut hash = NameHash::new();
                let at = count(self.names.len());
                self.names.extend_from_slice(&count(names.len()).to_le_bytes());
                self.put(kind);
                for name in names {
                    hash = hash.text(name);
                    self.put(name);
                }
                self.exact.push((hash.finish(), Exact { found, names: at }));
            }
            None => self.broad.push(Broad { found, target: target.clone() }),
        }
    }

    fn put(&mut self, text: &str) {
        self.names.extend_from_slice(&count(text.len()).to_le_bytes());
        self.names.extend_from_slice(text.as_bytes());
    }

    pub(super) fn build(mut self) -> Index {
        // Stable: within one hash, rules stay in their order.
        self.exact.sort_by_key(|(hash, _)| *hash);
        let mut table = HashMap::with_capacity_and_hasher(self.exact.len(), BuildHasherDefault::default());
        let mut exact = Vec::new();
        for group in self.exact.chunk_by(|(left, _), (right, _)| left == right) {
            let [(hash, first), rest @ ..] = group else { continue };
            let start = count(exact.len());
            exact.extend(rest.iter().map(|(_, one)| *one));
            let end = count(exact.len());
            table.insert(*hash, Run { first: *first, start, end });
        }
        let sieve = Sieve::of(self.broad.iter().map(|one| &one.target));
        Index { table, exact, names: self.names, broad: self.broad, sieve }
    }
}

impl Index {
    /// Gives `take` the rules whose target is not false of `resource`, in their order, and whether it
    /// is true, until it breaks.
    #[inline]
    pub(super) fn speaking_of<B>(
        &self,
        resource: Option<&Resource>,
        mut take: impl FnMut(Found, Truth) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let name = resource.and_then(|resource| resource.names.first()).map(String::as_str);
        let passed = if self.broad.is_empty() { None } else { self.sieve.pass(name) };
        let broad_from = |from: usize| {
            let at = match &passed {
                Some(passed) => passed.next(from)?,
                None => from,
            };
            self.broad.get(at).map(|one| (at, one))
        };
        let mut next = broad_from(0);
        let mut before = |rule: u32, take: &mut dyn FnMut(Found, Truth) -> ControlFlow<B>| {
            while let Some((at, one)) = next.filter(|(_, one)| one.found.rule < rule) {
                next = broad_from(at.saturating_add(1));
                let truth = one.target.matches(resource);
                if truth.is_not_false() {
                    take(one.found, truth)?;
                }
            }
            ControlFlow::Continue(())
        };
        if let Some(resource) = resource
            && let Some(run) = self.run(resource)
        {
            let rest = self.exact.get(run.start as usize..run.end as usize).unwrap_or_default();
            for exact in std::iter::once(&run.first).chain(rest) {
                before(exact.found.rule, &mut take)?;
                let truth = self.is_of(*exact, resource);
                if truth.is_not_false() {
                    take(exact.found, truth)?;
                }
            }
        }
        before(u32::MAX, &mut take)
    }

    fn run(&self, resource: &Resource) -> Option<Run> {
        if self.table.is_empty() {
            return None;
        }
        let hash = resource.names.iter().fold(NameHash::new(), |hash, name| hash.text(name));
        self.table.get(&hash.finish()).copied()
    }

    /// Compares byte by byte: two names may have one hash.
    fn is_of(&self, exact: Exact, resource: &Resource) -> Truth {
        let mut rest = self.names.get(exact.names as usize..).unwrap_or_default();
        if number(&mut rest) != Some(count(resource.names.len())) {
            return Truth::False;
        }
        match text(&mut rest) {
            Some(kind) if kind == resource.kind.as_bytes() => {}
            _ => return Truth::False,
        }
        let mut truth = Truth::True;
        for name in &resource.names {
            match text(&mut rest) {
                Some(exact) if exact == name.as_bytes() => {}
                Some(exact) if exact.eq_ignore_ascii_case(name.as_bytes()) => truth = Truth::Unknown,
                _ => return Truth::False,
            }
        }
        truth
    }
}

/// The kind and names of a target that writes them all out.
fn written_out(target: &Target) -> Option<(&str, Vec<&str>)> {
    let Target::Of { kind, slots } = target else { return None };
    let names = slots.iter().map(|slot| match slot {
        Slot::Exact(name) => Some(name.as_str()),
        Slot::Any | Slot::Like(_) => None,
    });
    Some((kind, names.collect::<Option<_>>()?))
}

/// Policies are bounded far below this; what would not fit is never found, so never allowed, and
/// [`super::Engine::new`] refuses to build.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_le_bytes(*number))
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(rest)? as usize;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(text)
}

/// A hasher for keys that are hashes already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only for keys that are not `u64`, of which there are none.
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
