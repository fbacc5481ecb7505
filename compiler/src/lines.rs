//! Lines and columns of byte offsets, found in logarithmic time.

use wpc_grammar::{Source, Span};

/// Where each line of a source begins.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(source: &'a Source) -> Self {
        let text = source.text();
        let after_newline =
            (1_u32..).zip(text.bytes()).filter(|(_, byte)| *byte == b'\n').map(|(next, _)| next);
        Self { text, starts: std::iter::once(0).chain(after_newline).collect() }
    }

    /// The line of `offset`, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.starts.partition_point(|&start| start <= offset)).unwrap_or(u32::MAX)
    }

    /// The line that `span` begins on.
    pub(crate) fn line_of(&self, span: Span) -> u32 {
        self.line(span.start)
    }

    /// Line and column of `offset`, both from 1; columns count characters.
    pub(crate) fn place(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.starts.get((line as usize).saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let characters = u32::try_from(before.chars().count()).unwrap_or(u32::MAX);
        (line, characters.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let source = Source::new("x", "ab\nüc\n");
        let lines = Lines::of(&source);
        assert_eq!(lines.place(0), (1, 1));
        assert_eq!(lines.place(2), (1, 3));
        assert_eq!(lines.place(3), (2, 1));
        assert_eq!(lines.place(5), (2, 2));
        assert_eq!(lines.place(7), (3, 1));
        for offset in 0..8 {
            assert_eq!(lines.line(offset), source.line(offset));
        }
    }
}
