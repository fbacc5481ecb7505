//! `spend_cap`, the one number of the claims that may have a fraction: kept as its literal, compared and
//! hashed in the spelling of RFC 8785 section 3.2.2.3.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

/// Longest accepted literal, in bytes.
const MAX_LITERAL_BYTES: usize = 32;

/// A finite number that is not negative. Equal literals are equal; `12.5` and `12.50` are not.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Number(String);

impl Number {
    /// The literal as it was written.
    pub(super) fn literal(&self) -> &str {
        &self.0
    }

    /// As RFC 8785 spells it, which is ECMAScript's `Number::toString`.
    pub(super) fn canonical(&self) -> String {
        // `read` has shown that it parses and is finite.
        ryu_js::Buffer::new().format(self.0.parse::<f64>().unwrap_or_default()).to_owned()
    }

    /// The canonical literal of the same number.
    pub(super) fn to_canonical(&self) -> Self {
        Self(self.canonical())
    }

    /// `literal` must be a JSON number (RFC 8259 section 6).
    fn read(literal: &str) -> Option<Self> {
        let starts = literal.bytes().next().is_some_and(|byte| byte == b'-' || byte.is_ascii_digit());
        if !starts || literal.len() > MAX_LITERAL_BYTES {
            return None;
        }
        // Not serde_json's reader, which may be off by the last bit.
        let value: f64 = literal.parse().ok()?;
        (value.is_finite() && value >= 0.0).then(|| Self(literal.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(raw.get()).ok_or_else(|| D::Error::custom("not a number that is at least 0"))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        let number = serde_json::from_str::<Number>(text).ok();
        assert_eq!(number.as_ref().map(Number::canonical).as_deref(), expect, "{text}");
        if let Some(number) = number {
            assert_eq!(number.literal(), text);
            assert_eq!(number.to_canonical().to_canonical(), number.to_canonical());
        }
    }

    /// The numbers of CLAWSIG.md section 2 and of RFC 8785 appendix B.
    #[test]
    fn numbers_are_spelled_as_in_rfc_8785() {
        check("12.5", Some("12.5"));
        check("12.50", Some("12.5"));
        check("1.0", Some("1"));
        check("-0", Some("0"));
        check("1e21", Some("1e+21"));
        check("1e20", Some("100000000000000000000"));
        check("1e-7", Some("1e-7"));
        check("0.000001", Some("0.000001"));
        check("123456789012345678901234567890", Some("1.2345678901234568e+29"));
        check("9007199254740993", Some("9007199254740992"));
        check("333333333.33333329", Some("333333333.3333333"));
        check("1.7976931348623157e308", Some("1.7976931348623157e+308"));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["-1", "1e999", "\"1\"", "null", "true", "[1]", "01", "1.", ".5", "NaN", "+1", "0x1", "-1e-400x"]
        {
            check(text, None);
        }
        check("0.000000000000000000000000000000001", None);
    }
}
