//! What stands between the nodes of a tree: comments and blank lines.

use crate::syntax::Comment;

/// Comments and blank lines that are not printed yet, in source order.
pub(super) struct Margin<'t> {
    comments: &'t [Comment],
    blank_lines: &'t [u32],
}

/// The next thing of a margin.
pub(super) enum Mark<'t> {
    BlankLine,
    Comment(&'t Comment),
}

impl<'t> Margin<'t> {
    pub(super) fn new(comments: &'t [Comment], blank_lines: &'t [u32]) -> Self {
        Self { comments, blank_lines }
    }

    /// The next thing, if it stands before `at`.
    pub(super) fn before(&mut self, at: u32) -> Option<Mark<'t>> {
        let comment = self.comments.first().filter(|comment| comment.loc.0.start < at);
        let upto = comment.map_or(at, |comment| comment.loc.0.start);
        if let Some((_, rest)) = self.blank_lines.split_first().filter(|(first, _)| **first < upto) {
            self.blank_lines = rest;
            return Some(Mark::BlankLine);
        }
        self.comments = self.comments.get(usize::from(comment.is_some())..).unwrap_or_default();
        comment.map(Mark::Comment)
    }

    /// Whether a comment stands before `at`.
    pub(super) fn comment_before(&self, at: u32) -> bool {
        self.comments.first().is_some_and(|comment| comment.loc.0.start < at)
    }

    /// Forgets the blank lines before `at`: they stood inside what was printed.
    pub(super) fn skip_blank_lines(&mut self, at: u32) {
        let inside = self.blank_lines.partition_point(|&blank| blank < at);
        self.blank_lines = self.blank_lines.get(inside..).unwrap_or_default();
    }
}
