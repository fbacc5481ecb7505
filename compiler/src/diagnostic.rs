//! Problems as data, drawn only at the edge.

use std::sync::Arc;

use wpc_grammar::{Span, SyntaxError, SyntaxErrorKind};

use crate::Code;
use crate::nearest::Nearest;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Nothing is compiled.
    Error,
    /// It compiles; `--deny` makes it an error. All lints are warnings.
    Warning,
    /// It compiles, and is worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning`, `note`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One problem: what, where, why, and what to do.
///
/// The message is one line, lower-case, without a full stop, policy words in back-quotes, what
/// was found before what was expected; the help is one imperative sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Which problem.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The sentence.
    pub message: String,
    /// Where, and what is wrong there.
    pub primary: (Span, String),
    /// Other places, and how each explains it.
    pub secondary: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The rule that it is about: its label, else its head.
    pub rule: Option<String>,
}

impl Diagnostic {
    /// A problem of `code` at `span`; `label` says what is wrong there. Its severity is the code's.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: (span, label.into()),
            secondary: Vec::new(),
            help: None,
            rule: None,
        }
    }

    /// Adds a place that explains the problem.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.secondary.push((span, label.into()));
        self
    }

    /// Adds such a place where there is one in this source: shipped interfaces have none.
    #[must_use]
    pub(crate) fn also_at(self, span: Option<Span>, label: impl Into<String>) -> Self {
        match span {
            Some(span) => self.also(span, label),
            None => self,
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which rule it is about.
    #[must_use]
    pub fn of_rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }
}

impl From<SyntaxError> for Diagnostic {
    fn from(error: SyntaxError) -> Self {
        let mut diagnostic = Self::error(code_of(error.kind), error.span, error.message, error.label);
        diagnostic.secondary.extend(error.also);
        diagnostic.help = error.help;
        diagnostic
    }
}

fn code_of(kind: SyntaxErrorKind) -> Code {
    match kind {
        SyntaxErrorKind::TooLong => Code::TooLong,
        SyntaxErrorKind::TooDeep => Code::TooDeep,
        SyntaxErrorKind::HiddenCharacter => Code::HiddenCharacter,
        SyntaxErrorKind::ForeignCharacter => Code::ForeignCharacter,
        SyntaxErrorKind::Unclosed => Code::Unclosed,
        SyntaxErrorKind::Unopened => Code::Unopened,
        SyntaxErrorKind::Escape => Code::Escape,
        SyntaxErrorKind::Number => Code::Number,
        SyntaxErrorKind::Word => Code::Word,
        SyntaxErrorKind::Operator => Code::Operator,
        SyntaxErrorKind::Connective => Code::Connective,
        SyntaxErrorKind::Separator => Code::Separator,
        SyntaxErrorKind::Doc => Code::Doc,
        SyntaxErrorKind::Unexpected | _ => Code::Unexpected,
    }
}

/// What problems were about before a rule was entered.
#[derive(Debug)]
pub(crate) struct Outer(Option<Arc<str>>);

/// Every problem found so far. A phase reports here and carries on, so the author sees them all
/// at once.
#[derive(Debug, Default)]
#[must_use = "problems that nobody looks at are policies that nobody checked"]
pub struct Problems {
    found: Vec<Diagnostic>,
    nearest: Nearest,
    rule: Option<Arc<str>>,
}

impl Problems {
    /// Records a problem.
    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        if diagnostic.rule.is_none() {
            diagnostic.rule = self.rule.as_deref().map(str::to_owned);
        }
        self.found.push(diagnostic);
    }

    /// From here on problems are about `rule`, until [`Problems::leave`] gets back what this returns.
    #[must_use]
    pub(crate) fn enter(&mut self, rule: &Arc<str>) -> Outer {
        Outer(self.rule.replace(Arc::clone(rule)))
    }

    /// Ends what [`Problems::enter`] began.
    pub(crate) fn leave(&mut self, outer: Outer) {
        self.rule = outer.0;
    }

    /// Adds to each problem inside `of` that `place` explains it.
    pub(crate) fn explain(&mut self, of: Span, place: Span, label: &str) {
        for diagnostic in &mut self.found {
            let known = diagnostic.secondary.iter().any(|(span, _)| *span == place);
            if of.to(diagnostic.primary.0) == of && diagnostic.primary.0 != place && !known {
                diagnostic.secondary.push((place, label.to_owned()));
            }
        }
    }

    /// How many were reported: a caller compares two counts to learn whether a part was clean.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// "did you mean" for a name that is not among `candidates`.
    pub(crate) fn nearest<'a>(
        &mut self,
        wanted: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.nearest.of(wanted, candidates).map(|near| format!("did you mean `{near}`?"))
    }

    /// Whether anything reported is an error.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    /// How many of the problems reported are errors.
    pub(crate) fn errors(&self) -> usize {
        self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count()
    }

    /// Lets `value` through to the next phase only if no error was reported, together with the
    /// warnings and notes so far.
    ///
    /// # Errors
    ///
    /// All problems, sorted by place and code, so that their order never depends on the phases'.
    pub fn gate<T>(self, value: T) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        let found = self.into_sorted();
        if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(found);
        }
        Ok((value, found))
    }

    /// All problems, sorted by place and code, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| (diagnostic.primary.0, diagnostic.code));
        // What a `let` says wrong is wrong in every rule that uses it: once is enough.
        self.found.dedup_by(|next, kept| {
            (next.primary.0, next.code, &next.message) == (kept.primary.0, kept.code, &kept.message)
        });
        self.found
    }
}
