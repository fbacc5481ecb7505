//! Why the text cannot be read: what was found, what could stand there, and what was meant.

use super::expected::Expected;
use super::found::{Found, Place};
use super::meant::ENTRY_WORDS;
use super::{Rule, meant};
use crate::literal::RESERVED;
use crate::syntax::Comment;
use crate::{Span, SyntaxError, SyntaxErrorKind};

/// A place where reading stopped, and everything that explains it.
pub(super) struct Failure<'i> {
    place: Place<'i>,
    comments: &'i [Comment],
    found: Found<'i>,
    expected: Expected,
}

impl<'i> Failure<'i> {
    pub(super) fn new(text: &'i str, comments: &'i [Comment], at: usize, rules: &[Rule]) -> Self {
        let place = Place::new(text, at);
        let found = place.found(comments);
        Self { place, comments, found, expected: Expected::new(rules) }
    }

    pub(super) fn explain(&self) -> SyntaxError {
        // The more particular before the more general.
        let explanations: [fn(&Self) -> Option<SyntaxError>; 14] = [
            Self::doc,
            Self::number,
            Self::operator,
            Self::connective,
            Self::brace_below,
            Self::stray_comma_before,
            Self::broken_line,
            Self::separator,
            Self::sign,
            Self::misplaced,
            Self::reserved,
            Self::bare_conditions,
            Self::word,
            Self::line_end,
        ];
        let found = explanations.iter().find_map(|explain| explain(self));
        found.unwrap_or_else(|| self.error(SyntaxErrorKind::Unexpected))
    }

    /// The plain truth, to which an explanation adds its help.
    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        let expected = self.expected.in_words();
        SyntaxError::new(
            kind,
            self.found.span,
            format!("found {}, expected {expected}", self.found.shown),
            format!("expected {expected}"),
        )
    }

    /// A `///` that belongs to nothing.
    fn doc(&self) -> Option<SyntaxError> {
        let help = "write `//`, or move it to what it documents: an item, an entry, a part or a field";
        if self.found.sign == "///" {
            return Some(
                SyntaxError::new(
                    SyntaxErrorKind::Doc,
                    self.found.span,
                    "found a `///` line where nothing takes documentation",
                    "documents nothing",
                )
                .help(help),
            );
        }
        let at = self.place.doc_above()?;
        let ends = matches!(self.found.sign, "}" | ")") || self.place.after().is_empty();
        ends.then(|| {
            SyntaxError::new(
                SyntaxErrorKind::Doc,
                at,
                format!("found {} after a `///` line, expected what it documents", self.found.shown),
                "documents nothing",
            )
            .help(help)
        })
    }

    /// `1e5`, `.5`, `1.`, `1__0`.
    fn number(&self) -> Option<SyntaxError> {
        let (written, span) = match self.place.glued_number() {
            Some(glued) if self.found.span.start < glued.1.end => glued,
            _ if self.found.sign.starts_with(|first: char| first.is_ascii_digit() || first == '.') => {
                (self.found.sign, self.found.span)
            }
            _ => return None,
        };
        let help = if written.starts_with('.') {
            format!("write `0{written}`")
        } else if written.ends_with('.') {
            format!("write `{}`", written.trim_end_matches('.'))
        } else if written.contains(['e', 'E']) && !written.contains('_') {
            "write all digits, such as `100_000`; there are no exponents".to_owned()
        } else if written.contains('_') || written.matches('.').count() > 1 {
            "write digits with at most one point, such as `10_000.50`, or text in double quotes".to_owned()
        } else {
            return None;
        };
        Some(
            SyntaxError::new(
                SyntaxErrorKind::Number,
                span,
                format!("found `{written}`, expected a number"),
                "not a number",
            )
            .help(help),
        )
    }

    /// `=<`, `=`, `contains` and the like where a test stands; `:` and `=` for one another.
    fn operator(&self) -> Option<SyntaxError> {
        let sign = self.found.sign;
        let help = if self.expected.has(Rule::check) || self.expected.has(Rule::constraint_operator) {
            format!("write `{}`", meant::operator(sign)?)
        } else if self.expected.has(Rule::equals) && matches!(sign, "==" | ":" | ":=") {
            "write `=`".to_owned()
        } else if self.expected.has(Rule::colon) && matches!(sign, "=" | "==" | "=>") {
            match self.place.last_words() {
                ("param", name) => format!("write the type: `param {name}: TYPE = …`"),
                _ => "write `:`".to_owned(),
            }
        } else if self.expected.has(Rule::equal) && matches!(sign, "=" | "===") {
            "write `==`".to_owned()
        } else if self.takes_values() && matches!(sign, "=" | ":") {
            format!("remove the `{sign}`; a setting's value follows its name")
        } else {
            return None;
        };
        Some(self.error(SyntaxErrorKind::Operator).help(help))
    }

    /// The values of a setting may stand here.
    fn takes_values(&self) -> bool {
        self.expected.has_any(&[Rule::value, Rule::group]) && self.expected.has(Rule::end)
    }

    /// A condition or a block of them may stand here.
    fn takes_conditions(&self) -> bool {
        self.expected.has_any(&[Rule::condition, Rule::conditions, Rule::conditions_block])
    }

    /// `and`, `or`, `not` as other languages use them.
    fn connective(&self) -> Option<SyntaxError> {
        let help = match self.found.sign.to_ascii_lowercase().as_str() {
            "and" | "&&" | "&" if self.expected.has(Rule::comma) => "write `,` between the members of a list",
            "and" | "&&" | "&" => "write each condition on its own line; all of them must hold",
            "or" | "||" | "|" => "write one rule for each alternative",
            "not" | "!" if self.takes_conditions() || self.expected.has(Rule::check) => {
                "negate the test instead: `!=`, `not in`, `lacks` or `is absent`"
            }
            _ => return None,
        };
        let ends = self.takes_conditions() || self.expected.has_any(&[Rule::end, Rule::check]);
        ends.then(|| self.error(SyntaxErrorKind::Connective).help(help))
    }

    /// A `{` that begins the next line.
    fn brace_below(&self) -> Option<SyntaxError> {
        let brace = self.place.brace_below()?;
        let waits = self.expected.has(Rule::lbrace) && self.found.sign.is_empty();
        let names_block = self.expected.begins_line() && !self.found.sign.is_empty();
        (waits || names_block).then(|| {
            SyntaxError::new(
                SyntaxErrorKind::Separator,
                self.found.span,
                format!("found a line break after {}, expected `{{`", self.opener()),
                "expected `{` on this line",
            )
            .also(brace, "it stands here")
            .help("move the `{` up")
        })
    }

    fn opener(&self) -> String {
        if self.found.sign.is_empty() {
            format!("`{}`", self.place.last_words().1)
        } else {
            self.found.shown.clone()
        }
    }

    /// `allow send, to …`: a `,` before something that ends a list.
    fn stray_comma_before(&self) -> Option<SyntaxError> {
        let (last, span) = self.place.last_sign(self.comments)?;
        let ends_list = matches!(self.found.sign, "" | "}" | ";" | "{") || meant::goes_on(self.found.sign);
        (last == ',' && ends_list).then(|| {
            self.error(SyntaxErrorKind::Separator)
                .also(span, "the list goes on after this `,`")
                .help("remove the `,`, or write what follows it")
        })
    }

    /// A line that begins with what belongs to the line above.
    fn broken_line(&self) -> Option<SyntaxError> {
        let sign = self.found.sign;
        if !self.expected.begins_line() || !(meant::goes_on(sign) || matches!(sign, "{" | "," | "=")) {
            return None;
        }
        let (last, span) = self.place.last_sign(self.comments)?;
        let error = self.error(SyntaxErrorKind::Separator);
        if last == ';' {
            Some(error.also(span, "this ends the statement").help("remove the `;`"))
        } else if self.place.begins_line() && !matches!(last, '{' | '}') {
            Some(
                error
                    .also(Span::new(span.end, span.end), "the statement ended here")
                    .help(format!("move `{sign}` to the end of the line above")),
            )
        } else {
            None
        }
    }

    /// A `;` or `,` too many, or one for the other.
    fn separator(&self) -> Option<SyntaxError> {
        let in_list = self.expected.has_any(&[Rule::rsquare, Rule::rparen]);
        let comma = self.expected.has(Rule::comma);
        let help = match self.found.sign {
            ";" if in_list && comma => "separate the members of a list by `,`",
            ";" => "remove the `;`",
            "," if self.expected.has(Rule::end) => "separate them by `;` or a line break",
            "," => "remove the `,`",
            word if self.expected.has(Rule::end) && meant::begins_line(word) => {
                "begin a new line, or write `;` before it"
            }
            _ => return None,
        };
        Some(self.error(SyntaxErrorKind::Separator).help(help))
    }

    /// Signs that other languages have.
    fn sign(&self) -> Option<SyntaxError> {
        let sign = self.found.sign;
        let help = match sign {
            _ if sign.starts_with('@') => "write `@label(\"…\")`, the only annotation there is",
            "$" if self.expected.has(Rule::value) => "write the parameter's name without `$`",
            "+" if self.expected.has(Rule::value) => "write the number without `+`",
            "*" if self.expected.has_any(&[Rule::act, Rule::action, Rule::actions]) => {
                "name the actions; only `deny` takes `any`"
            }
            "*" if self.expected.has_any(&[Rule::resource, Rule::required_resource, Rule::slot]) => {
                "write `any`, or a pattern such as `queue(like \"orders-*\")`"
            }
            _ => return None,
        };
        Some(self.error(SyntaxErrorKind::Unexpected).help(help))
    }

    /// A known word in the wrong block.
    fn misplaced(&self) -> Option<SyntaxError> {
        let word = self.found.sign;
        let entry = ENTRY_WORDS.contains(&word);
        let help = if self.expected.has_any(&[Rule::file_line, Rule::item, Rule::item_body]) && entry {
            format!("put `{word}` inside `policy NAME {{ … }}`")
        } else if self.expected.has_any(&[Rule::rule_line, Rule::rule_entry, Rule::rule_body]) && entry {
            format!("put `{word}` inside the policy, outside this block")
        } else if self.expected.begins_line() && matches!(word, "policy" | "rules" | "use") {
            format!("put `{word}` at the top level of the file, outside all braces")
        } else if word == "at" && self.expected.has(Rule::lbrace) {
            "bind a tool inside a policy; at the top level `tool` describes one".to_owned()
        } else if word == "when" && self.expected.has(Rule::conditions) {
            "remove `when`; `require` takes its conditions directly".to_owned()
        } else if word == "any" && self.expected.has_any(&[Rule::act, Rule::actions]) {
            "name the actions; only `deny` takes `any`".to_owned()
        } else {
            return None;
        };
        Some(self.error(SyntaxErrorKind::Unexpected).help(help))
    }

    /// A reserved word where a name stands.
    fn reserved(&self) -> Option<SyntaxError> {
        let word = self.found.sign;
        (RESERVED.contains(&word) && self.expected.name()).then(|| {
            self.error(SyntaxErrorKind::Word)
                .help(format!("write `{word}` between back-quotes to use it as a name"))
        })
    }

    /// `when x == 1` without braces.
    fn bare_conditions(&self) -> Option<SyntaxError> {
        let tested = meant::is_test(self.found.sign);
        let before = self.place.before().trim_end();
        let subject = before.trim_end_matches(|char: char| !char.is_whitespace());
        let after_when = subject.trim_end().ends_with("when");
        (tested && after_when && self.expected.has(Rule::end)).then(|| {
            self.error(SyntaxErrorKind::Unexpected).help("put the conditions in braces: `when { … }`")
        })
    }

    /// A misspelt word, or another language's.
    fn word(&self) -> Option<SyntaxError> {
        let word = self.found.sign;
        if !word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '@') {
            return None;
        }
        let meant = meant::keyword(word, &self.expected.vocabulary())?;
        Some(self.error(SyntaxErrorKind::Word).help(format!("did you mean `{meant}`?")))
    }

    /// A statement that goes on where its line ends.
    fn line_end(&self) -> Option<SyntaxError> {
        (self.found.sign.is_empty() && !self.expected.has(Rule::end)).then(|| {
            self.error(SyntaxErrorKind::Unexpected)
                .help("finish this line first; only a list goes on after its `,`")
        })
    }
}
