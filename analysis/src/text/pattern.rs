//! A `like` pattern as an automaton.

/// A pattern, read once.
#[derive(Debug)]
pub(crate) struct Pattern {
    tokens: Vec<Token>,
    fold: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Token {
    /// `*`
    Run,
    /// `?`
    One,
    Char(char),
}

/// Where a text may have got to in a pattern: sorted places. Empty: it cannot match any more.
pub(crate) type Places = Vec<u32>;

impl Pattern {
    /// The pattern; with `fold`, ASCII letters of either case are the same.
    pub(crate) fn new(text: &str, fold: bool) -> Self {
        let mut characters = text.chars();
        let mut tokens = Vec::new();
        while let Some(next) = characters.next() {
            let token = match next {
                '*' => Token::Run,
                '?' => Token::One,
                '\\' => Token::Char(characters.next().unwrap_or('\\')),
                other => Token::Char(other),
            };
            if token != Token::Run || tokens.last() != Some(&Token::Run) {
                tokens.push(token);
            }
        }
        Self { tokens, fold }
    }

    /// A pattern that only `name` matches.
    pub(crate) fn exactly(name: &str, fold: bool) -> Self {
        Self { tokens: name.chars().map(Token::Char).collect(), fold }
    }

    /// The characters that it tells from others.
    pub(crate) fn characters(&self) -> impl Iterator<Item = char> {
        let both = |c: char| [c, other_case(c).filter(|_| self.fold).unwrap_or(c)];
        self.tokens
            .iter()
            .filter_map(move |token| match token {
                Token::Char(c) => Some(both(*c)),
                Token::Run | Token::One => None,
            })
            .flatten()
    }

    pub(crate) fn start(&self) -> Places {
        let mut places = Places::new();
        self.reach(&mut places, 0);
        places
    }

    pub(crate) fn step(&self, from: &[u32], found: char) -> Places {
        let mut places = Places::new();
        for &place in from {
            match self.token(place) {
                Some(Token::Run) => self.reach(&mut places, place),
                Some(Token::One) => self.reach(&mut places, place.saturating_add(1)),
                Some(Token::Char(wanted))
                    if wanted == found || (self.fold && wanted.eq_ignore_ascii_case(&found)) =>
                {
                    self.reach(&mut places, place.saturating_add(1));
                }
                Some(Token::Char(_)) | None => {}
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Whether a text that has got to `places` matches.
    pub(crate) fn accepts(&self, places: &[u32]) -> bool {
        places.last().is_some_and(|last| self.token(*last).is_none())
    }

    fn token(&self, place: u32) -> Option<Token> {
        self.tokens.get(usize::try_from(place).ok()?).copied()
    }

    /// `place`, and what follows a run that may be empty.
    fn reach(&self, places: &mut Places, mut place: u32) {
        places.push(place);
        while self.token(place) == Some(Token::Run) {
            place = place.saturating_add(1);
            places.push(place);
        }
    }
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
}
