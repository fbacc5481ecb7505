//! Text to tree. Only this module and its children know the grammar's rules.
//!
//! The file is read piece by piece, see `wpc.pest`: pest sees one statement at a time, so its
//! memory does not grow with the file, and the three loops here put the pieces together. Rules of the
//! commonest form never come to pest: see `quick.rs`.

mod conditions;
mod expected;
mod explain;
mod found;
mod interfaces;
mod items;
mod meant;
mod node;
mod quick;
mod statements;
mod steps;
mod values;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use crate::scan::{scan, without_mark};
use crate::syntax::{Comment, Doc, File};
use crate::{Loc, Source, Span, SyntaxError, limits};
use explain::Failure;
use node::Node;

// The derive makes `Rule` public; the module keeps it inside the crate.
mod grammar {
    /// The generated parser.
    #[derive(Debug, pest_derive::Parser)]
    #[grammar = "../wpc.pest"]
    pub(in crate::parser) struct Grammar;
}

use grammar::{Grammar, Rule};

/// Reads one policy file.
///
/// # Errors
///
/// The first thing that cannot be read: a bound that is crossed, a character that may not stand
/// in policy text, or a word that does not belong where it stands.
///
/// # Example
///
/// ```
/// use wpc_grammar::{Source, parse};
///
/// let file = parse(&Source::new("orders.wpc", "policy orders { deny any }"))?;
/// assert_eq!(file.items.len(), 1);
///
/// let wrong = parse(&Source::new("orders.wpc", "policy orders { denny any }")).unwrap_err();
/// assert_eq!(wrong.message, "found `denny`, expected a statement or `}`");
/// # Ok::<(), wpc_grammar::SyntaxError>(())
/// ```
pub fn parse(source: &Source) -> Result<File, SyntaxError> {
    let (text, base) = (source.text(), source.base());
    limits::check_length(source).map_err(|error| error.moved(base))?;
    let mut scanned = scan(text).map_err(|error| error.moved(base))?;
    let at = text.len() - without_mark(text).len();
    let items = Reader { text, at, base, comments: &scanned.comments }.items()?;
    for comment in &mut scanned.comments {
        comment.loc = Loc(comment.loc.0.moved(base));
    }
    for offset in &mut scanned.blank_lines.0 {
        *offset = offset.saturating_add(base);
    }
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    Ok(File {
        items,
        comments: scanned.comments,
        blank_lines: scanned.blank_lines,
        loc: Loc(Span::new(0, end).moved(base)),
    })
}

/// Reads pieces off the front of what is left of the text.
struct Reader<'i> {
    text: &'i str,
    at: usize,
    /// Offset of the text's first byte.
    base: u32,
    /// Of the whole text, so that the end of a line can be told from its comment.
    comments: &'i [Comment],
}

impl<'i> Reader<'i> {
    /// Reads the piece that `rule` describes.
    fn piece(&mut self, rule: Rule) -> Result<Node<'i>, SyntaxError> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let base = u32::try_from(self.at).unwrap_or(u32::MAX).saturating_add(self.base);
        let mut pairs = Grammar::parse(rule, rest).map_err(|error| self.explain(&error))?;
        let pair = pairs.next().ok_or_else(|| node::disagree(Span::new(base, base)))?;
        self.at += pair.as_span().end();
        Ok(Node::new(pair, base))
    }

    /// Reads lines until the piece that closes the block; gives its docs and its last byte.
    fn block(
        &mut self,
        line: Rule,
        mut read: impl FnMut(&mut Self, Node<'i>) -> Result<(), SyntaxError>,
    ) -> Result<(Vec<Doc>, Loc), SyntaxError> {
        loop {
            let mut children = self.piece(line)?.children();
            match children.next_if(Rule::close) {
                Some(close) => {
                    let mut inside = close.children();
                    let brace = inside.need(Rule::rbrace)?;
                    return Ok((inside.docs(), brace.loc()));
                }
                None => read(self, children.any()?)?,
            }
        }
    }
}

impl Reader<'_> {
    /// The error for the furthest place that pest came to.
    fn explain(&self, error: &Error<Rule>) -> SyntaxError {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => self.at.saturating_add(at),
        };
        let rules = match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
            ErrorVariant::CustomError { .. } => &[],
        };
        Failure::new(self.text, self.comments, at, rules).explain().moved(self.base)
    }
}
