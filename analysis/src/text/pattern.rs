//! Patterns as automata: `like`, exact names, what lies under a domain or a path, `matches`.

use std::collections::BTreeSet;

use super::regex;

/// Several alternatives, read once. Which characters lead on is said by tokens in a row; where more
/// than the next token follows, by jumps.
#[derive(Debug, Default)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
    starts: Vec<u32>,
    fold: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Token {
    /// Any run: it stays, or goes on.
    Run,
    /// One character.
    One,
    Char(char),
    /// One character of these ranges, or with `false` of none of them.
    Class(Vec<(char, char)>, bool),
    /// Goes on at each of these places, without a character.
    Jump(Vec<u32>),
    /// The text ends here.
    End,
}

/// Where a text may have got to in a pattern: sorted places. Empty: it cannot match any more.
pub(crate) type Places = Vec<u32>;

impl Pattern {
    /// A `like` pattern; with `fold`, ASCII letters of either case are the same.
    pub(crate) fn new(text: &str, fold: bool) -> Self {
        let mut pattern = Self { fold, ..Self::default() };
        pattern.add(like(text));
        pattern
    }

    /// A pattern that only `name` matches.
    pub(crate) fn exactly(name: &str, fold: bool) -> Self {
        let mut pattern = Self { fold, ..Self::default() };
        pattern.add(name.chars().map(Token::Char));
        pattern
    }

    /// What is one of these hosts or a subdomain of it.
    pub(crate) fn under_domain<'a>(hosts: impl Iterator<Item = &'a str>) -> Self {
        let mut pattern = Self::default();
        for host in hosts {
            pattern.add(host.chars().map(Token::Char));
            pattern.add([Token::Run, Token::Char('.')].into_iter().chain(host.chars().map(Token::Char)));
        }
        pattern
    }

    /// What is one of these paths or below it.
    pub(crate) fn under_path<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut pattern = Self::default();
        for path in paths {
            pattern.add(path.chars().map(Token::Char));
            // Below `/` there is no second one.
            let below = path.strip_suffix('/').unwrap_or(path).chars().map(Token::Char);
            pattern.add(below.chain([Token::Char('/'), Token::Run]));
        }
        pattern
    }

    /// A pattern of `matches`; `None` if it is too large, or none.
    pub(crate) fn regex(text: &str) -> Option<Self> {
        Some(Self { tokens: regex::tokens(text)?, starts: vec![0], fold: false })
    }

    /// One more alternative.
    fn add(&mut self, tokens: impl IntoIterator<Item = Token>) {
        self.starts.push(u32::try_from(self.tokens.len()).unwrap_or(u32::MAX));
        for token in tokens {
            if token != Token::Run || self.tokens.last() != Some(&Token::Run) {
                self.tokens.push(token);
            }
        }
        self.tokens.push(Token::End);
    }

    /// The single characters that it tells from others.
    pub(crate) fn characters(&self) -> BTreeSet<char> {
        let mut all = BTreeSet::new();
        for token in &self.tokens {
            match token {
                Token::Char(c) => {
                    all.insert(*c);
                    all.extend(other_case(*c).filter(|_| self.fold));
                }
                Token::Class(..) | Token::Run | Token::One | Token::Jump(_) | Token::End => {}
            }
        }
        all
    }

    /// Where ranges begin, and where others begin behind them.
    pub(crate) fn cuts(&self) -> BTreeSet<char> {
        let mut all = BTreeSet::new();
        for token in &self.tokens {
            if let Token::Class(ranges, _) = token {
                all.extend(ranges.iter().map(|(from, _)| *from));
                all.extend(ranges.iter().filter_map(|(_, to)| after(*to)));
            }
        }
        all
    }

    pub(crate) fn start(&self) -> Places {
        let mut places = BTreeSet::new();
        self.starts.iter().for_each(|start| self.reach(&mut places, *start));
        places.into_iter().collect()
    }

    pub(crate) fn step(&self, from: &[u32], found: char) -> Places {
        let mut places = BTreeSet::new();
        for &place in from {
            let next = place.saturating_add(1);
            match self.token(place) {
                Some(Token::Run) => self.reach(&mut places, place),
                Some(Token::One) => self.reach(&mut places, next),
                Some(Token::Char(wanted))
                    if *wanted == found || (self.fold && wanted.eq_ignore_ascii_case(&found)) =>
                {
                    self.reach(&mut places, next);
                }
                Some(Token::Class(ranges, wanted))
                    if ranges.iter().any(|(from, to)| (*from..=*to).contains(&found)) == *wanted =>
                {
                    self.reach(&mut places, next);
                }
                Some(Token::Char(_) | Token::Class(..) | Token::Jump(_) | Token::End) | None => {}
            }
        }
        places.into_iter().collect()
    }

    /// Whether a text that has got to `places` matches.
    pub(crate) fn accepts(&self, places: &[u32]) -> bool {
        places.iter().any(|place| self.token(*place) == Some(&Token::End))
    }

    fn token(&self, place: u32) -> Option<&Token> {
        self.tokens.get(usize::try_from(place).ok()?)
    }

    /// `place`, and all that follows it without a character.
    fn reach(&self, places: &mut BTreeSet<u32>, place: u32) {
        let mut left = vec![place];
        while let Some(place) = left.pop() {
            if !places.insert(place) {
                continue;
            }
            match self.token(place) {
                Some(Token::Run) => left.push(place.saturating_add(1)),
                Some(Token::Jump(to)) => left.extend(to),
                Some(Token::One | Token::Char(_) | Token::Class(..) | Token::End) | None => {}
            }
        }
    }
}

/// The tokens of a `like` pattern.
fn like(text: &str) -> Vec<Token> {
    let mut characters = text.chars();
    let mut tokens = Vec::new();
    while let Some(next) = characters.next() {
        tokens.push(match next {
            '*' => Token::Run,
            '?' => Token::One,
            '\\' => Token::Char(characters.next().unwrap_or('\\')),
            other => Token::Char(other),
        });
    }
    tokens
}

/// The next character.
pub(crate) fn after(c: char) -> Option<char> {
    // Between these two lies none.
    if c == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(c).checked_add(1)?) }
}

/// The same ASCII letter in the other case.
pub(crate) fn other_case(c: char) -> Option<char> {
    let other = if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    (other != c).then_some(other)
}
#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str) {
        for (fold, expect) in
            [(false, wpc_model::glob(pattern, text)), (true, wpc_model::glob_ignoring_case(pattern, text))]
        {
            let automaton = Pattern::new(pattern, fold);
            let end = text.chars().fold(automaton.start(), |places, c| automaton.step(&places, c));
            assert_eq!(automaton.accepts(&end), expect, "{pattern:?} {text:?} fold {fold}");
        }
    }

    #[test]
    fn the_automaton_matches_what_the_interpreter_does() {
        let texts = ["", "a", "A", "b", "ab", "aB", "ba", "aab", "*", "\\", "a*", "?", "é", "abab"];
        for pattern in ["", "*", "**", "a*", "A*", "?", "*b", "a\\*", "\\", "a?*", "*a*b", "\\?", "é", "a**b"]
        {
            texts.iter().for_each(|text| check(pattern, text));
        }
    }

    #[track_caller]
    fn check_with(automaton: &Pattern, text: &str, expect: bool) {
        let end = text.chars().fold(automaton.start(), |places, c| automaton.step(&places, c));
        assert_eq!(automaton.accepts(&end), expect, "{text:?}");
    }

    #[test]
    fn under_a_domain_or_a_path_means_what_the_interpreter_says() {
        let hosts = ["a.b", "b", "x.a.b", "xa.b", "a.b.c", ".a.b"];
        for of in ["a.b", "b"] {
            for host in hosts {
                let automaton = Pattern::under_domain([of].into_iter());
                check_with(&automaton, host, wpc_model::is_under_domain(host, of));
            }
        }
        for of in ["/", "/a", "/a/b"] {
            for path in ["/", "/a", "/ab", "/a/b", "/a/b/c", "/b"] {
                check_with(&Pattern::under_path([of].into_iter()), path, wpc_model::is_under_path(path, of));
            }
        }
    }

    #[test]
    fn a_regular_expression_matches_what_the_interpreter_does() {
        let patterns = [
            "",
            "a",
            "a*",
            "(ab)+",
            "a|b",
            "[a-c]x?",
            "[^a]",
            "a{2}",
            "a{2,}",
            "a{1,2}b",
            "(a|b)*c",
            ".",
            "\\.",
            "v[0-9]+(\\.[0-9]+)*",
            "(?:a|)b",
            "[\\]a-]+",
            "a{0}",
            "(a?){3}",
        ];
        let texts = [
            "", "a", "b", "ab", "aa", "aaa", "abab", "cx", "c", "aab", "abc", "bbac", ".", "v1", "v1.20",
            "v1.", "]", "-a]", "\n", "\u{e9}", "aaaa",
        ];
        for pattern in patterns {
            let regex = wpc_model::Regex::new(pattern).expect("a pattern");
            let automaton = Pattern::regex(pattern).expect("a small pattern");
            texts.iter().for_each(|text| check_with(&automaton, text, regex.matches(text)));
        }
    }
}
