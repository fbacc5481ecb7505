//! Zero-copy views of texts, lists and maps, so that describing a value copies nothing.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// A `map<text>`: texts by key, borrowed from whatever holds them.
///
/// Made with `From` from slices of pairs, [`BTreeMap`], [`HashMap`] and [`Vec`]; anything else
/// implements [`TextEntries`] and goes through [`TextMap::new`]. A key that occurs twice makes the
/// call malformed.
///
/// ```
/// use wpc::TextMap;
/// let pairs = [("schema_version", "1")];
/// assert_eq!(TextMap::from(&pairs).size(), 1);
/// ```
#[derive(Clone, Copy)]
pub struct TextMap<'a>(Entries<'a>);

impl Default for TextMap<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

#[derive(Clone, Copy)]
enum Entries<'a> {
    Pairs(&'a [(&'a str, &'a str)]),
    Owned(&'a [(String, String)]),
    Other(&'a dyn TextEntries),
}

/// A type that holds texts by key.
pub trait TextEntries {
    /// How many entries there are.
    fn size(&self) -> usize;

    /// Calls `visit` with every entry, in any order.
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a str));
}

impl<'a> TextMap<'a> {
    /// The map without entries.
    pub const EMPTY: Self = Self(Entries::Pairs(&[]));

    /// A view of `entries`.
    #[must_use]
    pub const fn new(entries: &'a dyn TextEntries) -> Self {
        Self(Entries::Other(entries))
    }

    /// How many entries there are.
    #[must_use]
    pub fn size(self) -> usize {
        match self.0 {
            Entries::Pairs(pairs) => pairs.len(),
            Entries::Owned(pairs) => pairs.len(),
            Entries::Other(entries) => entries.size(),
        }
    }

    /// Calls `visit` with every entry.
    pub fn each(self, mut visit: impl FnMut(&'a str, &'a str)) {
        self.fold((), |(), key, value| visit(key, value));
    }

    /// Combines every entry with what came of those before it.
    #[inline]
    pub fn fold<T: Copy>(self, start: T, mut combine: impl FnMut(T, &'a str, &'a str) -> T) -> T {
        match self.0 {
            Entries::Pairs(pairs) => {
                pairs.iter().fold(start, |so_far, (key, value)| combine(so_far, key, value))
            }
            Entries::Owned(pairs) => {
                pairs.iter().fold(start, |so_far, (key, value)| combine(so_far, key, value))
            }
            Entries::Other(entries) => {
                let mut so_far = start;
                entries.visit(&mut |key, value| so_far = combine(so_far, key, value));
                so_far
            }
        }
    }
}

impl<'a> From<&'a [(&'a str, &'a str)]> for TextMap<'a> {
    fn from(pairs: &'a [(&'a str, &'a str)]) -> Self {
        Self(Entries::Pairs(pairs))
    }
}

impl<'a, const N: usize> From<&'a [(&'a str, &'a str); N]> for TextMap<'a> {
    fn from(pairs: &'a [(&'a str, &'a str); N]) -> Self {
        Self(Entries::Pairs(pairs))
    }
}

impl<'a> From<&'a [(String, String)]> for TextMap<'a> {
    fn from(pairs: &'a [(String, String)]) -> Self {
        Self(Entries::Owned(pairs))
    }
}

impl<'a> From<&'a Vec<(String, String)>> for TextMap<'a> {
    fn from(pairs: &'a Vec<(String, String)>) -> Self {
        Self(Entries::Owned(pairs))
    }
}

impl<'a, K: Borrow<str>, V: Borrow<str>> From<&'a BTreeMap<K, V>> for TextMap<'a> {
    fn from(entries: &'a BTreeMap<K, V>) -> Self {
        Self::new(entries)
    }
}

impl<'a, K: Borrow<str>, V: Borrow<str>, S> From<&'a HashMap<K, V, S>> for TextMap<'a> {
    fn from(entries: &'a HashMap<K, V, S>) -> Self {
        Self::new(entries)
    }
}

impl<K: Borrow<str>, V: Borrow<str>> TextEntries for BTreeMap<K, V> {
    fn size(&self) -> usize {
        self.len()
    }

    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a str)) {
        self.iter().for_each(|(key, value)| visit(key.borrow(), value.borrow()));
    }
}

impl<K: Borrow<str>, V: Borrow<str>, S> TextEntries for HashMap<K, V, S> {
    fn size(&self) -> usize {
        self.len()
    }

    #[expect(clippy::iter_over_hash_type, reason = "a map's meaning does not depend on its order")]
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a str)) {
        for (key, value) in self {
            visit(key.borrow(), value.borrow());
        }
    }
}

impl fmt::Debug for TextMap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        self.each(|key, value| {
            map.entry(&key, &value);
        });
        map.finish()
    }
}

/// A `list` or `set` of texts, borrowed from whatever holds them.
///
/// ```
/// use wpc::TextList;
/// let to = vec!["a@example.com".to_owned()];
/// assert_eq!(TextList::from(&to).size(), 1);
/// ```
#[derive(Clone, Copy)]
pub struct TextList<'a>(Texts<'a>);

impl Default for TextList<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

#[derive(Clone, Copy)]
enum Texts<'a> {
    Borrowed(&'a [&'a str]),
    Owned(&'a [String]),
    Other(&'a dyn TextMembers),
}

/// A type that holds texts in order.
pub trait TextMembers {
    /// How many there are.
    fn size(&self) -> usize;

    /// Calls `visit` with every one, in order.
    fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a str));
}

impl<'a> TextList<'a> {
    /// The list without members.
    pub const EMPTY: Self = Self(Texts::Borrowed(&[]));

    /// A view of `members`.
    #[must_use]
    pub const fn new(members: &'a dyn TextMembers) -> Self {
        Self(Texts::Other(members))
    }

    /// How many members there are.
    #[must_use]
    pub fn size(self) -> usize {
        match self.0 {
            Texts::Borrowed(members) => members.len(),
            Texts::Owned(members) => members.len(),
            Texts::Other(members) => members.size(),
        }
    }

    /// Calls `visit` with every member, in order.
    #[inline]
    pub fn each(self, mut visit: impl FnMut(&'a str)) {
        match self.0 {
            Texts::Borrowed(members) => members.iter().for_each(|member| visit(member)),
            Texts::Owned(members) => members.iter().for_each(|member| visit(member)),
            Texts::Other(members) => members.visit(&mut visit),
        }
    }
}

impl<'a> From<&'a [&'a str]> for TextList<'a> {
    fn from(members: &'a [&'a str]) -> Self {
        Self(Texts::Borrowed(members))
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for TextList<'a> {
    fn from(members: &'a [&'a str; N]) -> Self {
        Self(Texts::Borrowed(members))
    }
}

impl<'a> From<&'a [String]> for TextList<'a> {
    fn from(members: &'a [String]) -> Self {
        Self(Texts::Owned(members))
    }
}

impl<'a> From<&'a Vec<String>> for TextList<'a> {
    fn from(members: &'a Vec<String>) -> Self {
        Self(Texts::Owned(members))
    }
}

impl<'a> From<&'a Vec<&'a str>> for TextList<'a> {
    fn from(members: &'a Vec<&'a str>) -> Self {
        Self(Texts::Borrowed(members))
    }
}

impl fmt::Debug for TextList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        self.each(|member| {
            list.entry(&member);
        });
        list.finish()
    }
}

/// A map of anything but texts, borrowed. A key that occurs twice makes the call malformed.
#[derive(Clone, Copy)]
pub struct Pairs<'a, V>(Kept<'a, V>);

#[derive(Clone, Copy)]
enum Kept<'a, V> {
    Slice(&'a [(&'a str, V)]),
    Sorted(&'a BTreeMap<String, V>),
}

impl<'a, V: Copy> Pairs<'a, V> {
    /// How many entries there are.
    #[must_use]
    pub fn size(self) -> usize {
        match self.0 {
            Kept::Slice(pairs) => pairs.len(),
            Kept::Sorted(pairs) => pairs.len(),
        }
    }

    /// Calls `visit` with every entry.
    pub fn each(self, mut visit: impl FnMut(&'a str, V)) {
        self.fold((), |(), key, value| visit(key, value));
    }

    /// Combines every entry with what came of those before it.
    #[inline]
    pub fn fold<T: Copy>(self, start: T, mut combine: impl FnMut(T, &'a str, V) -> T) -> T {
        match self.0 {
            Kept::Slice(pairs) => {
                pairs.iter().fold(start, |so_far, (key, value)| combine(so_far, key, *value))
            }
            Kept::Sorted(pairs) => {
                pairs.iter().fold(start, |so_far, (key, value)| combine(so_far, key, *value))
            }
        }
    }
}

impl<'a, V> From<&'a [(&'a str, V)]> for Pairs<'a, V> {
    fn from(pairs: &'a [(&'a str, V)]) -> Self {
        Self(Kept::Slice(pairs))
    }
}

impl<'a, V, const N: usize> From<&'a [(&'a str, V); N]> for Pairs<'a, V> {
    fn from(pairs: &'a [(&'a str, V); N]) -> Self {
        Self(Kept::Slice(pairs))
    }
}

impl<'a, V> From<&'a BTreeMap<String, V>> for Pairs<'a, V> {
    fn from(pairs: &'a BTreeMap<String, V>) -> Self {
        Self(Kept::Sorted(pairs))
    }
}

impl<V: Copy + fmt::Debug> fmt::Debug for Pairs<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        self.each(|key, value| {
            map.entry(&key, &value);
        });
        map.finish()
    }
}

/// A value that never leaves the gate (`json`, `sealed`): that it is there, and, for the gate's eyes alone, what
/// it says. Where a policy asks about a value that is not shown, the answer is unknown, and nothing that needs it
/// is allowed.
///
/// ```
/// use wpc::Sealed;
/// let body: Option<Vec<u8>> = Some(br#"{"order":1}"#.to_vec());
/// assert!(body.as_deref().map(Sealed::bytes).is_some());
/// ```
#[derive(Clone, Copy)]
pub struct Sealed<'a>(Shown<'a>);

#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    Nothing,
    Bytes(&'a [u8]),
    Text(&'a str),
    Json(&'a serde_json::Value),
}

impl<'a> Sealed<'a> {
    /// Says that `value` is there, and shows nothing of it.
    #[must_use]
    pub const fn of<T: ?Sized>(_value: &T) -> Self {
        Self(Shown::Nothing)
    }

    /// Shows its bytes: UTF-8, and JSON where the field is not of texts.
    #[must_use]
    pub const fn bytes(bytes: &'a [u8]) -> Self {
        Self(Shown::Bytes(bytes))
    }

    /// Shows its text: JSON where the field is not of texts.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self(Shown::Text(text))
    }

    /// Shows it as JSON.
    #[must_use]
    pub const fn json(value: &'a serde_json::Value) -> Self {
        Self(Shown::Json(value))
    }

    pub(crate) const fn shown(self) -> Shown<'a> {
        self.0
    }
}

impl fmt::Debug for Sealed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}
