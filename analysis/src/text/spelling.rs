//! How the texts of a type are spelt, as automata without lengths: what they accept is a little more
//! than the type's texts, so that what they refuse is none.

use wpc_model::Type;

/// The automaton of a type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spelling {
    /// Any text.
    Free,
    Host,
    Did,
    Path,
    /// The scheme of a url.
    Scheme,
    /// What stands before the `@` of an e-mail address.
    Local,
    Name {
        /// `/` may stand in it.
        slash: bool,
    },
}

/// The part that no name may have, in any letter case.
const RESERVED: &[u8] = b"subscriptions";
/// Names: nothing yet.
const EMPTY: u8 = 0;
/// Names and paths: a part begins behind a `/`.
const PART: u8 = 1;
/// The part is `.`, or `..`.
const DOT: u8 = 2;
const DOTS: u8 = 3;
/// The part is anything else.
const OTHER: u8 = 4;
/// Paths: `/` alone.
const ROOT: u8 = 5;
/// Names: behind this, how much of [`RESERVED`] the part is so far.
const PREFIX: u8 = 8;
/// Names: the last character is no letter or digit.
const LOOSE: u8 = 128;

impl Spelling {
    /// The automaton of `ty`; `None` if it has none here.
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        if let Type::EntityName { max } = ty {
            return Some(Self::Name { slash: *max > 50 });
        }
        let plain = [
            (Type::Text, Self::Free),
            (Type::Host, Self::Host),
            (Type::Did, Self::Did),
            (Type::Path, Self::Path),
        ];
        plain.into_iter().find(|(of, _)| of == ty).map(|(_, spelling)| spelling)
    }

    /// Characters that its texts need or may have, those for people first.
    pub(crate) const fn characters(self) -> &'static str {
        match self {
            Self::Free => "",
            Self::Host => ".-",
            Self::Did => "did:.-_%",
            Self::Path => "/.",
            Self::Scheme => "+.-",
            Self::Local => ".-_+",
            Self::Name { slash: false } => "-._",
            Self::Name { slash: true } => "-._/",
        }
    }

    pub(crate) const fn start(self) -> u8 {
        EMPTY
    }

    /// Where `c` leads; `None` if no such text goes on so.
    pub(crate) fn step(self, state: u8, c: char) -> Option<u8> {
        match self {
            Self::Free => Some(EMPTY),
            Self::Host => host(state, c),
            Self::Did => did(state, c),
            Self::Path => path(state, c),
            Self::Scheme => {
                let behind = state == OTHER && (c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
                (c.is_ascii_lowercase() || behind).then_some(OTHER)
            }
            Self::Local => local(state, c),
            Self::Name { slash } => name(state, c, slash),
        }
    }

    pub(crate) fn accepts(self, state: u8) -> bool {
        match self {
            Self::Free => true,
            Self::Host | Self::Scheme | Self::Local => state == OTHER,
            Self::Did => state == 7,
            Self::Path => matches!(state, ROOT | OTHER),
            Self::Name { .. } => state & LOOSE == 0 && is_part(state),
        }
    }
}

/// Atoms with dots between them.
fn local(state: u8, c: char) -> Option<u8> {
    match c {
        '.' => (state == OTHER).then_some(PART),
        c if c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) => Some(OTHER),
        _ => None,
    }
}

fn host(state: u8, c: char) -> Option<u8> {
    match c {
        'a'..='z' | '0'..='9' => Some(OTHER),
        // A hyphen stands inside a label.
        '-' if state == OTHER || state == DOT => Some(DOT),
        '.' if state == OTHER => Some(EMPTY),
        _ => None,
    }
}

/// `did:` takes the first four states, then the method's begin, its rest, the id's begin, its rest,
/// and a colon in it.
fn did(state: u8, c: char) -> Option<u8> {
    let method = c.is_ascii_lowercase() || c.is_ascii_digit();
    match state {
        0..=3 => ("did:".chars().nth(usize::from(state)) == Some(c)).then(|| state.saturating_add(1)),
        4 => method.then_some(5),
        5 if c == ':' => Some(6),
        5 => method.then_some(5),
        _ if c == ':' => Some(8),
        _ => (c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '%')).then_some(7),
    }
}

fn path(state: u8, c: char) -> Option<u8> {
    match (state, c) {
        (EMPTY, '/') => Some(ROOT),
        (EMPTY, _) => None,
        (OTHER, '/') => Some(PART),
        (_, '/') => None,
        (ROOT | PART, '.') => Some(DOT),
        (DOT, '.') => Some(DOTS),
        (_, c) => (!c.is_control()).then_some(OTHER),
    }
}

fn name(state: u8, c: char, slash: bool) -> Option<u8> {
    let part = state & !LOOSE;
    if c == '/' {
        return (slash && is_part(state)).then_some(PART | LOOSE);
    }
    if !c.is_ascii_alphanumeric() {
        let next = match (part, c) {
            (EMPTY, _) => return None,
            (PART, '.') => DOT,
            (DOT, '.') => DOTS,
            (_, '.' | '_' | '-') => OTHER,
            _ => return None,
        };
        return Some(next | LOOSE);
    }
    let matched = match part {
        EMPTY | PART => 0,
        part if part >= PREFIX => part.saturating_sub(PREFIX),
        _ => return Some(OTHER),
    };
    let wanted = RESERVED.get(usize::from(matched)).copied().map(char::from);
    let goes_on = wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(&c));
    Some(if goes_on { PREFIX.saturating_add(matched).saturating_add(1) } else { OTHER })
}

/// Whether a part may end here.
fn is_part(state: u8) -> bool {
    let whole = usize::from(PREFIX).saturating_add(RESERVED.len());
    let part = state & !LOOSE;
    !matches!(part, EMPTY | PART | DOT | DOTS) && usize::from(part) != whole
}

#[cfg(test)]
mod tests {
    use wpc_model::{check_did, check_entity_name, check_host, check_path};

    use super::*;

    /// Every text of up to `most` pieces, so that words are reached.
    fn texts(pieces: &[&str], most: u32) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..most {
            last = last
                .iter()
                .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[track_caller]
    fn check(spelling: Spelling, pieces: &[&str], expect: impl Fn(&str) -> bool) {
        for text in texts(pieces, 4) {
            let end = text.chars().try_fold(spelling.start(), |state, c| spelling.step(state, c));
            let accepted = end.is_some_and(|state| spelling.accepts(state));
            assert_eq!(accepted, expect(&text), "{spelling:?} {text:?}");
        }
    }

    #[test]
    fn short_texts_are_accepted_as_the_model_does() {
        let names = ["a", "S", ".", "-", "/", "$", "subscription", "ubscriptions"];
        check(Spelling::Name { slash: true }, &names, |text| check_entity_name(text, 260).is_ok());
        check(Spelling::Name { slash: false }, &names, |text| check_entity_name(text, 50).is_ok());
        check(Spelling::Host, &["a", "1", ".", "-", "A"], |text| check_host(text).is_ok());
        check(Spelling::Path, &["/", ".", "a", "\n"], |text| check_path(text).is_ok());
        check(Spelling::Did, &["did", ":", "a", "A", "%", "/"], |text| check_did(text).is_ok());
    }
}
