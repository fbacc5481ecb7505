//! Words and operators of other languages, and what they are called here.

use crate::nearest::nearest;

/// What people write, and what they mean by it.
const SYNONYMS: &[(&str, &str)] = &[
    ("permit", "allow"),
    ("grant", "allow"),
    ("forbid", "deny"),
    ("block", "deny"),
    ("reject", "deny"),
    ("refuse", "deny"),
    ("prohibit", "deny"),
    ("must", "require"),
    ("demand", "require"),
    ("throttle", "limit"),
    ("restrict", "limit"),
    ("import", "use"),
    ("include", "use"),
    ("interface", "tool"),
    ("const", "let"),
    ("parameter", "param"),
    ("input", "param"),
    ("if", "when"),
    ("where", "when"),
    ("provided", "when"),
    ("at", "on"),
    ("into", "to"),
    ("over", "on"),
    ("inherits", "extends"),
    ("constructor", "resource"),
    ("struct", "record"),
    ("type", "record"),
    ("entity", "resource"),
    ("method", "action"),
    ("function", "action"),
    ("operation", "action"),
    ("returns", "result"),
    ("assert", "expect"),
    ("every", "per"),
    ("each", "per"),
    ("enum", "choice"),
];

/// Operators and words that test, in other languages.
const OPERATORS: &[(&str, &str)] = &[
    ("=", "=="),
    ("===", "=="),
    (":=", "=="),
    (":", "=="),
    ("equals", "=="),
    ("eq", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("~=", "!="),
    ("=<", "<="),
    ("=>", ">="),
    ("=~", "matches"),
    ("~", "matches"),
    ("contains", "has"),
    ("includes", "has"),
    ("include", "has"),
    ("excludes", "lacks"),
    ("exists", "is present"),
    ("present", "is present"),
    ("absent", "is absent"),
    ("missing", "is absent"),
    ("startswith", "like \"…*\""),
    ("starts_with", "like \"…*\""),
    ("startsWith", "like \"…*\""),
    ("endswith", "like \"*…\""),
    ("ends_with", "like \"*…\""),
    ("endsWith", "like \"*…\""),
];

/// Words that begin a test.
const TESTS: &[&str] = &[
    "in", "has", "lacks", "like", "is", "matches", "within", "under", "conforms", "from", "not", "==", "!=",
    "<", "<=", ">", ">=", "=", "=<", "=>", ".", "[",
];

/// Words that carry a statement on, so that no line begins with one.
const GOES_ON: &[&str] =
    &["when", "to", "from", "on", "in", "per", "of", "with", "within", "once", "as", "at", "do"];

/// What begins an entry of a policy.
pub(super) const ENTRY_WORDS: [&str; 11] =
    ["allow", "deny", "require", "limit", "separate", "before", "param", "let", "with", "tool", "test"];

/// What begins an item, a part of an interface or a step of a test, and no entry.
const LINE_WORDS: &[&str] = &[
    "policy",
    "rules",
    "use",
    "scope",
    "resource",
    "record",
    "class",
    "constraint",
    "action",
    "given",
    "call",
    "expect",
];

/// Whether `word` begins a line of some block, so that something else should have ended before it.
pub(super) fn begins_line(word: &str) -> bool {
    ENTRY_WORDS.contains(&word) || LINE_WORDS.contains(&word)
}

/// The operator that is spelt `written` elsewhere.
pub(super) fn operator(written: &str) -> Option<&'static str> {
    OPERATORS.iter().find(|(theirs, _)| *theirs == written).map(|(_, ours)| *ours)
}

/// Whether `sign` begins a test, here or elsewhere.
pub(super) fn is_test(sign: &str) -> bool {
    TESTS.contains(&sign) || operator(sign).is_some()
}

/// Whether `word` carries a statement on.
pub(super) fn goes_on(word: &str) -> bool {
    GOES_ON.contains(&word)
}

/// The word of `known` that `written` was meant to be: misspelt, or called so elsewhere.
pub(super) fn keyword<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    if let Some(near) = nearest(written, known) {
        return Some(near);
    }
    let theirs: Vec<&str> =
        SYNONYMS.iter().filter(|(_, ours)| known.contains(ours)).map(|(theirs, _)| *theirs).collect();
    let meant = nearest(written, &theirs)?;
    let ours = SYNONYMS.iter().find(|(theirs, ours)| *theirs == meant && known.contains(ours));
    ours.and_then(|(_, ours)| known.iter().find(|known| *known == ours)).copied()
}
