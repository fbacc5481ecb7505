//! Texts: of a type, of a size, among constants or not, matching patterns or not.
//!
//! A text among constants is looked for among them. Else all that is asked becomes one automaton, in
//! which the shortest text is looked for over an alphabet of the characters that anything tells
//! apart, and one of each sort that nothing does.

mod alphabet;
mod automaton;
mod pattern;
mod regex;
mod spelling;

use wpc_model::{
    Interface, MAX_TEXT_BYTES, Regex, Type, Value, glob, glob_ignoring_case, is_under_domain, is_under_path,
};

use crate::answer::{Answer, Budget};
use crate::number::Numbers;
use automaton::Automaton;
pub(crate) use spelling::Spelling;

/// A spelling that differs from all of `spellings`, which are the same but for their letter case,
/// in letter case only.
pub(crate) fn in_another_case(spellings: &[&str]) -> Option<String> {
    let first = spellings.first()?;
    let letters: Vec<usize> =
        first.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
    // One letter turned at a time gives as many spellings as there are letters, two at a time more.
    let turned = |places: &[usize]| -> String {
        let turn = |(at, c): (usize, char)| {
            if places.contains(&at) { pattern::other_case(c).unwrap_or(c) } else { c }
        };
        first.char_indices().map(turn).collect()
    };
    let singles = letters.iter().map(|at| vec![*at]);
    let pairs = letters.iter().flat_map(|one| {
        letters.iter().filter(move |other| one < *other).map(move |other| vec![*one, *other])
    });
    let triple = letters.get(..3).map(<[usize]>::to_vec);
    let all = singles.chain(pairs).chain(triple).chain([letters.clone()]);
    all.map(|places| turned(&places)).find(|spelling| !spellings.contains(&spelling.as_str()))
}

/// One thing asked of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask<'a> {
    /// It is one of these, or none of them.
    Among { set: &'a [Value], wanted: bool },
    /// It is this name, or is not.
    Exactly { name: &'a str, wanted: bool },
    /// It is this name in some letter case, or in none.
    Same { name: &'a str, wanted: bool },
    /// It matches this pattern, or does not.
    Like { pattern: &'a str, fold: bool, wanted: bool },
    /// It matches this regular expression, or does not.
    Matches { pattern: &'a str, wanted: bool },
    /// It is one of these or under one, or neither.
    Under { set: &'a [Value], what: Under, wanted: bool },
}

/// What something is under.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Under {
    Domain,
    Path,
}

impl Ask<'_> {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Among { set, wanted } => set.iter().any(|one| one.as_text() == Some(text)) == *wanted,
            Self::Exactly { name, wanted } => (*name == text) == *wanted,
            Self::Same { name, wanted } => name.eq_ignore_ascii_case(text) == *wanted,
            Self::Like { pattern, fold: false, wanted } => glob(pattern, text) == *wanted,
            Self::Like { pattern, fold: true, wanted } => glob_ignoring_case(pattern, text) == *wanted,
            Self::Matches { pattern, wanted } => {
                Regex::new(pattern).is_some_and(|regex| regex.matches(text) == *wanted)
            }
            Self::Under { set, what, wanted } => {
                let is_under = match what {
                    Under::Domain => is_under_domain,
                    Under::Path => is_under_path,
                };
                set.iter().filter_map(Value::as_text).any(|of| is_under(text, of)) == *wanted
            }
        }
    }
}

/// A text of type `ty` that is as asked, and whose size in bytes is one of `sizes`.
pub(crate) fn find(
    interface: &Interface,
    ty: &Type,
    spelling: Option<Spelling>,
    asks: &[Ask<'_>],
    sizes: &Numbers,
    budget: &mut Budget,
) -> Answer<String> {
    let most = i64::try_from(MAX_TEXT_BYTES).unwrap_or(i64::MAX);
    let sizes = sizes.and(&Numbers::between(0, most));
    let fits = |text: &str| {
        let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
        sizes.at_least(size) == Some(size)
            && asks.iter().all(|ask| ask.holds(text))
            && interface.conforms(ty, &Value::text(text)).is_ok()
    };
    for ask in asks {
        if let Ask::Exactly { name, wanted: true } = ask {
            return if fits(name) { Answer::Yes((*name).to_owned()) } else { Answer::No };
        }
    }
    let listed = asks.iter().find_map(|ask| match ask {
        Ask::Among { set, wanted: true } => Some(*set),
        Ask::Among { .. }
        | Ask::Exactly { .. }
        | Ask::Same { .. }
        | Ask::Like { .. }
        | Ask::Matches { .. }
        | Ask::Under { .. } => None,
    });
    if let Some(set) = listed {
        if !budget.spend(set.len()) {
            return Answer::Undecided;
        }
        let found = set.iter().filter_map(Value::as_text).find(|text| fits(text));
        return found.map_or(Answer::No, |text| Answer::Yes(text.to_owned()));
    }
    if let Type::Choice(words) = ty {
        let found = words.iter().find(|word| fits(word));
        return found.map_or(Answer::No, |word| Answer::Yes(word.clone()));
    }
    let Some(spelling) = spelling.or(Spelling::of(ty)) else { return drawn(ty, asks, fits, budget) };
    let Some(automaton) = Automaton::new(spelling, asks) else { return Answer::Undecided };
    let mut undecided = false;
    for (least, most) in sizes.intervals() {
        match automaton.shortest(*least, budget) {
            // The automaton knows no lengths: a text that is too long for its type decides nothing.
            Answer::Yes(text) if fits(&text) => return Answer::Yes(text),
            Answer::Yes(text) if i64::try_from(text.len()).is_ok_and(|size| size > *most) => {}
            Answer::Yes(_) | Answer::Undecided => undecided = true,
            Answer::No => {}
        }
    }
    if undecided { Answer::Undecided } else { Answer::No }
}

/// Texts of a type without an automaton: there is always another one.
fn drawn(ty: &Type, asks: &[Ask<'_>], fits: impl Fn(&str) -> bool, budget: &mut Budget) -> Answer<String> {
    let constants = asks.iter().map(|ask| match ask {
        Ask::Among { set, .. } => set.len(),
        Ask::Exactly { .. }
        | Ask::Same { .. }
        | Ask::Like { .. }
        | Ask::Matches { .. }
        | Ask::Under { .. } => 1,
    });
    let tries = constants.sum::<usize>().saturating_add(32);
    if !budget.spend(tries) {
        return Answer::Undecided;
    }
    let one = |number: usize| {
        let [_, a, b, c] = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1).to_be_bytes();
        if *ty == Type::Email {
            format!("a{number}@b.example")
        } else if *ty == Type::Url {
            format!("https://a.example/{number}")
        } else {
            format!("10.{a}.{b}.{c}")
        }
    };
    (0..tries).map(one).find(|text| fits(text)).map_or(Answer::Undecided, Answer::Yes)
}
