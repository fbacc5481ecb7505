//! The language's patterns as regular expressions of JSON Schema (ECMA-262), anchored at both ends.
//!
//! JSON Schema draft 2020-12 section 6.3.3: a `pattern` is searched for, not matched, and `.` there
//! excludes newlines. Only what all engines read alike is written: `[\s\S]` for any character, `\` before
//! a character only where it has a meaning of its own.

/// Any character. Some engines count UTF-16 units, of which a character may have two.
const ANY: &str = r"[\s\S]";
/// One character, in either way of counting.
const ONE: &str = r"[\s\S]{1,2}";

/// A `like` pattern.
pub(crate) fn of_like(pattern: &str) -> String {
    let mut out = String::from("^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => {
                out.push_str(ANY);
                out.push('*');
            }
            '?' => out.push_str(ONE),
            '\\' => literal(&mut out, characters.next().unwrap_or('\\')),
            other => literal(&mut out, other),
        }
    }
    out.push('$');
    out
}

/// A `matches` pattern ([`wpc_model::check_regex`]).
pub(crate) fn of_matches(pattern: &str) -> String {
    let mut out = String::from("^(?:");
    let (mut characters, mut in_class) = (pattern.chars(), false);
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(named @ ('n' | 'r' | 't')) => out.extend(['\\', named]),
                Some(escaped) if in_class => class_literal(&mut out, escaped),
                Some(escaped) => literal(&mut out, escaped),
                None => {}
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '.' if !in_class => out.push_str(ONE_IN_GROUP),
            other => out.push(other),
        }
    }
    out.push_str(")$");
    out
}

/// One character, where a repetition may follow.
const ONE_IN_GROUP: &str = r"(?:[\s\S]{1,2})";

/// One of these paths, or below one.
pub(crate) fn of_under_path<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let each = paths.map(|path| {
        let mut out = String::new();
        literals(&mut out, path.trim_end_matches('/'));
        out
    });
    format!("^(?:{})(?:/{ANY}*)?$", each.collect::<Vec<_>>().join("|"))
}

/// One of these hosts, or a subdomain of one.
pub(crate) fn of_under_domain<'a>(hosts: impl Iterator<Item = &'a str>) -> String {
    format!("^(?:{ANY}*\\.)?(?:{})$", any_of(hosts))
}

/// An e-mail address in one of these domains.
pub(crate) fn of_email_domain<'a>(hosts: impl Iterator<Item = &'a str>) -> String {
    format!("^{ANY}*@(?:{})$", any_of(hosts))
}

fn any_of<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let each = texts.map(|text| {
        let mut out = String::new();
        literals(&mut out, text);
        out
    });
    each.collect::<Vec<_>>().join("|")
}

fn literals(out: &mut String, text: &str) {
    text.chars().for_each(|character| literal(out, character));
}

fn literal(out: &mut String, character: char) {
    if matches!(character, '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/')
    {
        out.push('\\');
    }
    out.push(character);
}

fn class_literal(out: &mut String, character: char) {
    if matches!(character, '\\' | ']' | '[' | '^' | '-') {
        out.push('\\');
    }
    out.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_that_every_engine_reads_alike() {
        assert_eq!(of_like(r"orders-*.v?\*"), r"^orders-[\s\S]*\.v[\s\S]{1,2}\*$");
        assert_eq!(of_matches(r"v[0-9]+(\.[a\-z]{1,2})*"), r"^(?:v[0-9]+(\.[a\-z]{1,2})*)$");
        assert_eq!(of_matches(r"a.b"), r"^(?:a(?:[\s\S]{1,2})b)$");
        assert_eq!(of_under_path(["/srv/a", "/"].into_iter()), r"^(?:\/srv\/a|)(?:/[\s\S]*)?$");
        assert_eq!(of_under_domain(["example.com"].into_iter()), r"^(?:[\s\S]*\.)?(?:example\.com)$");
        assert_eq!(of_email_domain(["a.b"].into_iter()), r"^[\s\S]*@(?:a\.b)$");
    }
}
