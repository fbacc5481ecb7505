//! Where in a document something is: `$.arguments.messages[0].properties["k"]`.

use std::fmt;

/// Longest piece of input that a message repeats, in bytes.
const MAX_QUOTED_BYTES: usize = 64;

/// A place, as a chain of steps that lives on the stack: it costs nothing until it is shown.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The whole document.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An item of an array, from 0.
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(crate) const fn member(&'a self, name: &'a str) -> Self {
        Self::Member(self, name)
    }

    pub(crate) const fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
            Self::Member(of, name)
                if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
            {
                write!(f, "{of}.{}", Cut(name))
            }
            Self::Member(of, name) => write!(f, "{of}[\"{}\"]", Cut(name)),
        }
    }
}

/// A piece of input in a message: between back-quotes, cut to 64 bytes, without control,
/// formatting or bidirectional characters.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", Cut(self.0))
    }
}

struct Cut<'a>(&'a str);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.get(..self.0.floor_char_boundary(MAX_QUOTED_BYTES)).unwrap_or_default();
        for c in kept.chars() {
            if c == '\'' { f.write_str("'")? } else { write!(f, "{}", c.escape_debug())? }
        }
        if kept.len() < self.0.len() { f.write_str("…") } else { Ok(()) }
    }
}
