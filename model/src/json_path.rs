//! The paths by which a policy names parts of a request to a model: a subset of RFC 9535 whose every
//! path can be followed in one pass, without filters, indices or slices.

use std::fmt;

use crate::NameError;

/// Most steps of a path.
pub const MAX_PATH_STEPS: usize = 32;

/// `$.messages[*].content`: a non-empty path from the root of a JSON document.
///
/// Positions in arrays cannot be named, as what stands at one of them may stand at another tomorrow.
///
/// ```
/// use wpc_model::JsonPath;
/// let path = JsonPath::parse("$.messages[*]['content']").unwrap();
/// assert_eq!(path.to_string(), "$.messages[*].content");
/// assert!(JsonPath::parse("$.messages[0]").is_err());
/// assert!(JsonPath::parse("$").is_err());
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct JsonPath(Vec<JsonStep>);

/// One step of a [`JsonPath`].
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum JsonStep {
    /// `.name` or `["name"]`: the member of an object.
    Member(String),
    /// `..name`: members of that name, at any depth.
    Anywhere(String),
    /// `[*]` or `.*`: every item of an array, every member of an object.
    Every,
}

impl JsonPath {
    /// Reads a path: `.name`, `["name"]`, `['name']`, `[*]`, `.*` and `..name` after `$`.
    ///
    /// # Errors
    ///
    /// [`NameError`] only if it is another kind of path, has no step, or has more than
    /// [`MAX_PATH_STEPS`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut rest = text.strip_prefix('$').ok_or(NameError::Form("does not begin with `$`"))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() == MAX_PATH_STEPS {
                return Err(NameError::Form("has more than 32 steps"));
            }
            let (step, after) = step(rest)?;
            steps.push(step);
            rest = after;
        }
        if steps.is_empty() { Err(NameError::Form("names the whole document")) } else { Ok(Self(steps)) }
    }

    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[JsonStep] {
        &self.0
    }
}

/// The first step of `text`, and what follows it.
fn step(text: &str) -> Result<(JsonStep, &str), NameError> {
    if let Some(rest) = text.strip_prefix("[*]").or_else(|| text.strip_prefix(".*")) {
        return Ok((JsonStep::Every, rest));
    }
    if let Some(rest) = text.strip_prefix("..") {
        let (name, rest) = word(rest)?;
        return Ok((JsonStep::Anywhere(name.to_owned()), rest));
    }
    if let Some(rest) = text.strip_prefix('.') {
        let (name, rest) = word(rest)?;
        return Ok((JsonStep::Member(name.to_owned()), rest));
    }
    let Some(quoted) = text.strip_prefix('[') else {
        return Err(NameError::Form("has something other than `.name`, `[\"name\"]`, `[*]` or `..name`"));
    };
    for quote in ['"', '\''] {
        if let Some(inside) = quoted.strip_prefix(quote) {
            let (name, rest) =
                inside.split_once(quote).ok_or(NameError::Form("has a quote that is never closed"))?;
            let rest = rest.strip_prefix(']').ok_or(NameError::Form("has a `[` that is never closed"))?;
            return match name.chars().find(|&c| !is_plain(c)) {
                Some(found) => Err(NameError::Character(found)),
                None if name.is_empty() => Err(NameError::Form("has an empty name")),
                None => Ok((JsonStep::Member(name.to_owned()), rest)),
            };
        }
    }
    Err(NameError::Form("has an index, a slice or a filter, which are not supported"))
}

/// What needs no escape between either kind of quotes.
fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '"' | '\'' | '\\')
}

/// The word that `text` begins with.
fn word(text: &str) -> Result<(&str, &str), NameError> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if is_word(word) { Ok((word, rest)) } else { Err(NameError::Form("has a `.` without a name after it")) }
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            match step {
                JsonStep::Member(name) if is_word(name) => write!(f, ".{name}")?,
                JsonStep::Member(name) => write!(f, "[\"{name}\"]")?,
                JsonStep::Anywhere(name) => write!(f, "..{name}")?,
                JsonStep::Every => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            let path = JsonPath::parse(text).unwrap();
            assert_eq!(path.to_string(), expect);
            assert_eq!(JsonPath::parse(expect).unwrap(), path);
        }
        check("$.a", "$.a");
        check("$['a']", "$.a");
        check("$[\"a b\"].c", "$[\"a b\"].c");
        check("$.*", "$[*]");
        check("$..email[*]", "$..email[*]");
        check("$[\"]\"]", "$[\"]\"]");
    }

    #[test]
    fn what_is_not_in_the_subset_is_refused() {
        let refused = [
            "",
            "a",
            "$",
            "$.",
            "$..",
            "$a",
            "$[0]",
            "$[1:2]",
            "$[?(@.a)]",
            "$.a[",
            "$['a",
            "$['a'",
            "$['']",
            "$[\"a\\\"\"]",
            "$.1",
            "$..*",
            "$.a b",
            "$.\u{e9}",
            "$['\n']",
        ];
        for text in refused {
            assert!(JsonPath::parse(text).is_err(), "{text:?}");
        }
        assert!(JsonPath::parse(&format!("${}", ".a".repeat(MAX_PATH_STEPS))).is_ok());
        assert!(JsonPath::parse(&format!("${}", ".a".repeat(MAX_PATH_STEPS + 1))).is_err());
    }
}
