//! Where policy text comes from, and places in it.

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

/// One policy file: its name, for messages, and its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    name: String,
    text: String,
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
        Self { name: name.into(), text: text.into() }
    }

    /// The name shown in messages, usually the path as the user typed it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under `span`, or `""` if the span is not of this source.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The line of a byte offset, counted from 1.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let upto = self.text.as_bytes().get(..offset as usize).unwrap_or(self.text.as_bytes());
        let newlines = upto.iter().filter(|&&byte| byte == b'\n').count();
        u32::try_from(newlines).unwrap_or(u32::MAX).saturating_add(1)
    }
}
