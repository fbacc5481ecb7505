//! Lines: what may be broken, where, and what is written around it.

use std::borrow::Cow;

use super::margin::{Margin, Mark};
use crate::Loc;
use crate::syntax::{Comment, Doc};

/// Columns that a line may have before it is broken.
const WIDTH: usize = 100;
/// Blanks per level.
const INDENT: usize = 4;

/// A part of a line.
pub(super) enum Piece<'t> {
    /// Stays as it is.
    Text(Cow<'t, str>),
    /// Members separated by `,` without brackets; a broken one goes on, indented, after each `,`.
    Wrap(Vec<Item<'t>>),
    /// Members between brackets.
    Block(Block<'t>),
}

/// One member of a list or block, or one line of a body.
pub(super) struct Item<'t> {
    pub(super) loc: Loc,
    pub(super) docs: &'t [Doc],
    pub(super) pieces: Vec<Piece<'t>>,
}

/// Members between brackets.
pub(super) struct Block<'t> {
    pub(super) style: Style,
    pub(super) items: Vec<Item<'t>>,
    /// Where the closing bracket stands, or a place between the last member and what follows.
    pub(super) end: u32,
}

/// How a block is written.
#[derive(Clone, Copy)]
pub(super) struct Style {
    open: &'static str,
    close: &'static str,
    /// Between members on one line.
    flat: &'static str,
    /// After each member on lines of their own.
    broken: &'static str,
    /// Inside the brackets on one line.
    pad: &'static str,
    /// With more members than this it is always broken.
    most: usize,
}

impl Style {
    pub(super) const LIST: Self = Self::of("[", "]", ", ", ",", "");
    pub(super) const ARGUMENTS: Self = Self::of("(", ")", ", ", ",", "");
    pub(super) const OBJECT: Self = Self::of("{", "}", ", ", "", " ");
    pub(super) const CHOICE: Self = Self::of("{", "}", ", ", ",", " ");
    pub(super) const LINES: Self = Self::of("{", "}", "; ", "", " ");
    /// Conditions: one may stand on the rule's line, several never.
    pub(super) const CONDITIONS: Self = Self { most: 1, ..Self::LINES };
    /// A record's fields.
    pub(super) const FIELDS: Self = Self { most: 0, ..Self::LINES };

    const fn of(
        open: &'static str,
        close: &'static str,
        flat: &'static str,
        broken: &'static str,
        pad: &'static str,
    ) -> Self {
        Self { open, close, flat, broken, pad, most: usize::MAX }
    }
}

impl<'t> From<&'t str> for Piece<'t> {
    fn from(text: &'t str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Piece<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'t> Item<'t> {
    pub(super) fn new(loc: Loc, pieces: Vec<Piece<'t>>) -> Self {
        Self { loc, docs: &[], pieces }
    }

    /// The docs above it, and the one behind it on its line. Only the last can stand there, and
    /// only if it did: a tree without places has all docs above.
    fn split_docs(&self) -> (&'t [Doc], Option<&'t Doc>) {
        split_docs(self.docs, self.loc)
    }

    fn flat(&self) -> Option<usize> {
        if self.docs.is_empty() { flat(&self.pieces) } else { None }
    }
}

/// See [`Item::split_docs`].
fn split_docs(docs: &[Doc], loc: Loc) -> (&[Doc], Option<&Doc>) {
    match docs.split_last() {
        Some((last, above)) if loc.0.end > 0 && last.loc.0.start >= loc.0.end => (above, Some(last)),
        _ => (docs, None),
    }
}

/// The width of pieces on one line, if they may stand on one.
fn flat(pieces: &[Piece<'_>]) -> Option<usize> {
    pieces.iter().map(Piece::flat).sum()
}

impl Piece<'_> {
    fn flat(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::Wrap(items) => members(items, ", "),
            Self::Block(block) => {
                let style = block.style;
                let pad = if block.items.is_empty() { 0 } else { 2 * style.pad.len() };
                let fits = block.items.len() <= style.most;
                let members = members(&block.items, style.flat).filter(|_| fits)?;
                Some(style.open.len() + pad + members + style.close.len())
            }
        }
    }
}

fn members(items: &[Item<'_>], separator: &str) -> Option<usize> {
    let widths: Option<usize> = items.iter().map(Item::flat).sum();
    Some(widths? + items.len().saturating_sub(1) * separator.len())
}

/// The text so far. It never ends in a line break: that belongs to the line that follows.
pub(super) struct Writer<'t> {
    out: String,
    margin: Margin<'t>,
    level: usize,
    /// Where the last line of `out` begins.
    line: usize,
    /// A comment or `///` ends the last line: nothing may follow on it.
    closed: bool,
    /// The last line opened a block: no blank line follows it.
    fresh: bool,
    /// A blank line comes before the next line.
    blank: bool,
}

impl<'t> Writer<'t> {
    pub(super) fn new(comments: &'t [Comment], blank_lines: &'t [u32]) -> Self {
        let margin = Margin::new(comments, blank_lines);
        Self { out: String::new(), margin, level: 0, line: 0, closed: false, fresh: true, blank: false }
    }

    /// All comments that are left, and the end of the last line.
    pub(super) fn finish(mut self) -> String {
        self.margin_before(u32::MAX);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    pub(super) fn blank_line(&mut self) {
        self.blank = true;
    }

    fn begin_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if self.blank && !self.fresh {
                self.out.push('\n');
            }
        }
        (self.blank, self.fresh, self.closed) = (false, false, false);
        self.line = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', self.level * INDENT));
    }

    /// Writes the comments that stand before `at`, and remembers whether a blank line does.
    fn margin_before(&mut self, at: u32) {
        while let Some(mark) = self.margin.before(at) {
            match mark {
                Mark::BlankLine => self.blank = true,
                Mark::Comment(comment) => {
                    if comment.trailing && !self.closed && !self.out.is_empty() {
                        self.out.push(' ');
                    } else {
                        self.begin_line();
                    }
                    self.out.push_str(&comment_text(&comment.text));
                    self.closed = true;
                }
            }
        }
    }

    /// Begins the line of what stands `at`.
    fn line_at(&mut self, at: u32) {
        self.margin_before(at);
        self.begin_line();
    }

    /// A line of a body, with what documents it, and `label` above it.
    pub(super) fn entry(
        &mut self,
        docs: &'t [Doc],
        loc: Loc,
        label: Option<(Loc, String)>,
    ) -> Option<&'t Doc> {
        let (above, after) = split_docs(docs, loc);
        let start = label.as_ref().map_or(loc, |(label, _)| *label).0.start;
        self.docs(above, start);
        if let Some((at, label)) = label {
            self.line_at(at.0.start);
            self.out.push_str(&label);
        }
        self.line_at(loc.0.start);
        after
    }

    fn docs(&mut self, docs: &[Doc], upto: u32) {
        for doc in docs {
            self.line_at(doc.loc.0.start.min(upto));
            self.out.push_str(&doc_text(&doc.text));
            self.closed = true;
        }
    }

    /// Ends what `entry` began.
    pub(super) fn end_entry(&mut self, loc: Loc, after: Option<&Doc>) {
        if let Some(doc) = after {
            self.out.push(' ');
            self.out.push_str(&doc_text(&doc.text));
            self.closed = true;
        }
        self.margin.skip_blank_lines(loc.0.end);
    }

    /// Opens a body on the current line; gives whether it has lines to come.
    pub(super) fn open(&mut self, has_lines: bool, end: u32) -> bool {
        let has_lines = has_lines || self.margin.comment_before(end);
        self.out.push('{');
        if has_lines {
            self.level += 1;
            self.fresh = true;
        } else {
            self.out.push('}');
        }
        has_lines
    }

    /// Closes a body that has lines, whose closing bracket stands at `end`.
    pub(super) fn close(&mut self, end: u32) {
        self.close_with("}", end);
    }

    fn close_with(&mut self, bracket: &str, end: u32) {
        self.margin_before(end);
        self.level -= 1;
        self.blank = false;
        self.begin_line();
        self.out.push_str(bracket);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Writes pieces on the current line, and on more lines where they do not fit; `suffix`
    /// columns follow them.
    pub(super) fn pieces(&mut self, pieces: &[Piece<'t>], suffix: usize) {
        let mut rest = pieces;
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            let fits = |writer: &Self, width: usize| writer.column() + width + tail(after, suffix) <= WIDTH;
            match piece {
                Piece::Text(text) => self.out.push_str(text),
                Piece::Wrap(items) => {
                    let last = items.last().map_or(0, |item| item.loc.0.end);
                    let comment = self.margin.comment_before(last);
                    match piece.flat() {
                        Some(width) if !comment && fits(self, width) => self.flat(piece),
                        _ => self.wrap(items, tail(after, suffix)),
                    }
                }
                Piece::Block(block) => match piece.flat() {
                    Some(width) if !self.margin.comment_before(block.end) && fits(self, width) => {
                        self.flat(piece)
                    }
                    _ => self.broken(block),
                },
            }
        }
    }

    fn column(&self) -> usize {
        self.out.get(self.line..).unwrap_or("").chars().count()
    }

    fn flat(&mut self, piece: &Piece<'t>) {
        match piece {
            Piece::Text(text) => self.out.push_str(text),
            Piece::Wrap(items) => self.flat_members(items, ", "),
            Piece::Block(block) => {
                let pad = if block.items.is_empty() { "" } else { block.style.pad };
                self.out.push_str(block.style.open);
                self.out.push_str(pad);
                self.flat_members(&block.items, block.style.flat);
                self.out.push_str(pad);
                self.out.push_str(block.style.close);
            }
        }
    }

    fn flat_members(&mut self, items: &[Item<'t>], separator: &str) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push_str(separator);
            }
            item.pieces.iter().for_each(|piece| self.flat(piece));
        }
    }

    /// One member per line, the first on the current one; `suffix` columns follow the last.
    fn wrap(&mut self, items: &[Item<'t>], suffix: usize) {
        let mut rest = items.iter().peekable();
        let deeper = usize::from(items.len() > 1);
        self.level += deeper;
        while let Some(item) = rest.next() {
            let last = rest.peek().is_none();
            self.pieces(&item.pieces, if last { suffix } else { 1 });
            self.margin.skip_blank_lines(item.loc.0.end);
            if let Some(next) = rest.peek() {
                self.out.push(',');
                self.margin_before(next.loc.0.start);
                self.blank = false;
                self.begin_line();
            }
        }
        self.level -= deeper;
    }

    /// Brackets with one member per line.
    fn broken(&mut self, block: &Block<'t>) {
        self.out.push_str(block.style.open);
        self.level += 1;
        self.fresh = true;
        for item in &block.items {
            let (above, after) = item.split_docs();
            self.docs(above, item.loc.0.start);
            self.line_at(item.loc.0.start);
            self.pieces(&item.pieces, block.style.broken.len());
            self.out.push_str(block.style.broken);
            self.end_entry(item.loc, after);
        }
        self.close_with(block.style.close, block.end);
    }
}

/// Columns up to the next place where the line may be broken.
fn tail(pieces: &[Piece<'_>], suffix: usize) -> usize {
    let mut width = 0;
    for piece in pieces {
        match piece {
            Piece::Text(text) => width += text.chars().count(),
            Piece::Wrap(items) => match (items.as_slice(), piece.flat()) {
                ([_], Some(only)) => width += only,
                ([first, ..], _) => return width + first.flat().unwrap_or(0) + 1,
                ([], _) => {}
            },
            Piece::Block(block) => return width + block.style.open.len(),
        }
    }
    width + suffix
}

fn doc_text(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() { "///".to_owned() } else { format!("/// {line}") }
}

/// A comment as it was, or as near to it as a comment can be.
fn comment_text(text: &str) -> String {
    let line = one_line(text);
    let doc = line.starts_with("///") && !line.starts_with("////");
    if line.starts_with("//") && !doc { line } else { format!("// {line}").trim_end().to_owned() }
}

fn one_line(text: &str) -> String {
    text.replace(crate::literal::is_hidden, " ").trim_end().to_owned()
}
