//! What is wrong with a value, before it is known where the value stands.

use wpc_grammar::Span;

use crate::{Code, Diagnostic};

/// A problem without a place: the same value may be written in the source, named by a `let`, or
/// given on the command line.
#[derive(Debug)]
pub(crate) struct Fault {
    code: Code,
    message: String,
    label: String,
    help: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: Code, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { code, message: message.into(), label: label.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem at a place.
    pub(crate) fn at(self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, span, self.message, self.label);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}
