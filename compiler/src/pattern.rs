//! How two `like` patterns relate, without looking at texts.

/// One element of a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token {
    /// `*`
    Run,
    /// `?`
    One,
    /// A character as it stands.
    Literal(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Run,
            '?' => Token::One,
            '\\' => Token::Literal(chars.next().unwrap_or('\\')),
            other => Token::Literal(other),
        });
    }
    tokens
}

/// Whether some text matches both patterns. Exact.
pub(crate) fn overlap(left: &str, right: &str) -> bool {
    table(
        &tokens(left),
        &tokens(right),
        |left, right| match (left, right) {
            (Token::Literal(a), Token::Literal(b)) => a == b,
            _ => true,
        },
        Stars::Both,
    )
}

/// Whether every text that matches `inner` matches `outer`. What it affirms is so; it may miss
/// some coverings, such as that of `?*` by `*?`.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    table(
        &tokens(outer),
        &tokens(inner),
        |outer, inner| match (outer, inner) {
            (Token::Literal(a), Token::Literal(b)) => a == b,
            (Token::One, Token::One | Token::Literal(_)) => true,
            _ => false,
        },
        Stars::Left,
    )
}

/// Whose `*` may stand for a run of the other's tokens.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Stars {
    Left,
    Both,
}

/// Whether all of `left` can be matched with all of `right`, one pair of tokens at a time.
/// `reach` holds, for the tokens of `left` so far, which prefixes of `right` can be matched.
fn table(left: &[Token], right: &[Token], fit: impl Fn(Token, Token) -> bool, stars: Stars) -> bool {
    let may_skip = |token: &Token| stars == Stars::Both && *token == Token::Run;
    // No token of `left`: prefixes of `right` that match nothing.
    let mut reach: Vec<bool> = vec![true];
    for token in right {
        reach.push(reach.last() == Some(&true) && may_skip(token));
    }
    for &l in left {
        let mut next: Vec<bool> = Vec::with_capacity(reach.len());
        next.push(l == Token::Run && reach.first() == Some(&true));
        for (index, &r) in right.iter().enumerate() {
            let at = |row: &[bool], column: usize| row.get(column).copied().unwrap_or(false);
            let diagonal = at(&reach, index);
            let above = at(&reach, index + 1);
            let before = at(&next, index);
            let reached = if l == Token::Run {
                // Nothing, or one more token of `right`.
                above || before || diagonal
            } else if may_skip(&r) {
                above || before || diagonal
            } else {
                diagonal && r != Token::Run && fit(l, r)
            };
            next.push(reached);
        }
        reach = next;
    }
    reach.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(outer: &str, inner: &str, expect_covers: bool, expect_overlap: bool) {
        assert_eq!(covers(outer, inner), expect_covers, "{outer} covers {inner}");
        assert_eq!(overlap(outer, inner), expect_overlap, "{outer} meets {inner}");
        assert_eq!(overlap(inner, outer), expect_overlap, "{inner} meets {outer}");
    }

    #[test]
    fn patterns_relate_as_their_texts_do() {
        check("*", "orders-*", true, true);
        check("orders-*", "*", false, true);
        check("orders-*", "orders-eu-*", true, true);
        check("orders-*", "refunds-*", false, false);
        check("*-eu", "orders-*", false, true);
        check("a?c", "abc", true, true);
        check("a?c", "a*c", false, true);
        check("a\\*", "a*", false, true);
        check("a*", "a\\*", true, true);
        check("", "*", false, true);
        check("a*b*c", "aXbYc", true, true);
    }

    proptest! {
        #[test]
        fn relations_agree_with_matching(outer in "[ab*?]{0,5}", inner in "[ab*?]{0,5}", text in "[ab]{0,6}") {
            let (of_outer, of_inner) = (wpc_model::glob(&outer, &text), wpc_model::glob(&inner, &text));
            if of_outer && of_inner {
                prop_assert!(overlap(&outer, &inner), "{outer} and {inner} both match {text:?}");
            }
            if covers(&outer, &inner) && of_inner {
                prop_assert!(of_outer, "{outer} should cover {inner}, not {text:?}");
            }
        }

        #[test]
        fn overlapping_patterns_have_a_common_text(left in "[ab*?]{0,4}", right in "[ab*?]{0,4}") {
            let texts = (0..=8_u32).flat_map(|length| (0..1_u32 << length).map(move |bits| {
                (0..length).map(|at| if bits >> at & 1 == 1 { 'a' } else { 'b' }).collect::<String>()
            }));
            let mut common = texts.into_iter().filter(|text| wpc_model::glob(&left, text) && wpc_model::glob(&right, text));
            prop_assert_eq!(overlap(&left, &right), common.next().is_some());
        }
    }
}
