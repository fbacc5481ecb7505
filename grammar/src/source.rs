//! Where policy text comes from, and places in it.

use std::collections::BTreeMap;
use std::fmt;

/// Bytes `start..end` of one source. Offsets are UTF-8 byte offsets, never characters or
/// columns; `end` is exclusive.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The same bytes of a text that begins `by` later.
    #[must_use]
    pub(crate) const fn moved(self, by: u32) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The place of a node in its source.
///
/// Two trees that say the same thing are equal wherever they stand, so every `Loc` equals
/// every other; compare [`Span`]s to compare places.
#[derive(Clone, Copy, Default)]
pub struct Loc(
    /// The bytes of the node.
    pub Span,
);

impl PartialEq for Loc {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Loc {}

impl fmt::Debug for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

/// One policy file: its name, for messages, its text, and the files that it uses.
///
/// Offsets run on from file to file: a [`Span`] of a used file begins where no other file has bytes, so
/// that a place says which file it is in ([`Source::at`]).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    name: String,
    text: String,
    /// Offset of the first byte.
    base: u32,
    /// Used files, or why they are not there, by their paths from this one's folder.
    files: BTreeMap<String, Result<Self, String>>,
}

impl Source {
    /// A source called `name` in messages. Nothing is read from disk.
    ///
    /// ```
    /// let source = wpc_grammar::Source::new("orders.wpc", "use azure_service_bus");
    /// assert_eq!(source.name(), "orders.wpc");
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), base: 0, files: BTreeMap::new() }
    }

    /// The name shown in messages, usually the path as the user typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last part of the name.
    ///
    /// ```
    /// assert_eq!(wpc_grammar::Source::new("policies/orders.wpc", "").path(), "orders.wpc");
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Offset of the first byte: 0, unless this is a file that another one uses.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// Adds a file that this one, or one that it uses, uses: its path from this file's folder, with
    /// `/` between its parts, and its text or why there is none. The first of a path stays.
    ///
    /// ```
    /// use wpc_grammar::Source;
    /// let mut source = Source::new("policies/orders.wpc", "policy orders { }");
    /// source.add("tools/crm.wpc", Ok("tool crm { }".to_owned()));
    /// assert_eq!(source.at(20).name(), "policies/tools/crm.wpc");
    /// ```
    pub fn add(&mut self, path: &str, text: Result<String, String>) {
        let end = |source: &Self| {
            let length = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
            source.base.saturating_add(length).saturating_add(1)
        };
        let base = self.files.values().flatten().map(end).fold(end(self), u32::max);
        let folder = self.name.get(..self.name.len().saturating_sub(self.path().len())).unwrap_or_default();
        let file = text.and_then(|text| {
            let room = usize::try_from(u32::MAX.saturating_sub(base)).unwrap_or(usize::MAX);
            if text.len() >= room {
                return Err("the files of this policy are too long together".to_owned());
            }
            Ok(Self { name: format!("{folder}{path}"), text, base, files: BTreeMap::new() })
        });
        self.files.entry(path.to_owned()).or_insert(file);
    }

    /// The used files with their paths, or why they are not there.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Result<Self, String>)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The used file at `path`, or why it is not there; `None` if it was not added.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Result<Self, String>> {
        self.files.get(path)
    }

    /// The file, this one or a used one, that has a byte at `offset`.
    #[must_use]
    pub fn at(&self, offset: u32) -> &Self {
        let used = self.files.values().flatten().filter(|file| file.base <= offset);
        used.max_by_key(|file| file.base).unwrap_or(self)
    }

    /// The text under `span`, or `""` if the span is not of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        let file = self.at(span.start);
        let local = |offset: u32| offset.checked_sub(file.base).and_then(|at| usize::try_from(at).ok());
        let range = local(span.start).zip(local(span.end));
        range.and_then(|(start, end)| file.text.get(start..end)).unwrap_or("")
    }

    /// The line of a byte offset, in its file, counted from 1.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let file = self.at(offset);
        let bytes = file.text.as_bytes();
        let upto = bytes.get(..offset.saturating_sub(file.base) as usize).unwrap_or(bytes);
        let newlines = upto.iter().filter(|&&byte| byte == b'\n').count();
        u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_of_one_file() {
        let mut source = Source::new("p/a.wpc", "aa\n");
        source.add("b.wpc", Ok("b\nb".to_owned()));
        source.add("c.wpc", Err("gone".to_owned()));
        source.add("d/d.wpc", Ok("dd".to_owned()));
        source.add("b.wpc", Ok("again".to_owned()));
        let names: Vec<&str> = (0..11).map(|offset| source.at(offset).name()).collect();
        let (a, b, d) = ("p/a.wpc", "p/b.wpc", "p/d/d.wpc");
        assert_eq!(names, [a, a, a, a, b, b, b, b, d, d, d]);
        assert_eq!(source.slice(Span::new(0, 2)), "aa");
        assert_eq!(source.slice(Span::new(6, 7)), "b");
        assert_eq!((source.line(5), source.line(6)), (1, 2));
        assert_eq!(source.slice(Span::new(8, 10)), "dd");
        assert_eq!(source.slice(Span::new(2, 9)), "");
    }

    #[test]
    fn the_tree_of_a_used_file_has_its_places_there() {
        let mut source = Source::new("a.wpc", "policy a { }");
        source.add("b.wpc", Ok("// c\n\npolicy b { deny nothing { } }".to_owned()));
        source.add("c.wpc", Ok("policy c { limit x }".to_owned()));
        source.add("d.wpc", Ok("policy d { \u{202e} }".to_owned()));
        let file = |path: &str| source.file(path).and_then(|file| file.as_ref().ok()).unwrap();
        let error = |path: &str| crate::parse(file(path)).unwrap_err();
        assert_eq!(source.slice(error("b.wpc").span), "{");
        assert_eq!(source.at(error("c.wpc").span.start).name(), "c.wpc");
        assert_eq!(source.at(error("d.wpc").span.start).name(), "d.wpc");
        source.add("e.wpc", Ok("// c\npolicy e { }\n".to_owned()));
        let file = source.file("e.wpc").and_then(|file| file.as_ref().ok()).unwrap();
        let tree = crate::parse(file).unwrap();
        assert_eq!(source.slice(tree.items[0].loc.0), "policy e { }");
        assert_eq!(source.slice(tree.comments[0].loc.0), "// c");
        assert_eq!(source.slice(tree.loc.0), "// c\npolicy e { }\n");
    }
}
