//! Entries of tool lists: names and patterns of which `*` is the one wildcard, compared without regard to case.

use crate::names::folded;

/// Other names of OpenClaw's own tools.
const ALIASES: &[(&str, &str)] = &[("bash", "exec"), ("apply-patch", "apply_patch"), ("cron", "automations")];

/// An entry or a tool's name as it is compared.
pub(crate) fn normal(name: &str) -> String {
    let folded = folded(name);
    match ALIASES.iter().find(|(alias, _)| *alias == folded) {
        Some((_, name)) => (*name).to_owned(),
        None => folded,
    }
}

/// Whether `pattern` stands for more than one name.
pub(crate) fn is_glob(pattern: &str) -> bool {
    pattern.contains('*')
}

/// Whether `pattern` matches `name`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    reach(pattern, name).last().copied().unwrap_or(false)
}

/// Whether `pattern` matches some name that begins with `prefix`.
pub(crate) fn may_match(pattern: &str, prefix: &str) -> bool {
    // Wherever in the pattern the prefix leaves off, the rest of it is matched by itself.
    reach(pattern, prefix).iter().any(|reached| *reached)
}

/// Whether `pattern` matches every name that begins with `prefix`.
pub(crate) fn covers(pattern: &str, prefix: &str) -> bool {
    pattern.ends_with('*') && matches(pattern, prefix)
}

/// After how many characters of `pattern` all of `text` can have been matched.
fn reach(pattern: &str, text: &str) -> Vec<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut now = vec![false; pattern.len().saturating_add(1)];
    if let Some(first) = now.first_mut() {
        *first = true;
    }
    skip_stars(&pattern, &mut now);
    for c in text.chars() {
        let mut next = vec![false; now.len()];
        for ((at, reached), expected) in now.iter().enumerate().zip(&pattern) {
            let to = if *expected == '*' {
                at
            } else if *expected == c {
                at.saturating_add(1)
            } else {
                continue;
            };
            if *reached && let Some(place) = next.get_mut(to) {
                *place = true;
            }
        }
        skip_stars(&pattern, &mut next);
        now = next;
    }
    now
}

fn skip_stars(pattern: &[char], reached: &mut [bool]) {
    let mut before = false;
    let stars = std::iter::once(false).chain(pattern.iter().map(|c| *c == '*'));
    for (place, after_star) in reached.iter_mut().zip(stars) {
        *place |= before && after_star;
        before = *place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        for (pattern, name, expect) in [
            ("*", "", true),
            ("bus__*", "bus__send", true),
            ("bus__*", "bus__", true),
            ("*send", "bus__send", true),
            ("b*s*d", "bus__send", true),
            ("b.s__send", "bus__send", false),
            ("bus__sen?", "bus__send", false),
            ("bus", "bus__send", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        }
    }

    #[test]
    fn names_that_are_not_known_are_met_by_their_prefix() {
        for (pattern, prefix, some, all) in [
            ("*", "bus__", true, true),
            ("bus__*", "bus__", true, true),
            ("bu*", "bus__", true, true),
            ("bus__send", "bus__", true, false),
            ("bus__s*", "bus__", true, false),
            ("*send", "bus__", true, false),
            ("mail__*", "bus__", false, false),
            ("bus", "bus__", false, false),
        ] {
            assert_eq!(
                (may_match(pattern, prefix), covers(pattern, prefix)),
                (some, all),
                "{pattern} {prefix}"
            );
        }
    }

    #[test]
    fn aliases_and_case_are_one_name() {
        assert_eq!(normal(" Bash "), "exec");
        assert_eq!(normal("CRON"), "automations");
        assert_eq!(normal("Bus__Send"), "bus__send");
    }
}
