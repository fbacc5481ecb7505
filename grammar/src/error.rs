//! What is wrong with a text that is not a policy file.

use std::fmt;

use crate::Span;

/// What kind of mistake a [`SyntaxError`] is; each has its own page in `wpc explain`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// More than [`MAX_SOURCE_BYTES`](crate::MAX_SOURCE_BYTES).
    TooLong,
    /// Deeper than [`MAX_NESTING`](crate::MAX_NESTING).
    TooDeep,
    /// A control, bidirectional or invisible character.
    HiddenCharacter,
    /// A character that no policy uses outside strings and comments: non-ASCII, `#`, `'`, `/*`.
    ForeignCharacter,
    /// A `{`, `[`, `(`, `"` or back-quote without its partner.
    Unclosed,
    /// A `}`, `]` or `)` without its partner.
    Unopened,
    /// A `\` in a string that begins no escape.
    Escape,
    /// A number written as no number is written here.
    Number,
    /// A word that is misspelt, or another language's word.
    Word,
    /// An operator that is misspelt, or another language's operator.
    Operator,
    /// `and`, `or`, `not`, `&&`, `||`, `!` between conditions.
    Connective,
    /// A stray `;` or `,`, or a line broken where it may not be.
    Separator,
    /// A `///` that documents nothing.
    Doc,
    /// Anything else that cannot stand where it stands.
    Unexpected,
}

/// The first thing in a text that cannot be read.
///
/// Data only: `message` is one line, lower-case, without a full stop; `label` says what is wrong
/// at `span`; `also` is a second place that explains it; `help` is one imperative sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SyntaxError {
    /// What kind of mistake it is.
    pub kind: SyntaxErrorKind,
    /// The sentence: what was found, then what was expected.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to write under `span`.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// A second place, and what to write under it.
    pub also: Option<(Span, String)>,
}

impl SyntaxError {
    /// The same of a text that begins `by` later.
    #[must_use]
    pub(crate) fn moved(mut self, by: u32) -> Self {
        self.span = self.span.moved(by);
        self.also = self.also.map(|(span, label)| (span.moved(by), label));
        self
    }

    pub(crate) fn new(
        kind: SyntaxErrorKind,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self { kind, message: line(message), span, label: line(label), help: None, also: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(line(help));
        self
    }

    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also = Some((span, line(label)));
        self
    }
}

/// What is quoted from a text may hold a tab, the one control character that a text may have: it must
/// not reach a terminal.
fn line(text: impl Into<String>) -> String {
    let text = text.into();
    if text.contains('\t') { text.replace('\t', " ") } else { text }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}
