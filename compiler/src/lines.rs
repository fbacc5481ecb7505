//! Lines and columns of byte offsets, found in logarithmic time (but for mixed-in rules, which are few).

use wpc_grammar::{Source, Span};

/// Where each line of a source, and of the files that it uses, begins.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    /// Sorted by their first offset.
    files: Vec<OfFile<'a>>,
    /// What other files were asked for, and where this one asked.
    mixed: Vec<(Span, Span)>,
}

#[derive(Debug)]
struct OfFile<'a> {
    text: &'a str,
    base: u32,
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(source: &'a Source) -> Self {
        let used = source.files().filter_map(|(_, file)| file.as_ref().ok());
        let mut files: Vec<_> = std::iter::once(source).chain(used).map(OfFile::new).collect();
        files.sort_by_key(|file| file.base);
        Self { files, mixed: Vec::new() }
    }

    /// Has the lines of what was mixed in from other files be those where it was mixed in.
    pub(crate) fn mixing(self, mixed: Vec<(Span, Span)>) -> Self {
        Self { mixed, ..self }
    }

    fn file(&self, offset: u32) -> Option<&OfFile<'a>> {
        let after = self.files.partition_point(|file| file.base <= offset);
        self.files.get(after.saturating_sub(1))
    }

    /// The line of `offset` in its file, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        let Some(file) = self.file(offset) else { return 1 };
        let at = offset.saturating_sub(file.base);
        u32::try_from(file.starts.partition_point(|&start| start <= at)).unwrap_or(u32::MAX)
    }

    /// The line of the compiled file that `span` begins on, or for which it was mixed in.
    pub(crate) fn line_of(&self, span: Span) -> u32 {
        let base = |span: Span| self.file(span.start).map(|file| file.base);
        let with =
            self.mixed.iter().find(|(rules, with)| rules.to(span) == *rules && base(*rules) != base(*with));
        self.line(with.map_or(span, |(_, with)| *with).start)
    }

    /// Line and column of `offset` in its file, both from 1; columns count characters.
    pub(crate) fn place(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let Some(file) = self.file(offset) else { return (line, 1) };
        let start = file.starts.get((line as usize).saturating_sub(1)).copied().unwrap_or(0);
        let at = offset.saturating_sub(file.base);
        let before = file.text.get(start as usize..at as usize).unwrap_or("");
        let characters = u32::try_from(before.chars().count()).unwrap_or(u32::MAX);
        (line, characters.saturating_add(1))
    }
}

impl<'a> OfFile<'a> {
    fn new(source: &'a Source) -> Self {
        let text = source.text();
        let after_newline =
            (1_u32..).zip(text.bytes()).filter(|(_, byte)| *byte == b'\n').map(|(next, _)| next);
        Self { text, base: source.base(), starts: std::iter::once(0).chain(after_newline).collect() }
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
