//! "Did you mean": the name that someone who misspelt one had in mind.

/// How far apart two names may be and still be taken for each other.
const REACH: usize = 2;
/// Longer names are not compared.
const LONGEST: usize = 64;
/// Comparisons after which nothing more is suggested: a hostile source must not buy quadratic time.
const BUDGET: usize = 500_000;

/// Finds nearest names, until its budget is spent.
#[derive(Debug)]
pub(crate) struct Nearest {
    left: usize,
}

/// The candidate that someone who wrote `wanted` had in mind, if one is near enough.
///
/// ```
/// assert_eq!(wpc_compiler::nearest("Sned", ["Send", "Receive"]), Some("Send"));
/// assert_eq!(wpc_compiler::nearest("Publish", ["Send", "Receive"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    Nearest::default().of(wanted, candidates)
}

impl Default for Nearest {
    fn default() -> Self {
        Self { left: BUDGET }
    }
}

impl Nearest {
    /// The candidate at the least edit distance from `wanted`, the first in order of names among
    /// equals; none if all are further than two edits, or than a name this short can bear.
    pub(crate) fn of<'a>(
        &mut self,
        wanted: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let wanted: Vec<char> = wanted.chars().take(LONGEST + 1).map(|c| c.to_ascii_lowercase()).collect();
        let reach = REACH.min(wanted.len().saturating_sub(1) / 2);
        let mut best: Option<(usize, &'a str)> = None;
        for candidate in candidates {
            self.left = self.left.checked_sub(1)?;
            if wanted.len() > LONGEST || candidate.len().abs_diff(wanted.len()) > 3 * REACH {
                continue;
            }
            let letters: Vec<char> = candidate.chars().map(|c| c.to_ascii_lowercase()).collect();
            let distance = distance(&wanted, &letters);
            if distance <= reach && best.is_none_or(|so_far| (distance, candidate) < so_far) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, name)| name)
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`
/// (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut a_last = None;
    for (row, &x) in (1..).zip(a) {
        let mut current = vec![row];
        let mut b_last = None;
        for (column, &y) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(x != y);
            let mut least = replaced.min(at(&above, column + 1) + 1).min(at(&current, column) + 1);
            if a_last == Some(y) && b_last == Some(x) && column > 0 {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
            b_last = Some(y);
        }
        before = std::mem::replace(&mut above, current);
        a_last = Some(x);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, candidates: &[&str], expect: Option<&str>) {
        assert_eq!(Nearest::default().of(wanted, candidates.iter().copied()), expect);
    }

    #[test]
    fn a_name_is_near_at_two_edits_and_no_further() {
        check("sned", &["send", "receive"], Some("send"));
        check("messages_byte", &["message_bytes", "messages"], Some("message_bytes"));
        check("azure_servicebus", &["azure_service_bus"], Some("azure_service_bus"));
        check("publish", &["send", "receive"], None);
    }

    #[test]
    fn a_short_name_needs_a_nearer_one() {
        check("to", &["on", "in"], None);
        check("KB", &["kB"], Some("kB"));
        check("mim", &["min", "ms"], Some("min"));
    }

    #[test]
    fn equals_are_settled_by_name() {
        check("sen", &["sent", "send"], Some("send"));
    }

    #[test]
    fn the_budget_ends() {
        let mut nearest = Nearest { left: 1 };
        assert_eq!(nearest.of("sned", ["send"]), Some("send"));
        assert_eq!(nearest.of("sned", ["send"]), None);
    }
}
