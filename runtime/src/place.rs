//! Resources by checked name: what a typed call acts on.

use std::fmt;
use std::sync::Arc;

use wpc_model::{Resource, Spelling, Truth};

mod search;

/// The resources of one kind that a policy names, as one text with offsets.
///
/// Entries are sorted without regard to ASCII case, then by their bytes; each has one name per
/// slot of the kind. `INVARIANT:` `ends` are ascending, `slots` to an entry, and fall on
/// character boundaries of `text`.
#[derive(Debug)]
pub struct Names {
    /// The kind.
    pub kind: &'static str,
    /// What may stand in each of its slots.
    pub slots: &'static [Spelling],
    /// All names, one after the other.
    pub text: &'static str,
    /// Where each name ends in `text`.
    pub ends: &'static [u32],
    /// One bit per entry, the lowest first: some allow names it exactly.
    pub allowed: &'static [u8],
    /// What allows by pattern accept, one pattern per slot.
    pub patterns: &'static [&'static [Slot]],
}

/// What a rule accepts in a slot of a resource.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// Anything.
    Any,
    /// Exactly this.
    Exact(&'static str),
    /// A pattern.
    Like(&'static str),
}

/// A resource of a tool: its kind, and one name per slot, checked.
///
/// Made by a generated `Name`, never from a bare string.
#[derive(Clone)]
pub struct Place(Known);

#[derive(Clone)]
enum Known {
    /// Entry of the table.
    Entry(&'static Names, u32),
    /// Names in the program's text that the policy does not name, and the first entry that differs
    /// from them in ASCII case only.
    Static(&'static Names, &'static [&'static str], Option<u32>),
    /// The same of names that came at run time.
    Owned(&'static Names, Arc<[Box<str>]>, Option<u32>),
}

/// A name that no allow of the policy accepts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotAllowed {
    kind: &'static str,
}

impl NotAllowed {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "name_not_allowed"
    }

    /// The resource's kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy allows no `{}` of this name", self.kind)
    }
}

impl std::error::Error for NotAllowed {}

impl Names {
    /// The resource that the program's text names. Whether the policy allows it is decided later.
    #[must_use]
    pub const fn named(&'static self, names: &'static [&'static str]) -> Place {
        match search::exact(self, names) {
            Some(entry) => Place(Known::Entry(self, entry)),
            None => Place(Known::Static(self, names, search::first(self, names))),
        }
    }

    /// The resource that text from elsewhere names, if an allow of the policy accepts it.
    ///
    /// # Errors
    ///
    /// [`NotAllowed`] only if no allow accepts these names, or they are not names of this kind.
    pub fn parse(&'static self, names: &[&str]) -> Result<Place, NotAllowed> {
        let exact = search::exact(self, names);
        if let Some(entry) = exact.filter(|&entry| self.is_allowed(entry)) {
            return Ok(Place(Known::Entry(self, entry)));
        }
        let well_formed = names.len() == self.slots.len()
            && self.slots.iter().zip(names).all(|(slot, name)| slot.check(name).is_ok());
        let accepted =
            |pattern: &&[Slot]| pattern.iter().zip(names).all(|(slot, name)| slot.matches(name).is_true());
        if !well_formed || !self.patterns.iter().any(accepted) {
            return Err(NotAllowed { kind: self.kind });
        }
        Ok(match exact {
            Some(entry) => Place(Known::Entry(self, entry)),
            None => {
                let owned = names.iter().map(|&name| name.into()).collect();
                Place(Known::Owned(self, owned, search::first(self, names)))
            }
        })
    }

    fn is_allowed(&self, entry: u32) -> bool {
        let byte = usize::try_from(entry >> 3).ok().and_then(|at| self.allowed.get(at));
        byte.is_some_and(|byte| byte >> (entry & 7) & 1 == 1)
    }

    /// One name of an entry.
    fn name(&self, entry: u32, slot: usize) -> Option<&'static str> {
        let at = usize::try_from(entry).ok()?.checked_mul(self.slots.len())?.checked_add(slot)?;
        let end = *self.ends.get(at)?;
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }
}

impl Slot {
    /// Whether `name` may stand here, as [`wpc_model::Slot::matches`] without allocating.
    pub(crate) fn matches(self, name: &str) -> Truth {
        match self {
            Self::Any => Truth::True,
            Self::Exact(exact) if exact == name => Truth::True,
            Self::Exact(exact) if exact.eq_ignore_ascii_case(name) => Truth::Unknown,
            Self::Exact(_) => Truth::False,
            Self::Like(pattern) => crate::rule::like_name(pattern, name),
        }
    }
}

impl Place {
    pub(crate) const fn table(&self) -> &'static Names {
        match &self.0 {
            Known::Entry(table, _) | Known::Static(table, ..) | Known::Owned(table, ..) => table,
        }
    }

    /// The entry of the table that it is exactly.
    pub(crate) const fn entry(&self) -> Option<u32> {
        match &self.0 {
            Known::Entry(_, entry) => Some(*entry),
            Known::Static(..) | Known::Owned(..) => None,
        }
    }

    /// The kind, `queue`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.table().kind
    }

    /// How many names it has: one per slot of its kind.
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.0 {
            Known::Entry(table, _) => table.slots.len(),
            Known::Static(_, names, _) => names.len(),
            Known::Owned(_, names, _) => names.len(),
        }
    }

    /// The name in one slot, counted from 0.
    #[must_use]
    pub fn name(&self, slot: usize) -> Option<&str> {
        match &self.0 {
            Known::Entry(table, entry) => table.name(*entry, slot),
            Known::Static(_, names, _) => names.get(slot).copied(),
            Known::Owned(_, names, _) => names.get(slot).map(AsRef::as_ref),
        }
    }

    /// The names, one per slot of the kind, in the interface's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.size()).filter_map(|slot| self.name(slot))
    }

    /// The first entry of its own table that it is but for ASCII case.
    pub(crate) const fn first(&self) -> Option<u32> {
        match &self.0 {
            Known::Entry(_, entry) => Some(*entry),
            Known::Static(_, _, first) | Known::Owned(_, _, first) => *first,
        }
    }

    /// As the model has it.
    #[must_use]
    pub fn to_resource(&self) -> Resource {
        Resource { kind: self.kind().to_owned(), names: self.names().map(str::to_owned).collect() }
    }
}

/// The kind and the names, as a policy writes them: `queue("orders-staging")`.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        let mut separator = "(";
        for name in self.names() {
            write!(f, "{separator}{name:?}")?;
            separator = ", ";
        }
        f.write_str(")")
    }
}
