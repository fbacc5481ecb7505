//! Where canonical bytes go.

/// Takes bytes in order.
pub trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Compares what is written with given bytes, and keeps nothing.
///
/// ```
/// use wpc_model::canon::{Compare, Sink};
/// let mut compare = Compare::new(b"ab");
/// compare.put(b"a");
/// assert_eq!(compare.difference(), Some(1));
/// compare.put(b"b");
/// assert_eq!(compare.difference(), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Compare<'a> {
    /// All that is expected.
    expected: &'a [u8],
    /// What is still expected.
    rest: &'a [u8],
    /// No difference was found so far.
    same: bool,
}

impl<'a> Compare<'a> {
    /// Compares with `expected`.
    #[must_use]
    pub const fn new(expected: &'a [u8]) -> Self {
        Self { expected, rest: expected, same: true }
    }

    /// The first byte, from 0, at which what was written and what was expected differ; `None` if
    /// they are the same to the last byte.
    #[must_use]
    pub fn difference(&self) -> Option<usize> {
        let same = self.same && self.rest.is_empty();
        (!same).then(|| self.expected.len().saturating_sub(self.rest.len()))
    }
}

impl Sink for Compare<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if !self.same {
            return;
        }
        if let Some(rest) = self.rest.strip_prefix(bytes) {
            self.rest = rest;
        } else {
            self.same = false;
            let equal = self.rest.iter().zip(bytes).take_while(|(left, right)| left == right).count();
            self.rest = self.rest.get(equal..).unwrap_or_default();
        }
    }
}
