//! A matched rule and its children, with places in the whole source.

use std::iter::Peekable;

use pest::iterators::{Pair, Pairs};

use super::Rule;
use crate::syntax::{Doc, Ident};
use crate::{Loc, Span, SyntaxError, SyntaxErrorKind};

/// A matched rule.
pub(super) struct Node<'i> {
    pair: Pair<'i, Rule>,
    /// Offset in the source of the text that pest saw.
    base: u32,
}

impl<'i> Node<'i> {
    pub(super) fn new(pair: Pair<'i, Rule>, base: u32) -> Self {
        Self { pair, base }
    }

    pub(super) fn rule(&self) -> Rule {
        self.pair.as_rule()
    }

    pub(super) fn is(&self, rule: Rule) -> bool {
        self.rule() == rule
    }

    /// What was written; exact only where the rule is atomic.
    pub(super) fn text(&self) -> &'i str {
        self.pair.as_str()
    }

    /// From the first to the last byte of the node, without the blanks and comments that pest
    /// skips in front of an optional part that is not there.
    pub(super) fn loc(&self) -> Loc {
        let start = self.pair.as_span().start();
        Loc(Span::new(self.offset(start), self.offset(end_of(self.pair.clone()))))
    }

    fn offset(&self, at: usize) -> u32 {
        self.base.saturating_add(u32::try_from(at).unwrap_or(u32::MAX))
    }

    pub(super) fn children(self) -> Nodes<'i> {
        let whole = self.pair.as_span();
        let span = Span::new(self.offset(whole.start()), self.offset(whole.end()));
        Nodes { base: self.base, span, pairs: self.pair.into_inner().peekable() }
    }
}

/// Where `pair` really ends: where its last leaf does.
fn end_of(pair: Pair<'_, Rule>) -> usize {
    let end = pair.as_span().end();
    // These are compound-atomic: nothing is skipped in them, and a path ends in a bare `]`.
    if matches!(pair.as_rule(), Rule::path | Rule::action) {
        return end;
    }
    let last = pair.into_inner().rev().find(|child| !matches!(child.as_rule(), Rule::end | Rule::pair_end));
    last.map_or(end, end_of)
}

/// The children of a node, from first to last.
pub(super) struct Nodes<'i> {
    pairs: Peekable<Pairs<'i, Rule>>,
    base: u32,
    /// What the parent matched, skipped blanks included.
    span: Span,
}

impl<'i> Nodes<'i> {
    /// The next child, if it is a `rule`; what only holds the text together is passed over.
    pub(super) fn next_if(&mut self, rule: Rule) -> Option<Node<'i>> {
        while let Some(pair) = self.pairs.next_if(|pair| pair.as_rule() == rule || is_glue(pair.as_rule())) {
            if pair.as_rule() == rule {
                return Some(Node::new(pair, self.base));
            }
        }
        None
    }

    /// The next child, which the grammar says is a `rule`.
    pub(super) fn need(&mut self, rule: Rule) -> Result<Node<'i>, SyntaxError> {
        self.next_if(rule).ok_or_else(|| disagree(self.span))
    }

    /// The next child, whatever it is, if there is one.
    pub(super) fn next_any(&mut self) -> Option<Node<'i>> {
        let base = self.base;
        self.pairs.by_ref().find(|pair| !is_glue(pair.as_rule())).map(|pair| Node::new(pair, base))
    }

    /// The next child, whatever it is, which the grammar says is there.
    pub(super) fn any(&mut self) -> Result<Node<'i>, SyntaxError> {
        self.next_any().ok_or_else(|| disagree(self.span))
    }

    /// All children of this `rule` that follow, each read by `read`.
    pub(super) fn all<T>(
        &mut self,
        rule: Rule,
        mut read: impl FnMut(Node<'i>) -> Result<T, SyntaxError>,
    ) -> Result<Vec<T>, SyntaxError> {
        let Some(first) = self.next_if(rule) else { return Ok(Vec::new()) };
        // Most lists have one member, and a `Vec` that grows by itself begins with room for four.
        let mut found = Vec::with_capacity(1);
        found.push(read(first)?);
        while let Some(node) = self.next_if(rule) {
            found.push(read(node)?);
        }
        Ok(found)
    }

    /// The `///` lines that follow.
    pub(super) fn docs(&mut self) -> Vec<Doc> {
        let mut docs = Vec::new();
        while let Some(node) = self.next_if(Rule::doc) {
            docs.push(doc(&node));
        }
        docs
    }

    /// The identifier that follows, whichever kind of word the grammar calls it.
    pub(super) fn ident(&mut self) -> Result<Ident, SyntaxError> {
        self.need(Rule::ident).map(|node| ident(&node))
    }
}

/// A word of any kind, with or without back-quotes.
pub(super) fn ident(node: &Node<'_>) -> Ident {
    let written = node.text();
    let inside = written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    Ident { text: inside.unwrap_or(written).to_owned(), quoted: inside.is_some(), loc: node.loc() }
}

pub(super) fn doc(node: &Node<'_>) -> Doc {
    let written = node.text().trim_end();
    let text = written.strip_prefix("///").unwrap_or(written);
    let text = text.strip_prefix(' ').unwrap_or(text);
    let start = node.loc().0.start;
    let end = start.saturating_add(u32::try_from(written.len()).unwrap_or(u32::MAX));
    Doc { text: text.to_owned(), loc: Loc(Span::new(start, end)) }
}

/// The grammar matched what the tree builder does not know: a mistake in this crate, which must
/// not become a panic in its users.
pub(super) fn disagree(span: Span) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::Unexpected,
        span,
        "found text that the grammar reads and the tree cannot hold",
        "a mistake in wpc, not in the policy",
    )
}

/// Whether a rule only holds the text together, so that the tree does not ask for it.
fn is_glue(rule: Rule) -> bool {
    (Rule::lbrace..=Rule::kw_within).contains(&rule) || matches!(rule, Rule::end | Rule::pair_end)
}
