//! A reader of one closed schema in canonical JSON: what is fixed is compared, what varies is given out as
//! the bytes that it is.
//!
//! Nothing is parsed into a tree, so a bundle needs no memory beside its own bytes here, and a member that
//! is missing, repeated, unknown or in another place ends the reading.

use serde_json::value::RawValue;
use wpc_model::canon::{Compare, Writer};
use wpc_model::{Hash, MAX_INTEGER};

use super::code::Code;

/// What is left to read.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Exactly this text.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), Code> {
        if self.skips(text) { Ok(()) } else { Err(self.wrong()) }
    }

    /// Whether this text came, and was skipped.
    pub(super) fn skips(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// One value of whatever kind, as it is written. Only whoever decodes it knows whether it is
    /// canonical.
    pub(super) fn raw(&mut self) -> Result<&'a str, Code> {
        if self.rest.starts_with([' ', '\t', '\n', '\r']) {
            return Err(Code::NotCanonical);
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<&RawValue>();
        let Some(Ok(value)) = values.next() else { return Err(Code::Malformed) };
        let text = value.get();
        self.rest = self.rest.strip_prefix(text).ok_or(Code::Malformed)?;
        Ok(text)
    }

    /// A string.
    pub(super) fn text(&mut self) -> Result<String, Code> {
        let raw = self.raw()?;
        let text: String = serde_json::from_str(raw).map_err(|_| Code::Malformed)?;
        let mut compare = Compare::new(raw.as_bytes());
        Writer::new(&mut compare).text(&text);
        if compare.difference().is_some() { Err(Code::NotCanonical) } else { Ok(text) }
    }

    /// A whole number that is not negative.
    pub(super) fn number(&mut self) -> Result<u64, Code> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).ok_or(Code::Malformed)?;
        let number: u64 = digits.parse().map_err(|_| self.wrong())?;
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(Code::NotCanonical);
        }
        self.rest = rest;
        if number > MAX_INTEGER.unsigned_abs() { Err(Code::Malformed) } else { Ok(number) }
    }

    /// A hash.
    pub(super) fn hash(&mut self) -> Result<Hash, Code> {
        Hash::from_text(&self.text()?).ok_or(Code::Malformed)
    }

    /// An array of at most `most` items.
    pub(super) fn list<T>(
        &mut self,
        most: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, Code>,
    ) -> Result<Vec<T>, Code> {
        self.expect("[")?;
        let mut items = Vec::new();
        if self.skips("]") {
            return Ok(items);
        }
        loop {
            if items.len() >= most {
                return Err(Code::TooLarge);
            }
            items.push(item(self)?);
            if self.skips("]") {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }

    /// Nothing follows.
    pub(super) fn end(&self) -> Result<(), Code> {
        if self.rest.is_empty() { Ok(()) } else { Err(Code::NotCanonical) }
    }

    /// White space is another spelling; anything else is another thing.
    fn wrong(&self) -> Code {
        if self.rest.starts_with([' ', '\t', '\n', '\r']) { Code::NotCanonical } else { Code::Malformed }
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::bundle::Code;

    #[test]
    fn every_value_has_one_spelling() {
        let text = |text: &str| Cursor::new(text).text();
        assert_eq!(text("\"a\\n\u{20ac}\""), Ok("a\n\u{20ac}".to_owned()));
        for other in ["\"\\u0061\"", "\"\\/\"", " \"a\""] {
            assert_eq!(text(other), Err(Code::NotCanonical), "{other}");
        }
        for other in ["", "1", "\"a", "null", "\"\\ud800\""] {
            assert_eq!(text(other), Err(Code::Malformed), "{other}");
        }
        let number = |text: &str| Cursor::new(text).number();
        assert_eq!((number("0"), number("17,")), (Ok(0), Ok(17)));
        for other in ["", "-1", "x", "9007199254740992", "99999999999999999999"] {
            assert_eq!(number(other), Err(Code::Malformed), "{other}");
        }
        assert_eq!((number("01"), number(" 1")), (Err(Code::NotCanonical), Err(Code::NotCanonical)));
    }

    #[test]
    fn lists_are_bounded_and_values_end_where_they_end() {
        let list = |text: &'static str, most| {
            let mut from = Cursor::new(text);
            let items = from.list(most, Cursor::raw)?;
            from.end().map(|()| items)
        };
        assert_eq!(list("[]", 0), Ok(vec![]));
        assert_eq!(list("[{\"a\":[1]},\"b\",2]", 3), Ok(vec!["{\"a\":[1]}", "\"b\"", "2"]));
        assert_eq!(list("[1,2]", 1), Err(Code::TooLarge));
        for other in ["[1 ,2]", "[1, 2]", "[ 1]", "[1] "] {
            assert_eq!(list(other, 3), Err(Code::NotCanonical), "{other}");
        }
        for other in ["[1", "[1,]", "[,1]", "1", "[1;2]"] {
            assert_eq!(list(other, 3), Err(Code::Malformed), "{other}");
        }
    }
}
