//! The word that a misspelt one was meant to be.

/// The word of `known` nearest to `word`, if it is near enough to be meant: two edits for words
/// of four letters and more, one for shorter ones. An edit adds, drops or changes a letter, or
/// swaps two neighbours. Among equals one with the same letters wins, then the first of `known`.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.to_ascii_lowercase();
    let found =
        known.iter().map(|&known| ((distance(&word, known), letters(&word) != letters(known)), known));
    let ((edits, _), best) = found.min_by_key(|&(rank, _)| rank)?;
    let allowed = if word.len() < 4 || best.len() < 4 { 1 } else { 2 };
    (edits <= allowed).then_some(best)
}

fn letters(word: &str) -> Vec<u8> {
    let mut letters: Vec<u8> = word.bytes().collect();
    letters.sort_unstable();
    letters
}

/// Longer words than any of the language are near to none of them.
const LONGEST: usize = 24;

/// The optimal string alignment distance, in bytes.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    // Rows of the usual table: two above the one that is being filled.
    let (mut before, mut above): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut last_of_a = None;
    for (row, from_a) in (1..).zip(a.bytes()) {
        let mut line = vec![row];
        let mut last_of_b = None;
        for (column, from_b) in b.bytes().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let change = cell(&above, column) + usize::from(from_a != from_b);
            let mut best = change.min(cell(&above, column + 1) + 1).min(cell(&line, column) + 1);
            if last_of_a == Some(from_b) && last_of_b == Some(from_a) {
                best = best.min(cell(&before, column - 1) + 1);
            }
            line.push(best);
            last_of_b = Some(from_b);
        }
        last_of_a = Some(from_a);
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expect: Option<&str>) {
        assert_eq!(nearest(word, &["allow", "deny", "require", "limit", "to", "on"]), expect);
    }

    #[test]
    fn a_slip_of_two_letters_is_forgiven_in_a_long_word() {
        check("alow", Some("allow"));
        check("dney", Some("deny"));
        check("reqiure", Some("require"));
        check("Limits", Some("limit"));
        check("rqir", None);
    }

    #[test]
    fn a_short_word_forgives_one_letter() {
        check("too", Some("to"));
        check("no", Some("on"));
        check("by", None);
    }

    #[test]
    fn distances_count_each_edit_once() {
        for (a, b, expect) in
            [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)]
        {
            assert_eq!(distance(a, b), expect, "{a} {b}");
            assert_eq!(distance(b, a), expect, "{b} {a}");
        }
    }
}
